// In: what the process knows about pods and hosts.
// Out: the same, for whoever collects metrics.

package caddydoors

import (
	"net/netip"

	"github.com/doors-dev/doors-caddy/caddy/internal/metrics"
	"github.com/doors-dev/doors-caddy/go"
)

// metricsState gives the metrics access to everything that outlives configurations.
func (s *shared) metricsState() *metrics.State {
	return &metrics.State{Pods: s.followedPods, Now: s.now, Fresh: s.freshPods, Hosts: s.hosts.States}
}

// followedPods lists the pods, and keeps the lookups of the hosts going that those with requests belong to. Else the pods of a site
// that nobody opens a new page of would never be seen to drain.
func (s *shared) followedPods() ([]doors.PodState, error) {
	known, err := s.pods.List()
	sources, followed := s.sources.inForce(), make(map[uint64]bool)
	for _, pod := range known {
		if pod.InFlight == 0 || followed[pod.Server] || !metrics.Labelled(pod.Server) {
			continue
		}
		if server := serverOf(sources, pod); server != nil {
			followed[pod.Server] = true
			server.known() // which is a use
		}
	}
	return known, err
}

// freshPods calls back for each server that has a label, with the pods that its host resolves to and those of them that are outside its networks, which the library learns by it. Of the
// others there may be very many.
func (s *shared) freshPods(yield func(server uint64, pods, outside []netip.AddrPort)) {
	for _, source := range s.sources.inForce() {
		for _, server := range source.servers {
			if !metrics.Labelled(server.group.Server) {
				continue
			}
			pods := server.latest()
			_, outside := insideOf(pods)
			yield(server.group.Server, addressesOf(pods), addressesOf(outside))
		}
	}
}
