package browser

import (
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

// The back-off of the Doors client.
const (
	backoffFirst  = 200 * time.Millisecond
	backoffGrowth = 1.25
	backoffMost   = 12 * time.Second
	backoffAtOnce = time.Second // an attempt that lasted this long is repeated at once
	backoffSpread = 0.2
)

// backoff computes how long to wait after a failure. It is safe for concurrent use.
type backoff struct {
	mu    sync.Mutex
	count int
}

// wait returns how long to wait after an attempt of the given length.
func (b *backoff) wait(lasted time.Duration) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if lasted >= backoffAtOnce {
		b.count = 0
		return 0
	}
	delay := min(float64(backoffMost), float64(backoffFirst)*math.Pow(backoffGrowth, float64(b.count)))
	b.count++
	return time.Duration(delay * (1 - backoffSpread + 2*backoffSpread*rand.Float64()))
}

func (b *backoff) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count = 0
}
