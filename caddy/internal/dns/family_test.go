package dns

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/routing"
	"golang.org/x/net/dns/dnsmessage"
)

// Each IP version is judged by its own answer.
func TestFamiliesAreJudgedOneByOne(t *testing.T) {
	four, six := addresses("127.0.1.1"), addresses("fd00::1")
	var many []netip.Addr
	for i := range 400 {
		many = append(many, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
	}
	many = Canonical(many)
	code := func(code dnsmessage.RCode) *special { return &special{code: code} }
	empty := &special{}
	type says map[dnsmessage.Type]*special
	const a, aaaa = dnsmessage.TypeA, dnsmessage.TypeAAAA
	for name, c := range map[string]struct {
		servers []says
		tcp     *special // over TCP
		want    []netip.Addr
		missing routing.Missing
		fails   routing.LookupFailure
		late    bool
	}{
		"A fails, and there is no AAAA":      {servers: []says{{a: code(dnsmessage.RCodeServerFailure), aaaa: empty}}, fails: routing.LookupServerFailure},
		"A is refused, and there is no AAAA": {servers: []says{{a: code(dnsmessage.RCodeRefused), aaaa: empty}}, fails: routing.LookupServerFailure},
		"A is not understood":                {servers: []says{{a: code(dnsmessage.RCodeFormatError), aaaa: empty}}, fails: routing.LookupServerFailure},
		"there is no A, and AAAA fails":      {servers: []says{{a: empty, aaaa: code(dnsmessage.RCodeServerFailure)}}, fails: routing.LookupServerFailure},
		"no such name, and AAAA is silent":   {servers: []says{{a: code(dnsmessage.RCodeNameError), aaaa: {silent: true}}}, fails: routing.LookupTimeout, late: true},
		"there is neither":                   {servers: []says{{a: empty, aaaa: code(dnsmessage.RCodeNameError)}}, fails: routing.LookupNotFound},
		"the next name server knows A": {servers: []says{{a: code(dnsmessage.RCodeServerFailure), aaaa: empty},
			{a: {answer: four}, aaaa: empty}}, want: four},
		"all name servers fail": {servers: []says{{a: code(dnsmessage.RCodeServerFailure), aaaa: empty},
			{a: code(dnsmessage.RCodeRefused), aaaa: code(dnsmessage.RCodeNameError)}}, fails: routing.LookupServerFailure},
		"AAAA is dropped":           {servers: []says{{a: {answer: four}, aaaa: {silent: true}}}, want: four, missing: routing.Missing{IPv6: true}, late: true},
		"A is dropped":              {servers: []says{{a: {silent: true}, aaaa: {answer: six}}}, want: six, missing: routing.Missing{IPv4: true}, late: true},
		"AAAA fails":                {servers: []says{{a: {answer: four}, aaaa: code(dnsmessage.RCodeServerFailure)}}, want: four, missing: routing.Missing{IPv6: true}, fails: routing.LookupServerFailure},
		"a name server takes 2.5 s": {servers: []says{{a: {answer: four, delay: 2500 * time.Millisecond}, aaaa: {delay: 2500 * time.Millisecond}}}, want: four},
		"one is silent, the other takes 2.5 s": {servers: []says{{a: {silent: true}, aaaa: {silent: true}},
			{a: {answer: four, delay: 2500 * time.Millisecond}, aaaa: {delay: 2500 * time.Millisecond}}}, want: four},
		"too many for a packet": {servers: []says{{a: {answer: many}, aaaa: empty}}, tcp: &special{answer: many}, want: many},
		"cut, and TCP fails": {servers: []says{{a: {answer: many[:5], truncated: true}, aaaa: empty}}, tcp: code(dnsmessage.RCodeServerFailure),
			want: many[:5], missing: routing.Missing{IPv4: true}, fails: routing.LookupServerFailure},
		"cut, and TCP is silent": {servers: []says{{a: {answer: many[:5], truncated: true}, aaaa: empty}}, tcp: &special{silent: true},
			want: many[:5], missing: routing.Missing{IPv4: true}, fails: routing.LookupTimeout},
		"cut, and TCP is denied": {servers: []says{{a: {truncated: true}, aaaa: {truncated: true}}}, tcp: code(dnsmessage.RCodeRefused), fails: routing.LookupServerFailure},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var list []string
			for _, says := range c.servers {
				server := startNameserver(t)
				server.change(func() {
					server.special = func(network string, q dnsmessage.Question) *special {
						if network == "tcp" {
							return c.tcp
						}
						return says[q.Type]
					}
				})
				list = append(list, server.udp())
			}
			got := lookUp(t, newHost(Options{Resolvers: list}))
			if !slices.Equal(got.addresses, c.want) {
				t.Errorf("got %v, %v; want %v", got.addresses, got.failure, c.want)
			}
			if len(c.want) > 0 && got.missing != (routing.Missing{IPv4: c.missing.IPv4, IPv6: c.missing.IPv6, Failure: c.fails}) {
				t.Errorf("missing %+v, want %+v", got.missing, c.missing)
			}
			if got.kind() != c.fails {
				t.Errorf("failure %v, want %v", got.failure, c.fails)
			}
			if (got.late != nil) != c.late {
				t.Errorf("an answer is still to come: %v", !c.late)
			}
		})
	}
}

// An answer that comes after its lookup has ended is used by the next lookup.
func TestLateFamily(t *testing.T) {
	server := startNameserver(t, "127.0.1.1", "fd00::1")
	server.change(func() {
		server.special = func(_ string, q dnsmessage.Question) *special {
			if q.Type == dnsmessage.TypeAAAA {
				return &special{answer: server.answer, delay: 300 * time.Millisecond}
			}
			return nil
		}
	})
	h := newHost(Options{Resolvers: []string{server.udp()}})
	got := lookUp(t, h)
	if !slices.Equal(got.addresses, one) || got.failure != nil || got.late == nil {
		t.Fatalf("got %+v", got)
	}
	<-got.late.ended
	if late := got.late.reply.Load().addresses; !slices.Equal(late, addresses("fd00::1")) {
		t.Errorf("late: %v", late)
	}
	if got := lookUp(t, h); got.failure != nil || got.late != nil || !slices.Equal(got.addresses, addresses("127.0.1.1", "fd00::1")) {
		t.Errorf("then got %+v", got)
	}
	if n := server.queries("udp AAAA"); n != 1 {
		t.Errorf("%d queries for AAAA", n)
	}
}
