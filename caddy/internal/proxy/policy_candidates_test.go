package proxy

import (
	"context"
	"fmt"
	"hash/maphash"
	"net/http"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
	"github.com/doors-dev/doors-caddy/caddy/internal/hosts"
	"github.com/doors-dev/doors-caddy/go"
	"go.uber.org/zap"
)

// sourceAsking makes a source of so many upstreams, app0 and so on, that are looked up by a function. It works in a bubble of virtual time.
func sourceAsking(t *testing.T, count int, lookup dns.LookupFunc) *Source {
	t.Helper()
	upstreams := ""
	for i := range count {
		upstreams += fmt.Sprintf(`%.*s{"cidr": "127.0.%d.0/24", "host": "app%[3]d", "port": 80}`, min(i, 1), ",", i)
	}
	router, err := doors.NewRouter([]byte(`{"secret": "` + caddytest.Secret + `", "cookie_name": "up", "upstreams": [` + upstreams + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	pods, err := doors.NewPods(config.DefaultMaxPods)
	if err != nil {
		t.Fatal(err)
	}
	known := &Process{pods: pods, started: time.Now(), seed: maphash.MakeSeed(),
		hosts: hosts.NewSet(hosts.Config{NewLookup: func(dns.Options) dns.LookupFunc { return lookup }})}
	s := &Source{loaded: &config.Loaded{Router: router}, process: known, logger: zap.NewNop(), choosesItself: true}
	s.upstreams = newUpstreams(s.loaded, known, doors.Group{}, s.logger)
	if count > 1 {
		s.turns = newTurns(count)
	}
	t.Cleanup(func() {
		for _, upstream := range s.upstreams {
			upstream.host.Release()
		}
	})
	return s
}

// Caddy asks up to eight times for upstreams, of any number of upstreams. All that together waits for DNS as long as the first lookup may take.
func TestRequestWaitsForNamesOnce(t *testing.T) {
	for _, upstreams := range []int{1, 3} {
		for _, kind := range []doors.Kind{doors.Server, doors.Any} {
			synctest.Test(t, func(t *testing.T) {
				s := sourceAsking(t, upstreams, func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
					<-ctx.Done() // a name server that is silent
					return nil, ctx.Err()
				})
				s.FirstLookup = caddy.Duration(1500 * time.Millisecond)
				serving, begin := &request{source: s, decision: doors.Decision{Kind: kind}}, time.Now()
				for range maxDials {
					if pods := s.candidates(t.Context(), serving); len(pods) != 0 {
						t.Errorf("pods %v", pods)
					}
					s.ResetCache(new(http.Request).WithContext(context.WithValue(t.Context(), requestKey{}, serving)))
				}
				if took := time.Since(begin); took != s.FirstLookupWait() {
					t.Errorf("%d upstreams, %v: waited for %v", upstreams, kind, took)
				}
			})
		}
	}
}

// A browser whose own upstream has no answer in DNS at all gets a page of another one, also as the first request of all.
func TestOthersAreLookedUpWhileOneIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sourceAsking(t, 2, func(ctx context.Context, _, host string) ([]netip.Addr, error) {
			if host == "app0" {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
			return []netip.Addr{netip.MustParseAddr("127.0.1.1")}, nil
		})
		pods := s.candidates(t.Context(), &request{source: s, decision: doors.Decision{Kind: doors.Server}})
		if len(pods) != 1 || pods[0].upstream != s.upstreams[1] {
			t.Errorf("pods %v", pods)
		}
	})
}

// With slow DNS the first request of all waits for it, and goes where it would go later.
func TestFirstRequestWaitsForSlowNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sourceAsking(t, 3, func(ctx context.Context, _, host string) ([]netip.Addr, error) {
			select {
			case <-time.After(1400 * time.Millisecond):
			case <-ctx.Done():
			}
			return []netip.Addr{netip.MustParseAddr("127.0." + host[3:] + ".1"), netip.MustParseAddr("127.0." + host[3:] + ".2")}, nil
		})
		own := doors.Decision{Kind: doors.Server, Upstream: 1, Addr: netip.MustParseAddr("127.0.1.2")}
		for _, decision := range []doors.Decision{own, {Kind: doors.Any}} {
			pods := s.candidates(t.Context(), &request{source: s, decision: decision})
			if len(pods) == 0 || decision.Kind == doors.Server && (len(pods) != 1 || pods[0].address.Addr() != decision.Addr) {
				t.Errorf("%v: pods %v", decision.Kind, pods)
			}
		}
	})
}

// A page load that waits for many names costs what it costs to wait.
func TestManySilentNamesCostNoGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sourceAsking(t, 200, func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		before := runtime.NumGoroutine()
		const requests = 100
		var waiting sync.WaitGroup
		for range requests {
			waiting.Go(func() { s.candidates(t.Context(), &request{source: s, decision: doors.Decision{Kind: doors.Any}}) })
		}
		synctest.Wait()
		if n := runtime.NumGoroutine() - before; n > 2*requests {
			t.Errorf("%d goroutines for %d requests", n, requests)
		}
		waiting.Wait()
	})
}
