package proxy

// In:  Caddys that serve the same request.
// Out: slices of load that they took turns with.

import (
	"fmt"
	"io"
	"time"
)

// Options say how long everything takes.
type Options struct {
	Rounds int           // how often all Caddys are started anew
	Pairs  int           // slices of each Caddy in a round, for each kind of request
	Slice  time.Duration // one slice
	WarmUp time.Duration // before the first slice of each kind
	Log    io.Writer     // progress
}

// Full and FullServers are for figures that are published, Quick for a look, Smoke for a test.
var (
	Full        = Options{Rounds: 5, Pairs: 4, Slice: time.Second, WarmUp: 500 * time.Millisecond}
	FullServers = Options{Rounds: 3, Pairs: 5, Slice: time.Second, WarmUp: 3 * time.Second}
	Quick       = Options{Rounds: 2, Pairs: 3, Slice: 300 * time.Millisecond, WarmUp: 300 * time.Millisecond}
	Smoke       = Options{Rounds: 1, Pairs: 2, Slice: 20 * time.Millisecond, WarmUp: 10 * time.Millisecond}
)

// Comparison is what ours and two stock Caddys did with one kind of request. Slices of the same index took turns.
type Comparison struct {
	Scenario string   `json:"scenario"`
	Protocol Protocol `json:"protocol"`
	Ours     []Slice  `json:"ours"`
	Stock    []Slice  `json:"stock"`
	Again    []Slice  `json:"stock_again"` // a second stock process: what a ratio is when nothing differs
}

// Compare measures all scenarios over all protocols.
func Compare(binaries Binaries, options Options) ([]Comparison, error) {
	b, err := newBed(binaries, podsEach)
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

// round starts all Caddys and measures everything once. What differs from process to process by chance, such as the layout of
// memory, differs from round to round.
func (b *bed) round(options Options) ([]Comparison, error) {
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

// requests are what ours and a stock Caddy are sent: the same, but stock knows nothing of tokens and may ask any pod.
func (b *bed) requests(scenario Scenario) (ours, stock request) {
	ours = scenario.requestOf(b.token, podAddress(0).String())
	stock = ours
	stock.want = ""
	return ours, stock
}

// contest gives the Caddys turns, in alternating order so that none profits from its place: 0 1 2, 2 1 0, 0 1 2 ...
func (b *bed) contest(options Options, protocol Protocol, caddys []*caddy, requests []request) ([][]Slice, error) {
	loads := make([]*load, len(caddys))
	for i, caddy := range caddys {
		var err error
		if loads[i], err = newLoad(caddy, protocol, b.certificate.Trust, requests[i]); err != nil {
			return nil, err
		}
		defer loads[i].close()
		if _, err = loads[i].run(options.WarmUp); err != nil {
			return nil, err
		}
	}
	slices := make([][]Slice, len(caddys))
	for pair := range options.Pairs {
		for turn := range loads {
			if pair%2 == 1 {
				turn = len(loads) - 1 - turn
			}
			slice, err := loads[turn].run(options.Slice)
			if err != nil {
				return nil, err
			}
			slices[turn] = append(slices[turn], slice)
		}
	}
	return slices, nil
}

func startAll(starts ...func() (*caddy, error)) (started []*caddy, err error) {
	for _, start := range starts {
		caddy, err := start()
		if err != nil {
			return started, err
		}
		started = append(started, caddy)
	}
	return started, nil
}

func stopAll(caddys []*caddy) {
	for _, caddy := range caddys {
		caddy.stop()
	}
}
