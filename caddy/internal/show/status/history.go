package status

import (
	"sync"
	"time"
)

// Interval is the time between two samples, and samples is how many are kept: ten minutes.
const (
	Interval = 2 * time.Second
	samples  = 300
)

// Recorder keeps the latest samples. The zero value is ready to use. It is safe for concurrent use.
type Recorder struct {
	mu              sync.Mutex
	fresh, draining [samples]int
	next, count     int
}

// Add adds a sample.
func (r *Recorder) Add(fresh, draining int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fresh[r.next], r.draining[r.next] = fresh, draining
	r.next = (r.next + 1) % samples
	r.count = min(r.count+1, samples)
}

// History returns the samples, oldest first.
func (r *Recorder) History() History {
	r.mu.Lock()
	defer r.mu.Unlock()
	history := History{IntervalSeconds: Interval.Seconds(), Fresh: make([]int, r.count), Draining: make([]int, r.count)}
	for i := range r.count {
		from := (r.next - r.count + i + samples) % samples
		history.Fresh[i], history.Draining[i] = r.fresh[from], r.draining[from]
	}
	return history
}
