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
	Hostport string // host:port
	Port     uint16
	Number   uint64 // identifies it in the library's state of pods

	index   int
	host    uint64 // number of the host
	core    *routing.Source
	process Process
	learn   func(*routing.Report, error)

	// label is its metrics label, or nil before the first request.
	label atomic.Pointer[string]
}

// Upstreams returns the upstreams of a source, in the order of its configuration. learn carries out
// reports of the library.
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

// ForApp returns the host, and the host with the port, in the form that apps and certificates use:
// without a final dot.
func (u *Upstream) ForApp() (name, withPort string) {
	name = strings.TrimSuffix(u.Name, ".")
	return name, hostport(name, u.Port)
}

// Label returns the upstream's label in metrics.
func (u *Upstream) Label() string {
	if label := u.label.Load(); label != nil {
		return *label
	}
	label := metrics.Upstream(u.Hostport, u.Number)
	u.label.Store(&label)
	return label
}

// holds reports whether an address is in the upstream's networks.
func (u *Upstream) holds(address netip.Addr) bool {
	found, ok := u.core.Router().Lookup(address)
	return ok && found == u.index
}

// knownHost returns the state of its host, and why the last lookup failed, or nil if it succeeded.
func (u *Upstream) knownHost() (host routing.Host, failure *dns.Failure) {
	host, err := u.process.Known().Host(u.host, u.process.Now())
	if err == nil && host.Failure != 0 {
		failure = u.process.Failure(u.host)
	}
	return host, failure
}

// use keeps the lookups of its host going.
func (u *Upstream) use() { u.learn(u.core.Use(u.index, u.process.Now())) }

// fresh returns the pods that its host resolves to, and those of them outside its networks.
func (u *Upstream) fresh() (pods, outside []netip.AddrPort) {
	inside, outside := u.core.Fresh(u.index)
	return slices.Concat(inside, outside), outside
}
