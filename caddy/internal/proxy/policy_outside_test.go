package proxy

import (
	"context"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/hosts"
	"github.com/doors-dev/doors-caddy/go"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// sourceResolvingTo makes a source whose upstreams, app0 with 127.0.0.0/24 and so on, resolve to these addresses. It works in a bubble.
func sourceResolvingTo(t *testing.T, upstreams ...[]string) *Source {
	return sourceAsking(t, len(upstreams), func(_ context.Context, _, host string) (found []netip.Addr, err error) {
		for _, address := range upstreams[host[len(host)-1]-'0'] {
			found = append(found, netip.MustParseAddr(address))
		}
		return found, nil
	})
}

// A pod outside its upstream's networks gets a page only while no pod inside them is there, of any upstream.
func TestPodsOutsideComeLast(t *testing.T) {
	const in0, in1, out0, out1 = "127.0.0.1", "127.0.1.1", "127.0.8.1", "127.0.9.1"
	for name, test := range map[string]struct {
		upstreams [][]string
		failed    []string
		want      []string
	}{
		"own inside":                 {[][]string{{in0, out0}, {out1}}, nil, []string{in0}},
		"another's inside":           {[][]string{{out0}, {in1, out1}}, nil, []string{in1}},
		"own inside, though failing": {[][]string{{in0, out0}, {out1}}, []string{in0}, []string{in0}},
		"none inside":                {[][]string{{out0}, {out1}}, nil, []string{out0, out1}},
		"one upstream":               {[][]string{{in0, out0}}, nil, []string{in0}},
		"one upstream, none inside":  {[][]string{{out0}}, nil, []string{out0}},
		"the network of another":     {[][]string{{in1}, {out1}}, nil, []string{in1, out1}},
	} {
		for _, kind := range []doors.Kind{doors.Server, doors.Any} {
			for _, choosesItself := range []bool{true, false} {
				synctest.Test(t, func(t *testing.T) {
					s := sourceResolvingTo(t, test.upstreams...)
					s.choosesItself = choosesItself
					for _, upstream := range s.upstreams { // all are known
						upstream.fresh(t.Context(), new(hosts.Patience))
					}
					for _, address := range test.failed {
						pod := netip.AddrPortFrom(netip.MustParseAddr(address), 80)
						s.process.pods.Ended(s.upstreams[0].group, pod, doors.PathPage, doors.OutcomeUnreachable, s.process.Now())
					}
					for range 100 {
						for _, pod := range s.candidates(t.Context(), &request{source: s, decision: doors.Decision{Kind: kind}}) {
							if !slices.Contains(test.want, pod.address.Addr().String()) {
								t.Fatalf("%s, %v: %v may get a page, want one of %v", name, kind, pod.address, test.want)
							}
						}
					}
				})
			}
		}
	}
}

// A request that could reach no pod inside goes to one outside.
func TestPodsOutsideAreTriedInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sourceResolvingTo(t, []string{"127.0.0.1", "127.0.8.1"}, nil)
		serving := &request{source: s, decision: doors.Decision{Kind: doors.Server}}
		s.upstreams[0].fresh(t.Context(), &serving.patience)
		serving.failedToReach(netip.MustParseAddrPort("127.0.0.1:80"), doors.Answer{})
		if pods := s.candidates(t.Context(), serving); len(pods) != 1 || !pods[0].outside {
			t.Errorf("candidates %v, want the one outside", pods)
		}
	})
}

// The warning comes again as long as the address is there, once a minute, and ends with it.
func TestWarnsOfPodsOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inside, outside := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.8.1")
		var moved atomic.Bool
		core, lines := observer.New(zap.WarnLevel)
		s := sourceAsking(t, 1, func(context.Context, string, string) ([]netip.Addr, error) {
			if moved.Load() {
				return []netip.Addr{inside}, nil
			}
			return []netip.Addr{inside, outside}, nil
		})
		s.upstreams[0].host.Release()
		s.upstreams = newUpstreams(s.loaded, s.process, doors.Group{}, zap.New(core))
		use := func(duration time.Duration) {
			for range duration / time.Second {
				s.candidates(t.Context(), &request{source: s, decision: doors.Decision{Kind: doors.Server}})
				time.Sleep(time.Second)
			}
		}
		use(3*time.Minute + 30*time.Second)
		if lines.Len() != 4 {
			t.Errorf("%d lines in three and a half minutes, want 4", lines.Len())
		}
		moved.Store(true)
		use(3 * time.Second)
		before := lines.Len()
		use(3 * time.Minute)
		if lines.Len() != before {
			t.Errorf("%d lines after the address was gone", lines.Len()-before)
		}
	})
}
