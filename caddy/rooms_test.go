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

// rooms are the packages of this module from the top to the bottom. Each may import those beneath it, and of those not what is excluded.
var rooms = []struct {
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
	{folder: "internal/proxy"},
	{folder: "internal/show"},
	{folder: "internal/show/advice"},
	{"internal/show/status", []string{"internal/config"}},
	{"internal/show/metrics", []string{"internal/config"}},
	{folder: "internal/config"},
	{folder: "internal/dns"},
	{folder: "internal/redact"},
}

// maxFiles is how many files a folder may have, without tests.
const maxFiles = 12

// No arrow between packages runs up, each says what is in it, and none becomes a heap.
func TestRooms(t *testing.T) {
	known := []string{"internal/caddytest"} // for tests only: none of the others may import it
	for i, room := range rooms {
		known = append(known, room.folder)
		var allowed []string
		for _, beneath := range rooms[i+1:] {
			if !slices.Contains(room.excluded, beneath.folder) {
				allowed = append(allowed, beneath.folder)
			}
		}
		files, comments := 0, 0
		entries, err := os.ReadDir(room.folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			name := entry.Name()
			if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				continue
			}
			files++
			path := filepath.Join(room.folder, name)
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(file.Doc.Text(), "Package ") {
				comments++
			}
			for _, imported := range file.Imports {
				target, err := strconv.Unquote(imported.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				if inside, ours := strings.CutPrefix(target, module+"/"); ours && !slices.Contains(allowed, inside) {
					t.Errorf("%s imports %s, which is not beneath it; it may import %v", path, inside, allowed)
				}
			}
		}
		if comments != 1 {
			t.Errorf("%s has %d package comments, want one that says what is in it and what may not be", room.folder, comments)
		}
		if files > maxFiles {
			t.Errorf("%s has %d files, at most %d are readable", room.folder, files, maxFiles)
		}
	}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		if folder := filepath.ToSlash(filepath.Dir(path)); !slices.Contains(known, folder) {
			t.Errorf("%s is a package that is not in the list of this test", folder)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
