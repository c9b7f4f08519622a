package main

import (
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// Without the mark and with late DNS, the table counts pages on draining pods. So the zeros of
// other runs mean something.
func TestUnmarkedPodsGetPages(t *testing.T) {
	t.Parallel()
	r, _ := visited(t, options{
		upstreams: 2, pods: 1, sessions: 16, unmarked: true, roll: 5 * time.Second, think: 100 * time.Millisecond, stay: 500 * time.Millisecond,
	})
	r.reached(r.fleet.Fresh(0)...)
	r.reached(r.fleet.Fresh(1)...)
	if !r.ledger.Faultless() {
		t.Fatal("a fault before any")
	}
	r.fleet.Age(0, longerThanTheTest)
	if err := r.fleet.Deploy(0); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "the table sees it", func() bool { return !r.ledger.Faultless() })
}
