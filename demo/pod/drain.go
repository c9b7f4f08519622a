package pod

import (
	"context"
	"syscall"
)

// drain is guarded by the pod's mutex.
type drain struct {
	ordered  bool
	began    bool
	callback func() // nil once called
}

// take returns the callback if the drain has just ended, else nil.
func (d *drain) take(instances int) func() {
	if instances > 0 {
		return nil
	}
	over := d.callback
	d.callback = nil
	return over
}

// app is the doorscaddy.App of a pod.
type app struct{ *Pod }

// Drain is called when no new pages come any more, except those that no other pod can take.
func (a app) Drain(callback func()) {
	p := a.Pod
	p.mu.Lock()
	p.drain.began, p.drain.callback = true, callback
	over := p.drain.take(p.instances)
	p.mu.Unlock()
	p.observe(Event{Kind: DrainBegan})
	close(p.draining)
	p.drained(over)
}

// serveUnmarked serves like an app without doorscaddy.Serve: the first order calls Drain, and the
// pod ends with its last page.
func (p *Pod) serveUnmarked() error {
	p.server.Handler = p
	served, drained := make(chan error, 1), make(chan struct{})
	go func() { served <- p.server.Serve(p.listener) }()
	select {
	case err := <-served:
		return err
	case <-p.orders:
		app{p}.Drain(func() { close(drained) })
	}
	select {
	case err := <-served:
		return err
	case <-p.orders:
		return p.server.Close()
	case <-drained:
		return p.server.Shutdown(context.Background())
	}
}

// drained calls the callback that take returned.
func (p *Pod) drained(over func()) {
	if over != nil {
		p.observe(Event{Kind: DrainEnded})
		over()
	}
}

// Drain starts to drain, like SIGTERM to a pod process. Open pages continue until they end or
// follow a link, and the pod ends with the last one. Drain returns once links lead away from the
// pod.
func (p *Pod) Drain() {
	p.order()
	select {
	case <-p.draining:
	case <-p.ended:
	}
}

func (p *Pod) order() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.drain.ordered {
		p.drain.ordered = true
		p.orders <- syscall.SIGTERM
	}
}

// DrainAndStop drains and waits for the end of the pod. If ctx is done first, it ends the open
// pages.
func (p *Pod) DrainAndStop(ctx context.Context) error {
	p.order()
	select {
	case <-p.ended:
	case <-ctx.Done():
		p.endAll(endKilled)
		p.orders <- syscall.SIGTERM
		<-p.ended
	}
	return p.err
}

// Draining reports whether links on the pod's pages lead away from it.
func (p *Pod) Draining() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.drain.began
}

// Kill ends the pod at once, like SIGKILL: it closes the listener and every connection, whatever
// they are doing.
func (p *Pod) Kill() {
	_ = p.server.Close()
	<-p.ended
}
