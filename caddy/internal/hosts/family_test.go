package hosts

import (
	"context"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// When the query for one IP version fails, the addresses that only it could name stay.
func TestHalfAnAnswer(t *testing.T) {
	four, six, moved := addresses("127.0.1.1"), addresses("fd00::1"), addresses("127.0.1.2")
	both := slices.Concat(four, six)
	for name, test := range map[string]struct {
		answer []netip.Addr
		again  []netip.Addr // of a query for what is missing
		err    error
		want   []netip.Addr
	}{
		"IPv4 fails":                     {six, nil, servfail(), both},
		"IPv6 fails while IPv4 moves":    {moved, nil, context.DeadlineExceeded, slices.Concat(moved, six)},
		"IPv4 is gone":                   {six, nil, nxdomain(), six},
		"IPv6 is gone":                   {four, nil, nxdomain(), four},
		"it failed only once":            {six, four, nil, both},
		"another search domain answers":  {four, addresses("2001:db8::1"), nil, four},
		"the whole answer":               {both, nil, servfail(), both},
		"nothing of IPv4 but an address": {addresses("fd00::2"), four, nil, slices.Concat(four, addresses("fd00::2"))},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var later atomic.Bool
				set := NewSet(Config{NewLookup: func(Options) LookupFunc {
					return func(_ context.Context, network, _ string) ([]netip.Addr, error) {
						switch {
						case !later.Load():
							return both, nil
						case network == "ip":
							return test.answer, nil
						default:
							return test.again, test.err
						}
					}
				}})
				h := set.Acquire("app", Options{})
				defer h.Release()
				expect(t, h, both, 0)
				later.Store(true)
				ask(h, 10*time.Millisecond, 3*time.Second)
				expect(t, h, test.want, 0)
			})
		})
	}
}
