package running

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
)

// done reports whether a replaced pod has no pages left: its last request is longer ago than a page
// may be silent. Such pods stay in the state but are not shown. page.js of doors_status has the
// same rule.
func done(pod status.Pod, session float64) bool {
	return pod.Generation != status.Fresh && pod.EvictedSecondsAgo == nil && pod.InFlight == 0 && pod.LastSeenSecondsAgo != nil && *pod.LastSeenSecondsAgo > session
}

// rank returns the sort order of pods. Draining pods come first, and what is left of gone ones
// last.
func rank(pod status.Pod) int {
	switch {
	case pod.Generation == status.Fresh:
		return 1
	case pod.Verdict == status.Gone:
		return 3
	case pod.Generation == status.Draining:
		return 0
	default:
		return 2
	}
}

// drawState prints the tables of upstreams and pods.
func drawState(out io.Writer, state *status.State) error {
	streams, requests := 0, 0
	for _, pod := range state.Pods {
		streams, requests = streams+pod.Streams, requests+pod.InFlight
	}
	table := &table{writer: tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	table.line(fmt.Sprintf("up %s, %s in flight, %s", seconds(state.UptimeSeconds), status.Count(requests, "request"), status.Count(streams, "open stream")))
	table.line(fmt.Sprintf("answered 410: %d, 503: %d; reloads: %d", sum(state.Answers.Gone), sum(state.Answers.Unavailable), sum(state.Answers.Reloads)))
	for _, one := range state.Evictions {
		table.line(fmt.Sprintf("evicted for %s: %s, %s left, %d told to reload", seconds(one.SinceSecondsAgo), targetName(one), status.Count(one.Pages, "page"), one.Told))
	}
	table.line()
	table.line("UPSTREAM", "NETWORKS", "ADDRESSES", "RESOLVED")
	hidden := 0
	drawn := map[string]bool{} // several sources may have the same upstream
	for _, source := range state.Sources {
		hidden += source.UpstreamsTotal - len(source.Upstreams)
		for _, upstream := range source.Upstreams {
			networks := strings.Join(upstream.CIDRs, " ")
			if name := upstream.Upstream + " " + networks; !drawn[name] {
				drawn[name] = true
				table.line(upstream.Upstream, networks, fmt.Sprint(len(upstream.Addresses)), resolved(upstream))
			}
		}
	}
	if hidden > 0 {
		table.line(fmt.Sprintf("and %s more", status.Count(hidden, "upstream")))
	}
	table.line()
	table.line("POD", "UPSTREAM", "GENERATION", "VERDICT", "IN FLIGHT", "STREAMS", "REFUSED", "LAST SEEN")
	pods := slices.DeleteFunc(slices.Clone(state.Pods), func(pod status.Pod) bool { return done(pod, state.SessionSeconds) })
	slices.SortStableFunc(pods, func(a, b status.Pod) int { return cmp.Compare(rank(a), rank(b)) })
	for _, pod := range pods {
		table.line(pod.Pod, pod.Upstream, generation(pod), string(pod.Verdict), fmt.Sprint(pod.InFlight), fmt.Sprint(pod.Streams),
			fmt.Sprint(pod.RefusedDials), ago(pod.LastSeenSecondsAgo))
	}
	if left := len(state.Pods) - len(pods); left > 0 {
		table.line(fmt.Sprintf("and %s no longer in DNS and without a request for %s", status.Count(left, "pod"), seconds(state.SessionSeconds)))
	}
	return table.end()
}

// targetName names the pods of an eviction.
func targetName(eviction status.Eviction) string {
	return strings.Join(slices.DeleteFunc([]string{eviction.Network, eviction.Upstream}, func(text string) bool { return text == "" }), " of ")
}

// generation describes a pod in one word, apart from its verdict.
func generation(pod status.Pod) string {
	switch {
	case pod.Drained:
		return "drained"
	case pod.EvictedSecondsAgo != nil:
		return "evicted"
	default:
		return string(pod.Generation)
	}
}

func sum(byReason map[string]uint64) (all uint64) {
	for _, number := range byReason {
		all += number
	}
	return all
}

// table keeps the first write error.
type table struct {
	writer *tabwriter.Writer
	failed error
}

func (t *table) line(cells ...string) {
	for i := range cells {
		cells[i] = cli.Printable(cells[i])
	}
	if _, err := fmt.Fprintln(t.writer, strings.Join(cells, "\t")); err != nil && t.failed == nil {
		t.failed = err
	}
}

func (t *table) end() error {
	if err := t.writer.Flush(); err != nil && t.failed == nil {
		t.failed = err
	}
	return t.failed
}

// resolved says how old the addresses of an upstream are.
func resolved(upstream status.Upstream) string {
	switch {
	case upstream.DNSError != "":
		return "failing: " + upstream.DNSError
	case upstream.ResolvedSecondsAgo != nil:
		return ago(upstream.ResolvedSecondsAgo)
	case len(upstream.Addresses) > 0:
		return "an address"
	default:
		return "not yet"
	}
}

func ago(past *float64) string {
	if past == nil {
		return "never"
	}
	return seconds(*past) + " ago"
}

func seconds(number float64) string {
	return (time.Duration(number) * time.Second).String()
}
