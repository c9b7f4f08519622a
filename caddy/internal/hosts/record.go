// In: the outcome of each lookup and each refused dial, with the time.
// Out: the addresses in force and the change to report. Pure: no clock, no lock.

package hosts

import (
	"net/netip"
	"slices"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
)

// record is what is known about one name. Times are durations since an arbitrary origin.
type record struct {
	addresses  []netip.Addr // in force; never changed in place
	parts      parts
	partial    bool   // answers name only a part of the addresses
	generation uint64 // counts changes of addresses
	answered   time.Duration
	resolved   bool // answered with addresses at least once

	// absent: the last name server that knew anything said that there is no address. A failure to answer
	// (SERVFAIL, timeout) does not change it.
	absent   bool
	failure  *Error // of the last lookup
	failed   time.Duration
	reported uint // bit per dns.ErrorKind reported since the last answer
}

// answer takes the addresses of a lookup that found some, in canonical form. Of the missing IP versions it says nothing, or names only a
// part: their addresses stay in force. withheld tells that there are such, so that a failure before is not over.
func (r *record) answer(now time.Duration, addresses []netip.Addr, missing dns.Versions) (event Event, report, withheld bool) {
	addresses, withheld = r.completed(addresses, missing)
	kind := Changed
	switch {
	case !r.resolved:
		kind = Resolved
	case r.failure != nil && !withheld:
		kind = Recovered
	}
	r.resolved, r.answered, r.absent = true, now, false
	if !withheld {
		r.failure, r.reported = nil, 0
	}
	fresh, partial := r.parts.answer(now, addresses, r.addresses)
	if kind == Changed && partial != r.partial {
		kind = map[bool]EventKind{true: Partial, false: Whole}[partial]
		r.partial = partial
	}
	event = r.replace(kind, fresh)
	return event, kind != Changed || len(event.Added)+len(event.Removed) > 0, withheld
}

// completed adds the addresses in force of the missing IP versions, and says whether there is anything of those.
func (r *record) completed(addresses []netip.Addr, missing dns.Versions) (completed []netip.Addr, withheld bool) {
	of := func(a netip.Addr) bool { return a.Is4() && missing.IPv4 || a.Is6() && missing.IPv6 }
	kept := slices.DeleteFunc(slices.Clone(r.addresses), func(a netip.Addr) bool { return !of(a) })
	if len(kept) == 0 {
		return addresses, slices.ContainsFunc(addresses, of)
	}
	return dns.Canonical(append(kept, addresses...)), true
}

// fail takes a failed lookup. The addresses stay in force.
func (r *record) fail(now time.Duration, err *Error) (event Event, report bool) {
	if r.failure == nil {
		r.failed = now
	}
	r.failure = err
	if err.Kind == dns.NotFound {
		r.absent = true
	}
	seen := r.reported&(1<<err.Kind) != 0
	r.reported |= 1 << err.Kind
	return Event{Kind: Failing, Addresses: r.addresses, Error: err}, !seen
}

// drop takes an address that refused a dial. Only a name without addresses in DNS gives it up, or one whose last answer was a part
// that lacked it: in any other case DNS says, or may still say, that the pod is there.
func (r *record) drop(address netip.Addr) (event Event, dropped bool) {
	i := slices.Index(r.addresses, address)
	if i < 0 || !r.parts.forget(address) && !r.absent {
		return Event{}, false
	}
	rest := slices.Concat(r.addresses[:i], r.addresses[i+1:])
	return r.replace(Dropped, rest), true
}

func (r *record) replace(kind EventKind, addresses []netip.Addr) Event {
	event := Event{
		Kind:    kind,
		Added:   missing(addresses, r.addresses),
		Removed: missing(r.addresses, addresses),
	}
	if len(event.Added)+len(event.Removed) > 0 {
		r.addresses = addresses
		r.generation++
	}
	event.Addresses = r.addresses
	return event
}

// missing returns those of the sorted list that the other sorted list lacks.
func missing(from, in []netip.Addr) (out []netip.Addr) {
	for _, a := range from {
		if _, found := slices.BinarySearchFunc(in, a, netip.Addr.Compare); !found {
			out = append(out, a)
		}
	}
	return out
}
