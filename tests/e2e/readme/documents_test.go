// Tests that links, headings, files, make targets and versions named in the documents exist.

package readme

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// documents returns all pages and the documents at the top of the repository.
func documents(t *testing.T) []string {
	return append(pages(t), "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "BENCHMARKS.md")
}

func TestLengths(t *testing.T) {
	for _, name := range pages(t) {
		limit := 250
		if name == "README.md" {
			limit = 180
		}
		if d := read(t, name); d.lines > limit {
			t.Errorf("%s has %d lines, and may have %d", name, d.lines, limit)
		}
	}
}

// Each page is in the list of contents.
func TestContents(t *testing.T) {
	contents := read(t, "docs/README.md").prose
	for _, name := range pages(t) {
		if base := filepath.Base(name); base != "README.md" && !strings.Contains(contents, "("+base+")") {
			t.Errorf("docs/README.md does not list %s", base)
		}
	}
}

// exists reports whether a path from the top of the repository exists. A Rust module may be named
// without its extension.
func exists(t *testing.T, path string) bool {
	t.Helper()
	full := filepath.Join(harness.Root(t), path)
	_, err := os.Stat(full)
	_, errRust := os.Stat(full + ".rs")
	return err == nil || errRust == nil
}

// anchor returns the fragment of a heading.
func anchor(heading string) string {
	heading = regexp.MustCompile("[^a-z0-9 _-]").ReplaceAllString(strings.ToLower(heading), "")
	return strings.ReplaceAll(heading, " ", "-")
}

func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)]*)\)`)
	found := 0
	for _, name := range documents(t) {
		d := read(t, name)
		for _, match := range link.FindAllStringSubmatch(d.prose, -1) {
			target := match[1]
			if strings.HasPrefix(target, "https://") || strings.HasPrefix(target, "http://localhost:") {
				continue
			}
			found++
			file, fragment, hasFragment := strings.Cut(target, "#")
			if file = filepath.Join(filepath.Dir(name), file); strings.HasPrefix(target, "#") {
				file = name
			}
			if !exists(t, file) {
				t.Errorf("%s: there is no %s", name, file)
				continue
			}
			if hasFragment && !slices.ContainsFunc(read(t, file).headings, func(h string) bool { return anchor(h) == fragment }) {
				t.Errorf("%s: %s has no heading for #%s", name, file, fragment)
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d links: is this test blind?", found)
	}
}

// Only the pages have samples. ARCHITECTURE.md has a drawing.
func TestOtherBlocks(t *testing.T) {
	for _, name := range documents(t) {
		d := read(t, name)
		if slices.Contains(pages(t), name) || name == "BENCHMARKS.md" { // BENCHMARKS.md is generated from results, and tested with its generator
			continue
		}
		if name != "ARCHITECTURE.md" {
			for _, other := range d.blocks {
				t.Errorf("%s:%d: no test for this block", name, other.line)
			}
			continue
		}
		if len(d.blocks) != 1 {
			t.Fatalf("%s has %d blocks, not the flow alone", name, len(d.blocks))
		}
		files := regexp.MustCompile(`[a-z]+(?:/[a-z0-9_.]+)+`).FindAllString(d.blocks[0].text, -1)
		if len(files) < 10 {
			t.Errorf("the flow shows only %q", files)
		}
		for _, file := range files {
			if !exists(t, file) && !exists(t, "caddy/internal/"+file) {
				t.Errorf("%s: the flow shows %s, which is not there", name, file)
			}
		}
	}
}

// Files, folders, make targets and arguments of scripts that are named between backticks exist.
func TestNames(t *testing.T) {
	code := regexp.MustCompile("`([^`\n]+)`")
	path := regexp.MustCompile(`^(?:\./)?([A-Za-z0-9_.-]+/[A-Za-z0-9_./-]*|[a-z_]+\.(?:go|sh|rs|md))$`)
	top, err := os.ReadDir(harness.Root(t))
	check(t, err)
	isOurs := func(name string) bool {
		first, _, _ := strings.Cut(name, "/")
		return slices.ContainsFunc(top, func(e os.DirEntry) bool { return e.Name() == first })
	}
	paths, commands := 0, 0
	for _, name := range documents(t) {
		if name == "CHANGELOG.md" || name == "BENCHMARKS.md" {
			continue
		}
		for _, match := range code.FindAllStringSubmatch(read(t, name).prose, -1) {
			words := strings.Fields(match[1])
			switch {
			case words[0] == "make":
				commands++
				run(t, harness.Root(t), nil, "make", append([]string{"--dry-run"}, words[1:]...)...)
			case words[0] == "go" && len(words) == 3 && words[1] == "run":
				words = words[2:]
			}
			file := path.FindStringSubmatch(words[0])
			if file == nil || strings.Contains(file[1], "...") || strings.HasPrefix(file[1], "target/") || !isOurs(file[1]) && strings.Contains(file[1], "/") {
				continue
			}
			paths++
			if !exists(t, file[1]) {
				t.Errorf("%s: there is no %s", name, file[1])
			}
		}
	}
	if paths < 10 || commands < 5 {
		t.Errorf("found only %d paths and %d commands: is this test blind?", paths, commands)
	}
}

func TestVersions(t *testing.T) {
	settings := shell(t, `. scripts/versions.sh; echo "$caddy_default $rust_least $go_least"`)
	versions := strings.Fields(settings)
	if len(versions) != 3 {
		t.Fatalf("scripts/versions.sh says %q", settings)
	}
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "docs/install.md"} {
		text, err := os.ReadFile(filepath.Join(harness.Root(t), name))
		check(t, err)
		for _, version := range regexp.MustCompile(`\bv2(?:\.\d+)+`).FindAllString(string(text), -1) {
			if version != versions[0] {
				t.Errorf("%s: Caddy %s is not the supported version, %s", name, version, versions[0])
			}
		}
		for language, least := range map[string]string{"Rust": versions[1], "Go": strings.TrimSuffix(versions[2], ".0")} {
			if phrase := language + " " + least + " or newer"; !strings.Contains(string(text), phrase) {
				t.Errorf("%s does not say %q", name, phrase)
			}
		}
	}
}
