package fleet

import (
	"sync"
	"time"
)

// Count is what all pods together were asked in one second.
type Count struct{ Pages, All uint64 }

// counts adds up what the pods count, second by second.
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

// PerSecond are the counts of the seconds from begin to end. A pod counts at its own time within a second, so
// the borders of seconds are blurred by one.
func (f *Fleet) PerSecond(begin, end time.Time) []Count {
	f.counts.mu.Lock()
	defer f.counts.mu.Unlock()
	var found []Count
	for second := begin.Unix(); second <= end.Unix(); second++ {
		found = append(found, f.counts.bySecond[second])
	}
	return found
}
