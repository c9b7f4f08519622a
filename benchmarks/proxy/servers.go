package proxy

// In:  numbers of servers.
// Out: what a request that any server may answer costs with each.

import (
	"fmt"
	"net/netip"
)

const (
	fewServers  = 3
	manyServers = 1000
)

// ServersComparison is what our Caddy did with pages of browsers without a cookie, over HTTP/1.1, with no lb_policy.
type ServersComparison struct {
	Hosts string  `json:"hosts"` // "names" or "addresses": what the servers' hosts are
	Few   []Slice `json:"few"`   // with 3 servers
	Many  []Slice `json:"many"`  // with 1,000 servers
}

// CompareServers measures with hosts that are names, each looked up in DNS while it is used, and with addresses.
func CompareServers(binaries Binaries, options Options) ([]ServersComparison, error) {
	b, err := newBed(binaries, manyServers)
	if err != nil {
		return nil, err
	}
	defer b.close()
	hosts := []struct {
		kind string
		of   func(index int) string
	}{{"names", b.serverNames(manyServers)}, {"addresses", func(index int) string { return podAddress(index).String() }}}
	var all []ServersComparison
	for _, hosts := range hosts {
		var c ServersComparison
		for range options.Rounds {
			slices, err := b.serversRound(options, hosts.of)
			if err != nil {
				return nil, fmt.Errorf("servers by %s: %w", hosts.kind, err)
			}
			c.Few, c.Many = append(c.Few, slices[0]...), append(c.Many, slices[1]...)
		}
		c.Hosts = hosts.kind
		all = append(all, c)
		options.printf("servers by %s: %.0f requests a second with %d, %.0f with %d\n", hosts.kind,
			c.Few[0].Throughput(), fewServers, c.Many[0].Throughput(), manyServers)
	}
	return all, nil
}

// serverNames makes the names of so many servers known.
func (b *bed) serverNames(count int) func(index int) string {
	name := func(index int) string { return fmt.Sprintf("server-%d.benchmark.test.", index) }
	for index := range count {
		b.names.Set(name(index), podAddress(index))
	}
	return name
}

func (b *bed) serversRound(options Options, host func(index int) string) ([][]Slice, error) {
	caddys, err := startAll(b.withServers(fewServers, host), b.withServers(manyServers, host))
	defer stopAll(caddys)
	if err != nil {
		return nil, err
	}
	page := request{path: "/"}
	return b.contest(options, HTTP1, caddys, []request{page, page})
}

// withServers starts our Caddy with that many servers of one pod each.
func (b *bed) withServers(count int, host func(index int) string) func() (*caddy, error) {
	servers := make([]server, count)
	for index := range servers {
		servers[index] = server{cidr: netip.PrefixFrom(podAddress(index), 32).String(), host: host(index)}
	}
	return func() (*caddy, error) {
		return b.start(b.binaries.Ours, ourDirective(secret, b.names.Address(), b.podPort, servers))
	}
}
