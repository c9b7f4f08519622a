// In: the servers of a router, by host and port.
// Out: their fresh pods: what each host resolves to now, ready to be dialled.

package caddydoors

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"sync"

	"github.com/doors-dev/doors-caddy/caddy/internal/hosts"
	"github.com/doors-dev/doors-caddy/go"
	"go.uber.org/zap"
)

// server is one upstream of the configuration.
type server struct {
	name     string // the host as configured
	hostport string
	port     uint16
	host     *hosts.Host
	pods     hosts.Cache[[]pod]

	// inCIDR tells whether an address lies in one of the server's own CIDRs; warnOutside is called with the first that
	// does not.
	inCIDR      func(netip.Addr) bool
	warnOutside func(netip.Addr)
	outside     sync.Once
}

// pod is one address of a server.
type pod struct {
	server  *server
	address netip.AddrPort
	dial    string // the address as Caddy's network address
}

func newServers(router *doors.Router, resolved *hosts.Set, options hosts.Options, logger *zap.Logger) []*server {
	servers := make([]*server, router.Upstreams())
	for i := range servers {
		name, port := router.Upstream(i)
		servers[i] = &server{
			name:     name,
			hostport: net.JoinHostPort(name, strconv.Itoa(int(port))),
			port:     port,
			host:     resolved.Acquire(name, options),
			inCIDR: func(address netip.Addr) bool {
				upstream, ok := router.Lookup(address)
				return ok && upstream == i
			},
			warnOutside: func(address netip.Addr) {
				logger.Warn("host resolves to an address outside its own networks: new pages go there, but the tokens of these pages "+
					"will be refused or lead elsewhere",
					zap.String("field", "upstreams["+strconv.Itoa(i)+"].host"), zap.String("host", name), zap.Stringer("address", address))
			},
		}
	}
	return servers
}

// podAt makes the pod of this server at an address, whether or not the host resolves to it.
func (s *server) podAt(address netip.Addr) pod {
	at := netip.AddrPortFrom(address, s.port)
	return pod{server: s, address: at, dial: at.String()}
}

// fresh returns the server's fresh pods in order of their addresses. It waits, for 500 ms at most, only while nothing is
// known about the host; a context that has ended makes it return at once. The slice is shared and must not be changed.
func (s *server) fresh(ctx context.Context) []pod {
	snapshot, err := s.host.Snapshot(ctx)
	if err != nil {
		return nil // logged by the set, once per change
	}
	return s.pods.Get(snapshot, func(snapshot *hosts.Snapshot) []pod {
		pods := make([]pod, len(snapshot.Addresses()))
		for i, address := range snapshot.Addresses() {
			pods[i] = s.podAt(address)
			if !s.inCIDR(address) {
				s.outside.Do(func() { s.warnOutside(address) })
			}
		}
		return pods
	})
}

// freshOf returns the fresh pods of all these servers. Those that are known do not wait for the others; only when none
// is known does it wait, for all of them at once.
func freshOf(ctx context.Context, servers []*server) []pod {
	ended, end := context.WithCancel(ctx)
	end()
	var pods []pod
	for _, server := range servers {
		pods = append(pods, server.fresh(ended)...)
	}
	if len(pods) > 0 {
		return pods
	}
	var waiting sync.WaitGroup
	for _, server := range servers {
		waiting.Go(func() { server.fresh(ctx) })
	}
	waiting.Wait()
	for _, server := range servers {
		pods = append(pods, server.fresh(ended)...)
	}
	return pods
}
