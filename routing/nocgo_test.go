package routing

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Without cgo the compiler's own error says what to do.
func TestTheBuildWithoutCgoNamesTheCure(t *testing.T) {
	build := exec.Command("go", "build", ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	output, err := build.CombinedOutput()
	if err == nil || !strings.Contains(string(output), "CGO_ENABLED_1") {
		t.Errorf("got %v: %s", err, output)
	}
}
