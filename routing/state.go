package routing

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

// State is what a process knows about hosts and pods. A process needs only one:
// it outlives configurations, each of which is a [Source]. It is safe for
// concurrent use. The package comment describes its memory.
//
// The argument now is the time on any monotonic clock since a fixed start,
// which may be negative. time.Since with a [time.Time] taken at the start of
// the process will do. The argument random is any random number, a different
// one for each call.
type State struct {
	handle *C.doors_state
	_      unshared
}

var liveStates atomic.Int64

// Limits are the limits of a process.
type Limits struct {
	// MaxPods is how many pods are remembered.
	MaxPods uint32
	// MaxWaiting is how many requests may wait for a pod at the same time.
	MaxWaiting uint32
	// MaxLookups is how many lookups may run at the same time. MaxSlowLookups
	// is how many lookups that have run for over a second may do so in
	// addition.
	MaxLookups, MaxSlowLookups uint32
	// RefreshesPerSecond is how many lookups may start per second for hosts
	// whose addresses are known.
	RefreshesPerSecond uint32
}

// DefaultLimits returns the defaults: MaxPods 10,000, MaxWaiting 4,096,
// MaxLookups 64, MaxSlowLookups 256, RefreshesPerSecond 100.
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

// NewState returns an empty state. The error is [StatusRange] if MaxPods,
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

// Limit changes MaxPods. Excess pods are forgotten. The error is [StatusRange]
// for 0.
func (s *State) Limit(maxPods uint32) error {
	status := C.doors_state_limit(s.handle, C.uint32_t(maxPods))
	runtime.KeepAlive(s)
	return statusOf(status)
}

// KnownPod is what is known about a pod at one moment. Its times are the now of
// the calls that reported the events.
type KnownPod struct {
	// Pod is the address and port to dial.
	Pod netip.AddrPort
	// Upstream is the number of its upstream ([Source.Upstream]). If several
	// upstreams use the pod, it does not change until that one has not used it
	// for a minute.
	Upstream uint64
	// FirstSeen and LastSeen are when it was first and last used: when a
	// request for it began or ended, or a dial ended.
	FirstSeen, LastSeen time.Duration
	// UnreachableSince is when it became unreachable, or 0 while Verdict is
	// [VerdictNone].
	UnreachableSince time.Duration
	// Marked is set while its answers say that it is draining. MarkedSince is
	// when that began, or 0.
	Marked      bool
	MarkedSince time.Duration
	// DrainingSince is when it stopped getting new pages because it says that
	// it is draining, has left DNS or is evicted. It is 0 while it gets new
	// pages.
	DrainingSince time.Duration
	// DrainedSince is when it had no pages left: it is gone, or it is draining
	// and has had no request for 4/3 of its upstream's RollTime. It is in the
	// future until that time has passed. It is 0 while the pod is not draining
	// or has requests in flight.
	DrainedSince time.Duration
	// EvictedSince is when it was evicted, or 0.
	EvictedSince time.Duration
	// Refused is how many dials its host has refused.
	Refused uint64
	// InFlight is how many requests it is serving. Streams is how many of them
	// are receiver streams: about one for each open page.
	InFlight, Streams int
	// Verdict says whether it can be reached.
	Verdict Verdict
	// Fresh is set if the pod is in DNS for an upstream that used it within the
	// last minute of its use.
	Fresh bool
}

// Pods returns up to most pods, and how many are known in total. The pods are
// in the order of their addresses, IPv4 first, and ports. They begin with the
// one following after, or with the first if after is zero. Each entry is
// consistent by itself, but different entries may be from different moments.
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

// Verdict returns whether a pod can be reached. It does not count as a use of
// the pod. The error is [StatusAddress].
func (s *State) Verdict(pod netip.AddrPort) (Verdict, error) {
	cPod := podOf(pod)
	var out C.uint32_t
	status := C.doors_state_verdict(s.handle, &cPod, &out)
	runtime.KeepAlive(s)
	return Verdict(out), statusOf(status)
}

// Idle says whether the pods at an address may be stopped, judging by their
// requests.
type Idle struct {
	// Answer says whether they are idle.
	Answer IdleAnswer
	// InFlight and Streams are as in [KnownPod].
	InFlight, Streams int
	// Used is set if a pod at the address was ever used. Once the library has
	// forgotten pods, it may be set by mistake for a few addresses.
	Used bool
	// LastSeen is when a pod at the address was last used, if Used is set.
	LastSeen time.Duration
	// Wait is the shortest time until the answer can be [IdleYes]. It is 0 if
	// the answer is that already, or cannot be predicted because requests are
	// in flight.
	Wait time.Duration
}

// Idle reports whether the pods at an address, on all ports, have had no
// request for the duration idle, so that they may be stopped ([IdleYes]).
// started is when the caller began to report requests. Until idle has passed
// since then the answer is at best [IdleJustStarted]. An unknown address had no
// requests. The error is [StatusAddress].
//
// A pod without requests may still have pages: a browser disconnects a hidden
// page and comes back later. Only the app knows its pages.
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
