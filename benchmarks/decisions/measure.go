// Package decisions measures what one decision costs through cgo, and what it costs in pure Go.
//
//	row.go      routers and requests
//	measure.go  slices of decisions that take turns
package decisions

// In:  how long it may take.
// Out: times of both for each row of the table, from slices that took turns.

import (
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/benchmarks/cputime"
)

// Options say how long it takes: every case has a slice of each in every round.
type Options struct {
	Rounds int
	Slice  time.Duration
	Log    io.Writer // progress
}

// Full is for figures that are published, Quick for a look, Smoke for a test.
var (
	Full  = Options{Rounds: 50, Slice: 20 * time.Millisecond}
	Quick = Options{Rounds: 8, Slice: 10 * time.Millisecond}
	Smoke = Options{Rounds: 1, Slice: time.Millisecond}
)

// Case is one line of the table. Times are in nanoseconds for a decision; those of the same index took turns.
type Case struct {
	Row               Row       `json:"row"`
	Upstreams         int       `json:"upstreams"`
	Goroutines        int       `json:"goroutines"`
	Ours              []float64 `json:"ours_ns"`
	Pure              []float64 `json:"pure_go_ns"`
	OursAllocations   float64   `json:"ours_allocations"` // for each decision
	PureGoAllocations float64   `json:"pure_go_allocations"`
}

// decide takes some of the decisions of a case one after the other, from that number on.
type decide func(from, count int)

// contender is a case with what it takes to measure it.
type contender struct {
	Case
	ours, pure           decide
	oursCount, pureCount int // decisions in a slice, for each goroutine
}

// Measure measures all rows with all numbers of upstreams, and the first row with as many goroutines as there are cores.
func Measure(options Options) ([]Case, error) {
	var contenders []*contender
	for _, upstreams := range Upstreams {
		table, err := newTable(upstreams)
		if err != nil {
			return nil, fmt.Errorf("%d upstreams: %w", upstreams, err)
		}
		for _, row := range Rows {
			made, err := table.contender(row, 1)
			if err != nil {
				return nil, err
			}
			contenders = append(contenders, made)
		}
		if runtime.NumCPU() > 1 {
			made, err := table.contender(Seen, runtime.NumCPU())
			if err != nil {
				return nil, err
			}
			contenders = append(contenders, made)
		}
	}
	// Between slices only: the collections would cost the side more that allocates, here with a heap like no Caddy's.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for _, c := range contenders {
		c.prepare(options.Slice)
	}
	for round := range options.Rounds {
		runtime.GC()
		for _, c := range contenders {
			c.turn(round)
		}
		if round%10 == 9 || round == options.Rounds-1 {
			_, _ = fmt.Fprintf(options.Log, "decisions: round %d of %d\n", round+1, options.Rounds)
		}
	}
	cases := make([]Case, len(contenders))
	for i, c := range contenders {
		cases[i] = c.Case
	}
	return cases, nil
}

// contender makes a case, and makes sure that both decide the same.
func (t *table) contender(row Row, goroutines int) (*contender, error) {
	asked := t.questions(row)
	for _, q := range asked[:min(len(asked), 100)] {
		ours, err := t.ours.Decide(q.path, q.cookies)
		if err != nil {
			return nil, err
		}
		if pure := t.pure.Decide(q.path, q.request); ours != pure {
			return nil, fmt.Errorf("%s with %d upstreams: the library decides %+v, pure Go %+v", row, t.upstreams, ours, pure)
		}
	}
	return &contender{
		Case: Case{Row: row, Upstreams: t.upstreams, Goroutines: goroutines},
		// An error would be a bug, and was looked for above.
		ours: inTurn(asked, func(q *question) { _, _ = t.ours.Decide(q.path, q.cookies) }),
		pure: inTurn(asked, func(q *question) { t.pure.Decide(q.path, q.request) }),
	}, nil
}

// inTurn asks one question after the other, again and again.
func inTurn(asked []question, ask func(*question)) decide {
	return func(from, count int) {
		i := from % len(asked)
		for range count {
			ask(&asked[i])
			if i++; i == len(asked) {
				i = 0
			}
		}
	}
}

// prepare counts allocations and finds out how many decisions fit into a slice.
func (c *contender) prepare(slice time.Duration) {
	number := 0
	counted := func(decide decide) float64 {
		return testing.AllocsPerRun(100, func() { decide(number, 1); number++ })
	}
	c.OursAllocations, c.PureGoAllocations = counted(c.ours), counted(c.pure)
	c.oursCount, c.pureCount = countFor(c.ours, slice), countFor(c.pure, slice)
}

// countFor doubles the number of decisions until they take a quarter of the slice.
func countFor(decide decide, slice time.Duration) int {
	for count := 1; ; count *= 2 {
		before := cpuTime()
		decide(0, count)
		if elapsed := cpuTime() - before; elapsed >= slice/4 {
			return max(1, int(float64(count)*float64(slice)/float64(elapsed)))
		}
	}
}

// turn measures a slice of each, the other one first in every other round.
func (c *contender) turn(round int) {
	ours := func() { c.Ours = append(c.Ours, timed(c.ours, round, c.oursCount, c.Goroutines)) }
	pure := func() { c.Pure = append(c.Pure, timed(c.pure, round, c.pureCount, c.Goroutines)) }
	if round%2 == 0 {
		ours()
		pure()
	} else {
		pure()
		ours()
	}
}

// timed returns the nanoseconds of a decision: of CPU time with one goroutine, which other programs do not disturb, and of wall time with
// several, which shows when one waits for another. Each round goes on in the list of requests where the last one ended.
func timed(decide decide, round, count, goroutines int) float64 {
	var elapsed time.Duration
	if goroutines == 1 {
		before := cpuTime()
		decide(round*count, count)
		elapsed = cpuTime() - before
	} else {
		began := time.Now()
		var running sync.WaitGroup
		for range goroutines {
			running.Go(func() { decide(round*count, count) })
		}
		running.Wait()
		elapsed = time.Since(began)
	}
	nanoseconds := float64(elapsed) / float64(count*goroutines)
	return math.Round(nanoseconds*100) / 100
}

// cpuTime is that of this process.
func cpuTime() time.Duration {
	used, err := cputime.Of(os.Getpid())
	if err != nil {
		panic(err) // every process can read its own
	}
	return used
}
