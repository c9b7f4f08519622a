package metrics

import (
	"errors"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// Register adds the metrics to a registry. Another source of the same configuration may have added
// them already.
func Register(registry prometheus.Registerer, state *State) error {
	for _, collector := range slices.Concat(counters, []prometheus.Collector{state}) {
		var already prometheus.AlreadyRegisteredError
		if err := registry.Register(collector); err != nil && !errors.As(err, &already) {
			return err
		}
	}
	return nil
}
