package observe_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// Prometheus sees the rollout of the demo: the page of the old pod, and that nothing is wrong.
func TestPrometheusOfTheDemo(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "demo")
	build := exec.Command("go", "build", "-o", binary, "./demo")
	build.Dir = Root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	listen, status := Port(t, "127.0.0.1"), fmt.Sprintf("127.0.0.1:%d", Port(t, "127.0.0.1"))
	output := &Output{}
	command := exec.Command(binary, "-listen", fmt.Sprintf("127.0.0.1:%d", listen), "-status", status,
		"-pod-port", fmt.Sprint(Port(t, podA, podB, "127.0.2.1")), "-rollout", "0")
	command.Env = append(os.Environ(), "DOORS_CADDY="+Default.Path(t), "TMPDIR="+t.TempDir())
	command.Stdout, command.Stderr = output, output
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait()
		if t.Failed() {
			t.Logf("the demo wrote:\n%s", output)
		}
	})
	output.Wait(t, "Ctrl-C ends all.", time.Minute)
	p := startPrometheus(t, status)
	for _, shown := range []string{
		`sum(caddy_doors_streams{state="draining"}) >= 1`, `sum(caddy_doors_pods{state="draining"}) == 1`, `sum(rate(caddy_doors_decisions_total{path="sync"}[30s])) > 0`,
		`sum(caddy_doors_tokens_opened_total{from="path"}) > 0`, `sum(caddy_doors_gone_total) == 0`, `caddy_doors_routers >= 1`,
	} {
		eventually(t, shown, func() bool {
			found, err := p.query(shown)
			if err != nil {
				t.Fatal(err)
			}
			return len(found) == 1
		})
	}
}
