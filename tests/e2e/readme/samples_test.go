// Package readme runs the samples of README.md and of the pages in docs/, so that what a reader copies
// works.
//
// Each fenced block belongs to one test, chosen by its language. A block that no test runs is a failure.
// So is a page that is too long, and a test without a sample.
package readme

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// block is a fenced block of a page.
type block struct {
	language string
	text     string // ends with a newline
	heading  string // the section that it is in
	page     string // from the top of the repository
	line     int    // of the opening fence
	next     *block // the block after it
}

func (b *block) String() string { return fmt.Sprintf("%s:%d", b.page, b.line) }

// document is a Markdown file, with its fenced blocks separate from its prose.
type document struct {
	name     string
	prose    string
	lines    int
	blocks   []*block
	headings []string
}

// read parses a document at the top of the repository. A fence that is not at the start of its line is
// an error, since it could hide a block.
func read(t *testing.T, name string) document {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(t), name))
	check(t, err)
	d := document{name: name, lines: strings.Count(string(text), "\n")}
	var prose strings.Builder
	var open *block
	for i, line := range strings.SplitAfter(string(text), "\n") {
		fence := strings.HasPrefix(line, "```")
		switch {
		case !fence && (strings.Contains(line, "```") || strings.Contains(line, "~~~")):
			t.Fatalf("%s:%d: a fence is three backticks at the start of a line", name, i+1)
		case fence && open == nil:
			language, _, _ := strings.Cut(strings.TrimSpace(strings.Trim(line, "`\n")), ",")
			open = &block{language: language, page: name, line: i + 1}
			if len(d.headings) > 0 {
				open.heading = d.headings[len(d.headings)-1]
			}
			if len(d.blocks) > 0 {
				d.blocks[len(d.blocks)-1].next = open
			}
			d.blocks = append(d.blocks, open)
		case fence:
			open = nil
		case open != nil:
			open.text += line
		default:
			if heading := strings.TrimLeft(line, "#"); heading != line {
				d.headings = append(d.headings, strings.TrimSpace(heading))
			}
			prose.WriteString(line)
		}
	}
	if open != nil {
		t.Fatalf("%s: the block has no end", open)
	}
	d.prose = prose.String()
	return d
}

// blocksIn returns the blocks of a language in the section with a heading.
func (d document) blocksIn(heading, language string) (found []*block) {
	for _, sample := range d.blocks {
		if sample.heading == heading && sample.language == language {
			found = append(found, sample)
		}
	}
	return found
}

// first returns the first block of a language.
func (d document) first(t *testing.T, language string) *block {
	t.Helper()
	for _, sample := range d.blocks {
		if sample.language == language {
			return sample
		}
	}
	t.Fatalf("%s has no block of language %s", d.name, language)
	return nil
}

// pages returns the names of the pages whose samples are run.
func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(harness.Root(t), "docs/*.md"))
	check(t, err)
	names := []string{"README.md"}
	for _, path := range found {
		names = append(names, "docs/"+filepath.Base(path))
	}
	if len(names) < 15 {
		t.Fatalf("only %d pages: is this test blind?", len(names))
	}
	return names
}

// languages has the test for each language. Blocks in other languages are run by the tests of those
// languages, which read the page.
var languages = map[string]func(*testing.T, document, *block){
	"caddyfile": testCaddyfile,
	"json":      testJSON,
	"go":        testGo,
	"c":         testC,
	"cmake":     testRecipe,
	"sh":        testShell,
	"text":      testText,
	"mermaid":   testDrawing,
}

func TestSamples(t *testing.T) {
	seen := map[string]int{}
	for _, name := range pages(t) {
		d := read(t, name)
		for _, sample := range d.blocks {
			seen[sample.language]++
			t.Run(fmt.Sprintf("%s %s", sample, sample.language), func(t *testing.T) {
				test := languages[sample.language]
				if test == nil {
					test = testElsewhere
				}
				test(t, d, sample)
			})
		}
	}
	for language := range languages {
		if seen[language] == 0 {
			t.Errorf("no page has a block of language %s: is this test blind?", language)
		}
	}
}

// testElsewhere checks that a file of the repository reads the page to run its blocks: a doc test of a
// crate, a script, or a test of a binding.
func testElsewhere(t *testing.T, _ document, sample *block) {
	if sample.language == "" {
		t.Fatalf("%s: the block has no language", sample)
	}
	// A script may read several pages, as in: for page in rust build-a-proxy.
	stem := strings.TrimSuffix(filepath.Base(sample.page), ".md")
	named := regexp.MustCompile(`\b` + stem + `\.md\b|(?m)^\s*for page in .*\b` + stem + `\b`)
	comment := regexp.MustCompile(`(?m)^\s*(?://|# ).*$`) // a comment reads nothing
	for _, folder := range []string{"rust", "bindings", "scripts", "tests"} {
		reads := false
		filepath.WalkDir(filepath.Join(harness.Root(t), folder), func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.Name() == "node_modules" || strings.HasSuffix(path, "tests/e2e/readme") {
				return filepath.SkipDir
			}
			if entry.Type().IsRegular() && slices.Contains([]string{".rs", ".py", ".js", ".ts", ".mjs", ".java", ".sh", ".go"}, filepath.Ext(path)) {
				text, err := os.ReadFile(path)
				check(t, err)
				if reads = named.Match(comment.ReplaceAll(text, nil)); reads {
					return filepath.SkipAll
				}
			}
			return nil
		})
		if reads {
			return
		}
	}
	t.Errorf("%s: nothing runs this block of %s: no test reads %s", sample, sample.language, sample.page)
}

// testText accepts text for people: a drawing, pseudocode, or the output of the previous program, which
// the test of that program compares. Output of commands is not allowed, since nothing would compare it.
func testText(t *testing.T, d document, sample *block) {
	for _, before := range d.blocks {
		if before.next == sample && before.language == "sh" && before.heading == sample.heading {
			t.Errorf("%s: nothing compares this with what the commands before it print", sample)
		}
	}
}

// testDrawing checks that the diagram is of a kind that GitHub draws.
func testDrawing(t *testing.T, _ document, sample *block) {
	kind := strings.Fields(sample.text)[0]
	if !slices.Contains([]string{"flowchart", "sequenceDiagram", "stateDiagram-v2"}, kind) {
		t.Errorf("%s: %q is not a kind of diagram", sample, kind)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
