// In: the addresses that a name has from now on.
// Out: an immutable snapshot that requests read without a lock, and a cache for what callers derive from it.

package hosts

import (
	"net/netip"
	"sync/atomic"
)

// Snapshot is what a name resolved to. It is immutable and replaced only when the addresses change, so
// whatever is computed from it stays valid as long as [Host.Snapshot] returns the same pointer.
type Snapshot struct {
	addresses  []netip.Addr
	generation uint64
}

// Addresses returns the addresses, never empty, sorted, without duplicates, IPv4-mapped ones as IPv4.
// The slice is shared: it must not be changed.
func (s *Snapshot) Addresses() []netip.Addr { return s.addresses }

// Generation numbers the snapshots of one name from 1 upwards.
func (s *Snapshot) Generation() uint64 { return s.generation }

// Cache keeps one value derived from the latest snapshot of one [Host]. The zero value is empty and ready;
// it must not be copied after first use. All methods may be called from any number of goroutines.
type Cache[T any] struct {
	latest atomic.Pointer[derived[T]]
}

type derived[T any] struct {
	from  *Snapshot
	value T
}

// Get returns the value that build made of the snapshot. It calls build only for a snapshot other than the
// last one; goroutines that meet a new snapshot at the same moment may each call it. A value that is present
// is returned without a lock or an allocation.
func (c *Cache[T]) Get(s *Snapshot, build func(*Snapshot) T) T {
	if d := c.latest.Load(); d != nil && d.from == s {
		return d.value
	}
	d := &derived[T]{from: s, value: build(s)}
	c.latest.Store(d)
	return d.value
}

// Latest returns the value that was built last, the zero value before the first.
func (c *Cache[T]) Latest() (value T) {
	if d := c.latest.Load(); d != nil {
		return d.value
	}
	return value
}
