package fleet

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/child"
)

// childArgument makes this program a pod.
const childArgument = "pod"

// Pod is a pod process.
type Pod struct {
	*Life
	Token string

	command *exec.Cmd
	ended   chan struct{}
	err     error // the result; read after ended is closed
}

// start runs a pod and waits until it serves. Call it from the goroutine that is locked to the main
// thread: the process ends with the thread that started it.
func start(life *Life, told order, counts *counts) (*Pod, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &Pod{Life: life, ended: make(chan struct{})}
	p.command = exec.Command(self, childArgument)
	p.command.Stderr = os.Stderr
	p.command.SysProcAttr = child.Attributes()
	input, err := p.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	tokens := make(chan string, 1)
	go func() {
		defer close(p.ended)
		defer close(tokens)
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			var said line
			if json.Unmarshal(lines.Bytes(), &said) != nil {
				continue
			}
			switch {
			case said.Token != "":
				tokens <- said.Token
			case said.Refuses:
				life.Refuses()
			default:
				counts.add(said)
			}
		}
		p.err = p.command.Wait()
	}()
	if err := errors.Join(json.NewEncoder(input).Encode(told), input.Close()); err != nil {
		return nil, err
	}
	token, serves := <-tokens
	if !serves {
		<-p.ended
		return nil, fmt.Errorf("%s did not start: %w", life.Name, p.err)
	}
	p.Token = token
	return p, nil
}

// Drain asks the pod to drain and to end.
func (p *Pod) Drain() error {
	p.Draining()
	return p.command.Process.Signal(syscall.SIGTERM)
}

// Kill kills the pod.
func (p *Pod) Kill() error {
	p.BeginFault(Killed)
	err := p.command.Process.Kill()
	<-p.ended
	p.SureOfFault()
	return err
}

// Stop stops the pod. The kernel keeps accepting connections for it.
func (p *Pod) Stop() error {
	p.BeginFault(Stopped)
	err := p.command.Process.Signal(syscall.SIGSTOP)
	p.SureOfFault()
	return err
}

// Resume ends Stop.
func (p *Pod) Resume() error {
	err := p.command.Process.Signal(syscall.SIGCONT)
	p.EndFault()
	return err
}

// Ended waits for the process to end. It returns nil if the pod drained and ended without an error.
func (p *Pod) Ended(patience time.Duration) error {
	select {
	case <-p.ended:
		if p.err != nil {
			return fmt.Errorf("%s ended badly: %w", p.Name, p.err)
		}
		return nil
	case <-time.After(patience):
		return fmt.Errorf("%s is still draining after %v, with %d pages of ours open", p.Name, patience, p.Pages.Load())
	}
}

// running reports whether the process is running.
func (p *Pod) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}
