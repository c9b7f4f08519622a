package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// top returns the top folder of the repository.
func top(t testing.TB) string {
	t.Helper()
	folder, err := filepath.Abs("../..")
	check(t, err)
	return folder
}

// file returns the text of a file in deploy/.
func file(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top(t), "deploy", path))
	check(t, err)
	return string(text)
}

// write writes a file, creates its parent folders, and returns its path.
func write(t testing.TB, path, text string, mode os.FileMode) string {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(path), 0o755))
	check(t, os.WriteFile(path, []byte(text), mode))
	return path
}

// run runs a command. It returns the combined output and whether the command succeeded.
func run(t testing.TB, env []string, name string, arguments ...string) (output string, ok bool) {
	t.Helper()
	command := exec.Command(name, arguments...)
	command.Env = append(os.Environ(), env...) // the last value of a variable counts
	text, err := command.CombinedOutput()
	if _, isExit := err.(*exec.ExitError); err != nil && !isExit {
		t.Fatalf("%v: scripts/setup.sh test installs what is missing", err)
	}
	return string(text), err == nil
}

// one returns the group of the only match of a pattern.
func one(t testing.TB, text, pattern string) string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1)
	if len(found) != 1 {
		t.Fatalf("%d matches of %s in:\n%s", len(found), pattern, text)
	}
	return found[0][1]
}

// key is a secret for Caddy.
const key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// caddy returns the path of the built Caddy.
func caddy(t testing.TB) string {
	t.Helper()
	path := os.Getenv("DOORS_CADDY")
	if path == "" {
		path = filepath.Join(top(t), "bin/caddy")
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: build it with `make build`", err)
	}
	return path
}

// quiet returns an environment in which Caddy keeps its files in a folder.
func quiet(folder string) []string {
	return append(os.Environ(), "HOME="+folder, "XDG_CONFIG_HOME="+folder, "XDG_DATA_HOME="+folder)
}

// validate loads a Caddyfile with the built Caddy, with the secret in a file of the test, and
// checks its formatting.
func validate(t testing.TB, caddyfile string, env ...string) {
	t.Helper()
	folder := t.TempDir()
	env = append(env, quiet(folder)...)
	path := write(t, filepath.Join(folder, "Caddyfile"), caddyfile, 0o600)
	if output, ok := run(t, env, caddy(t), "fmt", path); !ok || output != caddyfile {
		t.Errorf("caddy fmt would make of it:\n%s", output)
	}
	secret := one(t, caddyfile, `secret \{file\.([^}]+)\}`)
	write(t, filepath.Join(folder, "secret"), key+"\n", 0o600)
	write(t, path, strings.Replace(caddyfile, secret, filepath.Join(folder, "secret"), 1), 0o600)
	output, ok := run(t, env, caddy(t), "validate", "--config", path, "--adapter", "caddyfile")
	if !ok {
		t.Errorf("Caddy refuses it:\n%s", output)
	}
	if !strings.Contains(output, `"level":"info"`) || strings.Contains(output, `"level":"warn"`) {
		t.Errorf("Caddy warns, or its log is not JSON:\n%s", output)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
