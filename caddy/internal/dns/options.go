// In: the options that a user configured for the lookups of a name.
// Out: what a lookup needs to know.

package dns

import (
	"cmp"
	"slices"
	"time"
)

// Options say where to look names up. The zero value uses the system's resolver.
type Options struct {
	// Resolvers are the name servers to ask, as udp/host:port, or tcp/host:port to never use UDP. One of them
	// is chosen at random; the next one takes over when it fails. Empty means the system's resolver.
	Resolvers []string
	// DialTimeout limits the connection to a name server, and FallbackDelay is the head start of IPv6 when
	// a name server is given by name (see [net.Dialer]). Both count only with Resolvers.
	DialTimeout, FallbackDelay time.Duration
	// Network is "ip4" or "ip6" where one IP version alone is asked for, as in [net.Resolver.LookupNetIP]; else "ip" or "".
	Network string
}

// canonical is the same for options that ask the same.
func (o Options) canonical() Options {
	if len(o.Resolvers) == 0 {
		o.DialTimeout, o.FallbackDelay = 0, 0
	}
	o.Network = cmp.Or(o.Network, "ip")
	o.Resolvers = slices.Compact(slices.Sorted(slices.Values(o.Resolvers)))
	return o
}
