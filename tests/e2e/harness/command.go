package harness

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Command is a Caddy command that ends by itself.
type Command struct {
	Binary    Binary            // default: Default
	Files     map[string]string // created in a new working folder
	Env       []string          // added to the environment, "NAME=value"
	Stdin     string
	Arguments []string
}

// Result is the result of a command.
type Result struct {
	Stdout, Stderr string
	Code           int
}

// Run runs the command.
func (c Command) Run(t testing.TB) Result {
	t.Helper()
	if c.Binary == (Binary{}) {
		c.Binary = Default
	}
	folder := t.TempDir()
	for name, text := range c.Files {
		check(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	var stdout, stderr bytes.Buffer
	command := exec.Command(c.Binary.Path(t), c.Arguments...)
	command.Dir = folder
	command.Env = append(os.Environ(), "HOME="+folder, "XDG_CONFIG_HOME="+folder, "XDG_DATA_HOME="+folder)
	command.Env = append(command.Env, c.Env...)
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(c.Stdin), &stdout, &stderr
	err := command.Run()
	if _, isExit := err.(*exec.ExitError); err != nil && !isExit {
		t.Fatal(err)
	}
	return Result{stdout.String(), stderr.String(), command.ProcessState.ExitCode()}
}

// Run runs a Caddy command. It returns its output and whether it succeeded.
func Run(t testing.TB, binary Binary, files map[string]string, arguments ...string) (stdout, stderr string, ok bool) {
	t.Helper()
	result := Command{Binary: binary, Files: files, Arguments: arguments}.Run(t)
	return result.Stdout, result.Stderr, result.Code == 0
}
