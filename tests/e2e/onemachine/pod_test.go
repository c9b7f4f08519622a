package onemachine

// In:  an address, and signals.
// Out: a pod that is a process of its own: it lives until its last page has ended.

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// asPod makes this program a pod; the value is its address.
const asPod = "DOORS_TEST_POD"

func TestMain(m *testing.M) {
	address := os.Getenv(asPod)
	if address == "" {
		os.Exit(m.Run())
	}
	if err := runPod(address); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func runPod(address string) error {
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	running, err := pod.Start(pod.Config{
		Secret: os.Getenv("DOORS_SECRET"), Address: netip.MustParseAddrPort(address), Delay: 200 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	<-term
	return running.DrainAndStop(context.Background())
}

// process is a running pod.
type process struct {
	t       *testing.T
	ip      string
	address string
	command *exec.Cmd
	output  harness.Output
	ended   chan error
}

// startPod starts a pod and waits until it takes pages.
func startPod(t *testing.T, secret, ip string, port int) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, ip: ip, address: fmt.Sprintf("%s:%d", ip, port), ended: make(chan error, 1)}
	p.command = exec.Command(self)
	p.command.Env = append(os.Environ(), asPod+"="+p.address, "DOORS_SECRET="+secret)
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.command.Wait() }()
	t.Cleanup(func() { p.command.Process.Kill() })
	harness.Eventually(t, "the pod is ready", func() bool { return p.readiness() == http.StatusOK })
	return p
}

// readiness is the status of /readyz, 0 for none.
func (p *process) readiness() int {
	answer, err := http.Get("http://" + p.address + "/readyz")
	if err != nil {
		return 0
	}
	answer.Body.Close()
	return answer.StatusCode
}

// drain sends SIGTERM and waits until the pod knows.
func (p *process) drain() {
	p.t.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	harness.Eventually(p.t, "the pod drains", func() bool { return p.readiness() != http.StatusOK })
}

// end waits for the end of a pod that drains.
func (p *process) end() {
	p.t.Helper()
	select {
	case err := <-p.ended:
		if err != nil {
			p.t.Errorf("%s ended badly: %v\n%s", p.ip, err, &p.output)
		}
	case <-time.After(harness.Patience):
		p.t.Fatalf("%s still drains after %v\n%s", p.ip, harness.Patience, &p.output)
	}
}
