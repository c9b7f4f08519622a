// In: the servers of a router, by host and port.
// Out: their fresh pods: what each host resolves to now, ready to be dialled.

package proxy

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/hosts"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/go"
	"go.uber.org/zap"
)

// server is one upstream of the configuration.
type server struct {
	name     string // the host as configured
	hostport string
	port     uint16
	forApp   struct{ name, hostport string } // the same as apps and certificates know it, without a final dot
	group    doors.Group
	host     *hosts.Host
	pods     hosts.Cache[[]pod]

	// draining holds those of this server as well.
	draining *drainingPods

	// metricsLabel is the server's label in metrics, nil before its first request.
	metricsLabel atomic.Pointer[string]

	// moved is called with the fresh pods when they have changed.
	moved func([]pod)

	// holds tells whether an address is in the server's own networks.
	holds func(netip.Addr) bool

	// outside is the first of the fresh pods that is not, nil while there is none. warnOutside warns about it.
	outside     atomic.Pointer[pod]
	warnedAt    atomic.Int64 // 0 before the first time, else one nanosecond more than the shared clock said
	warnOutside func(pod)
}

// pod is one address of a server.
type pod struct {
	server  *server
	address netip.AddrPort

	// outside is set for a pod that is not in its server's own networks: the tokens of its pages are refused, or lead elsewhere.
	outside bool

	// upstream is for handlers whose load balancing nobody asked for: one for all requests, and not in Caddy's own table of
	// upstreams, which would cost each request a global lock.
	upstream *reverseproxy.Upstream

	// lastAnswer is when an answer of it was last reported.
	lastAnswer *atomic.Int64
}

// newServers makes the servers of a router. The groups of their pods have the options of the source's own group.
func newServers(loaded *config.Loaded, process *Process, source doors.Group, logger *zap.Logger) []*server {
	router := loaded.Router
	servers := make([]*server, router.Upstreams())
	draining := newDrainingPods(loaded.PodsKept())
	for i := range servers {
		name, port := router.Upstream(i)
		s := &server{name: name, hostport: net.JoinHostPort(name, strconv.Itoa(int(port))), port: port, group: source, draining: draining}
		s.group.Server = process.number(s.hostport)
		s.setNameForApp()
		s.host = process.hosts.Acquire(name, loaded.Lookups)
		s.moved = func(pods []pod) { process.resolved(s.group.Server, pods) }
		s.holds = func(address netip.Addr) bool {
			upstream, ok := router.Lookup(address)
			return ok && upstream == i
		}
		s.warnOutside = func(outside pod) {
			now, last := int64(process.Now())+1, s.warnedAt.Load()
			if (last == 0 || now-last >= int64(warnPause)) && s.warnedAt.CompareAndSwap(last, now) {
				logOutside(logger, i, outside)
			}
		}
		servers[i] = s
	}
	return servers
}

func (s *server) setNameForApp() {
	s.forApp.name = strings.TrimSuffix(s.name, ".")
	s.forApp.hostport = net.JoinHostPort(s.forApp.name, strconv.Itoa(int(s.port)))
}

// warnPause is the time between two warnings about an address outside its server's networks.
const warnPause = time.Minute

// logOutside warns about a host that resolves to something that its own networks do not hold.
func logOutside(logger *zap.Logger, upstream int, pod pod) {
	logger.Warn("host resolves to an address outside its own networks: the tokens of its pages are refused or lead elsewhere, so that it gets new pages only while no other pod is known",
		zap.String("field", "upstreams["+strconv.Itoa(upstream)+"].host"), zap.String("host", pod.server.name), zap.Stringer("address", pod.address.Addr()))
}

// warn warns while the host resolves to an address outside the server's networks, once a minute.
func (s *server) warn() {
	if outside := s.outside.Load(); outside != nil {
		s.warnOutside(*outside)
	}
}

// podAt returns the pod of this server at an address, whether or not the host resolves to it.
func (s *server) podAt(address netip.Addr) pod {
	fresh := s.pods.Latest()
	at, found := slices.BinarySearchFunc(fresh, address, func(pod pod, address netip.Addr) int { return pod.address.Addr().Compare(address) })
	if found {
		return fresh[at]
	}
	return s.draining.at(s, address)
}

func (s *server) newPod(address netip.Addr) pod {
	at := netip.AddrPortFrom(address, s.port)
	return pod{server: s, address: at, lastAnswer: new(atomic.Int64),
		upstream: &reverseproxy.Upstream{Host: new(reverseproxy.Host), Dial: at.String()}}
}

// knowFirst waits for the first addresses of the server, if there are none yet. They clear what is held against their pods: a failure that was reported
// before them would count for nothing.
func (s *server) knowFirst() {
	if s.latest() == nil {
		s.fresh(context.Background(), new(hosts.Patience))
	}
}

// fresh returns the server's fresh pods in order of their addresses. It waits, as long as the request has patience, only while nothing is
// known about the host; a context that has ended makes it return at once. The slice is shared and must not be changed.
func (s *server) fresh(ctx context.Context, patience *hosts.Patience) []pod {
	snapshot, err := s.host.Snapshot(ctx, patience)
	if err != nil {
		return nil // logged by the set, once per change
	}
	pods := s.pods.Get(snapshot, s.podsOf)
	s.warn()
	return pods
}

// known is fresh without waiting. followed is false when nobody used the server for a while, so that its pods may be others by now.
func (s *server) known() (pods []pod, followed bool) {
	_, followed = s.host.Current()
	pods = s.latest()
	s.warn()
	return pods, followed
}

// latest is known without counting as use of the host, so that no lookup follows.
func (s *server) latest() []pod {
	snapshot := s.host.Known()
	if snapshot == nil {
		return nil
	}
	return s.pods.Get(snapshot, s.podsOf)
}

func (s *server) podsOf(snapshot *hosts.Snapshot) []pod {
	pods := make([]pod, len(snapshot.Addresses()))
	var outside *pod
	for i, address := range snapshot.Addresses() {
		pods[i] = s.newPod(address)
		if pods[i].outside = !s.holds(address); pods[i].outside && outside == nil {
			outside = &pods[i]
		}
	}
	s.outside.Store(outside)
	s.moved(pods)
	return pods
}

// insideOf parts the pods that are in their server's own networks from the others. It keeps their order.
func insideOf(pods []pod) (inside, outside []pod) {
	isOutside := func(pod pod) bool { return pod.outside }
	if !slices.ContainsFunc(pods, isOutside) {
		return pods, nil
	}
	for _, pod := range pods {
		if pod.outside {
			outside = append(outside, pod)
		} else {
			inside = append(inside, pod)
		}
	}
	return inside, outside
}

func addressesOf(pods []pod) []netip.AddrPort {
	addresses := make([]netip.AddrPort, len(pods))
	for i, pod := range pods {
		addresses[i] = pod.address
	}
	return addresses
}

// Number, Hostport and the rest are for those who show the server.
func (s *server) Number() uint64          { return s.group.Server }
func (s *server) Hostport() string        { return s.hostport }
func (s *server) Port() uint16            { return s.port }
func (s *server) Holds(a netip.Addr) bool { return s.holds(a) }
func (s *server) Host() hosts.State       { return s.host.State() }
func (s *server) Use()                    { s.known() }
func (s *server) Fresh() (all, outside []netip.AddrPort) {
	pods := s.latest()
	_, out := insideOf(pods)
	return addressesOf(pods), addressesOf(out)
}

// label is the server's label in metrics.
func (s *server) label() string {
	if label := s.metricsLabel.Load(); label != nil {
		return *label
	}
	label := metrics.Server(s.hostport, s.group.Server)
	s.metricsLabel.Store(&label)
	return label
}

// reportsAnswer tells whether an answer at this time should be reported: the first in a second.
func (p pod) reportsAnswer(now time.Duration) bool {
	last := p.lastAnswer.Load()
	return (last == 0 || now-time.Duration(last) >= time.Second) && p.lastAnswer.CompareAndSwap(last, int64(now))
}

// knownOf returns the fresh pods of all servers whose host is known, without waiting for the others. These are looked up only if
// asked: there may be very many.
func knownOf(servers []*server, lookUp bool) (pods []pod) {
	for _, server := range servers {
		known := server.latest()
		if lookUp || len(known) > 0 {
			known, _ = server.known()
		}
		pods = append(pods, known...)
	}
	return pods
}

// maxWaits bounds for how many servers one request waits at once.
const maxWaits = 1000

// awaitPods waits, for a request that could reach none of the known pods, until one of these servers has a pod that the request has not tried,
// if its host is not known yet or may have other addresses by now. Where the user has a policy, which is to see all servers, it waits for all.
func (s *Source) awaitPods(ctx context.Context, serving *request, servers []*server) {
	first := rand.IntN(len(servers))
	asked := func(yield func(*hosts.Host) bool) {
		for i := range min(len(servers), maxWaits) {
			if !yield(servers[(first+i)%len(servers)].host) {
				return
			}
		}
	}
	ready := func() bool {
		inside, _ := insideOf(knownOf(servers, false))
		return s.choosesItself && len(serving.untried(inside)) > 0
	}
	hosts.Await(ctx, &serving.patience, s.FirstLookupWait(), asked, ready)
}
