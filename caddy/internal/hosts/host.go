// In: a request that needs the addresses of a name now.
// Out: the known ones at once; a short wait only when there are none, or only old ones.

package hosts

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
)

// maxWait is the longest that a request waits for DNS, however many names it needs and however often it asks.
const maxWait = 500 * time.Millisecond

// Patience is for how long one request goes on waiting for DNS: 500 ms from its first wait on. The zero value is ready; it must not
// be copied after first use. Any number of goroutines may use it at the same time.
type Patience struct{ until atomic.Int64 }

// left says how much of it is left, and starts it if need be.
func (p *Patience) left(now time.Duration) time.Duration {
	p.until.CompareAndSwap(0, int64(now+maxWait))
	return time.Duration(p.until.Load()) - now
}

// Host is one user's hold on a name. All methods may be called from any number of goroutines, also after
// Release: requests of an old configuration go on with what is known.
type Host struct {
	entry             *entry
	refresh, staleMax time.Duration
	released          atomic.Bool
}

// Name returns the name as first acquired from the set.
func (h *Host) Name() string { return h.entry.name }

// Addresses is Snapshot for callers that derive nothing from it. The slice must not be changed.
func (h *Host) Addresses(ctx context.Context) ([]netip.Addr, error) {
	s, err := h.Snapshot(ctx, new(Patience))
	if err != nil {
		return nil, err
	}
	return s.addresses, nil
}

// Snapshot returns the addresses of the name and keeps its lookups going. Known addresses come back at once,
// without a lock or an allocation, for as long as lookups go on and however these end. When nothing is known,
// or when lookups had stopped and the last answer is older than StaleMax, it waits for the next lookup to
// end: not longer than the patience of its request, nor than ctx. After that it returns the old addresses, or, when there are none,
// an [*Error], or the error of ctx. A context that ends does not end the lookup, which others may be waiting for.
func (h *Host) Snapshot(ctx context.Context, patience *Patience) (*Snapshot, error) {
	e := h.entry
	if s := e.snapshot.Load(); s != nil && !e.stale(e.set.now(), h.staleMax) {
		if a := e.activity.Load(); a == used || a == unused && e.activity.CompareAndSwap(unused, used) {
			return s, nil
		}
	}
	return h.wait(ctx, patience)
}

// Current returns the known addresses and never waits; nil when there are none. It keeps the lookups of the name going or starts
// them. followed is false when there were none for a while, so that the addresses may be old.
func (h *Host) Current() (s *Snapshot, followed bool) {
	e := h.entry
	s = e.snapshot.Load()
	if a := e.activity.Load(); a == used || a == unused && e.activity.CompareAndSwap(unused, used) {
		return s, true
	}
	e.use(h.staleMax, false)
	return s, false
}

// Known returns the known addresses, nil when there are none. It neither waits nor counts as use, so that no lookup follows.
func (h *Host) Known() *Snapshot { return h.entry.snapshot.Load() }

func (h *Host) wait(ctx context.Context, patience *Patience) (*Snapshot, error) {
	s, done, failure := h.entry.use(h.staleMax, true)
	if done != nil {
		timer := time.NewTimer(patience.left(h.entry.set.now()))
		defer timer.Stop()
		select {
		case <-done:
		case <-timer.C:
		case <-ctx.Done():
		}
		s, failure = h.entry.waited()
	}
	switch {
	case s != nil:
		return s, nil
	case done != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case failure == nil:
		failure = &Error{Host: h.entry.name, Kind: dns.Pending}
	}
	return nil, failure
}

// DropRefused tells that this address refused a connection. It is given up, until DNS names it again, when
// the name has no address in DNS any more; in every other case nothing happens. It returns whether it was.
func (h *Host) DropRefused(address netip.Addr) bool {
	if h.entry.literal {
		return false
	}
	return h.entry.drop(address)
}

// State returns what is known about the name.
func (h *Host) State() State { return h.entry.state() }

// Release ends the use of the name; calling it again does nothing. When the last user releases, lookups end; a pending one goes on for as
// long as a request waits for it. What is known stays known for a minute, for the next user.
func (h *Host) Release() {
	if !h.entry.literal && !h.released.Swap(true) {
		h.entry.leave(h.refresh)
	}
}
