package routing

// In:  bounds; then questions of people.
// Out: what a process knows about hosts and pods.

/*
#cgo noescape doors_state_pods
#cgo nocallback doors_state_pods
#cgo noescape doors_state_verdict
#cgo nocallback doors_state_verdict
#cgo noescape doors_state_idle
#cgo nocallback doors_state_idle
#include "doors_caddy.h"
*/
import "C"

import (
	"net/netip"
	"runtime"
	"sync/atomic"
	"time"
)

// State is what a process knows about hosts and pods. One is enough for a
// process: it outlives configurations, each of which is a [Source]. It changes,
// but any number of goroutines may use it at the same time. For threads and
// memory see the package.
//
// Each now is the time since any fixed start by a monotonic clock, which may be
// negative: time.Since of one [time.Time] that was taken when the process began.
// Each random is any number, another one for each call.
type State struct {
	handle *C.doors_state
	_      unshared
}

var liveStates atomic.Int64

// Limits are the bounds of a process.
type Limits struct {
	// MaxPods is how many pods are remembered.
	MaxPods uint32
	// MaxWaiting is how many requests may wait for a pod at once.
	MaxWaiting uint32
	// MaxLookups is how many lookups may run at once, and MaxSlowLookups how many
	// more, if so many have been running for over a second.
	MaxLookups, MaxSlowLookups uint32
	// RefreshesPerSecond is how many lookups a second may begin for hosts whose
	// addresses are known.
	RefreshesPerSecond uint32
}

// DefaultLimits returns good values: 10,000 pods, 4,096 requests, 64 lookups and
// 256 slow ones, 100 refreshes.
func DefaultLimits() Limits {
	var c C.doors_limits
	C.doors_limits_init(&c)
	return Limits{
		MaxPods:            uint32(c.max_pods),
		MaxWaiting:         uint32(c.max_waiting),
		MaxLookups:         uint32(c.max_lookups),
		MaxSlowLookups:     uint32(c.max_slow_lookups),
		RefreshesPerSecond: uint32(c.refreshes_per_second),
	}
}

// NewState makes one that knows nothing. The error is [StatusRange] if MaxPods,
// MaxLookups or RefreshesPerSecond is 0.
func NewState(limits Limits) (*State, error) {
	if abiProblem != nil {
		return nil, abiProblem
	}
	c := C.doors_limits{
		max_pods:             C.uint32_t(limits.MaxPods),
		max_waiting:          C.uint32_t(limits.MaxWaiting),
		max_lookups:          C.uint32_t(limits.MaxLookups),
		max_slow_lookups:     C.uint32_t(limits.MaxSlowLookups),
		refreshes_per_second: C.uint32_t(limits.RefreshesPerSecond),
	}
	var handle *C.doors_state
	if err := statusOf(C.doors_state_new(&c, &handle)); err != nil {
		return nil, err
	}
	state := &State{handle: handle}
	liveStates.Add(1)
	runtime.AddCleanup(state, freeState, handle)
	return state, nil
}

func freeState(handle *C.doors_state) {
	C.doors_state_free(handle)
	liveStates.Add(-1)
}

// Limit changes how many pods are remembered. Those that are too many are
// forgotten. The error is [StatusRange] for 0.
func (s *State) Limit(maxPods uint32) error {
	status := C.doors_state_limit(s.handle, C.uint32_t(maxPods))
	runtime.KeepAlive(s)
	return statusOf(status)
}

// KnownPod is what is known about one pod, at one moment. Times are those of the
// calls that told of the events.
type KnownPod struct {
	// Pod is where it is dialled.
	Pod netip.AddrPort
	// Upstream is the number of its upstream ([Source.Upstream]). Where several use
	// it, it stays the same until that one has not used it for a minute.
	Upstream uint64
	// FirstSeen and LastSeen are when it was first and last used: a request for
	// it began or ended, or a dial ended.
	FirstSeen, LastSeen time.Duration
	// UnreachableSince is since when something is held against it; 0 while
	// Verdict is [VerdictNone].
	UnreachableSince time.Duration
	// Marked is whether its answers say that it drains, and MarkedSince since when;
	// 0 while they do not.
	Marked      bool
	MarkedSince time.Duration
	// DrainingSince is since when it gets no new pages: it says that it drains, DNS
	// does not name it, or it is evicted; 0 while it gets some.
	DrainingSince time.Duration
	// DrainedSince is since when it has nothing left to do: it is gone, or it drains
	// and had no request for 4/3 of the RollTime of its upstream. It is a time to come,
	// later than now, while that is not over yet; 0 while it does not drain, or has
	// requests in flight.
	DrainedSince time.Duration
	// EvictedSince is since when it is evicted; 0 while it is not.
	EvictedSince time.Duration
	// Refused is how many dials its host has refused.
	Refused uint64
	// InFlight is how many requests were sent to it and have not ended. Streams are
	// those of them that are receiver streams: about one for each open page.
	InFlight, Streams int
	// Verdict is what is held against it.
	Verdict Verdict
	// Fresh is whether an upstream that used it in the last minute of its use has
	// it in DNS.
	Fresh bool
}

// Pods returns at most so many of the pods that are known, by address (IPv4
// first) and port, from the one after a pod on, or from the first if that is
// zero; and how many are known in all. Each is what it was at one moment, all
// together are not.
func (s *State) Pods(after netip.AddrPort, most int) (pods []KnownPod, known int, err error) {
	defer runtime.KeepAlive(s)
	var start *C.doors_pod
	if after.IsValid() {
		pod := podOf(after)
		start = &pod
	}
	var count, all C.size_t
	list := make([]C.doors_known_pod, max(most, 0))
	var room *C.doors_known_pod
	if len(list) > 0 {
		room = &list[0]
	}
	if err := statusOf(C.doors_state_pods(s.handle, start, room, C.size_t(len(list)), &count, &all)); err != nil {
		return nil, 0, err
	}
	pods = make([]KnownPod, count)
	for i := range pods {
		pods[i] = knownPodOf(&list[i])
	}
	return pods, int(all), nil
}

// Verdict returns what is held against a pod. It does not count as a use of it.
// The error is [StatusAddress].
func (s *State) Verdict(pod netip.AddrPort) (Verdict, error) {
	cPod := podOf(pod)
	var out C.uint32_t
	status := C.doors_state_verdict(s.handle, &cPod, &out)
	runtime.KeepAlive(s)
	return Verdict(out), statusOf(status)
}

// Idle is whether the pods at one address may be stopped, as far as their
// requests tell.
type Idle struct {
	// Answer is whether they are idle.
	Answer IdleAnswer
	// InFlight and Streams are as in [KnownPod].
	InFlight, Streams int
	// Used is whether a pod at the address was ever used. Once the library has
	// forgotten pods, an address in many is taken for one of them.
	Used bool
	// LastSeen is, with Used, when a pod at the address was last used; else 0.
	LastSeen time.Duration
	// Wait is how long it takes at least until the answer can be [IdleYes]. It is
	// 0 when it is, and when nobody can know: while requests are in flight.
	Wait time.Duration
}

// Idle tells whether the pods at an address, on all ports together, had no
// request for as long as idle, so that they may be stopped: [IdleYes]. The
// caller began to report requests at started; until idle has passed since then
// the answer is [IdleJustStarted] at best. An address that is not known had no
// request. The error is [StatusAddress].
//
// No request does not mean no page: a browser disconnects a hidden page, and
// comes back to it. Only the app knows its pages.
func (s *State) Idle(address netip.Addr, idle, started, now time.Duration) (Idle, error) {
	pod := podOf(netip.AddrPortFrom(address, 0))
	var out C.doors_idle
	status := C.doors_state_idle(s.handle, &pod.addr, C.int64_t(idle), C.int64_t(started), C.int64_t(now), &out)
	runtime.KeepAlive(s)
	if err := statusOf(status); err != nil {
		return Idle{}, err
	}
	return idleOf(&out), nil
}

func idleOf(idle *C.doors_idle) Idle {
	return Idle{
		Answer:   IdleAnswer(idle.answer),
		InFlight: int(idle.in_flight),
		Streams:  int(idle.streams),
		Used:     idle.used != 0,
		LastSeen: time.Duration(idle.last_seen),
		Wait:     time.Duration(idle.wait),
	}
}

func knownPodOf(known *C.doors_known_pod) KnownPod {
	return KnownPod{
		Pod:              addrPortOf(&known.pod),
		Upstream:         uint64(known.upstream),
		FirstSeen:        time.Duration(known.first_seen),
		LastSeen:         time.Duration(known.last_seen),
		UnreachableSince: time.Duration(known.unreachable_since),
		Marked:           known.marked != 0,
		MarkedSince:      time.Duration(known.marked_since),
		DrainingSince:    time.Duration(known.draining_since),
		DrainedSince:     time.Duration(known.drained_since),
		EvictedSince:     time.Duration(known.evicted_since),
		Refused:          uint64(known.refused),
		InFlight:         int(known.in_flight),
		Streams:          int(known.streams),
		Verdict:          Verdict(known.verdict),
		Fresh:            known.fresh != 0,
	}
}

func addrPortOf(pod *C.doors_pod) netip.AddrPort {
	return netip.AddrPortFrom(addressOf(&pod.addr), uint16(pod.port))
}
