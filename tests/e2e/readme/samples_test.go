// Package readme runs the samples of the documents: what a reader copies must work.
package readme

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// In:  README.md.
// Out: each fenced block, given to the test of its language.

// block is a fenced block of a document.
type block struct {
	language string
	text     string // ends with a newline
	heading  string // the section it stands in
	line     int    // of the opening fence
	next     *block // the block after it
}

// document is a Markdown file, its fenced blocks apart from its prose.
type document struct {
	name     string
	prose    string
	blocks   []*block
	headings []string
}

// read splits a document at the top of the repository. A fence that is not
// plainly at the start of its line could hide a block, so that is a failure.
func read(t *testing.T, name string) document {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(t), name))
	check(t, err)
	d := document{name: name}
	var prose strings.Builder
	var open *block
	for i, line := range strings.SplitAfter(string(text), "\n") {
		fence := strings.HasPrefix(line, "```")
		switch {
		case !fence && (strings.Contains(line, "```") || strings.Contains(line, "~~~")):
			t.Fatalf("%s:%d: a fence is three backticks at the start of a line", name, i+1)
		case fence && open == nil:
			open = &block{language: strings.TrimSpace(strings.Trim(line, "`\n")), line: i + 1}
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
		t.Fatalf("%s:%d: the block has no end", name, open.line)
	}
	d.prose = prose.String()
	return d
}

// first is the first block of a language.
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

// languages are the tests, by the language of the block.
var languages = map[string]func(*testing.T, document, *block){
	"caddyfile": testCaddyfile,
	"json":      testJSON,
	"go":        testGo,
	"c":         testC,
	"cmake":     testRecipe,
	"sh":        testShell,
	"text":      testDrawing,
}

func TestReadmeSamples(t *testing.T) {
	readme := read(t, "README.md")
	seen := map[string]bool{}
	for _, sample := range readme.blocks {
		seen[sample.language] = true
		t.Run(fmt.Sprintf("line %d: %s in %s", sample.line, sample.language, sample.heading), func(t *testing.T) {
			test := languages[sample.language]
			if test == nil {
				t.Fatalf("README.md:%d: no test for blocks of language %q", sample.line, sample.language)
			}
			test(t, readme, sample)
		})
	}
	for language := range languages {
		if !seen[language] {
			t.Errorf("README.md has no block of language %s", language)
		}
	}
}

// testDrawing accepts the one drawing: what is not for a machine is the exception.
func testDrawing(t *testing.T, readme document, sample *block) {
	for _, other := range readme.blocks {
		if other.language == "text" && other != sample {
			t.Errorf("README.md:%d: a second block that nothing tests", other.line)
		}
	}
	for _, word := range []string{"/~/{token}/", "410 Gone", "fewest pages"} {
		if !strings.Contains(sample.text, word) {
			t.Errorf("the drawing does not show %s", word)
		}
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
