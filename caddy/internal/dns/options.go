package dns

import (
	"cmp"
	"slices"
	"time"
)

// Options say where to look names up. The zero value means the system's resolver.
type Options struct {
	// Resolvers are the name servers to query, as udp/host:port, or as tcp/host:port to avoid UDP.
	// The first one is chosen at random, and the next takes over when it fails. Empty means the
	// system's resolver.
	Resolvers []string
	// DialTimeout limits connecting to a name server. FallbackDelay is the head start of IPv6 for a
	// name server that is given by name (see [net.Dialer]). Both apply only with Resolvers.
	DialTimeout, FallbackDelay time.Duration
	// Network is "ip4" or "ip6" for one IP version, as in [net.Resolver.LookupNetIP], or "ip" or ""
	// for both.
	Network string
}

// canonical returns the same options for all that have the same effect.
func (o Options) canonical() Options {
	if len(o.Resolvers) == 0 {
		o.DialTimeout, o.FallbackDelay = 0, 0
	}
	o.Network = cmp.Or(o.Network, "ip")
	o.Resolvers = slices.Compact(slices.Sorted(slices.Values(o.Resolvers)))
	return o
}
