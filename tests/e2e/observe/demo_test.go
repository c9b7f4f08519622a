package observe_test

import (
	"testing"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// Prometheus sees a rollout of the demo: pages on old pods, and no faults.
func TestPrometheusOfTheDemo(t *testing.T) {
	demo := StartDemo(t)
	p := startPrometheus(t, demo.Status)
	demo.Press("\n")
	for _, shown := range []string{
		`sum(caddy_doors_streams{state="draining"}) >= 1`, `sum(caddy_doors_pods{state="draining"}) >= 1`, `sum(rate(caddy_doors_decisions_total{path="sync"}[30s])) > 0`,
		`sum(caddy_doors_tokens_opened_total{from="path"}) > 0`, `sum(caddy_doors_gone_total) == 0`, `caddy_doors_routers >= 1`,
	} {
		Eventually(t, shown, func() bool {
			found, err := p.query(shown)
			if err != nil {
				t.Fatal(err)
			}
			return len(found) == 1
		})
	}
}
