// In: the upstreams of a configuration, and addresses of pods.
// Out: their names for people, apps and certificates; and what Caddy dials.

package proxy

import (
	"hash/maphash"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
	"github.com/doors-dev/doors-caddy/caddy/internal/show"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/go"
)

// upstream is one upstream of the configuration.
type upstream struct {
	source   *Source
	index    int
	name     string // the host as configured
	hostport string
	port     uint16
	host     uint64 // its number
	number   uint64 // its own

	// metricsLabel is the upstream's label in metrics, nil before its first request.
	metricsLabel atomic.Pointer[string]
}

func newUpstreams(source *Source) []*upstream {
	router := source.loaded.Router
	upstreams := make([]*upstream, router.Upstreams())
	for i := range upstreams {
		name, port := router.Upstream(i)
		host, number, _ := source.core.Upstream(i)
		upstreams[i] = &upstream{source: source, index: i, name: name, hostport: net.JoinHostPort(name, strconv.Itoa(int(port))), port: port, host: host, number: number}
	}
	return upstreams
}

// forApp is the host, and the same with the port, as apps and certificates know it: without a final dot.
func (u *upstream) forApp() (name, hostport string) {
	name = strings.TrimSuffix(u.name, ".")
	return name, net.JoinHostPort(name, strconv.Itoa(int(u.port)))
}

// label is the upstream's label in metrics.
func (u *upstream) label() string {
	if label := u.metricsLabel.Load(); label != nil {
		return *label
	}
	label := metrics.Upstream(u.hostport, u.number)
	u.metricsLabel.Store(&label)
	return label
}

// Number stands for it in what the library says about pods.
func (u *upstream) Number() uint64 { return u.number }

// Hostport is its host and port.
func (u *upstream) Hostport() string { return u.hostport }

// Port is that of its pods.
func (u *upstream) Port() uint16 { return u.port }

// Holds tells whether an address is in its networks.
func (u *upstream) Holds(address netip.Addr) bool {
	found, ok := u.source.loaded.Router.Lookup(address)
	return ok && found == u.index
}

// Host is what is known about its host.
func (u *upstream) Host() (host doors.Host, failure *dns.Failure) {
	host, err := u.source.process.state.Host(u.host, u.source.process.Now())
	if err == nil && host.Failure != 0 {
		failure = u.source.process.dns.Failure(u.host)
	}
	return host, failure
}

// Use keeps the lookups of its host going.
func (u *upstream) Use() {
	report, err := u.source.core.Use(u.index, u.source.process.Now())
	u.source.learn(nil, report, err)
}

// Fresh are the pods that its host resolves to, and those of them outside of its networks.
func (u *upstream) Fresh() (pods, outside []netip.AddrPort) {
	inside, outside := u.source.core.Fresh(u.index)
	return slices.Concat(inside, outside), outside
}

// forCaddy remembers what Caddy dials, by pod: to make it anew costs allocations. It is for choices of the library: one for all requests, and not
// in Caddy's own table of upstreams, which would cost each request a global lock. Each pod has one slot, where the last one of those that share it stays.
type forCaddy [4096]atomic.Pointer[dialable]

// dialable is a pod as Caddy knows it.
type dialable struct {
	pod netip.AddrPort
	reverseproxy.Upstream
}

var slots = maphash.MakeSeed()

func (f *forCaddy) of(pod netip.AddrPort) *reverseproxy.Upstream {
	slot := &f[maphash.Comparable(slots, pod)%uint64(len(f))]
	found := slot.Load()
	if found == nil || found.pod != pod {
		found = &dialable{pod, reverseproxy.Upstream{Host: new(reverseproxy.Host), Dial: pod.String()}}
		slot.Store(found)
	}
	return &found.Upstream
}

// Interface guard
var _ show.Upstream = (*upstream)(nil)
