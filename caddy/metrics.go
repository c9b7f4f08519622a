// In: what the process knows about pods and hosts.
// Out: the same, for whoever collects metrics.

package caddydoors

import (
	"net/netip"

	"github.com/doors-dev/doors-caddy/caddy/internal/metrics"
)

// metricsState gives the metrics access to everything that outlives configurations.
func (s *shared) metricsState() *metrics.State {
	return &metrics.State{Pods: s.pods.List, Now: s.now, Fresh: s.freshPods, Hosts: s.hosts.States}
}

// freshPods calls back for each server that has had a request, with the pods that its host resolves to.
func (s *shared) freshPods(yield func(server uint64, pods []netip.AddrPort)) {
	for _, source := range s.sources.latest() {
		for _, server := range source.servers {
			if pods := server.pods.Latest(); len(pods) > 0 && server.metricsLabel.Load() != nil {
				yield(server.group.Server, addressesOf(pods))
			}
		}
	}
}
