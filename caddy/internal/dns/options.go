// In: the options that a user configured for the lookups of a name.
// Out: what a lookup needs to know.

package dns

import (
	"slices"
	"time"
)

// Versions selects address families. The zero value means both.
type Versions struct {
	IPv4, IPv6 bool
}

// Options say where to look names up. The zero value uses the system's resolver.
type Options struct {
	// Resolvers are the name servers to ask, as udp/host:port, or tcp/host:port to never use UDP. One of them
	// is chosen at random; the next one takes over when it fails. Empty means the system's resolver.
	Resolvers []string
	// DialTimeout limits the connection to a name server, and FallbackDelay is the head start of IPv6 when
	// a name server is given by name (see [net.Dialer]). Both count only with Resolvers.
	DialTimeout, FallbackDelay time.Duration
	// Versions selects the address families that are asked for.
	Versions Versions
}

// Network is the argument of [net.Resolver.LookupNetIP].
func (v Versions) Network() string {
	switch {
	case v.IPv4 && !v.IPv6:
		return "ip4"
	case v.IPv6 && !v.IPv4:
		return "ip6"
	}
	return "ip"
}

// canonical is the same for options that ask the same.
func (o Options) canonical() Options {
	if len(o.Resolvers) == 0 {
		o.DialTimeout, o.FallbackDelay = 0, 0
	}
	if o.Versions.IPv4 && o.Versions.IPv6 {
		o.Versions = Versions{}
	}
	o.Resolvers = slices.Compact(slices.Sorted(slices.Values(o.Resolvers)))
	return o
}
