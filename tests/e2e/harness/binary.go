package harness

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Binary is one of the Caddy binaries under test.
type Binary struct {
	variable string // environment variable with another path
	path     string // from the top of the repository
	target   string // make target that builds it
}

// The binaries that the tests start.
var (
	Default = Binary{"DOORS_CADDY", "bin/caddy", "make build"}
	Race    = Binary{"DOORS_CADDY_RACE", "bin/caddy-race", "scripts/test.sh caddy_race"}
	Stock   = Binary{"DOORS_CADDY_STOCK", "bin/caddy-stock", "scripts/test.sh caddy_stock"}

	Static      = Binary{"DOORS_CADDY_STATIC", "bin/caddy-static", "scripts/test.sh caddy_static"}
	StaticStock = Binary{"DOORS_CADDY_STATIC_STOCK", "bin/caddy-stock-static", "scripts/test.sh caddy_static"}
)

// Path returns the absolute path of the binary. Without the binary it fails the test: skipping it
// would prove nothing.
func (b Binary) Path(t testing.TB) string {
	t.Helper()
	path := os.Getenv(b.variable)
	if path == "" {
		path = filepath.Join(Root(t), b.path)
	}
	path, err := filepath.Abs(path)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("no Caddy at %s: build it with `%s`, or set %s", path, b.target, b.variable)
	}
	return path
}

// Root returns the top folder of the repository.
func Root(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; folder != filepath.Dir(folder); folder = filepath.Dir(folder) {
		text, err := os.ReadFile(filepath.Join(folder, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), "module github.com/doors-dev/doors-caddy\n") {
			return folder
		}
	}
	t.Fatal("the working directory is not in the repository")
	return ""
}
