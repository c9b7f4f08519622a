// In: a request that knows no pod to try, and the hosts that may lead to one.
// Out: the end of its wait. One request waits for any number of hosts in its own goroutine.

package hosts

import (
	"context"
	"iter"
	"sync"
	"time"
)

// Await has the hosts looked up for a request that could reach none of the known addresses. After a quiet time these may be old, so it
// waits for the lookups that are under way, unless others have ended in time before them. It returns when ready says so, which it asks
// again whenever a name of the set has new addresses; when no such lookup is left; when the request's patience or ctx ends. As long as
// none of the hosts has an address, it has patience with first lookups until so long after the request's first wait.
func Await(ctx context.Context, patience *Patience, first time.Duration, hosts iter.Seq[*Host], ready func() bool) {
	var left []awaited
	for h := range hosts {
		known, done, failure := h.entry.use(min(h.staleMax, 2*h.refresh), true)
		if done != nil {
			left = append(left, awaited{h.entry, done, known == nil && failure == nil})
		}
	}
	if len(left) == 0 {
		return
	}
	// Who waits no longer for the first lookups may still be there when the others have ended.
	defer func() {
		for _, a := range left {
			a.entry.waited()
		}
	}()
	set := left[0].entry.set
	timer := time.NewTimer(patience.left(set.now()))
	defer timer.Stop()
	extended, news := false, set.news.Next()
	for remaining := left; len(remaining) > 0 && !ready(); {
	quiet:
		for len(remaining) > 0 {
			last := remaining[len(remaining)-1]
			if extended && !last.first {
				remaining = remaining[:len(remaining)-1]
				continue
			}
			select {
			case <-last.done:
				remaining = remaining[:len(remaining)-1]
			case <-news:
				news = set.news.Next()
				break quiet
			case <-timer.C:
				if extended || anyKnown(left) {
					return
				}
				extended = true
				timer.Reset(patience.left(set.now()) - maxWait + first)
			case <-ctx.Done():
				return
			}
		}
		if extended && anyKnown(left) {
			return
		}
	}
}

// awaited is a lookup that a request waits for.
type awaited struct {
	entry *entry
	done  <-chan struct{}
	first bool // nothing is known of the host, nor has a lookup failed
}

func anyKnown(hosts []awaited) bool {
	for _, a := range hosts {
		if a.entry.snapshot.Load() != nil {
			return true
		}
	}
	return false
}

// News tells those who wait that something has changed. The zero value is ready.
type News struct {
	mu   sync.Mutex
	told chan struct{} // nil while nobody waits
}

// Next returns a channel that is closed at the next announcement.
func (n *News) Next() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.told == nil {
		n.told = make(chan struct{})
	}
	return n.told
}

// Announce tells those who wait now.
func (n *News) Announce() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.told != nil {
		close(n.told)
		n.told = nil
	}
}
