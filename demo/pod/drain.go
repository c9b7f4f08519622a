package pod

// In:  the order to drain, then the ends of instances.
// Out: one call of Config.Drained when the last instance has ended.

import "context"

// drain is guarded by the pod's mutex.
type drain struct {
	began    bool
	over     bool
	finished chan struct{} // closed when the last instance has ended
}

// finish reports whether the drain is over just now.
func (d *drain) finish(instances int) bool {
	if !d.began || d.over || instances > 0 {
		return false
	}
	d.over = true
	return true
}

// Drain begins to drain: pages live on until they end or navigate, new ones
// are still served but without the sticky cookie. It returns at once.
func (p *Pod) Drain() {
	p.mu.Lock()
	if p.drain.began {
		p.mu.Unlock()
		return
	}
	p.drain.began = true
	finished := p.drain.finish(p.instances)
	p.mu.Unlock()
	p.observe(Event{Kind: DrainBegan})
	if finished {
		p.drained()
	}
}

// DrainAndStop drains, waits for the last instance to end, and shuts the
// server down in such a way that the last answer is flushed. When ctx is done
// first, what is left is ended.
func (p *Pod) DrainAndStop(ctx context.Context) error {
	p.Drain()
	select {
	case <-p.drain.finished:
	case <-ctx.Done():
	}
	return p.Shutdown(ctx)
}

// Draining tells whether Drain was called.
func (p *Pod) Draining() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.drain.began
}

func (p *Pod) drained() {
	p.observe(Event{Kind: DrainEnded})
	close(p.drain.finished)
	if p.config.Drained != nil {
		go p.config.Drained()
	}
}
