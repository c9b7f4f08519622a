package proxy

import (
	"fmt"
	"io"
	"time"

	"github.com/doors-dev/doors-caddy/benchmarks/contenders"
)

// Options say how long to measure.
type Options struct {
	Rounds int           // number of times that all Caddys are started
	Pairs  int           // slices of each Caddy in a round, for each kind of request
	Slice  time.Duration // length of a slice
	WarmUp time.Duration // before the first slice of a Caddy
	Settle time.Duration // before each further slice
	Log    io.Writer     // progress
}

// Full and FullUpstreams are for published figures, Quick for a first look, Smoke for a test. One
// core takes 20 s to look up 1,000 names.
var (
	Full          = Options{Rounds: 5, Pairs: 4, Slice: time.Second, WarmUp: 700 * time.Millisecond, Settle: 200 * time.Millisecond}
	FullUpstreams = Options{Rounds: 5, Pairs: 5, Slice: time.Second, WarmUp: 22 * time.Second, Settle: 400 * time.Millisecond}
	Quick         = Options{Rounds: 2, Pairs: 3, Slice: 300 * time.Millisecond, WarmUp: 300 * time.Millisecond, Settle: 100 * time.Millisecond}
	Smoke         = Options{Rounds: 1, Pairs: 2, Slice: 20 * time.Millisecond, WarmUp: 10 * time.Millisecond, Settle: 5 * time.Millisecond}
)

// Comparison is the result of our Caddy and two stock Caddys for one kind of request. Slices with
// the same index were taken one after the other.
type Comparison struct {
	Scenario string   `json:"scenario"`
	Protocol Protocol `json:"protocol"`
	Ours     []Slice  `json:"ours"`
	Stock    []Slice  `json:"stock"`
	Again    []Slice  `json:"stock_again"` // a second stock process: its ratios show the noise
}

// Compare measures all scenarios over all protocols.
func Compare(binaries contenders.Binaries, options Options) ([]Comparison, error) {
	b, err := newTestbed(binaries, podsEach)
	if err != nil {
		return nil, err
	}
	defer b.close()
	var all []Comparison
	for round := range options.Rounds {
		slices, err := b.round(options)
		if err != nil {
			return nil, err
		}
		for i, c := range slices {
			if round == 0 {
				all = append(all, c)
				continue
			}
			all[i].Ours, all[i].Stock, all[i].Again = append(all[i].Ours, c.Ours...), append(all[i].Stock, c.Stock...), append(all[i].Again, c.Again...)
		}
		options.printf("proxy: round %d of %d\n", round+1, options.Rounds)
	}
	return all, nil
}

func (o Options) printf(format string, arguments ...any) {
	_, _ = fmt.Fprintf(o.Log, format, arguments...)
}

// round starts all Caddys and measures everything once. Random differences between processes, such
// as the layout of memory, differ between rounds.
func (b *testbed) round(options Options) ([]Comparison, error) {
	caddys, err := startAll(b.ours, b.stock, b.stock)
	defer stopAll(caddys)
	if err != nil {
		return nil, err
	}
	var all []Comparison
	for _, scenario := range Scenarios {
		for _, protocol := range []Protocol{HTTP1, HTTP2} {
			ours, stock := b.requests(scenario)
			slices, err := b.contest(options, protocol, caddys, []request{ours, stock, stock})
			if err != nil {
				return nil, fmt.Errorf("%s over %s: %w", scenario.Name, protocol, err)
			}
			all = append(all, Comparison{scenario.Name, protocol, slices[0], slices[1], slices[2]})
			options.printf("  %s %s: CPU per request of ours %.1f us, of stock %.1f us\n", scenario.Name, protocol,
				1e6*slices[0][0].CPUPerRequest(), 1e6*slices[1][0].CPUPerRequest())
		}
	}
	return all, nil
}

// requests returns the requests to our Caddy and to a stock one. They are the same, but the stock
// one ignores tokens and may use any pod.
func (b *testbed) requests(scenario Scenario) (ours, stock request) {
	ours = scenario.requestOf(b.token, podAddress(0).String())
	stock = ours
	stock.want = ""
	return ours, stock
}

// contest gives the Caddys turns, in alternating order so that none profits from its place: 0 1 2,
// 2 1 0, 0 1 2 and so on. The others are paused: background work of one, such as looking up 1,000
// names, must not slow down another.
func (b *testbed) contest(options Options, protocol Protocol, caddys []*contenders.Caddy, requests []request) ([][]Slice, error) {
	for _, caddy := range caddys {
		if err := caddy.Pause(); err != nil {
			return nil, err
		}
	}
	loads := make([]*load, len(caddys))
	defer func() {
		for _, load := range loads {
			load.close()
		}
	}()
	slices := make([][]Slice, len(caddys))
	for pair := range options.Pairs {
		for turn := range caddys {
			if pair%2 == 1 {
				turn = len(caddys) - 1 - turn
			}
			slice, err := b.turn(options, protocol, caddys[turn], requests[turn], &loads[turn])
			if err != nil {
				return nil, err
			}
			slices[turn] = append(slices[turn], slice)
		}
	}
	return slices, nil
}

// turn lets one Caddy serve a slice. Its connections are made in its first turn.
func (b *testbed) turn(options Options, protocol Protocol, caddy *contenders.Caddy, request request, load **load) (slice Slice, err error) {
	if err := caddy.Resume(); err != nil {
		return slice, err
	}
	before := options.Settle
	if *load == nil {
		if *load, err = newLoad(caddy, protocol, b.certificate.Trust, request); err != nil {
			return slice, err
		}
		before = options.WarmUp
	}
	if _, err = (*load).run(before); err != nil {
		return slice, err
	}
	if slice, err = (*load).run(options.Slice); err != nil {
		return slice, err
	}
	return slice, caddy.Pause()
}

func startAll(starts ...func() (*contenders.Caddy, error)) (started []*contenders.Caddy, err error) {
	for _, start := range starts {
		caddy, err := start()
		if err != nil {
			return started, err
		}
		started = append(started, caddy)
	}
	return started, nil
}

func stopAll(caddys []*contenders.Caddy) {
	for _, caddy := range caddys {
		caddy.Stop()
	}
}
