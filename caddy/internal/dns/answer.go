// In: what a lookup has brought: addresses, or an error.
// Out: both in the one form that others compare.

package dns

import (
	"errors"
	"net"
	"net/netip"
	"slices"
)

// ErrorKind classifies a failed lookup.
type ErrorKind uint8

const (
	// NotFound: the name does not exist (NXDOMAIN), has no address of the wanted family, or only addresses
	// that no pod can have (unspecified, multicast).
	NotFound ErrorKind = iota + 1
	// Timeout: no name server answered in time.
	Timeout
	// ServerFailure: a name server answered with an error (SERVFAIL, REFUSED, ...).
	ServerFailure
	// LookupFailed: anything else, such as a name server that cannot be reached.
	LookupFailed
	// Pending: no lookup has ended yet.
	Pending
)

func (k ErrorKind) String() string {
	switch k {
	case NotFound:
		return "no such host or no address"
	case Timeout:
		return "name server timed out"
	case ServerFailure:
		return "name server failed"
	case LookupFailed:
		return "lookup failed"
	case Pending:
		return "no answer yet"
	}
	return "unknown"
}

// KindOf says what kind of failure the error of a lookup is.
func KindOf(err error) ErrorKind {
	var server *serverFailure
	var dns *net.DNSError
	var address *net.AddrError
	switch {
	case errors.As(err, &server):
		return ServerFailure
	case isTimeout(err):
		return Timeout
	case errors.As(err, &dns) && dns.IsNotFound:
		return NotFound
	// The text of package net for an answer with an error code; it has no other mark.
	case errors.As(err, &dns) && dns.Err == "server misbehaving":
		return ServerFailure
	case errors.As(err, &address): // there are addresses, but none of the wanted family
		return NotFound
	}
	return LookupFailed
}

// Canonical brings a resolver's answer into the one form that is compared and handed out: IPv4-mapped as
// IPv4, sorted, without duplicates. Unspecified and multicast addresses belong to no pod; a blocking name
// server answers 0.0.0.0, which would make the proxy dial itself.
func Canonical(answer []netip.Addr) []netip.Addr {
	out := make([]netip.Addr, 0, len(answer))
	for _, a := range answer {
		a = a.Unmap()
		if a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}
