package readme

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// patience is the time limit for a command, which may have to build the library.
const patience = 10 * time.Minute

// run runs a command in a folder and returns its standard output.
func run(t *testing.T, folder string, environment []string, name string, arguments ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, name, arguments...)
	var output, messages bytes.Buffer
	command.Dir, command.Env = folder, append(os.Environ(), environment...)
	command.Stdout, command.Stderr = &output, &messages
	if err := command.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(arguments, " "), err, &output, &messages)
	}
	return output.String()
}

// shell runs a script at the top of the repository. It stops at the first command that fails. It does
// not set the variables that the documents tell readers to set.
func shell(t *testing.T, script string, environment ...string) string {
	t.Helper()
	prelude := ". scripts/env.sh\nunset CGO_ENABLED PKG_CONFIG_PATH\n"
	return run(t, harness.Root(t), environment, "bash", "-euo", "pipefail", "-c", prelude+script)
}

// write writes a file and returns its path.
func write(t *testing.T, folder, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(folder, name)
	check(t, os.MkdirAll(filepath.Dir(path), 0o755))
	check(t, os.WriteFile(path, []byte(text), mode))
	return path
}

// replaceOnce replaces a text that must occur exactly once.
func replaceOnce(t *testing.T, text, old, replacement string) string {
	t.Helper()
	if n := strings.Count(text, old); n != 1 {
		t.Fatalf("%q stands %d times, not once, in:\n%s", old, n, text)
	}
	return strings.Replace(text, old, replacement, 1)
}
