// In: the servers of a router, by host and port.
// Out: their fresh pods: what each host resolves to now, ready to be dialled.

package caddydoors

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/hosts"
	"github.com/doors-dev/doors-caddy/caddy/internal/metrics"
	"github.com/doors-dev/doors-caddy/go"
	"go.uber.org/zap"
)

// server is one upstream of the configuration.
type server struct {
	name     string // the host as configured
	hostport string
	port     uint16
	group    doors.Group
	host     *hosts.Host
	pods     hosts.Cache[[]pod]

	// draining holds those of this server as well.
	draining *drainingPods

	// metricsLabel is the server's label in metrics, nil before its first request.
	metricsLabel atomic.Pointer[string]

	// moved is called with the fresh pods when they have changed.
	moved func([]pod)
}

// pod is one address of a server.
type pod struct {
	server  *server
	address netip.AddrPort

	// upstream is for handlers whose load balancing nobody asked for: one for all requests, and not in Caddy's own table of
	// upstreams, which would cost each request a global lock.
	upstream *reverseproxy.Upstream

	// lastAnswer is when an answer of it was last reported.
	lastAnswer *atomic.Int64
}

// newServers makes the servers of a router. The groups of their pods have the options of the source's own group.
func newServers(router *doors.Router, shared *shared, resolution hosts.Options, source doors.Group, logger *zap.Logger) []*server {
	servers := make([]*server, router.Upstreams())
	draining := newDrainingPods(defaultMaxPods)
	for i := range servers {
		name, port := router.Upstream(i)
		s := &server{name: name, hostport: net.JoinHostPort(name, strconv.Itoa(int(port))), port: port, group: source, draining: draining}
		s.group.Server = shared.number(s.hostport)
		s.host = shared.hosts.Acquire(name, resolution)
		var outside sync.Once
		s.moved = func(pods []pod) {
			shared.resolved(s.group.Server, pods)
			for _, pod := range pods {
				if upstream, ok := router.Lookup(pod.address.Addr()); !ok || upstream != i {
					outside.Do(func() { logOutside(logger, i, pod) })
				}
			}
		}
		servers[i] = s
	}
	return servers
}

// logOutside warns, once for each server, about a host that resolves to something that its own networks do not hold.
func logOutside(logger *zap.Logger, upstream int, pod pod) {
	logger.Warn("host resolves to an address outside its own networks: new pages go there, but their tokens will be refused or lead elsewhere",
		zap.String("field", "upstreams["+strconv.Itoa(upstream)+"].host"), zap.String("host", pod.server.name), zap.Stringer("address", pod.address.Addr()))
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

// fresh returns the server's fresh pods in order of their addresses. It waits, as long as the request has patience, only while nothing is
// known about the host; a context that has ended makes it return at once. The slice is shared and must not be changed.
func (s *server) fresh(ctx context.Context, patience *hosts.Patience) []pod {
	snapshot, err := s.host.Snapshot(ctx, patience)
	if err != nil {
		return nil // logged by the set, once per change
	}
	return s.pods.Get(snapshot, s.podsOf)
}

// known is fresh without waiting. followed is false when nobody used the server for a while, so that its pods may be others by now.
func (s *server) known() (pods []pod, followed bool) {
	_, followed = s.host.Current()
	return s.latest(), followed
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
	for i, address := range snapshot.Addresses() {
		pods[i] = s.newPod(address)
	}
	s.moved(pods)
	return pods
}

func addressesOf(pods []pod) []netip.AddrPort {
	addresses := make([]netip.AddrPort, len(pods))
	for i, pod := range pods {
		addresses[i] = pod.address
	}
	return addresses
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
	ready := func() bool { return s.choosesItself && len(serving.untried(knownOf(servers, false))) > 0 }
	hosts.Await(ctx, &serving.patience, s.firstLookup(), asked, ready)
}
