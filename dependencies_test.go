package doorscaddy

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The package is part of every app: it must have no dependencies, and build
// without cgo.
func TestOnlyTheStandardLibrary(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}} {{len .CgoFiles}}{{end}}", ".")
	output, err := list.CombinedOutput()
	if got := strings.TrimSpace(string(output)); err != nil || got != "github.com/doors-dev/doors-caddy 0" {
		t.Errorf("got %v: %s", err, got)
	}
	build := exec.Command("go", "build", ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Errorf("without cgo: %v: %s", err, output)
	}
	module, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"require", "toolchain"} {
		if strings.Contains(string(module), word) {
			t.Errorf("go.mod contains %q", word)
		}
	}
}
