package caddydoors

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/doors-dev/doors-caddy/caddy"

// packages lists the packages of this module from top to bottom. Each may import the packages
// further down, except those excluded.
var packages = []struct {
	folder   string
	excluded []string
}{
	{folder: "."},
	{"internal/command", []string{"internal/takeover"}},
	{"internal/command/running", []string{"internal/takeover", "internal/proxy"}},
	{"internal/command/inspect", []string{"internal/takeover"}},
	{"internal/command/keys", []string{"internal/takeover", "internal/proxy"}},
	{"internal/command/cli", []string{"internal/takeover", "internal/proxy"}},
	{"internal/takeover", []string{"internal/show", "internal/dns"}},
	{"internal/original", []string{"internal/proxy", "internal/show", "internal/dns"}},
	{folder: "internal/proxy"},
	{folder: "internal/show"},
	{folder: "internal/show/advice"},
	{"internal/show/status", []string{"internal/config"}},
	{"internal/show/metrics", []string{"internal/config"}},
	{folder: "internal/config"},
	{folder: "internal/dns"},
	{folder: "internal/redact"},
}

// maxFiles is the largest number of files in a folder, without tests.
const maxFiles = 12

// TestPackages checks that imports only point down, that each package has one package comment, that
// no file begins with a list of what goes in and out, and that no folder has too many files.
func TestPackages(t *testing.T) {
	known := []string{"internal/caddytest"} // for tests only: no other package may import it
	for i, listed := range packages {
		known = append(known, listed.folder)
		var allowed []string
		for _, beneath := range packages[i+1:] {
			if !slices.Contains(listed.excluded, beneath.folder) {
				allowed = append(allowed, beneath.folder)
			}
		}
		files, comments := 0, 0
		entries, err := os.ReadDir(listed.folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			name := entry.Name()
			if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				continue
			}
			files++
			path := filepath.Join(listed.folder, name)
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(file.Doc.Text(), "Package ") {
				comments++
			}
			if len(file.Comments) > 0 && strings.HasPrefix(file.Comments[0].Text(), "In:") {
				t.Errorf("%s begins with %q, want a sentence that says what it is for, or nothing", path, "In:")
			}
			for _, imported := range file.Imports {
				target, err := strconv.Unquote(imported.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				if inside, ours := strings.CutPrefix(target, module+"/"); ours && !slices.Contains(allowed, inside) {
					t.Errorf("%s imports %s; it may import only %v", path, inside, allowed)
				}
			}
		}
		if comments != 1 {
			t.Errorf("%s has %d package comments, want exactly one", listed.folder, comments)
		}
		if files > maxFiles {
			t.Errorf("%s has %d files, want at most %d", listed.folder, files, maxFiles)
		}
	}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		if folder := filepath.ToSlash(filepath.Dir(path)); !slices.Contains(known, folder) {
			t.Errorf("package %s is missing from the list in this test", folder)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
