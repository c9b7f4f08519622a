// In: what the process knows about pods and hosts.
// Out: the same, for whoever collects metrics.

package caddydoors

import (
	"net/netip"

	"github.com/doors-dev/doors-caddy/caddy/internal/metrics"
)

// metricsState gives the metrics access to everything that outlives configurations.
func (s *shared) metricsState() *metrics.State {
	return &metrics.State{Pods: s.pods.List, Now: s.now, Fresh: func(func(uint64, []netip.AddrPort)) {}, Hosts: s.hosts.States}
}
