package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/doors-dev/doors-caddy/demo/board"
)

// asPod is the argument that makes this program a pod.
const asPod = "pod"

// process is a pod.
type process struct {
	address netip.Addr
	place   netip.AddrPort // its address with the port
	version board.Version
	command *exec.Cmd
	ready   chan struct{} // closed when it takes pages
	ended   chan struct{} // closed when it has ended
	err     error         // the result; read after ended is closed
	pages   atomic.Int64  // its open pages

	// The fields below belong to the fleet.
	draining bool // told to stop
	killed   bool
}

// startProcess starts a pod. hear is called for each of its lines but the first, and ended after
// the last.
func startProcess(address netip.Addr, version board.Version, chosen options, secret string, hear func(*process, board.Line), ended func(*process)) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{address: address, place: netip.AddrPortFrom(address, chosen.podPort), version: version, ready: make(chan struct{}), ended: make(chan struct{})}
	p.command = exec.Command(self, asPod)
	p.command.Env = append(os.Environ(), "DOORS_SECRET="+secret, "POD_IP="+address.String(),
		fmt.Sprintf("%s=%d", board.EnvPort, chosen.podPort), fmt.Sprintf("%s=%d", board.EnvVersion, version.Number), fmt.Sprintf("%s=%t", board.EnvSecure, chosen.https))
	p.command.Stderr = os.Stderr
	p.command.SysProcAttr = childAttributes()
	said, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("cannot start a pod: %w", err)
	}
	go func() {
		for lines := bufio.NewScanner(said); lines.Scan(); {
			var line board.Line
			if json.Unmarshal(lines.Bytes(), &line) != nil {
				continue
			}
			p.pages.Store(int64(line.Pages))
			if line.Kind == board.Ready {
				close(p.ready)
				continue
			}
			hear(p, line)
		}
		p.err = p.command.Wait()
		close(p.ended)
		ended(p)
	}()
	return p, nil
}

// wait waits until the pod takes pages.
func (p *process) wait(ctx context.Context) error {
	select {
	case <-p.ready:
		return nil
	case <-p.ended:
		return fmt.Errorf("the pod on %s ended at once: %w", p.address, p.err)
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(20 * time.Second):
		return fmt.Errorf("the pod on %s does not start", p.address)
	}
}

// refuses waits until a pod that was told to stop refuses new pages. Signals take a moment.
func (p *process) refuses(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		request, err := http.NewRequestWithContext(ctx, "GET", "http://"+p.place.String()+"/readyz", nil)
		if err != nil {
			return
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return // it has ended
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return
		}
		pause(ctx, 10*time.Millisecond, 20*time.Millisecond)
	}
}

// signal sends a signal. It fails silently if the process has ended.
func (p *process) signal(signal syscall.Signal) { _ = p.command.Process.Signal(signal) }
