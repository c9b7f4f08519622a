package pod

// In:  the order to drain, then the ends of instances.
// Out: the drain of doorscaddy.Serve, as any app does it, and the end of the pod.

import (
	"context"
	"syscall"
)

// drain is guarded by the pod's mutex.
type drain struct {
	ordered  bool
	began    bool
	callback func() // nil when it has been called
}

// take returns the callback if the drain is over just now, else nil.
func (d *drain) take(instances int) func() {
	if instances > 0 {
		return nil
	}
	over := d.callback
	d.callback = nil
	return over
}

// app is what doorscaddy.Serve sees of a pod.
type app struct{ *Pod }

// Drain is called when no new page can come any more but those that no other pod takes.
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

// serveUnmarked serves as an app without doorscaddy.Serve: the first order calls Drain, and the pod ends with its last page.
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

// drained calls back what take has returned.
func (p *Pod) drained(over func()) {
	if over != nil {
		p.observe(Event{Kind: DrainEnded})
		over()
	}
}

// Drain begins to drain, as SIGTERM does with a pod that is a process: pages live on until they end or navigate, and the pod ends with the last one. It returns
// when links of its pages know.
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

// DrainAndStop drains and waits for the end of the pod. When ctx is done first, what is left is ended.
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

// Draining tells whether links of the pod's pages lead elsewhere.
func (p *Pod) Draining() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.drain.began
}

// Kill ends the pod at once, as SIGKILL does: the listener and every
// connection are closed in the middle of whatever they were doing.
func (p *Pod) Kill() {
	_ = p.server.Close()
	<-p.ended
}
