package harness

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Demo is the demo, as `make demo` runs it.
type Demo struct {
	Listen, Status string // host and port
	PodPort        int
	Temporary      string // the folder for what it writes
	Output         *Output

	// Stop ends it as Ctrl-C does, and returns how it has ended.
	Stop func() error
}

// StartDemo builds and starts the demo, whose pods have these addresses, and waits until it is up. The test ends it.
func StartDemo(t testing.TB, rollout time.Duration, pods ...string) *Demo {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "demo")
	build := exec.Command("go", "build", "-o", binary, "./demo")
	build.Dir = Root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	here := func() string { return fmt.Sprintf("127.0.0.1:%d", Port(t, "127.0.0.1")) }
	d := &Demo{Listen: here(), Status: here(), PodPort: Port(t, pods...), Temporary: t.TempDir(), Output: &Output{}}
	command := exec.Command(binary, "-listen", d.Listen, "-status", d.Status, "-pod-port", fmt.Sprint(d.PodPort), "-rollout", rollout.String())
	command.Env = append(os.Environ(), "DOORS_CADDY="+Default.Path(t), "TMPDIR="+d.Temporary)
	command.Stdout, command.Stderr = d.Output, d.Output
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	check(t, command.Start())
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
	d.Output.Wait(t, "Ctrl-C ends all.", time.Minute)
	return d
}
