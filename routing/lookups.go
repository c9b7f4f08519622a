package routing

/*
#cgo noescape doors_state_due
#cgo nocallback doors_state_due
#cgo noescape doors_state_resolved
#cgo nocallback doors_state_resolved
#cgo noescape doors_state_resolved_late
#cgo nocallback doors_state_resolved_late
#cgo noescape doors_state_lookup_failed
#cgo nocallback doors_state_lookup_failed
#cgo noescape doors_state_host
#cgo nocallback doors_state_host
#include "doors_caddy.h"
*/
import "C"

import (
	"math"
	"net/netip"
	"runtime"
	"time"
	"unsafe"
)

// Never is a time in the infinite future.
const Never time.Duration = math.MaxInt64

// Lookup is a lookup to start now.
type Lookup struct {
	// Host is the number of the host, for the report. It is unique within a
	// [State].
	Host uint64
	// Name is the host name in lower case. It may have a final dot.
	Name string
	// Resolver is the number of the resolver to use ([Options]).
	Resolver uint64
}

// Due returns the lookups to start now. Report the end of each of them: one
// that is not reported counts as [LookupTimeout] after 60 s. next is when to
// call Due again, or [Never]. Call it earlier if a report sets LookupsDue.
// Additional calls do no harm. Call it from one goroutine at a time.
func (s *State) Due(now time.Duration, random uint64) (lookups []Lookup, next time.Duration, err error) {
	defer runtime.KeepAlive(s)
	var list [8]C.doors_lookup
	for {
		var count C.size_t
		var at C.int64_t
		status := C.doors_state_due(s.handle, C.int64_t(now), C.uint64_t(random), &list[0], C.size_t(len(list)), &count, &at)
		if err := statusOf(status); err != nil {
			return lookups, Never, err
		}
		for i := range list[:count] {
			lookup := &list[i]
			name := C.GoStringN(&lookup.name[0], C.int(lookup.name_len))
			lookups = append(lookups, Lookup{uint64(lookup.host), name, uint64(lookup.resolver)})
		}
		if int(count) < len(list) {
			return lookups, time.Duration(at), nil
		}
	}
}

// HostReport says what the end of a lookup has changed, and what to do.
type HostReport struct {
	// Change is a change worth telling an operator about. Most lookups have
	// none.
	Change HostChange
	// Wake and LookupsDue are as in [Report].
	Wake, LookupsDue bool
}

// Missing says what a lookup could not find out.
type Missing struct {
	// IPv4 and IPv6 are set for IP versions without a complete answer.
	IPv4, IPv6 bool
	// Failure says why. It is 0 if the answers are only late.
	Failure LookupFailure
}

// Resolved reports that a lookup ended with the given addresses, in any order.
// Addresses that no pod can have are ignored, and there may be none left. A
// report without a lookup has no effect. The error is [StatusAddress] for the
// zero Addr.
func (s *State) Resolved(host uint64, addresses []netip.Addr, missing Missing, now time.Duration, random uint64) (HostReport, error) {
	list := addressesOf(addresses)
	var versions C.uint32_t
	if missing.IPv4 {
		versions |= C.DOORS_MISSING_IPV4
	}
	if missing.IPv6 {
		versions |= C.DOORS_MISSING_IPV6
	}
	var out C.doors_host_report
	status := C.doors_state_resolved(s.handle, C.uint64_t(host), unsafe.SliceData(list), C.size_t(len(list)), versions,
		C.uint32_t(missing.Failure), C.int64_t(now), C.uint64_t(random), &out)
	runtime.KeepAlive(s)
	return hostReportOf(&out, status)
}

// ResolvedLate reports addresses that came after the report of their lookup. If
// one of them is new, the next lookup is due at once. The error is
// [StatusAddress] for the zero Addr.
func (s *State) ResolvedLate(host uint64, addresses []netip.Addr, now time.Duration) (HostReport, error) {
	list := addressesOf(addresses)
	var out C.doors_host_report
	status := C.doors_state_resolved_late(s.handle, C.uint64_t(host), unsafe.SliceData(list), C.size_t(len(list)), C.int64_t(now), &out)
	runtime.KeepAlive(s)
	return hostReportOf(&out, status)
}

// LookupFailed reports that a lookup ended without addresses. The error is
// [StatusRange] for an unknown failure.
func (s *State) LookupFailed(host uint64, failure LookupFailure, now time.Duration, random uint64) (HostReport, error) {
	var out C.doors_host_report
	status := C.doors_state_lookup_failed(s.handle, C.uint64_t(host), C.uint32_t(failure), C.int64_t(now), C.uint64_t(random), &out)
	runtime.KeepAlive(s)
	return hostReportOf(&out, status)
}

// Host is what is known about a host.
type Host struct {
	// Name is in lower case, or an address. Resolver is the number of its
	// resolver, or 0 for an address.
	Name     string
	Resolver uint64
	// Addresses are the current addresses, sorted. Generation counts their
	// changes.
	Addresses  []netip.Addr
	Generation uint64
	// Age is the time since the last answer with addresses. It is [Never]
	// before the first one, and for an address.
	Age time.Duration
	// Failure says why the last lookup failed. It is 0 if that succeeded, or
	// none has ended. FailingFor is the time since the first of the consecutive
	// failures.
	Failure    LookupFailure
	FailingFor time.Duration
	// Active is set while the host is being looked up, and Partial while
	// answers are taken to be incomplete.
	Active, Partial bool
	// Users is how many sources use the host. Refresh is the time between two
	// lookups: the shortest that they ask for.
	Users   int
	Refresh time.Duration
}

// Host returns what is known about a host. The error is [StatusNoMatch] if
// there is no host with this number, or it was forgotten.
func (s *State) Host(host uint64, now time.Duration) (Host, error) {
	defer runtime.KeepAlive(s)
	var out C.doors_host_state
	list := make([]C.doors_addr, 8)
	for {
		var count C.size_t
		status := C.doors_state_host(s.handle, C.uint64_t(host), C.int64_t(now), &out, &list[0], C.size_t(len(list)), &count)
		if err := statusOf(status); err != nil {
			return Host{}, err
		}
		if int(count) <= len(list) {
			list = list[:count]
			break
		}
		list = make([]C.doors_addr, count)
	}
	known := Host{
		Name:       C.GoStringN(&out.name[0], C.int(out.name_len)),
		Resolver:   uint64(out.resolver),
		Addresses:  make([]netip.Addr, len(list)),
		Generation: uint64(out.generation),
		Age:        time.Duration(out.age),
		Failure:    LookupFailure(out.failure),
		FailingFor: time.Duration(out.failing_for),
		Active:     out.active != 0,
		Partial:    out.partial != 0,
		Users:      int(out.users),
		Refresh:    time.Duration(out.refresh),
	}
	for i := range list {
		known.Addresses[i] = addressOf(&list[i])
	}
	return known, nil
}

func addressesOf(addresses []netip.Addr) []C.doors_addr {
	list := make([]C.doors_addr, len(addresses))
	for i, address := range addresses {
		list[i] = podOf(netip.AddrPortFrom(address, 0)).addr
	}
	return list
}

func hostReportOf(report *C.doors_host_report, status C.int32_t) (HostReport, error) {
	if status != C.DOORS_STATUS_OK {
		return HostReport{}, Status(status)
	}
	return HostReport{
		Change:     HostChange(report.change),
		Wake:       report.flags&C.DOORS_REPORT_WAKE != 0,
		LookupsDue: report.flags&C.DOORS_REPORT_LOOKUPS_DUE != 0,
	}, nil
}
