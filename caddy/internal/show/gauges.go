package show

import (
	"net/netip"

	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/routing"
)

// Metrics returns access to the state for the metrics.
func (r *Reporter) Metrics() *metrics.State {
	return &metrics.State{Pods: r.followedPods, Now: r.process.Now, Fresh: r.freshPods, Hosts: r.hosts, Evictions: func() int { return len(r.process.Known().Evictions()) }}
}

// followedPods returns the pods, and keeps the lookups of their hosts going while they have
// requests. Otherwise nobody would notice that pods of a site without new pages are draining.
func (r *Reporter) followedPods() ([]routing.KnownPod, error) {
	known, err := r.pods()
	sources, followed := r.process.InForce(), make(map[uint64]bool)
	for _, pod := range known {
		if pod.InFlight == 0 || followed[pod.Upstream] || !metrics.Labelled(pod.Upstream) {
			continue
		}
		if upstream := upstreamOf(sources, pod); upstream != nil {
			followed[pod.Upstream] = true
			upstream.use()
		}
	}
	return known, err
}

// hosts yields each host of the running configuration that is being looked up.
func (r *Reporter) hosts(yield func(host routing.Host)) {
	seen := make(map[string]bool)
	for _, source := range r.process.InForce() {
		for i := range source.Loaded().Router.Upstreams() {
			upstream := source.Upstream(i)
			if !metrics.Labelled(upstream.Number) {
				continue
			}
			if host, _ := upstream.knownHost(); host.Active && !seen[host.Name] {
				seen[host.Name] = true
				yield(host)
			}
		}
	}
}

// freshPods yields each labelled upstream with the pods that its hosts resolve to, and those
// outside its networks, which the library learns about in this way. There may be very many
// upstreams without a label.
func (r *Reporter) freshPods(yield func(upstream uint64, pods, outside []netip.AddrPort)) {
	for _, source := range r.process.InForce() {
		for i := range source.Loaded().Router.Upstreams() {
			upstream := source.Upstream(i)
			if !metrics.Labelled(upstream.Number) {
				continue
			}
			pods, outside := upstream.fresh()
			yield(upstream.Number, pods, outside)
		}
	}
}
