// In: what the process knows about pods and hosts.
// Out: the same, for whoever collects metrics.

package show

import (
	"net/netip"

	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/routing"
)

// Metrics gives the metrics access to everything that outlives configurations.
func (r *Reporter) Metrics() *metrics.State {
	return &metrics.State{Pods: r.followedPods, Now: r.process.Now, Fresh: r.freshPods, Hosts: r.hosts, Evictions: func() int { return len(r.process.Known().Evictions()) }}
}

// followedPods lists the pods, and keeps the lookups of the hosts going that those with requests belong to. Else the pods of a site
// that nobody opens a new page of would never be seen to drain.
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

// hosts calls back for each host of the configuration in force whose lookups go on.
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

// freshPods calls back for each upstream that has a label, with the pods that its host resolves to and those of them that are outside its networks, which the library learns by it. Of the
// others there may be very many.
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
