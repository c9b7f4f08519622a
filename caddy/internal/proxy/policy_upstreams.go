// In: the upstreams of a router, by host and port.
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

// upstream is one upstream of the configuration.
type upstream struct {
	name     string // the host as configured
	hostport string
	port     uint16
	forApp   struct{ name, hostport string } // the same as apps and certificates know it, without a final dot
	group    doors.Group
	host     *hosts.Host
	pods     hosts.Cache[[]pod]

	// draining holds those of this upstream as well.
	draining *drainingPods

	// metricsLabel is the upstream's label in metrics, nil before its first request.
	metricsLabel atomic.Pointer[string]

	// moved is called with the fresh pods when they have changed.
	moved func([]pod)

	// holds tells whether an address is in the upstream's own networks.
	holds func(netip.Addr) bool

	// outside is the first of the fresh pods that is not, nil while there is none. warnOutside warns about it.
	outside     atomic.Pointer[pod]
	warnedAt    atomic.Int64 // 0 before the first time, else one nanosecond more than the shared clock said
	warnOutside func(pod)
}

// pod is one address of an upstream.
type pod struct {
	upstream *upstream
	address  netip.AddrPort

	// outside is set for a pod that is not in its upstream's own networks: the tokens of its pages are refused, or lead elsewhere.
	outside bool

	// forCaddy is for handlers whose load balancing nobody asked for: one for all requests, and not in Caddy's own table of
	// upstreams, which would cost each request a global lock.
	forCaddy *reverseproxy.Upstream

	// lastAnswer is when an answer of it was last reported.
	lastAnswer *atomic.Int64
}

// newUpstreams makes the upstreams of a router. The groups of their pods have the options of the source's own group.
func newUpstreams(loaded *config.Loaded, process *Process, source doors.Group, logger *zap.Logger) []*upstream {
	router := loaded.Router
	upstreams := make([]*upstream, router.Upstreams())
	draining := newDrainingPods(loaded.PodsKept())
	for i := range upstreams {
		name, port := router.Upstream(i)
		s := &upstream{name: name, hostport: net.JoinHostPort(name, strconv.Itoa(int(port))), port: port, group: source, draining: draining}
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
		upstreams[i] = s
	}
	return upstreams
}

func (s *upstream) setNameForApp() {
	s.forApp.name = strings.TrimSuffix(s.name, ".")
	s.forApp.hostport = net.JoinHostPort(s.forApp.name, strconv.Itoa(int(s.port)))
}

// warnPause is the time between two warnings about an address outside its upstream's networks.
const warnPause = time.Minute

// logOutside warns about a host that resolves to something that its own networks do not hold.
func logOutside(logger *zap.Logger, upstream int, pod pod) {
	logger.Warn("host resolves to an address outside its own networks: the tokens of its pages are refused or lead elsewhere, so that it gets new pages only while no other pod is known",
		zap.String("field", "upstreams["+strconv.Itoa(upstream)+"].host"), zap.String("host", pod.upstream.name), zap.Stringer("address", pod.address.Addr()))
}

// warn warns while the host resolves to an address outside the upstream's networks, once a minute.
func (s *upstream) warn() {
	if outside := s.outside.Load(); outside != nil {
		s.warnOutside(*outside)
	}
}

// podAt returns the pod of this upstream at an address, whether or not the host resolves to it.
func (s *upstream) podAt(address netip.Addr) pod {
	fresh := s.pods.Latest()
	at, found := slices.BinarySearchFunc(fresh, address, func(pod pod, address netip.Addr) int { return pod.address.Addr().Compare(address) })
	if found {
		return fresh[at]
	}
	return s.draining.at(s, address)
}

func (s *upstream) newPod(address netip.Addr) pod {
	at := netip.AddrPortFrom(address, s.port)
	return pod{upstream: s, address: at, lastAnswer: new(atomic.Int64),
		forCaddy: &reverseproxy.Upstream{Host: new(reverseproxy.Host), Dial: at.String()}}
}

// knowFirst waits for the first addresses of the upstream, if there are none yet. They clear what is held against their pods: a failure that was reported
// before them would count for nothing.
func (s *upstream) knowFirst() {
	if s.latest() == nil {
		s.fresh(context.Background(), new(hosts.Patience))
	}
}

// fresh returns the upstream's fresh pods in order of their addresses. It waits, as long as the request has patience, only while nothing is
// known about the host; a context that has ended makes it return at once. The slice is shared and must not be changed.
func (s *upstream) fresh(ctx context.Context, patience *hosts.Patience) []pod {
	snapshot, err := s.host.Snapshot(ctx, patience)
	if err != nil {
		return nil // logged by the set, once per change
	}
	pods := s.pods.Get(snapshot, s.podsOf)
	s.warn()
	return pods
}

// known is fresh without waiting. followed is false when nobody used the upstream for a while, so that its pods may be others by now.
func (s *upstream) known() (pods []pod, followed bool) {
	_, followed = s.host.Current()
	pods = s.latest()
	s.warn()
	return pods, followed
}

// latest is known without counting as use of the host, so that no lookup follows.
func (s *upstream) latest() []pod {
	snapshot := s.host.Known()
	if snapshot == nil {
		return nil
	}
	return s.pods.Get(snapshot, s.podsOf)
}

func (s *upstream) podsOf(snapshot *hosts.Snapshot) []pod {
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

// insideOf parts the pods that are in their upstream's own networks from the others. It keeps their order.
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

// Number, Hostport and the rest are for those who show the upstream.
func (s *upstream) Number() uint64          { return s.group.Server }
func (s *upstream) Hostport() string        { return s.hostport }
func (s *upstream) Port() uint16            { return s.port }
func (s *upstream) Holds(a netip.Addr) bool { return s.holds(a) }
func (s *upstream) Host() hosts.State       { return s.host.State() }
func (s *upstream) Use()                    { s.known() }
func (s *upstream) Fresh() (all, outside []netip.AddrPort) {
	pods := s.latest()
	_, out := insideOf(pods)
	return addressesOf(pods), addressesOf(out)
}

// label is the upstream's label in metrics.
func (s *upstream) label() string {
	if label := s.metricsLabel.Load(); label != nil {
		return *label
	}
	label := metrics.Upstream(s.hostport, s.group.Server)
	s.metricsLabel.Store(&label)
	return label
}

// reportsAnswer tells whether an answer at this time should be reported: the first in a second.
func (p pod) reportsAnswer(now time.Duration) bool {
	last := p.lastAnswer.Load()
	return (last == 0 || now-time.Duration(last) >= time.Second) && p.lastAnswer.CompareAndSwap(last, int64(now))
}

// knownOf returns the fresh pods of all upstreams whose host is known, without waiting for the others. These are looked up only if
// asked: there may be very many.
func knownOf(upstreams []*upstream, lookUp bool) (pods []pod) {
	for _, upstream := range upstreams {
		known := upstream.latest()
		if lookUp || len(known) > 0 {
			known, _ = upstream.known()
		}
		pods = append(pods, known...)
	}
	return pods
}

// maxWaits bounds for how many upstreams one request waits at once.
const maxWaits = 1000

// awaitPods waits, for a request that could reach none of the known pods, until one of these upstreams has a pod that the request has not tried,
// if its host is not known yet or may have other addresses by now. Where the user has a policy, which is to see all upstreams, it waits for all.
func (s *Source) awaitPods(ctx context.Context, serving *request, upstreams []*upstream) {
	first := rand.IntN(len(upstreams))
	asked := func(yield func(*hosts.Host) bool) {
		for i := range min(len(upstreams), maxWaits) {
			if !yield(upstreams[(first+i)%len(upstreams)].host) {
				return
			}
		}
	}
	ready := func() bool {
		inside, _ := insideOf(knownOf(upstreams, false))
		return s.choosesItself && len(serving.untried(inside)) > 0
	}
	hosts.Await(ctx, &serving.patience, s.FirstLookupWait(), asked, ready)
}
