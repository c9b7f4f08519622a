package dns

import (
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/routing"
	"golang.org/x/net/dns/dnsmessage"
)

// A server that answered while another was silent is asked first for a while.
func TestSilentServersAreAskedLast(t *testing.T) {
	h, all := newHost(Options{}), []string{"a", "b", "c"}
	check := func(what, first string, ago time.Duration, want string) {
		t.Helper()
		h.preferred, h.preferredAt = first, time.Now().Add(-ago)
		if got := strings.Join(h.order(all), ""); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	check("none has answered", "", 0, "abc")
	check("the first has answered", "a", 0, "abc")
	check("the second has answered", "b", 0, "bac")
	check("the third has answered", "c", 0, "cab")
	check("that is long ago", "c", preferFor, "abc")
	check("it is none of them any more", "d", 0, "abc")
	if strings.Join(all, "") != "abc" {
		t.Errorf("the list has become %v", all)
	}
}

// asking returns the plan of a system with these name servers.
func asking(servers ...*nameserver) func(network, name string) *plan {
	return func(network, name string) *plan {
		p := systemPlan(network, name)
		p.servers = nil
		for _, server := range servers {
			p.servers = append(p.servers, server.udp())
		}
		return p
	}
}

// The system's name servers have an order. The second is used while the first is silent, and only
// then counts its answer that a name does not exist.
func TestSystemServersHaveAnOrder(t *testing.T) {
	known, unknown := &special{answer: one}, &special{code: dnsmessage.RCodeNameError}
	slow := &special{answer: one, delay: 1500 * time.Millisecond}
	silent := &special{silent: true}
	for name, c := range map[string]struct {
		first, second *special
		want          []netip.Addr
		fails         routing.LookupFailure
		askedFirst    bool // again
	}{
		"both know it":                                     {first: known, second: known, want: one, askedFirst: true},
		"the first is slow, the second knows it":           {first: slow, second: known, want: one},
		"the first is slow, the second does not know it":   {first: slow, second: unknown, want: one, askedFirst: true},
		"the first is silent, the second knows it":         {first: silent, second: known, want: one},
		"the first is silent, the second does not know it": {first: silent, second: unknown, fails: routing.LookupNotFound},
		"the first does not know it":                       {first: unknown, second: known, fails: routing.LookupNotFound, askedFirst: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second := startNameserver(t), startNameserver(t)
			first.change(func() { first.special = func(string, dnsmessage.Question) *special { return c.first } })
			second.change(func() { second.special = func(string, dnsmessage.Question) *special { return c.second } })
			h := newHost(Options{Network: "ip4"})
			h.plan = asking(first, second)
			for try := range 3 {
				before := first.queries("udp A")
				if got := lookUp(t, h); !slices.Equal(got.addresses, c.want) || got.kind() != c.fails {
					t.Fatalf("try %d: got %v, %v", try, got.addresses, got.failure)
				}
				if asked := first.queries("udp A") > before; try > 0 && asked != c.askedFirst {
					t.Errorf("try %d: the first server was asked: %v", try, asked)
				}
			}
		})
	}
}

// A name server that has recovered is used again.
func TestSilentServerIsTriedAgain(t *testing.T) {
	first, second := startNameserver(t, "127.0.1.1"), startNameserver(t, "127.0.1.2")
	h := newHost(Options{Network: "ip4"})
	h.plan = asking(first, second)
	h.preferred, h.preferredAt = second.udp(), time.Now()
	if got := lookUp(t, h); !slices.Equal(got.addresses, two[1:]) {
		t.Fatalf("got %v, %v", got.addresses, got.failure)
	}
	h.preferredAt = h.preferredAt.Add(-preferFor)
	if got := lookUp(t, h); !slices.Equal(got.addresses, one) {
		t.Fatalf("after a while got %v, %v", got.addresses, got.failure)
	}
}

func TestSystemServersAreThoseOfTheSystem(t *testing.T) {
	text, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		t.Skip(err) // package net then has its own default
	}
	got := systemPlan("ip4", name).servers
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "nameserver" || len(got) == 3 {
			continue
		}
		if !slices.ContainsFunc(got, func(server string) bool { return strings.Contains(server, fields[1]) }) {
			t.Errorf("%v lack %s", got, fields[1])
		}
	}
	if len(got) == 0 {
		t.Error("no name server")
	}
}
