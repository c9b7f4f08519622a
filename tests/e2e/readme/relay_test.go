package readme

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// relay passes connections on to an address, and can hold back what a client sends: a network on which a request takes its
// time.
type relay struct {
	address string        // of the relay itself
	held    chan struct{} // gets a value when bytes are held back
	ended   chan struct{} // gets a value when the far side has closed a connection

	mu     sync.Mutex
	closed bool // the gate
	opened *sync.Cond
}

func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { listener.Close() })
	r := &relay{address: listener.Addr().String(), held: make(chan struct{}, 100), ended: make(chan struct{}, 100)}
	r.opened = sync.NewCond(&r.mu)
	t.Cleanup(r.release) // else its goroutines stay
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go r.pass(near, to)
		}
	}()
	return r
}

func (r *relay) pass(near net.Conn, to string) {
	defer near.Close()
	far, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer far.Close()
	go func() {
		_, _ = io.Copy(near, far)
		r.ended <- struct{}{}
		// Here and not with the copy below: that may be held back.
		near.Close()
	}()
	bytes := make([]byte, 4096)
	for {
		count, err := near.Read(bytes)
		if err != nil {
			return
		}
		r.gate()
		if _, err := far.Write(bytes[:count]); err != nil {
			return
		}
	}
}

func (r *relay) gate() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		r.held <- struct{}{}
	}
	for r.closed {
		r.opened.Wait()
	}
}

// hold keeps back what clients send from now on.
func (r *relay) hold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

// release passes on what was held back.
func (r *relay) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = false
	r.opened.Broadcast()
}

// wait waits for one of the relay's events.
func (r *relay) wait(t *testing.T, what string, event <-chan struct{}) {
	t.Helper()
	harness.Eventually(t, what, func() bool {
		select {
		case <-event:
			return true
		default:
			return false
		}
	})
}
