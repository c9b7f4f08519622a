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

// freshPods calls back for each server that has a label, with the pods that its host resolves to. Of the others there may be
// very many.
func (s *shared) freshPods(yield func(server uint64, pods []netip.AddrPort)) {
	for _, source := range s.sources.inForce() {
		for _, server := range source.servers {
			if !metrics.Labelled(server.group.Server) {
				continue
			}
			var pods []netip.AddrPort
			for _, address := range server.host.State().Addresses {
				pods = append(pods, netip.AddrPortFrom(address, server.port))
			}
			yield(server.group.Server, pods)
		}
	}
}
