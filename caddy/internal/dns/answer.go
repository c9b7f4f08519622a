// In: what a lookup has brought: addresses, or an error.
// Out: both in the one form that others compare.

package dns

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/doors-dev/doors-caddy/go"
)

// Failure says why a lookup brought no addresses, or not all.
type Failure struct {
	Host string
	Kind doors.LookupFailure
	// Err is the resolver's error, nil if there is none.
	Err error
}

var failureTexts = map[doors.LookupFailure]string{
	doors.LookupNotFound:      "no such host or no address",
	doors.LookupTimeout:       "name server timed out",
	doors.LookupServerFailure: "name server failed",
	doors.LookupFailed:        "lookup failed",
}

// Error says it in a line.
func (f *Failure) Error() string {
	text := fmt.Sprintf("resolving host %q: %s", f.Host, failureTexts[f.Kind])
	if f.Err != nil {
		text += ": " + f.Err.Error()
	}
	return text
}

// Unwrap gives access to the resolver's error.
func (f *Failure) Unwrap() error { return f.Err }

// kind is 0 for nil.
func (f *Failure) kind() doors.LookupFailure {
	if f == nil {
		return 0
	}
	return f.Kind
}

// failureOf is the failure of a lookup that brought these addresses and this error, nil if it is none.
func failureOf(host string, addresses []netip.Addr, err error) *Failure {
	switch {
	case err != nil:
		return &Failure{host, kindOf(err), err}
	case len(addresses) == 0:
		return &Failure{host, doors.LookupNotFound, nil}
	default:
		return nil
	}
}

// kindOf says what kind of failure the error of a lookup is.
func kindOf(err error) doors.LookupFailure {
	var server *serverFailure
	var dns *net.DNSError
	var address *net.AddrError
	switch {
	case errors.As(err, &server):
		return doors.LookupServerFailure
	case isTimeout(err):
		return doors.LookupTimeout
	case errors.As(err, &dns) && dns.IsNotFound:
		return doors.LookupNotFound
	// The text of package net for an answer with an error code; it has no other mark.
	case errors.As(err, &dns) && dns.Err == "server misbehaving":
		return doors.LookupServerFailure
	case errors.As(err, &address): // there are addresses, but none of the wanted family
		return doors.LookupNotFound
	}
	return doors.LookupFailed
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
