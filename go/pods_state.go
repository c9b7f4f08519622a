package doors

// In:  what the library knows about pods.
// Out: a list of them for people, and whether one may be stopped.

/*
#cgo noescape doors_pods_list
#cgo nocallback doors_pods_list
#cgo noescape doors_pods_idle
#cgo nocallback doors_pods_idle
#include "doors_caddy.h"
*/
import "C"

import (
	"net/netip"
	"runtime"
	"time"
	"unsafe"
)

// PodState is what is known about one pod, at one moment. Times are those of the
// calls that told of the events.
type PodState struct {
	// Pod is where it is dialled.
	Pod netip.AddrPort
	// Source and Server are those of the [Group] of its requests and dials. Where
	// several use it, they stay the same until those have not used it for a minute.
	Source, Server uint64
	// FirstSeen and LastSeen are when it was first and last used: a request for
	// it began, entered or left, or a dial ended.
	FirstSeen, LastSeen time.Duration
	// UnreachableSince is since when something is held against it; 0 while
	// Verdict is [VerdictNone].
	UnreachableSince time.Duration
	// Refused is how many dials its host has refused.
	Refused uint64
	// InFlight is how many requests entered and have not left. Streams are those
	// of them that are receiver streams: about one for each open page.
	InFlight, Streams int
	// Verdict is what is held against it.
	Verdict Verdict
	// Fresh is whether a server that used it in the last minute of its use has it
	// among its addresses ([Pods.Resolved]).
	Fresh bool
}

// List returns what is known about all pods, by address (IPv4
// first) and port. It costs some milliseconds for 10,000, but no other call
// waits for more than a few of them: each pod is what it was at one moment, all
// together are not.
func (p *Pods) List() ([]PodState, error) {
	defer runtime.KeepAlive(p)
	var known C.size_t
	if err := statusOf(C.doors_pods_list(p.handle, nil, 0, &known)); err != nil || known == 0 {
		return nil, err
	}
	for {
		// Some more, which may come meanwhile.
		list := make([]C.doors_pod_state, known+known/16+16)
		status := C.doors_pods_list(p.handle, unsafe.SliceData(list), C.size_t(len(list)), &known)
		if err := statusOf(status); err != nil {
			return nil, err
		}
		if int(known) > len(list) {
			continue
		}
		states := make([]PodState, known)
		for i := range states {
			states[i] = podStateOf(&list[i])
		}
		return states, nil
	}
}

// Idle is whether the pods at one address may be stopped, as far as their
// requests tell.
type Idle struct {
	// Answer is whether they are idle.
	Answer IdleAnswer
	// InFlight and Streams are as in [PodState].
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
func (p *Pods) Idle(address netip.Addr, idle, started, now time.Duration) (Idle, error) {
	pod := podOf(netip.AddrPortFrom(address, 0))
	var out C.doors_idle
	status := C.doors_pods_idle(p.handle, &pod.addr, C.uint64_t(idle), C.uint64_t(started), C.uint64_t(now), &out)
	runtime.KeepAlive(p)
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

func podStateOf(state *C.doors_pod_state) PodState {
	return PodState{
		Pod:              netip.AddrPortFrom(addressOf(&state.pod.addr), uint16(state.pod.port)),
		Source:           uint64(state.source),
		Server:           uint64(state.server),
		FirstSeen:        time.Duration(state.first_seen),
		LastSeen:         time.Duration(state.last_seen),
		UnreachableSince: time.Duration(state.unreachable_since),
		Refused:          uint64(state.refused),
		InFlight:         int(state.in_flight),
		Streams:          int(state.streams),
		Verdict:          Verdict(state.verdict),
		Fresh:            state.fresh != 0,
	}
}
