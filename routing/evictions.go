package routing

// #include "doors_caddy.h"
import "C"

import (
	"net/netip"
	"runtime"
	"time"
)

// EventKind is a kind of event.
type EventKind uint32

// The kinds of events. The numbers are those of DOORS_EVENT_* in doors_caddy.h.
const (
	EventAppeared EventKind = C.DOORS_EVENT_APPEARED  // the pod has appeared in DNS
	EventMarked   EventKind = C.DOORS_EVENT_MARKED    // the pod says that it is draining
	EventLeft     EventKind = C.DOORS_EVENT_LEFT      // the pod has left DNS
	EventEvicted  EventKind = C.DOORS_EVENT_EVICTED   // an operator has evicted pods
	EventUndone   EventKind = C.DOORS_EVENT_UNDONE    // an operator has ended an eviction
	EventLastPage EventKind = C.DOORS_EVENT_LAST_PAGE // the last receiver stream of a draining pod has ended
	EventEnded    EventKind = C.DOORS_EVENT_ENDED     // a drained pod's process has ended
	EventFailed   EventKind = C.DOORS_EVENT_FAILED    // the pod is gone without having drained
	EventAlive    EventKind = C.DOORS_EVENT_ALIVE     // an unreachable or gone pod works again
)

var eventNames = namesOf(EventAlive, EventKind.name)

func (k EventKind) name() string { return C.GoString(C.doors_event_str(C.uint32_t(k))) }

// String returns the library's name of the kind, fit for JSON, or "unknown".
func (k EventKind) String() string { return nameIn(eventNames, k, EventKind.name) }

// Eviction selects pods to evict: those in a network, those of an upstream, or
// those of an upstream in a network.
type Eviction struct {
	// Network is a network without host bits, such as 10.0.0.7/32 for one
	// address. Zero means all addresses of Upstream.
	Network netip.Prefix
	// Upstream is the number of an upstream ([Source.Upstream]). 0 means any.
	Upstream uint64
	// Rate is how many pages of an upstream are told to reload per second. 0
	// means [Options].GoneRate.
	Rate uint32
	// IdleFirst is set if the longest idle pages are told first.
	IdleFirst bool
	// Since is when it began, and Told how many pages were told to reload.
	// [State.Evict] and [State.Undo] ignore both.
	Since time.Duration
	Told  uint64
}

func (e *Eviction) c() C.doors_eviction {
	c := C.doors_eviction{upstream: C.uint64_t(e.Upstream), rate: C.uint32_t(e.Rate)}
	if e.Network != (netip.Prefix{}) {
		pod := podOf(netip.AddrPortFrom(e.Network.Addr(), 0))
		// The -1 bits of an invalid prefix become too many, which the library
		// rejects.
		c.addr, c.bits = pod.addr, C.uint32_t(uint32(e.Network.Bits()))
	}
	if e.IdleFirst {
		c.flags |= C.DOORS_EVICT_IDLE_FIRST
	}
	return c
}

// Evict evicts the selected pods, including pods that appear later, until
// [State.Undo]. They get no new pages while there are other pods. Each of their
// pages gets 410 as the answer to its next receiver stream, no faster than
// Rate, and only while a pod is known that can take the page. Open streams and
// all other requests of the page are left alone. With IdleFirst the first page
// is told one roll time later. If there is an eviction with the same target,
// its Rate and IdleFirst are replaced. There can be 256 evictions.
//
// The error is [StatusAddress] if both Network and Upstream are zero,
// [StatusCIDR] for a network with host bits, or [StatusTooMany].
func (s *State) Evict(eviction Eviction, now time.Duration) error {
	c := eviction.c()
	status := C.doors_state_evict(s.handle, &c, C.int64_t(now))
	runtime.KeepAlive(s)
	return statusOf(status)
}

// Undo ends the eviction with the same target. It ignores Rate and IdleFirst.
// The errors are those of [State.Evict], and [StatusNoMatch] if there is no
// such eviction.
func (s *State) Undo(eviction Eviction, now time.Duration) error {
	c := eviction.c()
	status := C.doors_state_undo(s.handle, &c, C.int64_t(now))
	runtime.KeepAlive(s)
	return statusOf(status)
}

// Evictions returns all evictions, oldest first.
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

// Event is an event of a pod, or of the pods of an eviction.
type Event struct {
	// Number is the number of the event, from 1.
	Number uint64
	// At is when it happened.
	At time.Duration
	// Kind is what happened.
	Kind EventKind
	// Pod is the pod. It is zero for [EventEvicted] and [EventUndone], which
	// have the Network of the eviction instead, if there is one.
	Pod     netip.AddrPort
	Network netip.Prefix
	// Upstream is the number of the upstream, or 0 for an eviction without one.
	Upstream uint64
	// Pages is how many receiver streams the pod had open.
	Pages int
}

// Events returns the events after the one with the given number, oldest first.
// Only the last 256 events are kept.
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
