package hosts

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
)

// expect asks the host and checks the answer and how long it took.
func expect(t *testing.T, h *Host, want []netip.Addr, takes time.Duration) {
	t.Helper()
	begin := time.Now()
	got, err := h.Addresses(t.Context())
	if err != nil && want != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if err == nil && want == nil {
		t.Error("no error without addresses")
	}
	if took := time.Since(begin); took != takes {
		t.Errorf("took %v, want %v", took, takes)
	}
}

// ask makes a request every interval.
func ask(h *Host, interval, during time.Duration) {
	for end := time.Now().Add(during); time.Now().Before(end); time.Sleep(interval) {
		h.Addresses(context.Background())
	}
}

var one, two = addresses("127.0.1.1"), addresses("127.0.1.1", "127.0.1.2")

func TestRefreshIsAnUpperBoundAndJittered(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, _ *events) {
		s.set(one, nil, 0)
		h := set.Acquire("app", Options{})
		defer h.Release()
		ask(h, 10*time.Millisecond, 100*time.Second)
		synctest.Wait()
		different := map[time.Duration]bool{}
		for i := 1; i < len(s.starts); i++ {
			gap := s.starts[i].Sub(s.starts[i-1])
			different[gap] = true
			if gap > time.Second || gap < 790*time.Millisecond {
				t.Errorf("lookup %d came %v after the one before", i, gap)
			}
		}
		if len(different) < 20 {
			t.Errorf("only %d different intervals in %d", len(different), len(s.starts))
		}
	})
}

func TestUnusedHostIsNotLookedUp(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, _ *events) {
		s.set(one, nil, 0)
		h := set.Acquire("app", Options{})
		defer h.Release()
		expect(t, h, one, 0)
		time.Sleep(time.Hour)
		if n := s.lookups(); n < 10 || n > 13 {
			t.Errorf("%d lookups for one request", n)
		}
		if h.State().Active {
			t.Error("still active")
		}
	})
}

func TestOutageKeepsTheAddresses(t *testing.T) {
	for _, c := range []struct {
		name  string
		err   error
		takes time.Duration
		kind  dns.ErrorKind
		drops bool
	}{
		{"servfail", servfail(), 0, dns.ServerFailure, false},
		{"timeout", nil, time.Hour, dns.Timeout, false},
		{"unreachable", errors.New("connection refused"), 0, dns.LookupFailed, false},
		{"nxdomain", nxdomain(), 0, dns.NotFound, true},
		{"empty", nil, 0, dns.NotFound, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *script, set *Set, e *events) {
				s.set(two, nil, 0)
				h := set.Acquire("app", Options{})
				defer h.Release()
				expect(t, h, two, 0)
				s.set(nil, c.err, c.takes)
				ask(h, 100*time.Millisecond, 20*time.Minute)
				expect(t, h, two, 0)
				state := h.State()
				if state.Error == nil || state.Error.Kind != c.kind || state.FailingFor < 19*time.Minute || state.Age < 19*time.Minute {
					t.Errorf("state %+v", state)
				}
				want := "[resolved failing"
				if h.DropRefused(two[1]) != c.drops {
					t.Errorf("dropped %v, want %v", !c.drops, c.drops)
				}
				if c.drops {
					want += " dropped"
					expect(t, h, one, 0)
					h.DropRefused(netip.MustParseAddr("::ffff:127.0.1.1"))
					want += " dropped"
					expect(t, h, nil, 0)
				}
				s.set(two, nil, 0)
				time.Sleep(4*time.Second + min(c.takes, dns.LookupTimeout))
				expect(t, h, two, 0)
				if got := e.kinds(); got != want+" recovered]" {
					t.Errorf("events %s, want %s recovered]", got, want)
				}
			})
		})
	}
}

func TestHostThatNeverResolves(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, e *events) {
		s.set(nil, nxdomain(), 50*time.Millisecond)
		h := set.Acquire("app", Options{})
		defer h.Release()
		expect(t, h, nil, 50*time.Millisecond)
		expect(t, h, nil, 0) // the failure is fresh
		var failed *Error
		for range 6000 {
			_, err := h.Addresses(t.Context())
			if !errors.As(err, &failed) || failed.Kind != dns.NotFound {
				t.Fatalf("error %v", err)
			}
			time.Sleep(10 * time.Millisecond)
		}
		if n := s.lookups(); n < 55 || n > 80 {
			t.Errorf("%d lookups in a minute", n)
		}
		if got := e.kinds(); got != "[failing]" {
			t.Errorf("events %s", got)
		}
	})
}

func TestDerivedValueIsBuiltOncePerSnapshot(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, _ *events) {
		s.set(one, nil, 0)
		h := set.Acquire("app", Options{})
		defer h.Release()
		var cache Cache[string]
		built := 0
		build := func(s *Snapshot) string { built++; return fmt.Sprint(s.Addresses(), s.Generation()) }
		for i := range 1000 {
			if i == 500 {
				s.set(two, nil, 0)
			}
			snapshot, err := h.Snapshot(t.Context(), new(Patience))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := cache.Get(snapshot, build), fmt.Sprint(snapshot.Addresses(), snapshot.Generation()); got != want {
				t.Fatalf("%s, want %s", got, want)
			}
			time.Sleep(10 * time.Millisecond)
		}
		if built != 2 {
			t.Errorf("built %d times for 2 snapshots", built)
		}
	})
}

func TestLiteralAddressIsNeverLookedUp(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, e *events) {
		for text, want := range map[string]string{
			"127.0.1.1": "127.0.1.1", "::1": "::1", "[fd00::1]": "fd00::1", "::ffff:127.0.1.1": "127.0.1.1",
		} {
			h := set.Acquire(text, Options{})
			for range 3 {
				expect(t, h, addresses(want), 0)
				time.Sleep(time.Hour)
			}
			if h.DropRefused(netip.MustParseAddr(want)) {
				t.Errorf("%s was dropped", text)
			}
			if state := h.State(); state.Host != text || len(state.Addresses) != 1 {
				t.Errorf("state %+v", state)
			}
			h.Release()
			expect(t, h, addresses(want), 0)
		}
		if s.lookups() != 0 || e.kinds() != "[]" || len(set.States()) != 0 {
			t.Errorf("%d lookups, events %s, %d states", s.lookups(), e.kinds(), len(set.States()))
		}
	})
}

func TestKnownAddressesCostNoAllocation(t *testing.T) {
	s := &script{answer: two}
	set := NewSet(Config{NewLookup: func(dns.Options) dns.LookupFunc { return s.lookup }})
	h := set.Acquire("app", Options{Refresh: time.Hour, StaleMax: time.Hour})
	defer h.Release()
	ctx := t.Context()
	if _, err := h.Addresses(ctx); err != nil {
		t.Fatal(err)
	}
	var cache Cache[int]
	port := 8080 // captured, as callers do
	build := func(s *Snapshot) int { return len(s.Addresses()) + port }
	patience := new(Patience)
	if n := testing.AllocsPerRun(1000, func() {
		snapshot, _ := h.Snapshot(ctx, patience)
		cache.Get(snapshot, build)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	// With the lock held by someone else the answer still comes.
	h.entry.mu.Lock()
	defer h.entry.mu.Unlock()
	if got, err := h.Addresses(ctx); err != nil || !slices.Equal(got, two) {
		t.Errorf("%v, %v", got, err)
	}
}

func BenchmarkKnownAddresses(b *testing.B) {
	s := &script{answer: two}
	set := NewSet(Config{NewLookup: func(dns.Options) dns.LookupFunc { return s.lookup }})
	h := set.Acquire("app", Options{})
	defer h.Release()
	ctx := b.Context()
	h.Addresses(ctx)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		patience := new(Patience)
		for p.Next() {
			if _, err := h.Snapshot(ctx, patience); err != nil {
				b.Fatal(err)
			}
		}
	})
}
