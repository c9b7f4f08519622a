// In: the registry of a configuration, and access to what is known about pods and hosts.
// Out: everything that is counted or known, registered with it.

package metrics

import (
	"errors"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// Register adds the metrics to a registry, to which another source of the same configuration may have added them already.
func Register(registry prometheus.Registerer, state *State) error {
	for _, collector := range slices.Concat(counters, []prometheus.Collector{state}) {
		var already prometheus.AlreadyRegisteredError
		if err := registry.Register(collector); err != nil && !errors.As(err, &already) {
			return err
		}
	}
	return nil
}
