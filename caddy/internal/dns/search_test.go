package dns

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/doors-dev/doors-caddy/routing"
	"golang.org/x/net/dns/dnsmessage"
)

// searching returns the plan of a system with these search domains, for IPv4.
func searching(full ...string) func(network, name string) *plan {
	return func(string, string) *plan {
		p := systemPlan("ip4", full[0])
		for _, other := range full[1:] {
			p.names = append(p.names, systemPlan("ip4", other).names...)
		}
		return p
	}
}

// While a search domain fails, the next one is not used: there the name may be another host.
func TestSearchDomainThatFails(t *testing.T) {
	var failing sync.Map
	server := startNameserver(t)
	server.change(func() {
		server.special = func(_ string, q dnsmessage.Question) *special {
			domain := strings.TrimPrefix(q.Name.String(), "app.")
			if code, found := failing.Load(domain); found {
				return &special{code: code.(dnsmessage.RCode)}
			}
			return &special{answer: map[string][]netip.Addr{"first.": two[:1], "second.": two[1:]}[domain]}
		}
	})
	h := newHost(Options{Resolvers: []string{server.udp()}})
	h.plan = searching("app.first.", "app.second.", "app.")
	search := func(what string, want []netip.Addr, fails routing.LookupFailure) {
		t.Helper()
		if got := lookUp(t, h); !slices.Equal(got.addresses, want) || got.kind() != fails {
			t.Errorf("%s: got %v, %v; want %v, %v", what, got.addresses, got.failure, want, fails)
		}
	}
	failing.Store("first.", dnsmessage.RCodeServerFailure)
	search("nothing is known yet", two[1:], 0)
	failing.Delete("first.")
	search("the first knows it", two[:1], 0)
	failing.Store("first.", dnsmessage.RCodeRefused)
	search("the first fails", nil, routing.LookupServerFailure)
	failing.Store("first.", dnsmessage.RCodeNameError)
	search("the first says that it is not there", two[1:], 0)
	failing.Store("second.", dnsmessage.RCodeServerFailure)
	search("the second fails, and no other knows it", nil, routing.LookupServerFailure)
	failing.Store("second.", dnsmessage.RCodeNameError)
	search("none knows it", nil, routing.LookupNotFound)
	failing.Store("first.", dnsmessage.RCodeServerFailure)
	search("the first fails, and no other knows it", nil, routing.LookupServerFailure)
}
