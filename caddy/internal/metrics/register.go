// In: the registry of a configuration.
// Out: everything that is counted, registered with it.

package metrics

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// Register adds the metrics to a registry, to which another source of the same configuration may have added them already.
func Register(registry prometheus.Registerer) error {
	for _, collector := range counters {
		var already prometheus.AlreadyRegisteredError
		if err := registry.Register(collector); err != nil && !errors.As(err, &already) {
			return err
		}
	}
	return nil
}
