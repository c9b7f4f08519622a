package contenders

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/child"
)

const (
	// startLimit is how long a process may take to start, even on a busy machine.
	startLimit = 60 * time.Second
	// endLimit is how long it may take to end when asked to.
	endLimit = 2 * time.Second
)

// Process runs until Stop, or until the thread that started it ends.
type Process struct {
	command *exec.Cmd
	output  bytes.Buffer // complete when ended is closed
	ended   chan struct{}
}

// Start runs a program in a folder on the given cores, and waits until it is ready.
func Start(on, folder string, ready func() bool, program ...string) (*Process, error) {
	p := &Process{command: command(on, program...), ended: make(chan struct{})}
	p.command.Dir = folder
	p.command.Env = append(os.Environ(), "HOME="+folder, "XDG_CONFIG_HOME="+folder, "XDG_DATA_HOME="+folder)
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	p.command.SysProcAttr = child.Attributes()
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.ended)
		_ = p.command.Wait() // users of ended read the reason
	}()
	for limit := time.Now().Add(startLimit); !ready(); {
		select {
		case <-p.ended:
			return nil, fmt.Errorf("%s does not start: %v\n%s", program[0], p.command.ProcessState, p.output.String())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(limit) {
			p.Stop()
			return nil, fmt.Errorf("%s is not ready after %v", program[0], startLimit)
		}
	}
	return p, nil
}

// PID returns the ID of the process.
func (p *Process) PID() int { return p.command.Process.Pid }

// Pause stops the process, with its connections open, until Resume.
func (p *Process) Pause() error { return p.command.Process.Signal(syscall.SIGSTOP) }

// Resume continues a paused process.
func (p *Process) Resume() error { return p.command.Process.Signal(syscall.SIGCONT) }

// Stop asks the process to end, and kills it after two seconds.
func (p *Process) Stop() {
	_ = p.Resume()
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(endLimit):
		p.Kill()
	}
}

// Kill kills the process.
func (p *Process) Kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

// Listens returns a function that reports whether an address accepts connections.
func Listens(address netip.AddrPort) (ready func() bool) {
	return func() bool {
		connection, err := net.Dial("tcp", address.String())
		if err != nil {
			return false
		}
		_ = connection.Close()
		return true
	}
}
