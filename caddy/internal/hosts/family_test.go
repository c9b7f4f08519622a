package hosts

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Each IP version has an answer of its own.
func TestFamiliesAreJudgedOneByOne(t *testing.T) {
	four, six := addresses("127.0.1.1"), addresses("fd00::1")
	var many []netip.Addr
	for i := range 400 {
		many = append(many, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
	}
	many = canonical(many)
	code := func(code dnsmessage.RCode) *special { return &special{code: code} }
	empty := &special{}
	type says map[dnsmessage.Type]*special
	const a, aaaa = dnsmessage.TypeA, dnsmessage.TypeAAAA
	for name, c := range map[string]struct {
		servers []says
		tcp     *special // over TCP
		want    []netip.Addr
		missing Versions
		fails   ErrorKind
	}{
		"A fails, and there is no AAAA":      {servers: []says{{a: code(dnsmessage.RCodeServerFailure), aaaa: empty}}, fails: ServerFailure},
		"A is refused, and there is no AAAA": {servers: []says{{a: code(dnsmessage.RCodeRefused), aaaa: empty}}, fails: ServerFailure},
		"A is not understood":                {servers: []says{{a: code(dnsmessage.RCodeFormatError), aaaa: empty}}, fails: ServerFailure},
		"there is no A, and AAAA fails":      {servers: []says{{a: empty, aaaa: code(dnsmessage.RCodeServerFailure)}}, fails: ServerFailure},
		"no such name, and AAAA is silent":   {servers: []says{{a: code(dnsmessage.RCodeNameError), aaaa: {silent: true}}}, fails: Timeout},
		"there is neither":                   {servers: []says{{a: empty, aaaa: code(dnsmessage.RCodeNameError)}}, fails: NotFound},
		"the next name server knows A": {servers: []says{{a: code(dnsmessage.RCodeServerFailure), aaaa: empty},
			{a: {answer: four}, aaaa: empty}}, want: four},
		"all name servers fail": {servers: []says{{a: code(dnsmessage.RCodeServerFailure), aaaa: empty},
			{a: code(dnsmessage.RCodeRefused), aaaa: code(dnsmessage.RCodeNameError)}}, fails: ServerFailure},
		"AAAA is dropped":           {servers: []says{{a: {answer: four}, aaaa: {silent: true}}}, want: four, missing: Versions{IPv6: true}},
		"A is dropped":              {servers: []says{{a: {silent: true}, aaaa: {answer: six}}}, want: six, missing: Versions{IPv4: true}},
		"AAAA fails":                {servers: []says{{a: {answer: four}, aaaa: code(dnsmessage.RCodeServerFailure)}}, want: four, missing: Versions{IPv6: true}, fails: ServerFailure},
		"a name server takes 2.5 s": {servers: []says{{a: {answer: four, delay: 2500 * time.Millisecond}, aaaa: {delay: 2500 * time.Millisecond}}}, want: four},
		"one is silent, the other takes 2.5 s": {servers: []says{{a: {silent: true}, aaaa: {silent: true}},
			{a: {answer: four, delay: 2500 * time.Millisecond}, aaaa: {delay: 2500 * time.Millisecond}}}, want: four},
		"too many for a packet": {servers: []says{{a: {answer: many}, aaaa: empty}}, tcp: &special{answer: many}, want: many},
		"cut, and TCP fails": {servers: []says{{a: {answer: many[:5], truncated: true}, aaaa: empty}}, tcp: code(dnsmessage.RCodeServerFailure),
			want: many[:5], missing: Versions{IPv4: true}, fails: ServerFailure},
		"cut, and TCP is silent": {servers: []says{{a: {answer: many[:5], truncated: true}, aaaa: empty}}, tcp: &special{silent: true},
			want: many[:5], missing: Versions{IPv4: true}, fails: Timeout},
		"cut, and TCP is denied": {servers: []says{{a: {truncated: true}, aaaa: {truncated: true}}}, tcp: code(dnsmessage.RCodeRefused), fails: ServerFailure},
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
				list = append(list, server.address)
			}
			got, err := lookUp(t, NewLookup(Options{Resolvers: list}), "ip")
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, %v; want %v", got, err, c.want)
			}
			var incomplete *Incomplete
			if errors.As(err, &incomplete) {
				if incomplete.Missing != c.missing {
					t.Errorf("missing %+v, want %+v", incomplete.Missing, c.missing)
				}
				err = incomplete.Err
			} else if c.missing != (Versions{}) {
				t.Error("nothing is missing")
			}
			if (err != nil) != (c.fails != 0) || err != nil && classify(err) != c.fails {
				t.Errorf("error %v, want one of kind %v", err, c.fails)
			}
		})
	}
}

// The answer that was not waited for counts for the next lookup.
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
	lookup := NewLookup(Options{Resolvers: []string{server.address}})
	got, err := lookUp(t, lookup, "ip")
	var incomplete *Incomplete
	if !slices.Equal(got, one) || !errors.As(err, &incomplete) || incomplete.Err != nil {
		t.Fatalf("got %v, %v", got, err)
	}
	<-incomplete.late
	if late := incomplete.lateAddresses(); !slices.Equal(late, addresses("fd00::1")) {
		t.Errorf("late: %v", late)
	}
	if got, err := lookUp(t, lookup, "ip"); err != nil || !slices.Equal(got, addresses("127.0.1.1", "fd00::1")) {
		t.Errorf("then got %v, %v", got, err)
	}
	if n := server.queries("udp AAAA"); n != 1 {
		t.Errorf("%d queries for AAAA", n)
	}
}

// What is known of an IP version stays when nothing is said about it.
func TestHalfAnAnswer(t *testing.T) {
	four, six, moved := addresses("127.0.1.1"), addresses("fd00::1"), addresses("127.0.1.2")
	both := slices.Concat(four, six)
	no4, no6 := Versions{IPv4: true}, Versions{IPv6: true}
	for name, test := range map[string]struct {
		known, answer []netip.Addr
		err           error
		want          []netip.Addr
		events        string
	}{
		"IPv4 fails":                  {both, six, &Incomplete{Missing: no4, Err: servfail()}, both, "[resolved failing recovered]"},
		"IPv6 fails while IPv4 moves": {both, moved, &Incomplete{Missing: no6, Err: context.DeadlineExceeded}, slices.Concat(moved, six), "[resolved changed failing recovered]"},
		"IPv6 is late":                {both, four, &Incomplete{Missing: no6}, both, "[resolved]"},
		"IPv4 is gone":                {both, six, nil, six, "[resolved changed changed]"},
		"IPv6 is gone":                {both, four, nil, four, "[resolved changed changed]"},
		"IPv6 fails and never was":    {four, four, &Incomplete{Missing: no6, Err: context.DeadlineExceeded}, four, "[resolved]"},
		"cut":                         {two, moved, &Incomplete{Missing: no4, Err: servfail()}, two, "[resolved failing recovered]"},
		"cut with one more":           {four, moved, &Incomplete{Missing: no4, Err: servfail()}, two, "[resolved changed failing recovered]"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *script, set *Set, e *events) {
				s.set(test.known, nil, 0)
				h := set.Acquire("app", Options{})
				defer h.Release()
				expect(t, h, test.known, 0)
				s.set(test.answer, test.err, 0)
				ask(h, 10*time.Millisecond, 20*time.Second)
				expect(t, h, test.want, 0)
				if test.err != nil && h.DropRefused(test.want[0]) {
					t.Error("dropped what DNS names")
				}
				s.set(test.known, nil, 0)
				ask(h, 10*time.Millisecond, 3*time.Second)
				if got := e.kinds(); got != test.events {
					t.Errorf("events %s, want %s", got, test.events)
				}
			})
		})
	}
}

// A part that comes late brings the next lookup forward, but only if there is something new in it.
func TestLatePartIsMergedWhenItComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		six := addresses("fd00::1")
		var mu sync.Mutex
		lookups, late := 0, false
		set := NewSet(Config{NewLookup: func(Options) LookupFunc {
			return func(context.Context, string, string) ([]netip.Addr, error) {
				mu.Lock()
				defer mu.Unlock()
				if lookups++; late {
					late = false
					return slices.Concat(one, six), nil
				}
				done := make(chan struct{})
				time.AfterFunc(300*time.Millisecond, func() { mu.Lock(); defer mu.Unlock(); late = true; close(done) })
				return one, &Incomplete{Missing: Versions{IPv6: true}, late: done, lateAddresses: func() []netip.Addr { return six }}
			}
		}})
		h := set.Acquire("app", Options{Refresh: time.Hour, StaleMax: 10 * time.Hour})
		defer h.Release()
		expect(t, h, one, 0)
		time.Sleep(301 * time.Millisecond)
		expect(t, h, slices.Concat(one, six), 0)
		ask(h, time.Minute, 10*time.Hour+time.Minute)
		mu.Lock()
		defer mu.Unlock()
		if lookups < 11 || lookups > 15 { // one an hour, and the one that was brought forward
			t.Errorf("%d lookups", lookups)
		}
	})
}
