package report

import (
	"math"

	"github.com/doors-dev/doors-caddy/benchmarks/decisions"
	"github.com/doors-dev/doors-caddy/benchmarks/results"
)

// curve is a line of the picture. Both axes are logarithmic.
type curve struct {
	label  string
	series int
	dashed bool
	row    decisions.Row
	times  func(decisions.Case) []float64
}

var curves = []curve{
	{"pure Go, new token", 2, true, decisions.New, func(c decisions.Case) []float64 { return c.Pure }},
	{"pure Go, seen token", 2, false, decisions.Seen, func(c decisions.Case) []float64 { return c.Pure }},
	{"doors-caddy, new token", 1, true, decisions.New, func(c decisions.Case) []float64 { return c.Ours }},
	{"doors-caddy, seen token", 1, false, decisions.Seen, func(c decisions.Case) []float64 { return c.Ours }},
}

func decisionsPicture(f *results.File) string {
	const title = "Time for a decision against the number of CIDRs"
	const left, right, top, bottom = 86.0, 540.0, 52.0, 360.0
	c := newCanvas(800, 420)
	c.text("title", "start", left, 28, title)

	medians := map[string][][2]float64{} // number of CIDRs, nanoseconds
	lowest, highest := math.Inf(1), math.Inf(-1)
	for _, curve := range curves {
		for _, upstreams := range decisions.Upstreams {
			if measured, ok := f.Case(curve.row, upstreams, 1); ok {
				median := results.Summarize(curve.times(measured)).Median
				medians[curve.label] = append(medians[curve.label], [2]float64{float64(upstreams), median})
				lowest, highest = min(lowest, median), max(highest, median)
			}
		}
	}
	firstDecade, lastDecade := math.Floor(math.Log10(lowest)), math.Ceil(math.Log10(highest))
	most := math.Log10(float64(decisions.Upstreams[len(decisions.Upstreams)-1]))
	x := func(upstreams float64) float64 { return left + (right-left)*math.Log10(upstreams)/most }
	y := func(nanoseconds float64) float64 {
		return bottom - (bottom-top)*(math.Log10(nanoseconds)-firstDecade)/(lastDecade-firstDecade)
	}

	for decade := 0.0; decade <= most; decade++ {
		at := x(math.Pow(10, decade))
		c.line("grid", at, top, at, bottom)
		c.text("", "middle", at, bottom+20, thousands(int(math.Pow(10, decade))))
	}
	for decade := firstDecade; decade <= lastDecade; decade++ {
		at := y(math.Pow(10, decade))
		c.line("grid", left, at, right, at)
		c.text("", "end", left-8, at+4, duration(math.Pow(10, decade)))
	}
	c.line("axis", left, top, left, bottom)
	c.line("axis", left, bottom, right, bottom)
	c.text("", "middle", (left+right)/2, bottom+44, "CIDRs, one for each upstream")
	c.upward(22, (top+bottom)/2, "median time for a decision")

	for i, curve := range curves {
		class := map[int]string{1: "line1", 2: "line2"}[curve.series]
		if curve.dashed {
			class += " dashed"
		}
		var points [][2]float64
		for _, median := range medians[curve.label] {
			points = append(points, [2]float64{x(median[0]), y(median[1])})
		}
		c.path(class, points)
		for _, point := range points {
			c.mark(curve.series, point[0], point[1])
		}
		legend := top + 14 + 26*float64(i)
		c.line(class, right+16, legend, right+48, legend)
		c.mark(curve.series, right+32, legend)
		c.text("", "start", right+56, legend+4.5, curve.label)
	}
	return c.String(title)
}
