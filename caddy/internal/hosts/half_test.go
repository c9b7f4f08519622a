package hosts

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
)

// What is known of an IP version stays when nothing is said about it.
func TestHalfAnAnswer(t *testing.T) {
	four, six, moved := addresses("127.0.1.1"), addresses("fd00::1"), addresses("127.0.1.2")
	both := slices.Concat(four, six)
	no4, no6 := dns.Versions{IPv4: true}, dns.Versions{IPv6: true}
	for name, test := range map[string]struct {
		known, answer []netip.Addr
		err           error
		want          []netip.Addr
		events        string
	}{
		"IPv4 fails":                  {both, six, &dns.Incomplete{Missing: no4, Err: servfail()}, both, "[resolved failing recovered]"},
		"IPv6 fails while IPv4 moves": {both, moved, &dns.Incomplete{Missing: no6, Err: context.DeadlineExceeded}, slices.Concat(moved, six), "[resolved changed failing recovered]"},
		"IPv6 is late":                {both, four, &dns.Incomplete{Missing: no6}, both, "[resolved]"},
		"IPv4 is gone":                {both, six, nil, six, "[resolved changed changed]"},
		"IPv6 is gone":                {both, four, nil, four, "[resolved changed changed]"},
		"IPv6 fails and never was":    {four, four, &dns.Incomplete{Missing: no6, Err: context.DeadlineExceeded}, four, "[resolved]"},
		"cut":                         {two, moved, &dns.Incomplete{Missing: no4, Err: servfail()}, two, "[resolved failing recovered]"},
		"cut with one more":           {four, moved, &dns.Incomplete{Missing: no4, Err: servfail()}, two, "[resolved changed failing recovered]"},
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
		set := NewSet(Config{NewLookup: func(dns.Options) dns.LookupFunc {
			return func(context.Context, string, string) ([]netip.Addr, error) {
				mu.Lock()
				defer mu.Unlock()
				if lookups++; late {
					late = false
					return slices.Concat(one, six), nil
				}
				done := make(chan struct{})
				time.AfterFunc(300*time.Millisecond, func() { mu.Lock(); defer mu.Unlock(); late = true; close(done) })
				return one, &dns.Incomplete{Missing: dns.Versions{IPv6: true}, Late: done, LateAddresses: func() []netip.Addr { return six }}
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
