// Package decisions measures the cost of a decision through cgo and in pure Go.
package decisions

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

// Options say how long to measure: in each round every case has one slice of each contender.
type Options struct {
	Rounds int
	Slice  time.Duration
	Log    io.Writer // progress
}

// Full is for published figures, Quick for a first look, Smoke for a test.
var (
	Full  = Options{Rounds: 50, Slice: 20 * time.Millisecond}
	Quick = Options{Rounds: 8, Slice: 10 * time.Millisecond}
	Smoke = Options{Rounds: 1, Slice: time.Millisecond}
)

// Case is a row of the table. Times are in nanoseconds per decision. Times with the same index were
// taken one after the other.
type Case struct {
	Row               Row       `json:"row"`
	Upstreams         int       `json:"upstreams"`
	Goroutines        int       `json:"goroutines"`
	Ours              []float64 `json:"ours_ns"`
	Pure              []float64 `json:"pure_go_ns"`
	OursAllocations   float64   `json:"ours_allocations"` // per decision
	PureGoAllocations float64   `json:"pure_go_allocations"`
}

// decide makes count decisions of a case, beginning with number from.
type decide func(from, count int)

// contender is a case with all that is needed to measure it.
type contender struct {
	Case
	ours, pure           decide
	oursCount, pureCount int // decisions per slice, for each goroutine
}

// Measure measures all rows with all numbers of upstreams, and the first row with as many
// goroutines as cores.
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
	// Collect garbage only between slices: otherwise the side with more allocations would pay for
	// it, with a heap unlike that of a Caddy.
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

// contender returns a case, after checking that both sides decide alike.
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
		// An error would be a bug; the check above looks for it.
		ours: inTurn(asked, func(q *question) { _, _ = t.ours.Decide(q.path, q.cookies) }),
		pure: inTurn(asked, func(q *question) { t.pure.Decide(q.path, q.request) }),
	}, nil
}

// inTurn asks the questions in order, over and over.
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

// turn measures one slice of each side, in alternating order.
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

// timed returns the nanoseconds per decision. With one goroutine that is CPU time, which other
// programs do not disturb. With several it is wall time, which includes waiting for each other.
// Each round continues in the list of requests where the last one ended.
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

// cpuTime returns the CPU time of this process.
func cpuTime() time.Duration {
	used, err := cputime.Of(os.Getpid())
	if err != nil {
		panic(err) // every process can read its own
	}
	return used
}
