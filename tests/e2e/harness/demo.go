package harness

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// DemoPods are all addresses that pods of the demo may use.
var DemoPods = []string{
	"127.0.1.1", "127.0.1.2", "127.0.1.3", "127.0.1.4", "127.0.1.5", "127.0.1.6", "127.0.1.7", "127.0.1.8", "127.0.1.9", "127.0.1.10",
}

// Demo is the demo as `make demo` runs it.
type Demo struct {
	Listen, Status string // host and port
	PodPort        int
	Temporary      string // folder for its files
	Output         *Output

	// Press types keys.
	Press func(keys string)

	// Stop ends it as Ctrl-C does, and returns the result.
	Stop func() error
}

// StartDemo builds and starts the demo with options, and waits until its first version is up. The
// demo ends with the test.
func StartDemo(t testing.TB, options ...string) *Demo {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "demo")
	build := exec.Command("go", "build", "-o", binary, "./demo")
	build.Dir = Root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	here := func() string { return fmt.Sprintf("127.0.0.1:%d", Port(t, "127.0.0.1")) }
	d := &Demo{Listen: here(), Status: here(), PodPort: Port(t, DemoPods...), Temporary: t.TempDir(), Output: &Output{}}
	command := exec.Command(binary, append([]string{"-listen", d.Listen, "-status", d.Status, "-pod-port", fmt.Sprint(d.PodPort)}, options...)...)
	command.Env = append(os.Environ(), "DOORS_CADDY="+Default.Path(t), "TMPDIR="+d.Temporary)
	command.Stdout, command.Stderr = d.Output, d.Output
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	keyboard, err := command.StdinPipe()
	check(t, err)
	check(t, command.Start())
	d.Press = func(keys string) {
		_, err := io.WriteString(keyboard, keys)
		check(t, err)
	}
	d.Stop = sync.OnceValue(func() error {
		if err := command.Process.Signal(os.Interrupt); err != nil {
			return err
		}
		return command.Wait()
	})
	t.Cleanup(func() {
		_ = d.Stop()
		if t.Failed() {
			t.Logf("the demo wrote:\n%s", d.Output)
		}
	})
	d.Output.Wait(t, "Version 1 (teal) is up", Patience)
	return d
}
