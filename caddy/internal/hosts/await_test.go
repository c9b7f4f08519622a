package hosts

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
)

// world resolves names that take different times.
type world map[string]struct {
	takes  time.Duration
	answer []netip.Addr
	err    error
}

func (w world) lookup(ctx context.Context, _, host string) ([]netip.Addr, error) {
	select {
	case <-time.After(w[host].takes):
		return w[host].answer, w[host].err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestAwaitFirstLookups(t *testing.T) {
	const silent = time.Hour
	for name, c := range map[string]struct {
		world world
		first time.Duration
		takes time.Duration
	}{
		"DNS is slow":                       {world{"a": {takes: 1200 * time.Millisecond, answer: one}}, 3 * time.Second, 1200 * time.Millisecond},
		"DNS is too slow":                   {world{"a": {takes: 1500 * time.Millisecond, answer: one}}, time.Second, time.Second},
		"no time for first lookups":         {world{"a": {takes: 1500 * time.Millisecond, answer: one}}, time.Millisecond, maxWait},
		"a failure is an answer":            {world{"a": {takes: 700 * time.Millisecond, err: nxdomain()}}, 3 * time.Second, 700 * time.Millisecond},
		"the first that is there is enough": {world{"a": {takes: silent}, "b": {takes: 100 * time.Millisecond, answer: one}}, 3 * time.Second, 100 * time.Millisecond},
		"also when it is late":              {world{"a": {takes: silent}, "b": {takes: 900 * time.Millisecond, answer: one}, "c": {err: servfail()}}, 3 * time.Second, 900 * time.Millisecond},
		"all are silent":                    {world{"a": {takes: silent}, "b": {takes: silent}}, 2 * time.Second, 2 * time.Second},
		"all fail":                          {world{"a": {takes: 10 * time.Millisecond, err: servfail()}, "b": {takes: 20 * time.Millisecond, err: nxdomain()}}, 3 * time.Second, 20 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				set := NewSet(Config{NewLookup: func(dns.Options) dns.LookupFunc { return c.world.lookup }})
				var hosts []*Host
				for name := range c.world {
					hosts = append(hosts, set.Acquire(name, Options{}))
				}
				ready := func() bool { return slices.ContainsFunc(hosts, func(h *Host) bool { return h.Known() != nil }) }
				begin := time.Now()
				Await(t.Context(), new(Patience), c.first, slices.Values(hosts), ready)
				if took := time.Since(begin); took != c.takes {
					t.Errorf("took %v, want %v", took, c.takes)
				}
				for _, h := range hosts {
					h.Release()
				}
				synctest.Wait() // lookups have ended with their last user
			})
		})
	}
}

// Who knows a pod already, or that DNS fails, has no reason to wait for longer than anybody else.
func TestAwaitIsLongOnlyWhileNothingIsKnown(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, _ *events) {
		takes := func(want time.Duration, hosts ...*Host) {
			t.Helper()
			begin := time.Now()
			Await(t.Context(), new(Patience), 3*time.Second, slices.Values(hosts), never)
			if took := time.Since(begin); took != want {
				t.Errorf("took %v, want %v", took, want)
			}
		}
		known := set.Acquire("known", Options{})
		defer known.Release()
		s.set(one, nil, 0)
		expect(t, known, one, 0)
		failing := set.Acquire("failing", Options{})
		defer failing.Release()
		s.set(nil, servfail(), 0)
		expect(t, failing, nil, 0)
		time.Sleep(time.Minute)
		s.set(one, nil, 1500*time.Millisecond)
		takes(maxWait, failing)
		takes(maxWait, set.Acquire("new", Options{}), known)
		time.Sleep(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		h := set.Acquire("newer", Options{})
		defer h.Release()
		Await(ctx, new(Patience), 3*time.Second, only(h), never)
		takes(1400*time.Millisecond, h)
	})
}

// A request waits for any number of names in its own goroutine.
func TestAwaitNeedsNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		set := NewSet(Config{NewLookup: func(dns.Options) dns.LookupFunc { return silent }})
		var hosts []*Host
		for i := range 1000 {
			hosts = append(hosts, set.Acquire(fmt.Sprint("app", i), Options{}))
		}
		before := runtime.NumGoroutine()
		const requests = 100
		var waiting sync.WaitGroup
		for range requests {
			waiting.Go(func() { Await(t.Context(), new(Patience), 3*time.Second, slices.Values(hosts), never) })
		}
		synctest.Wait()
		if n := runtime.NumGoroutine() - before; n > requests+2*maxLookups {
			t.Errorf("%d goroutines for %d requests", n, requests)
		}
		waiting.Wait()
		for _, h := range hosts {
			h.Release()
		}
	})
}

// A reload takes nothing from the requests of the old configuration, whether they wait already or begin to wait now.
func TestReloadKeepsLookupsThatSomebodyWaitsFor(t *testing.T) {
	for _, queued := range []bool{false, true} {
		inBubble(t, func(t *testing.T, s *script, set *Set, e *events) {
			s.set(one, nil, 400*time.Millisecond)
			if queued { // all workers are busy for a while
				for i := range maxLookups {
					h := set.Acquire(fmt.Sprint("other", i), Options{})
					defer h.Release()
					h.Current()
				}
				synctest.Wait()
				s.set(one, nil, 50*time.Millisecond)
			}
			want := map[bool]time.Duration{false: 400, true: 450}[queued] * time.Millisecond
			old := set.Acquire("app", Options{})
			var waiting sync.WaitGroup
			for range 20 {
				waiting.Go(func() { expect(t, old, one, want) })
			}
			waiting.Go(func() { Await(t.Context(), new(Patience), 0, only(old), func() bool { return old.Known() != nil }) })
			time.Sleep(100 * time.Millisecond)
			next := set.Acquire("app", Options{Resolvers: []string{"127.0.0.1:53"}}) // another question
			old.Release()
			waiting.Go(func() { expect(t, old, one, want-100*time.Millisecond) })
			waiting.Wait()
			next.Release()
			if got := set.States(); len(got) == 0 || got[0].Host == "app" && got[0].Active {
				t.Errorf("states %+v", got)
			}
			late := set.Acquire("late", Options{})
			late.Release()
			s.set(two, nil, 100*time.Millisecond)
			expect(t, late, two, 100*time.Millisecond)
		})
	}
}
