package metrics

import (
	"github.com/doors-dev/doors-caddy/routing"
	"github.com/prometheus/client_golang/prometheus"
)

const namespace, subsystem = "caddy", "doors"

var (
	decisions = newCounters("decisions_total", "Requests by routing decision (pod, gone, upstream, any) and path.", "decision", "path")
	failovers = newCounters("failovers_total", "Requests retried on another pod because one was unreachable.").WithLabelValues()
	dials     = newCounters("dial_failures_total", "Failed connections to pods, by upstream and outcome.", "upstream", "outcome")
	lookups   = newCounters("dns_lookups_total", "DNS lookups by result.", "result")
)

// counters are all counters, for the registry.
var counters []prometheus.Collector

func newCounters(name, help string, labels ...string) *prometheus.CounterVec {
	vector := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}, labels)
	counters = append(counters, vector)
	return vector
}

// decided has the counter for each decision, by kind and path.
var decided = func() (table [routing.Any + 1][routing.PathOther + 1]prometheus.Counter) {
	for kind := routing.Pod; kind <= routing.Any; kind++ {
		for path := routing.PathPage; path <= routing.PathOther; path++ {
			withToken := kind == routing.Pod || kind == routing.Gone
			if withToken == (path != routing.PathPage) {
				table[kind][path] = decisions.WithLabelValues(kind.String(), path.String())
			}
		}
	}
	return table
}()

// Decided counts a decision.
func Decided(decision routing.Decision) {
	if uint64(decision.Kind) < uint64(len(decided)) && int(decision.Path) < len(decided[0]) {
		if counter := decided[decision.Kind][decision.Path]; counter != nil {
			counter.Inc()
		}
	}
}

// FailedOver counts a request that goes on to another pod.
func FailedOver() { failovers.Inc() }

// DialFailed counts a failed dial. upstream is a label.
func DialFailed(upstream string, outcome routing.Outcome) {
	dials.WithLabelValues(upstream, outcome.String()).Inc()
}

var lookedUp = func() (table [routing.LookupFailed + 1]prometheus.Counter) {
	table[0] = lookups.WithLabelValues("resolved")
	for failure := routing.LookupNotFound; failure <= routing.LookupFailed; failure++ {
		table[failure] = lookups.WithLabelValues(failure.String())
	}
	return table
}()

// LookedUp counts a lookup. failure is 0 for success.
func LookedUp(failure routing.LookupFailure) {
	if int(failure) < len(lookedUp) {
		lookedUp[failure].Inc()
	}
}
