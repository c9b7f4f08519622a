package results

import (
	"fmt"
	"slices"

	"github.com/doors-dev/doors-caddy/benchmarks/decisions"
	"github.com/doors-dev/doors-caddy/benchmarks/proxy"
)

// Target is a limit for the median of some ratios.
type Target struct {
	What    string
	Least   bool // the limit is a minimum, not a maximum
	Limit   float64
	Reached Summary
}

// Met reports whether the median is within the limit.
func (t Target) Met() bool {
	if t.Least {
		return t.Reached.Median >= t.Limit
	}
	return t.Reached.Median <= t.Limit
}

// Targets returns the targets for which the file has figures.
func (f *File) Targets() []Target {
	return slices.Concat(f.decisionTargets(), f.proxyTargets(), f.pageTargets())
}

// Case returns a case of the decisions.
func (f *File) Case(row decisions.Row, upstreams, goroutines int) (decisions.Case, bool) {
	for _, c := range f.Decisions {
		if c.Row == row && c.Upstreams == upstreams && c.Goroutines == goroutines {
			return c, true
		}
	}
	return decisions.Case{}, false
}

func (f *File) decisionTargets() (targets []Target) {
	againstGo := func(what string, row decisions.Row, upstreams, goroutines int, limit float64) {
		if c, ok := f.Case(row, upstreams, goroutines); ok {
			targets = append(targets, Target{What: what, Limit: limit, Reached: Summarize(Ratios(c.Ours, c.Pure))})
		}
	}
	againstOurs := func(what string, row, base decisions.Row, upstreams, baseUpstreams int, limit float64) {
		c, ok := f.Case(row, upstreams, 1)
		by, hasBase := f.Case(base, baseUpstreams, 1)
		if ok && hasBase {
			targets = append(targets, Target{What: what, Limit: limit, Reached: Summarize(Ratios(c.Ours, by.Ours))})
		}
	}
	againstGo("seen token, 1 upstream, of pure Go", decisions.Seen, 1, 1, 0.6)
	if f.Machine.Cores > 1 {
		againstGo(fmt.Sprintf("seen token, 1 upstream, %d goroutines, of pure Go", f.Machine.Cores), decisions.Seen, 1, f.Machine.Cores, 0.6)
	}
	againstGo("new token, 1 upstream, of pure Go", decisions.New, 1, 1, 1.7)
	againstGo("seen token, 10,000 upstreams, of pure Go", decisions.Seen, 10_000, 1, 0.02)
	againstGo("new token, 10,000 upstreams, of pure Go", decisions.New, 10_000, 1, 0.02)
	againstOurs("new token, 100,000 upstreams, of that with 10", decisions.New, decisions.New, 100_000, 10, 1.5)
	againstOurs("forged token, 1 upstream, of a new one", decisions.Forged, decisions.New, 1, 1, 1)
	if len(f.Decisions) > 0 {
		most := slices.Max(Map(f.Decisions, func(c decisions.Case) float64 { return c.OursAllocations }))
		targets = append(targets, Target{What: "allocations for a decision, the most of all rows", Reached: Summary{most, most, most}})
	}
	return targets
}

func (f *File) proxyTargets() (targets []Target) {
	for _, c := range f.Proxy {
		cpu := Ratios(Map(c.Ours, proxy.Slice.CPUPerRequest), Map(c.Stock, proxy.Slice.CPUPerRequest))
		targets = append(targets, Target{What: fmt.Sprintf("CPU time per %s request over %s, of stock", c.Scenario, c.Protocol), Limit: 1.03, Reached: Summarize(cpu)})
	}
	for _, c := range f.Proxy {
		throughput := Ratios(Map(c.Ours, proxy.Slice.Throughput), Map(c.Stock, proxy.Slice.Throughput))
		targets = append(targets, Target{What: fmt.Sprintf("throughput of %s requests over %s, of stock", c.Scenario, c.Protocol), Least: true, Limit: 0.98, Reached: Summarize(throughput)})
	}
	for _, c := range f.Upstreams {
		throughput := Ratios(Map(c.Many, proxy.Slice.Throughput), Map(c.Few, proxy.Slice.Throughput))
		targets = append(targets, Target{What: "throughput with 1,000 upstreams by " + c.Hosts + ", of that with 3", Least: true, Limit: 0.9, Reached: Summarize(throughput)})
	}
	return targets
}

func (f *File) pageTargets() (targets []Target) {
	for _, c := range f.Pages {
		what := "with nothing from the pod yet"
		if c.Framed {
			what = "with a frame from the pod"
		}
		targets = append(targets, Target{What: fmt.Sprintf("memory of a page over %s, %s, of stock", c.Protocol, what), Limit: 1.02, Reached: Summarize(Ratios(c.Ours, c.Stock))})
	}
	return targets
}
