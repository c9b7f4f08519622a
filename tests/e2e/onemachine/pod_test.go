package onemachine

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// asPod makes this program a pod, with the variables of doorscaddy.IDFromEnv. Its value is the
// port.
const asPod = "DOORS_TEST_POD"

func TestMain(m *testing.M) {
	port, manager := os.Getenv(asPod), os.Getenv(asTool)
	switch {
	case port != "":
		if err := runPod(port); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case manager != "" && slices.Contains([]string{"systemctl", "docker"}, filepath.Base(os.Args[0])):
		os.Exit(runTool(manager))
	default:
		os.Exit(m.Run())
	}
}

func runPod(port string) error {
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	secret := os.Getenv("DOORS_SECRET")
	if path := os.Getenv("DOORS_SECRET_FILE"); path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		secret = string(text)
	}
	address, err := netip.ParseAddrPort(os.Getenv("POD_IP") + ":" + port)
	if err != nil {
		return err
	}
	running, err := pod.Start(pod.Config{Secret: secret, Address: address, Delay: 200 * time.Millisecond})
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
	p := &process{t: t, ip: ip, address: fmt.Sprintf("%s:%d", ip, port), ended: make(chan error, 1)}
	p.command = exec.Command(self(t))
	p.command.Env = append(os.Environ(), fmt.Sprintf("%s=%d", asPod, port), "POD_IP="+ip, "DOORS_SECRET="+secret)
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.command.Wait() }()
	t.Cleanup(func() { p.command.Process.Kill() })
	harness.Eventually(t, "the pod is ready", func() bool { return readiness(p.address) == http.StatusOK })
	return p
}

// readiness returns the status of a pod's /readyz, or 0 if there is no answer.
func readiness(address string) int {
	answer, err := http.Get("http://" + address + "/readyz")
	if err != nil {
		return 0
	}
	answer.Body.Close()
	return answer.StatusCode
}

// drain sends SIGTERM and waits until the pod is draining.
func (p *process) drain() {
	p.t.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	harness.Eventually(p.t, "the pod drains", func() bool { return readiness(p.address) != http.StatusOK })
}

// end waits for the end of a draining pod.
func (p *process) end() {
	p.t.Helper()
	select {
	case err := <-p.ended:
		if err != nil {
			p.t.Errorf("%s ended badly: %v\n%s", p.ip, err, &p.output)
		}
	case <-time.After(harness.Patience):
		p.t.Fatalf("%s is still draining after %v\n%s", p.ip, harness.Patience, &p.output)
	}
}
