package fleet

import (
	"sync"
	"time"
)

// Count is the number of requests to all pods in one second.
type Count struct{ Pages, All uint64 }

// counts adds up the counts of all pods, second by second.
type counts struct {
	mu       sync.Mutex
	bySecond map[int64]Count
}

func (c *counts) add(said line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := c.bySecond[said.Second]
	sum.Pages += said.Pages
	sum.All += said.All
	c.bySecond[said.Second] = sum
}

// PerSecond returns the counts of the seconds from begin to end. Each pod starts its seconds at its
// own time, so counts may be off by one second.
func (f *Fleet) PerSecond(begin, end time.Time) []Count {
	f.counts.mu.Lock()
	defer f.counts.mu.Unlock()
	var found []Count
	for second := begin.Unix(); second <= end.Unix(); second++ {
		found = append(found, f.counts.bySecond[second])
	}
	return found
}
