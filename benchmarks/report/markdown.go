package report

import (
	_ "embed" // for tried.md
	"fmt"
	"strings"

	"github.com/doors-dev/doors-caddy/benchmarks/decisions"
	"github.com/doors-dev/doors-caddy/benchmarks/proxy"
	"github.com/doors-dev/doors-caddy/benchmarks/results"
)

// tried lists experiments that led to a decision.
//
//go:embed tried.md
var tried string

func markdown(f *results.File) string {
	var text strings.Builder
	fmt.Fprintf(&text, `# Benchmarks

Written by `+"`make bench`"+` on %s: %s, %d cores, %s; Rust %s, Go %s, Caddy %s.

What counts are ratios of figures that were taken next to each other in one run: medians, with the middle half of the figures in parentheses. Absolute
times say more about the machine than about the program. `+"`make bench`"+` repeats everything; the figures are in
[benchmarks/results.json](benchmarks/results.json).

## Targets

`, f.Date, f.Machine.CPU, f.Machine.Cores, f.Machine.Kernel, f.Machine.Rust, f.Machine.Go, f.Machine.Caddy)
	text.WriteString(TargetTable(f))
	decisionSection(&text, f)
	proxySection(&text, f)
	upstreamsSection(&text, f)
	pagesSection(&text, f)
	rustSection(&text, f)
	instructionSection(&text, f)
	text.WriteString(tried)
	return text.String()
}

// TargetTable returns all targets as a Markdown table.
func TargetTable(f *results.File) string {
	var text strings.Builder
	text.WriteString("| what | target | this run | met |\n|---|---|---|---|\n")
	for _, target := range f.Targets() {
		word, met := "at most", "no"
		if target.Least {
			word = "at least"
		}
		if target.Met() {
			met = "yes"
		}
		fmt.Fprintf(&text, "| %s | %s %g | %s | %s |\n", target.What, word, target.Limit, ratio(target.Reached), met)
	}
	return text.String()
}

func decisionSection(text *strings.Builder, f *results.File) {
	text.WriteString(`
## One decision

![Time for a decision against the number of CIDRs](benchmarks/pictures/decisions.svg)

Ours is a call from Go through cgo into the library. Pure Go is [benchmarks/purego](benchmarks/purego): the standard library's AES-GCM, cookies by
net/http, and a scan of all CIDRs, longest first. A test holds both to the same decisions. They took turns in slices of some milliseconds; Go's garbage
collector ran between slices only, to the advantage of pure Go, which allocates.

| request | upstreams | goroutines | ours | pure Go | ours / pure Go | allocations, ours and pure Go |
|---|---|---|---|---|---|---|
`)
	for _, row := range decisions.Rows {
		for _, c := range f.Decisions {
			if c.Row != row {
				continue
			}
			fmt.Fprintf(text, "| %s | %s | %d | %s | %s | %s | %g, %g |\n", c.Row, thousands(c.Upstreams), c.Goroutines,
				duration(results.Summarize(c.Ours).Median), duration(results.Summarize(c.Pure).Median),
				ratio(results.Summarize(results.Ratios(c.Ours, c.Pure))), c.OursAllocations, c.PureGoAllocations)
		}
	}
	text.WriteString(`
"Seen" and "sticky" requests carry one token again and again, as all pages of a pod do. "New" and "forged" ones carry 20,000 tokens in turn, more than the
library remembers. Times are CPU time, and with several goroutines
wall time, divided by the decisions of all.
`)
}

// measures are the columns for a slice.
var measures = []struct {
	name  string
	of    func(proxy.Slice) float64
	shown func(float64) string
}{
	{"CPU time per request", proxy.Slice.CPUPerRequest, func(seconds float64) string { return duration(seconds * 1e9) }},
	{"requests per second", proxy.Slice.Throughput, digits},
	{"p50", func(s proxy.Slice) float64 { return s.P50 }, func(seconds float64) string { return duration(seconds * 1e9) }},
	{"p99", func(s proxy.Slice) float64 { return s.P99 }, func(seconds float64) string { return duration(seconds * 1e9) }},
}

func proxySection(text *strings.Builder, f *results.File) {
	fmt.Fprintf(text, `
## One proxied request

![A whole Caddy with doors-caddy against a stock one](benchmarks/pictures/proxy.svg)

`+"`bin/caddy`"+` with the documented configuration, whose host has three pods, against a stock Caddy of the same version that names the same three pods, and that one
against a second process of itself, which shows the noise. The three took turns %d times, and were started anew several times; whose turn it was not stood still. Caddy has one half of the
cores, of which it kept %.2f busy in the median slice; load and pods have the other half. 32 requests are in flight all the time: over HTTP/1.1 in clear text on as many
connections, over HTTP/2 with TLS on four. "Normal" is a page, "sticky" a page with the cookie of a pod, "system" a request with a token in its path.

| request | protocol | |`, len(f.Proxy[0].Ours), busyCores(f))
	for _, measure := range measures {
		fmt.Fprintf(text, " %s |", measure.name)
	}
	text.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(measures)) + "\n")
	for _, c := range f.Proxy {
		for _, line := range []struct {
			name   string
			slices []proxy.Slice
		}{{"ours / stock", c.Ours}, {"stock / stock", c.Again}} {
			fmt.Fprintf(text, "| %s | %s | %s |", c.Scenario, protocolName(c.Protocol), line.name)
			for _, measure := range measures {
				fmt.Fprintf(text, " %s |", ratio(results.Summarize(results.Ratios(results.Map(line.slices, measure.of), results.Map(c.Stock, measure.of)))))
			}
			text.WriteString("\n")
		}
	}
	text.WriteString("\nThe medians behind them:\n\n| request | protocol | |")
	for _, measure := range measures {
		fmt.Fprintf(text, " %s |", measure.name)
	}
	text.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(measures)) + "\n")
	for _, c := range f.Proxy {
		for _, line := range []struct {
			name   string
			slices []proxy.Slice
		}{{"ours", c.Ours}, {"stock", c.Stock}} {
			fmt.Fprintf(text, "| %s | %s | %s |", c.Scenario, protocolName(c.Protocol), line.name)
			for _, measure := range measures {
				fmt.Fprintf(text, " %s |", measure.shown(results.Summarize(results.Map(line.slices, measure.of)).Median))
			}
			text.WriteString("\n")
		}
	}
}

// busyCores returns how much CPU time our Caddy used per second of the median slice. If it is less
// than the number of its cores, something else was the limit.
func busyCores(f *results.File) float64 {
	var busy []float64
	for _, c := range f.Proxy {
		busy = append(busy, results.Map(c.Ours, func(s proxy.Slice) float64 { return s.CPU / s.Seconds })...)
	}
	return results.Summarize(busy).Median
}

func upstreamsSection(text *strings.Builder, f *results.File) {
	text.WriteString(`
## Many upstreams

Pages of browsers without a cookie, over HTTP/1.1, with no ` + "`lb_policy`" + `: with 1,000 upstreams of one pod each against 3 such upstreams. "Names" are looked up in DNS while
they are used; the name server runs on the cores of the load. Before the first slice all pods were found and had connections.

| hosts | | requests per second | CPU time per request |
|---|---|---|---|
`)
	for _, c := range f.Upstreams {
		few, many := results.Map(c.Few, proxy.Slice.Throughput), results.Map(c.Many, proxy.Slice.Throughput)
		fewCPU, manyCPU := results.Map(c.Few, proxy.Slice.CPUPerRequest), results.Map(c.Many, proxy.Slice.CPUPerRequest)
		fmt.Fprintf(text, "| %s | 3 upstreams | %s | %s |\n", c.Hosts, digits(results.Summarize(few).Median), duration(1e9*results.Summarize(fewCPU).Median))
		fmt.Fprintf(text, "| %s | 1,000 upstreams | %s | %s |\n", c.Hosts, digits(results.Summarize(many).Median), duration(1e9*results.Summarize(manyCPU).Median))
		fmt.Fprintf(text, "| %s | ratio | %s | %s |\n", c.Hosts, ratio(results.Summarize(results.Ratios(many, few))), ratio(results.Summarize(results.Ratios(manyCPU, fewCPU))))
	}
}

func rustSection(text *strings.Builder, f *results.File) {
	if len(f.Rust) == 0 {
		return
	}
	text.WriteString(`
## The library alone

By criterion, in Rust, without cgo: the median, with its confidence interval of 95 %. Names with a number end in the number of prefixes or upstreams.

| benchmark | time |
|---|---|
`)
	for _, e := range f.Rust {
		fmt.Fprintf(text, "| %s | %s (%s to %s) |\n", e.Name, duration(e.Median), duration(e.Low), duration(e.High))
	}
}

func instructionSection(text *strings.Builder, f *results.File) {
	if f.Instructions == "" {
		return
	}
	fmt.Fprintf(text, "\n## Instructions\n\nCounts by callgrind, which a test holds to within 5 %% (`scripts/stages/instructions.sh`):\n\n```text\n%s\n```\n", strings.TrimSpace(f.Instructions))
}
