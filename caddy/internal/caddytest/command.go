package caddytest

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// Result is the result of a command.
type Result struct {
	Code           int
	Stdout, Stderr string
}

// RunCommand runs a command as Caddy's root command does.
func RunCommand(t *testing.T, registered caddycmd.Command, stdin string, args ...string) Result {
	t.Helper()
	root := &cobra.Command{Use: "caddy", SilenceUsage: true}
	command := &cobra.Command{Use: registered.Name + " " + registered.Usage, Short: registered.Short, Long: registered.Long}
	registered.CobraFunc(command)
	root.AddCommand(command)
	var stdout, stderr bytes.Buffer
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	args = append([]string{registered.Name}, args...)
	root.SetArgs(args)
	before := os.Args
	os.Args = append([]string{"caddy"}, args...)
	defer func() { os.Args = before }()
	r := Result{}
	if err := root.ExecuteContext(t.Context()); err != nil {
		r.Code = 1
		if value := reflect.Indirect(reflect.ValueOf(err)); value.Kind() == reflect.Struct {
			if code := value.FieldByName("ExitCode"); code.IsValid() { // as in Caddy's main function
				r.Code = int(code.Int())
			}
		}
	}
	r.Stdout, r.Stderr = stdout.String(), stderr.String()
	return r
}

// Wants checks the exit code and the error output. A failed command must print exactly one error,
// and must print a result only with ExitNo.
func (r Result) Wants(t *testing.T, code int, stderr string) {
	t.Helper()
	if r.Code != code || !strings.Contains(r.Stderr, stderr) {
		t.Errorf("ended with %d and on standard error %q, not with %d and %q", r.Code, r.Stderr, code, stderr)
	}
	if code > 1 && r.Stdout != "" {
		t.Errorf("standard output has %q", r.Stdout)
	}
	if code != 0 && strings.Count(r.Stderr, "Error: ") != 1 {
		t.Errorf("not one error: %q", r.Stderr)
	}
	if code == 0 && r.Stderr != "" {
		t.Errorf("standard error has %q", r.Stderr)
	}
}
