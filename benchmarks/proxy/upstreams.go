package proxy

import (
	"fmt"
	"net/netip"

	"github.com/doors-dev/doors-caddy/benchmarks/contenders"
)

const (
	fewUpstreams  = 3
	manyUpstreams = 1000
)

// UpstreamsComparison is the result of our Caddy for page loads without a cookie, over HTTP/1.1,
// without lb_policy.
type UpstreamsComparison struct {
	Hosts string  `json:"hosts"` // "names" or "addresses": the kind of the upstreams' hosts
	Few   []Slice `json:"few"`   // with 3 upstreams
	Many  []Slice `json:"many"`  // with 1,000 upstreams
}

// CompareUpstreams measures with hosts that are names, each looked up in DNS while it is used, and
// with addresses.
func CompareUpstreams(binaries contenders.Binaries, options Options) ([]UpstreamsComparison, error) {
	b, err := newTestbed(binaries, manyUpstreams)
	if err != nil {
		return nil, err
	}
	defer b.close()
	hosts := []struct {
		kind string
		of   func(index int) string
	}{{"names", b.hostNames(manyUpstreams)}, {"addresses", func(index int) string { return podAddress(index).String() }}}
	var all []UpstreamsComparison
	for _, hosts := range hosts {
		var c UpstreamsComparison
		for range options.Rounds {
			slices, err := b.upstreamsRound(options, hosts.of)
			if err != nil {
				return nil, fmt.Errorf("upstreams by %s: %w", hosts.kind, err)
			}
			c.Few, c.Many = append(c.Few, slices[0]...), append(c.Many, slices[1]...)
		}
		c.Hosts = hosts.kind
		all = append(all, c)
		options.printf("upstreams by %s: %.0f requests a second with %d, %.0f with %d\n", hosts.kind,
			c.Few[0].Throughput(), fewUpstreams, c.Many[0].Throughput(), manyUpstreams)
	}
	return all, nil
}

// hostNames adds the names of count upstreams to DNS.
func (b *testbed) hostNames(count int) func(index int) string {
	name := func(index int) string { return fmt.Sprintf("upstream-%d.benchmark.test.", index) }
	for index := range count {
		b.names.Set(name(index), podAddress(index))
	}
	return name
}

func (b *testbed) upstreamsRound(options Options, host func(index int) string) ([][]Slice, error) {
	caddys, err := startAll(b.withUpstreams(fewUpstreams, host), b.withUpstreams(manyUpstreams, host))
	defer stopAll(caddys)
	if err != nil {
		return nil, err
	}
	page := request{path: "/"}
	return b.contest(options, HTTP1, caddys, []request{page, page})
}

// withUpstreams starts our Caddy with count upstreams of one pod each.
func (b *testbed) withUpstreams(count int, host func(index int) string) func() (*contenders.Caddy, error) {
	upstreams := make([]contenders.Upstream, count)
	for index := range upstreams {
		upstreams[index] = contenders.Upstream{CIDR: netip.PrefixFrom(podAddress(index), 32).String(), Host: host(index)}
	}
	return func() (*contenders.Caddy, error) {
		return b.start(b.binaries.Ours, contenders.OurDirective(secret, b.names.Address(), b.podPort, upstreams))
	}
}
