// In: an upstream of a source.
// Out: its names for people, apps and certificates, and what is known about its host and pods.

package show

import (
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/routing"
)

// Upstream is one upstream of a source.
type Upstream struct {
	Name     string // the host as configured
	Hostport string // the same with the port
	Port     uint16
	Number   uint64 // stands for it in what the library says about pods

	index   int
	host    uint64 // its number
	core    *routing.Source
	process Process
	learn   func(*routing.Report, error)

	// label is that in metrics, nil before the first request.
	label atomic.Pointer[string]
}

// Upstreams are those of a source, in the order of its configuration. learn obeys what the library says meanwhile.
func Upstreams(process Process, core *routing.Source, learn func(*routing.Report, error)) []*Upstream {
	router := core.Router()
	upstreams := make([]*Upstream, router.Upstreams())
	for i := range upstreams {
		name, port := router.Upstream(i)
		host, number, _ := core.Upstream(i)
		upstreams[i] = &Upstream{Name: name, Hostport: hostport(name, port), Port: port, Number: number, index: i, host: host, core: core, process: process, learn: learn}
	}
	return upstreams
}

// ForApp is the host, and the same with the port, as apps and certificates know it: without a final dot.
func (u *Upstream) ForApp() (name, withPort string) {
	name = strings.TrimSuffix(u.Name, ".")
	return name, hostport(name, u.Port)
}

// Label is the upstream's label in metrics.
func (u *Upstream) Label() string {
	if label := u.label.Load(); label != nil {
		return *label
	}
	label := metrics.Upstream(u.Hostport, u.Number)
	u.label.Store(&label)
	return label
}

// holds tells whether an address is in its networks.
func (u *Upstream) holds(address netip.Addr) bool {
	found, ok := u.core.Router().Lookup(address)
	return ok && found == u.index
}

// knownHost is what is known about its host, and why the last lookup failed, nil if it did not.
func (u *Upstream) knownHost() (host routing.Host, failure *dns.Failure) {
	host, err := u.process.Known().Host(u.host, u.process.Now())
	if err == nil && host.Failure != 0 {
		failure = u.process.Failure(u.host)
	}
	return host, failure
}

// use keeps the lookups of its host going.
func (u *Upstream) use() { u.learn(u.core.Use(u.index, u.process.Now())) }

// fresh are the pods that its host resolves to, and those of them outside of its networks.
func (u *Upstream) fresh() (pods, outside []netip.AddrPort) {
	inside, outside := u.core.Fresh(u.index)
	return slices.Concat(inside, outside), outside
}
