// In: a host name and the options that a user configured for it.
// Out: defaults applied, and the key by which users with the same question share one name.

package hosts

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
)

const (
	// DefaultRefresh is the time between two lookups of a name that is in use.
	DefaultRefresh = time.Second
	// DefaultStaleMax is the age from which an answer is only used after waiting for a newer one.
	DefaultStaleMax = 5 * time.Minute

	// minRefresh keeps a misconfigured refresh from turning into a busy loop.
	minRefresh = 10 * time.Millisecond
)

// Options say how one user wants a name resolved. The zero value uses the system's resolver, both address
// families and the default times.
type Options struct {
	// Resolvers are the name servers to ask, as host:port, or tcp/host:port to never use UDP. One of them
	// is chosen at random; the next one takes over when it fails. Empty means the system's resolver.
	Resolvers []string
	// DialTimeout limits the connection to a name server, and FallbackDelay is the head start of IPv6 when
	// a name server is given by name (see [net.Dialer]). Both count only with Resolvers.
	DialTimeout, FallbackDelay time.Duration
	// Versions selects the address families that are asked for.
	Versions dns.Versions
	// Refresh is the time between two lookups; default 1 s, at least 10 ms, at most StaleMax. Of all users of
	// a name the smallest counts.
	Refresh time.Duration
	// StaleMax is the age from which this user waits for a newer answer before it takes the known one;
	// default 5 min.
	StaleMax time.Duration
}

func (o Options) withDefaults() Options {
	if o.Refresh <= 0 {
		o.Refresh = DefaultRefresh
	}
	if o.StaleMax <= 0 {
		o.StaleMax = DefaultStaleMax
	}
	o.Refresh = max(min(o.Refresh, o.StaleMax), minRefresh)
	if len(o.Resolvers) == 0 {
		o.DialTimeout, o.FallbackDelay = 0, 0
	}
	o.Resolvers = slices.Clone(o.Resolvers)
	return o
}

// key holds the name and every option that can change the answer; Refresh and StaleMax cannot.
type key struct {
	name, network, resolvers   string
	dialTimeout, fallbackDelay time.Duration
}

func (o Options) key(name string) key {
	resolvers := slices.Clone(o.Resolvers)
	slices.Sort(resolvers)
	return key{
		name:          strings.ToLower(name),
		network:       o.Versions.Network(),
		resolvers:     strings.Join(slices.Compact(resolvers), " "),
		dialTimeout:   o.DialTimeout,
		fallbackDelay: o.FallbackDelay,
	}
}

// literal recognises an IP address in place of a name, with or without the brackets of a URL.
func literal(name string) (netip.Addr, bool) {
	if inner, ok := strings.CutPrefix(name, "["); ok {
		if inner, ok = strings.CutSuffix(inner, "]"); ok {
			name = inner
		}
	}
	address, err := netip.ParseAddr(name)
	return address.Unmap(), err == nil
}
