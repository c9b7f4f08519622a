package command

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// result is how a command ended.
type result struct {
	code           int
	stdout, stderr string
}

// runDoors runs `caddy doors` with arguments, as Caddy's own root command does.
func runDoors(t *testing.T, module Module, stdin string, args ...string) result {
	t.Helper()
	root := &cobra.Command{Use: "caddy", SilenceUsage: true}
	registered := newCommand(module)
	doors := &cobra.Command{Use: registered.Name + " " + registered.Usage, Short: registered.Short, Long: registered.Long}
	registered.CobraFunc(doors)
	root.AddCommand(doors)
	var stdout, stderr bytes.Buffer
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	root.SetArgs(append([]string{"doors"}, args...))
	before := os.Args
	os.Args = append([]string{"caddy", "doors"}, args...)
	defer func() { os.Args = before }()
	r := result{}
	if err := root.ExecuteContext(t.Context()); err != nil {
		r.code = 1
		if value := reflect.Indirect(reflect.ValueOf(err)); value.Kind() == reflect.Struct {
			if code := value.FieldByName("ExitCode"); code.IsValid() { // as Caddy's main function reads it
				r.code = int(code.Int())
			}
		}
	}
	r.stdout, r.stderr = stdout.String(), stderr.String()
	return r
}

// wants checks the code, and that a failed command has an error and no result.
func (r result) wants(t *testing.T, code int, stderr string) {
	t.Helper()
	if r.code != code || !strings.Contains(r.stderr, stderr) {
		t.Errorf("ended with %d and on standard error %q, not with %d and %q", r.code, r.stderr, code, stderr)
	}
	if code == exitCannot && r.stdout != "" {
		t.Errorf("standard output has %q", r.stdout)
	}
	if code != 0 && strings.Count(r.stderr, "Error: ") != 1 {
		t.Errorf("not one error: %q", r.stderr)
	}
	if code == 0 && r.stderr != "" {
		t.Errorf("standard error has %q", r.stderr)
	}
}
