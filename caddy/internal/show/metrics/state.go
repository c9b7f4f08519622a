package metrics

import (
	"net/netip"
	"time"

	"github.com/doors-dev/doors-caddy/routing"
	"github.com/prometheus/client_golang/prometheus"
)

// State gives the gauges access to what is known. Its functions may be called at any time.
type State struct {
	// Pods returns all known pods. Fresh must be called first, so that the library learns which
	// ones are outside their networks.
	Pods func() ([]routing.KnownPod, error)
	// Now returns the time on the clock of Pods.
	Now func() time.Duration
	// Fresh yields each Labelled upstream of the running configuration: its number, the pods that
	// its hosts resolve to, and those outside its networks.
	Fresh func(func(upstream uint64, pods, outside []netip.AddrPort))
	// Evictions returns the number of evictions.
	Evictions func() int
	// Hosts yields each host of a Labelled upstream that is being looked up.
	Hosts func(func(host routing.Host))
}

// rememberedFor is how long a pod that is not fresh is counted after its last request.
const rememberedFor = 5 * time.Minute

// MaxHosts is how many hosts get their own label. The label "other" has the age of the oldest
// answer of all others.
const MaxHosts = 100

// wall is the wall clock.
var wall = time.Now

var hostLabels = newLabels(MaxHosts)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, subsystem, name), help, labels, nil)
}

var (
	podsDesc     = describe("pods", "Pods by upstream and state (fresh, outside, draining, unreachable, gone).", "upstream", "state")
	streamsDesc  = describe("streams", "Open streams of pages, by upstream and state of the pod (fresh, draining).", "upstream", "state")
	inFlightDesc = describe("requests_in_flight", "Requests in flight to pods, by upstream.", "upstream")
	evictedDesc  = describe("evicted_pods", "Evicted pods in any state, by upstream.", "upstream")
	evictDesc    = describe("evictions", "Evictions in force.")
	answerDesc   = describe("dns_answer_timestamp_seconds", "Unix time of the last DNS answer with addresses, for each host in use.", "host")
	routersDesc  = describe("routers", "Routing configurations in memory: one for each source, and old ones until their last request ends.")
)

// Describe implements [prometheus.Collector].
func (*State) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{podsDesc, streamsDesc, inFlightDesc, evictedDesc, evictDesc, answerDesc, routersDesc} {
		out <- desc
	}
}

// upstreamFigures are the gauges of one upstream.
type upstreamFigures struct {
	fresh, outside, draining, unreachable, gone int
	freshStreams, drainingStreams               int
	inFlight, evicted                           int
}

// Collect computes the gauges.
func (s *State) Collect(out chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	ages := s.ages() // first: listing the pods restarts lookups, whose last answer may be of any age
	for label, upstream := range s.upstreams() {
		gauge(podsDesc, float64(upstream.fresh), label, "fresh")
		gauge(podsDesc, float64(upstream.outside), label, "outside")
		gauge(podsDesc, float64(upstream.draining), label, "draining")
		gauge(podsDesc, float64(upstream.unreachable), label, "unreachable")
		gauge(podsDesc, float64(upstream.gone), label, "gone")
		gauge(streamsDesc, float64(upstream.freshStreams), label, "fresh")
		gauge(streamsDesc, float64(upstream.drainingStreams), label, "draining")
		gauge(inFlightDesc, float64(upstream.inFlight), label)
		gauge(evictedDesc, float64(upstream.evicted), label)
	}
	for label, age := range ages {
		gauge(answerDesc, float64(wall().Add(-age).UnixMilli())/1000, label)
	}
	gauge(evictDesc, float64(s.Evictions()))
	gauge(routersDesc, float64(routing.LiveSources()))
}

// upstreams returns the gauges of each upstream with its own label.
func (s *State) upstreams() map[string]*upstreamFigures {
	upstreams := make(map[string]*upstreamFigures)
	of := func(label string) *upstreamFigures {
		figures, ok := upstreams[label]
		if !ok {
			figures = new(upstreamFigures)
			upstreams[label] = figures
		}
		return figures
	}
	upstreamNumbers.Range(func(_, label any) bool {
		of(label.(string))
		return true
	})
	type place struct {
		upstream uint64
		pod      netip.AddrPort
	}
	var fresh []place
	isOutside := make(map[place]bool)
	s.Fresh(func(number uint64, pods, outside []netip.AddrPort) {
		for _, pod := range pods {
			fresh = append(fresh, place{number, pod})
		}
		for _, pod := range outside {
			isOutside[place{number, pod}] = true
		}
	})
	counted := make(map[place]bool)
	pods, err := s.Pods()
	if err != nil {
		pods = nil // only a bug can cause it; the other gauges are right
	}
	now := s.Now()
	for _, pod := range pods {
		upstream := of(labelOf(pod.Upstream))
		upstream.inFlight += pod.InFlight
		isFresh := pod.Fresh && pod.DrainingSince == 0
		if isFresh {
			upstream.freshStreams += pod.Streams
		} else {
			upstream.drainingStreams += pod.Streams
		}
		if !isFresh && pod.InFlight == 0 && now-pod.LastSeen > rememberedFor {
			continue
		}
		at := place{pod.Upstream, pod.Pod}
		counted[at] = true
		if pod.EvictedSince != 0 {
			upstream.evicted++
		}
		switch {
		case pod.Verdict == routing.VerdictGone:
			upstream.gone++
		case pod.Verdict == routing.VerdictUnreachable:
			upstream.unreachable++
		case isOutside[at] && pod.DrainingSince == 0:
			upstream.outside++
		case isFresh:
			upstream.fresh++
		default:
			upstream.draining++
		}
	}
	for _, at := range fresh {
		if counted[at] {
			continue
		}
		counted[at] = true // several sources may have the same upstream
		if figures := of(labelOf(at.upstream)); isOutside[at] {
			figures.outside++
		} else {
			figures.fresh++
		}
	}
	return upstreams
}

// ages returns the age of each host's addresses. A host that is not in use has none.
func (s *State) ages() map[string]time.Duration {
	ages := make(map[string]time.Duration)
	s.Hosts(func(host routing.Host) {
		if host.Generation > 0 && host.Age != routing.Never {
			label := hostLabels.of(host.Name)
			ages[label] = max(ages[label], host.Age)
		}
	})
	return ages
}

// Interface guard
var _ prometheus.Collector = (*State)(nil)
