// In: a name and the name servers to ask.
// Out: its addresses as the resolver gives them, or an error that says what kind of failure it was.

package hosts

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"time"
)

const (
	// lookupTimeout limits one lookup with all its attempts.
	lookupTimeout = 2 * time.Second
	// attemptTimeout limits all attempts but the last. It is less than maxWait, so that the first request of
	// all still gets its answer when one packet is lost.
	attemptTimeout = 400 * time.Millisecond
)

// A LookupFunc resolves one name; network is "ip", "ip4" or "ip6" as for [net.Resolver.LookupNetIP]. For one
// name it is never called twice at the same time. It must return soon after the context ends.
type LookupFunc func(ctx context.Context, network, host string) ([]netip.Addr, error)

// NewLookup is the LookupFunc of the options' name servers. It stays with one name server while that answers.
func NewLookup(o Options) LookupFunc {
	r := &resolvers{addresses: o.Resolvers}
	for _, address := range o.Resolvers {
		r.list = append(r.list, dialing(address, &net.Dialer{Timeout: o.DialTimeout, FallbackDelay: o.FallbackDelay}))
	}
	if len(r.list) == 0 {
		r.list = []*net.Resolver{net.DefaultResolver}
	}
	r.current = rand.IntN(len(r.list))
	return r.lookup
}

// dialing is a resolver that asks this name server whatever the system's configuration says. UDP unless told
// otherwise, and TCP when the resolver wants it: a truncated answer would hide pods.
func dialing(address string, dialer *net.Dialer) *net.Resolver {
	address, onlyTCP := strings.CutPrefix(address, "tcp/")
	address = strings.TrimPrefix(address, "udp/")
	return &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			if onlyTCP {
				network = "tcp"
			}
			return dialer.DialContext(ctx, network, address)
		},
	}
}

type resolvers struct {
	list      []*net.Resolver
	addresses []string // theirs, none for the system's
	current   int      // index of the one to ask first
}

// lookup makes at least two attempts and at most three, each with the next name server: neither a lost packet
// nor a dead name server may cost the whole time, and the resolver's own repetition comes only after 5 s
// (its default timeout). The last attempt has all the time that is left.
func (r *resolvers) lookup(ctx context.Context, network, host string) ([]netip.Addr, error) {
	attempts := min(max(len(r.list), 2), 3)
	for attempt := 1; ; attempt++ {
		addresses, err := r.attempt(ctx, network, host, attempt == attempts)
		if err == nil {
			return addresses, nil
		}
		kind := classify(err)
		if kind == NotFound {
			return nil, err
		}
		r.current = (r.current + 1) % len(r.list)
		if attempt == attempts || ctx.Err() != nil || len(r.list) == 1 && kind != Timeout {
			return nil, err
		}
	}
}

func (r *resolvers) attempt(ctx context.Context, network, host string, last bool) ([]netip.Addr, error) {
	if !last {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, attemptTimeout)
		defer cancel()
	}
	addresses, err := r.list[r.current].LookupNetIP(ctx, network, host)
	return addresses, r.named(err)
}

// named puts the name server that was asked into an error, where package net names one of the system's.
func (r *resolvers) named(err error) error {
	var dns *net.DNSError
	if len(r.addresses) == 0 || !errors.As(err, &dns) {
		return err
	}
	named := *dns
	named.Server = r.addresses[r.current]
	return &named
}

func classify(err error) ErrorKind {
	var dns *net.DNSError
	var address *net.AddrError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.As(err, &dns):
		switch {
		case dns.IsNotFound:
			return NotFound
		case dns.IsTimeout:
			return Timeout
		// The text of package net for an answer with an error code; it has no other mark.
		case dns.Err == "server misbehaving":
			return ServerFailure
		}
	case errors.As(err, &address): // there are addresses, but none of the wanted family
		return NotFound
	}
	return LookupFailed
}
