package report

import (
	"math"
	"strconv"

	"github.com/doors-dev/doors-caddy/benchmarks/proxy"
	"github.com/doors-dev/doors-caddy/benchmarks/results"
)

// panel is one of the two measures: CPU time per request, and throughput.
type panel struct {
	title string
	limit float64
	of    func(proxy.Slice) float64
}

var panels = []panel{
	{"CPU time per request: less is better", 1.03, proxy.Slice.CPUPerRequest},
	{"Requests per second: more is better", 0.98, proxy.Slice.Throughput},
}

func proxyPicture(f *results.File) string {
	const title = "A whole Caddy with doors-caddy against a stock one"
	const left, right, top, rowHeight, gap = 130.0, 700.0, 112.0, 34.0, 84.0
	panelHeight := rowHeight * float64(len(f.Proxy))
	c := newCanvas(760, top+2*panelHeight+gap+52)
	c.text("title", "start", 24, 28, title)
	c.mark(1, 30, 52)
	c.text("", "start", 42, 56.5, "doors-caddy / stock")
	c.mark(2, 206, 52)
	c.text("", "start", 218, 56.5, "another stock process / stock")
	c.line("limit", 446, 52, 474, 52)
	c.text("", "start", 482, 56.5, "target for doors-caddy")

	for i, panel := range panels {
		start := top + float64(i)*(panelHeight+gap)
		end := start + panelHeight
		lowest, highest := panel.limit, panel.limit
		type bar struct {
			series  int
			reached results.Summary
		}
		var rows [][]bar
		for _, compared := range f.Proxy {
			stock := results.Map(compared.Stock, panel.of)
			ours := results.Summarize(results.Ratios(results.Map(compared.Ours, panel.of), stock))
			again := results.Summarize(results.Ratios(results.Map(compared.Again, panel.of), stock))
			rows = append(rows, []bar{{1, ours}, {2, again}})
			lowest, highest = min(lowest, ours.Q1, again.Q1), max(highest, ours.Q3, again.Q3)
		}
		step := tickStep(max(highest, 1) - min(lowest, 1))
		from, to := math.Floor(min(lowest, 1)/step)*step, math.Ceil(max(highest, 1)/step)*step
		x := func(ratio float64) float64 { return left + (right-left)*(ratio-from)/(to-from) }

		c.text("", "start", left, start-12, panel.title)
		for tick := 0; from+float64(tick)*step <= to+step/2; tick++ {
			ratio := from + float64(tick)*step
			c.line("grid", x(ratio), start, x(ratio), end)
			c.text("", "middle", x(ratio), end+19, strconv.FormatFloat(ratio, 'f', 2, 64))
		}
		c.line("axis", x(1), start, x(1), end)
		c.line("limit", x(panel.limit), start, x(panel.limit), end)
		c.text("", "middle", (left+right)/2, end+42, "ratio: median of the pairs, with the middle half of them")
		for j, bars := range rows {
			middle := start + rowHeight*(float64(j)+0.5)
			c.text("", "end", left-12, middle+4.5, f.Proxy[j].Scenario+" "+protocolName(f.Proxy[j].Protocol))
			for k, bar := range bars {
				at := middle - 6 + 12*float64(k)
				c.line(map[int]string{1: "line1", 2: "line2"}[bar.series], x(bar.reached.Q1), at, x(bar.reached.Q3), at)
				c.mark(bar.series, x(bar.reached.Median), at)
			}
		}
	}
	return c.String(title)
}

// tickStep returns a round number that divides a range into at most eight parts.
func tickStep(span float64) float64 {
	for _, step := range []float64{0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5} {
		if span/step <= 8 {
			return step
		}
	}
	return span / 8
}
