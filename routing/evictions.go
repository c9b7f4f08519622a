package routing

// In:  what an operator evicts and takes back.
// Out: the evictions, and what has happened to pods.

// #include "doors_caddy.h"
import "C"

import (
	"net/netip"
	"runtime"
	"time"
)

// EventKind is what has happened to a pod.
type EventKind uint32

// The kinds of events. The numbers are those of DOORS_EVENT_* in doors_caddy.h.
const (
	EventAppeared EventKind = C.DOORS_EVENT_APPEARED  // DNS names it, and did not before
	EventMarked   EventKind = C.DOORS_EVENT_MARKED    // it says that it drains
	EventLeft     EventKind = C.DOORS_EVENT_LEFT      // DNS does not name it any more
	EventEvicted  EventKind = C.DOORS_EVENT_EVICTED   // an operator has evicted pods
	EventUndone   EventKind = C.DOORS_EVENT_UNDONE    // an operator has taken an eviction back
	EventLastPage EventKind = C.DOORS_EVENT_LAST_PAGE // it drains, and its last receiver stream has ended
	EventEnded    EventKind = C.DOORS_EVENT_ENDED     // it has drained, and its process has ended
	EventFailed   EventKind = C.DOORS_EVENT_FAILED    // it is gone, and did not drain
	EventAlive    EventKind = C.DOORS_EVENT_ALIVE     // it could not be reached, or was gone, and works again
)

var eventNames = namesOf(EventAlive, EventKind.name)

func (k EventKind) name() string { return C.GoString(C.doors_event_str(C.uint32_t(k))) }

// String is the library's name of the kind, fit for JSON; "unknown" for another
// number.
func (k EventKind) String() string { return nameIn(eventNames, k, EventKind.name) }

// Eviction names pods that are evicted: those in a network, those of an
// upstream, or those of an upstream in a network.
type Eviction struct {
	// Network is the network, without bits of the host: 10.0.0.7/32 for one
	// address. Zero for all addresses of Upstream.
	Network netip.Prefix
	// Upstream is the number of an upstream ([Source.Upstream]); 0 for any.
	Upstream uint64
	// Rate is how many pages of an upstream are told to reload in one second; 0 for
	// [Options].GoneRate.
	Rate uint32
	// IdleFirst says that pages which were not used for longest are told first.
	IdleFirst bool
	// Since is since when, and Told how many pages were told to reload. [State.Evict]
	// and [State.Undo] do not read them.
	Since time.Duration
	Told  uint64
}

func (e *Eviction) c() C.doors_eviction {
	c := C.doors_eviction{upstream: C.uint64_t(e.Upstream), rate: C.uint32_t(e.Rate)}
	if e.Network != (netip.Prefix{}) {
		pod := podOf(netip.AddrPortFrom(e.Network.Addr(), 0))
		// -1 bits, of a prefix that is none, become too many, which the library refuses.
		c.addr, c.bits = pod.addr, C.uint32_t(uint32(e.Network.Bits()))
	}
	if e.IdleFirst {
		c.flags |= C.DOORS_EVICT_IDLE_FIRST
	}
	return c
}

// Evict evicts pods from now on, also those that come later, until [State.Undo].
// They get no new pages while there are other pods. A page of theirs is told 410
// by the answer to its next receiver stream, never faster than the rate, and only
// while a pod is known that takes the page: no open stream is ended, and nothing
// else of the page is touched. With IdleFirst the first page is told one roll after
// the beginning. With the target of another eviction it changes the rate and
// IdleFirst of that one. There may be 256.
//
// The error is [StatusAddress] without a network and an upstream, [StatusCIDR] for
// a network with bits of the host, and [StatusTooMany].
func (s *State) Evict(eviction Eviction, now time.Duration) error {
	c := eviction.c()
	status := C.doors_state_evict(s.handle, &c, C.int64_t(now))
	runtime.KeepAlive(s)
	return statusOf(status)
}

// Undo takes the eviction with this target back; Rate and IdleFirst do not matter.
// The error is as for [State.Evict], and [StatusNoMatch] if no eviction has this
// target.
func (s *State) Undo(eviction Eviction, now time.Duration) error {
	c := eviction.c()
	status := C.doors_state_undo(s.handle, &c, C.int64_t(now))
	runtime.KeepAlive(s)
	return statusOf(status)
}

// Evictions returns all evictions, the oldest first.
func (s *State) Evictions() []Eviction {
	defer runtime.KeepAlive(s)
	list := make([]C.doors_eviction, 256)
	var count C.size_t
	if C.doors_state_evictions(s.handle, &list[0], C.size_t(len(list)), &count) != C.DOORS_STATUS_OK {
		return nil
	}
	evictions := make([]Eviction, min(int(count), len(list)))
	for i := range evictions {
		c := &list[i]
		evictions[i] = Eviction{
			Network:   networkOf(&c.addr, c.bits),
			Upstream:  uint64(c.upstream),
			Rate:      uint32(c.rate),
			IdleFirst: c.flags&C.DOORS_EVICT_IDLE_FIRST != 0,
			Since:     time.Duration(c.since),
			Told:      uint64(c.told),
		}
	}
	return evictions
}

// Event is something that has happened to a pod, or to those of an eviction.
type Event struct {
	// Number counts the events, from 1.
	Number uint64
	// At is when.
	At time.Duration
	// Kind is what.
	Kind EventKind
	// Pod is the pod; zero with [EventEvicted] and [EventUndone], for which Network is
	// that of the eviction, if it has one.
	Pod     netip.AddrPort
	Network netip.Prefix
	// Upstream is the number of its upstream; 0 where an eviction has none.
	Upstream uint64
	// Pages is how many receiver streams it had then.
	Pages int
}

// Events returns what has happened to pods: of the last 256 events those after the
// one with a number, the oldest first.
func (s *State) Events(after uint64) []Event {
	defer runtime.KeepAlive(s)
	list := make([]C.doors_event, 256)
	var count C.size_t
	if C.doors_state_events(s.handle, C.uint64_t(after), &list[0], C.size_t(len(list)), &count) != C.DOORS_STATUS_OK {
		return nil
	}
	events := make([]Event, min(int(count), len(list)))
	for i := range events {
		c := &list[i]
		events[i] = Event{
			Number:   uint64(c.number),
			At:       time.Duration(c.at),
			Kind:     EventKind(c.kind),
			Upstream: uint64(c.upstream),
			Pages:    int(c.pages),
		}
		if c.kind == C.DOORS_EVENT_EVICTED || c.kind == C.DOORS_EVENT_UNDONE {
			events[i].Network = networkOf(&c.pod.addr, c.bits)
		} else {
			events[i].Pod = addrPortOf(&c.pod)
		}
	}
	return events
}

func networkOf(addr *C.doors_addr, bits C.uint32_t) netip.Prefix {
	if addr.len == 0 {
		return netip.Prefix{}
	}
	return netip.PrefixFrom(addressOf(addr), int(bits))
}
