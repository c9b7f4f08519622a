package hosts

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
)

func TestUsersWithTheSameQuestionShareOneAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, _ *events) {
		s.set(one, nil, 100*time.Millisecond)
		a := set.Acquire("app", Options{Resolvers: []string{"127.0.0.1:53", "127.0.0.2:53"}, Refresh: time.Minute})
		b := set.Acquire("APP", Options{Resolvers: []string{"127.0.0.2:53", "127.0.0.1:53"}, StaleMax: time.Hour})
		defer a.Release()
		defer b.Release()
		expect(t, a, one, 100*time.Millisecond)
		expect(t, b, one, 0)
		if s.lookups() != 1 || len(set.States()) != 1 || set.States()[0].Users != 2 || set.States()[0].Refresh != time.Second {
			t.Errorf("%d lookups, states %+v", s.lookups(), set.States())
		}
	})
}

func TestUsersWithOtherQuestionsDoNotShare(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, _ *events) {
		s.set(one, nil, 0)
		other := []Options{
			{},
			{Resolvers: []string{"127.0.0.1:53"}},
			{Resolvers: []string{"127.0.0.1:53"}, DialTimeout: time.Second},
			{Resolvers: []string{"127.0.0.1:53"}, FallbackDelay: time.Second},
			{Versions: dns.Versions{IPv4: true}},
			{Versions: dns.Versions{IPv6: true}},
		}
		for i, o := range other {
			h := set.Acquire("app", o)
			defer h.Release()
			expect(t, h, one, 0)
			if s.lookups() != i+1 {
				t.Errorf("%d lookups for %d questions", s.lookups(), i+1)
			}
		}
		// These differ in nothing that counts.
		for _, o := range []Options{{DialTimeout: time.Second}, {Versions: dns.Versions{IPv4: true, IPv6: true}}} {
			h := set.Acquire("app", o)
			defer h.Release()
			expect(t, h, one, 0)
		}
		if n := len(set.States()); n != len(other) {
			t.Errorf("%d names for %d questions", n, len(other))
		}
	})
}

func TestReloadKeepsWhatIsKnown(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, e *events) {
		s.set(one, nil, 100*time.Millisecond)
		h := set.Acquire("app", Options{})
		expect(t, h, one, 100*time.Millisecond)
		s.set(nil, servfail(), 100*time.Millisecond) // the name server is down from here on
		for range 50 {
			next := set.Acquire("app", Options{})
			h.Release()
			expect(t, next, one, 0)
			expect(t, h, one, 0) // a request of the old configuration
			h = next
			time.Sleep(100 * time.Millisecond)
		}
		h.Release()
		h.Release() // counts once
		time.Sleep(50 * time.Second)
		h = set.Acquire("app", Options{})
		expect(t, h, one, 0)
		h.Release()
		time.Sleep(keepUnused + time.Second)
		if n := len(set.States()); n != 0 {
			t.Errorf("%d names a minute after the last user", n)
		}
		expect(t, h, one, 0)
		next := set.Acquire("app", Options{})
		defer next.Release()
		expect(t, next, nil, 100*time.Millisecond)
		if got := e.kinds(); got != "[resolved failing failing]" {
			t.Errorf("events %s", got)
		}
	})
}

func TestNameThatIsAcquiredAgainIsNotForgotten(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, _ *events) {
		s.set(one, nil, 0)
		h := set.Acquire("app", Options{})
		expect(t, h, one, 0)
		h.Release()
		h = set.Acquire("app", Options{})
		defer h.Release()
		time.Sleep(2 * keepUnused)
		next := set.Acquire("app", Options{})
		defer next.Release()
		if states := set.States(); len(states) != 1 || states[0].Users != 2 {
			t.Errorf("states %+v", states)
		}
	})
}

func TestTimesHaveBounds(t *testing.T) {
	set := NewSet(Config{})
	for _, c := range []struct {
		name string
		o    Options
		want time.Duration
	}{
		{"default", Options{}, DefaultRefresh},
		{"negative", Options{Refresh: -1, StaleMax: -1}, DefaultRefresh},
		{"tiny", Options{Refresh: 1}, minRefresh},
		{"not above StaleMax", Options{Refresh: time.Hour, StaleMax: time.Minute}, time.Minute},
		{"not above the default of StaleMax", Options{Refresh: time.Hour}, DefaultStaleMax},
	} {
		h := set.Acquire(c.name, c.o)
		if got := h.State().Refresh; got != c.want {
			t.Errorf("%s: refresh %v, want %v", c.name, got, c.want)
		}
		h.Release()
	}
}

func TestReleaseEndsLookups(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, e *events) {
		s.set(one, nil, time.Hour)
		h := set.Acquire("app", Options{})
		var waiting sync.WaitGroup
		waiting.Go(func() { expect(t, h, nil, maxWait) })
		time.Sleep(200 * time.Millisecond)
		h.Release() // the lookup goes on for the request, and is cancelled when that gives up
		if synctest.Wait(); s.underWay() == 0 {
			t.Error("a lookup that somebody waits for was cancelled")
		}
		waiting.Wait()
		synctest.Wait()
		if s.underWay() != 0 || h.State().Active || e.kinds() != "[]" {
			t.Errorf("%d running, state %+v, events %s", s.underWay(), h.State(), e.kinds())
		}
		n := s.lookups()
		expect(t, h, nil, maxWait) // a request of the old configuration may still have one, and no more
		time.Sleep(time.Minute)
		if s.lookups() != n+1 {
			t.Error("a lookup that nobody waits for")
		}
		time.Sleep(keepUnused)
		if n := len(set.States()); n != 0 {
			t.Errorf("%d names a minute after the last user", n)
		}
	})
}

func TestNextUserOfACancelledLookup(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, e *events) {
		s.set(one, nil, 0)
		h := set.Acquire("app", Options{})
		expect(t, h, one, 0)
		time.Sleep(10 * time.Minute)
		s.set(two, nil, 100*time.Millisecond)
		h.Current() // starts a lookup that it does not wait for
		time.Sleep(50 * time.Millisecond)
		h.Release()
		next := set.Acquire("app", Options{}) // before the cancelled lookup has returned
		defer next.Release()
		expect(t, next, two, 100*time.Millisecond)
		if got := e.kinds(); got != "[resolved changed]" {
			t.Errorf("events %s", got)
		}
	})
}

func TestBoundsLookups(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, _ *events) {
		s.set(one, nil, 100*time.Millisecond)
		var hosts []*Host
		for i := range 1000 {
			hosts = append(hosts, set.Acquire(fmt.Sprintf("app%d", i), Options{}))
		}
		// First they all wait for an answer, and then each wants to be refreshed every second.
		begin := time.Now()
		for range 100 {
			var requests sync.WaitGroup
			for _, h := range hosts {
				requests.Go(func() { h.Addresses(t.Context()) })
			}
			requests.Wait()
			time.Sleep(100 * time.Millisecond)
		}
		for _, h := range hosts {
			if h.State().Generation == 0 || h.State().Age > time.Duration(len(hosts))*time.Second/time.Duration(refreshRate())+200*time.Millisecond {
				t.Errorf("%s: age %v", h.Name(), h.State().Age)
			}
			h.Release()
		}
		took := time.Since(begin)
		synctest.Wait()
		if s.atOnce != maxLookups {
			t.Errorf("%d lookups at once, want %d", s.atOnce, maxLookups)
		}
		refreshes, most := len(s.starts)-len(hosts), int((took.Seconds()+1)*float64(refreshRate()))
		if refreshes > most || refreshes < most*8/10 {
			t.Errorf("%d refreshes in %v, want %d", refreshes, took, most)
		}
		if set.queue.workers != 0 {
			t.Errorf("%d workers left", set.queue.workers)
		}
	})
}

// A silent name server holds up the names that it is to know, and no others.
func TestSilentLookupsMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := world{"well": {answer: one}}
		for i := range 200 {
			w[fmt.Sprint("silent", i)] = w["none"]
		}
		set := NewSet(Config{NewLookup: func(dns.Options) dns.LookupFunc {
			return func(ctx context.Context, network, host string) ([]netip.Addr, error) {
				if host != "well" {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return w.lookup(ctx, network, host)
			}
		}})
		for name := range w {
			if name != "well" {
				h := set.Acquire(name, Options{})
				defer h.Release()
				h.Current()
			}
		}
		synctest.Wait()
		h := set.Acquire("well", Options{})
		defer h.Release()
		h.Current()
		time.Sleep(200 / maxLookups * slowAfter)
		synctest.Wait()
		expect(t, h, one, 0)
		for i := range 200 {
			h := set.Acquire(fmt.Sprint("more", i), Options{})
			defer h.Release()
			h.Current()
		}
		time.Sleep(5 * slowAfter)
		set.queue.mu.Lock()
		if set.queue.slow != maxSlow || set.queue.workers != maxLookups {
			t.Errorf("%d slow lookups and %d others at once", set.queue.slow, set.queue.workers)
		}
		set.queue.mu.Unlock()
		time.Sleep(6 * dns.LookupTimeout)
		synctest.Wait()
		set.queue.mu.Lock()
		if set.queue.slow != 0 || set.queue.workers != 0 {
			t.Errorf("%d slow lookups and %d others when nobody uses the names any more", set.queue.slow, set.queue.workers)
		}
		set.queue.mu.Unlock()
	})
}

func TestFirstLookupsDoNotStandBehindRefreshes(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, _ *events) {
		s.set(one, nil, 0)
		var hosts []*Host
		for i := range 2000 {
			h := set.Acquire(fmt.Sprintf("old%d", i), Options{})
			expect(t, h, one, 0)
			hosts = append(hosts, h)
		}
		s.set(one, nil, 100*time.Millisecond) // from now on there is always a queue of refreshes
		for range 30 {
			for _, h := range hosts {
				h.Addresses(t.Context())
			}
			time.Sleep(100 * time.Millisecond)
		}
		late := set.Acquire("late", Options{})
		begin := time.Now()
		if _, err := late.Addresses(t.Context()); err != nil {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		late.Release()
		for _, h := range hosts {
			h.Release()
		}
	})
}

func TestNoGoroutineBetweenLookupsNorAfterRelease(t *testing.T) {
	before := runtime.NumGoroutine()
	s := &script{answer: one}
	set := NewSet(Config{NewLookup: func(dns.Options) dns.LookupFunc { return s.lookup }})
	var hosts []*Host
	for i := range 500 {
		h := set.Acquire(fmt.Sprintf("app%d", i), Options{Refresh: time.Hour, StaleMax: time.Hour})
		if _, err := h.Addresses(t.Context()); err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, h)
	}
	settles(t, before)
	s.set(one, nil, time.Hour)
	for i := range 500 {
		h := set.Acquire(fmt.Sprintf("slow%d", i), Options{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		h.Addresses(ctx)
		hosts = append(hosts, h)
	}
	if n := runtime.NumGoroutine(); n > before+2*maxLookups {
		t.Errorf("%d goroutines for %d hosts", n-before, len(hosts))
	}
	for _, h := range hosts {
		h.Release()
	}
	settles(t, before)
}

func settles(t *testing.T, want int) {
	t.Helper()
	for range 500 {
		if runtime.NumGoroutine() <= want {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 1<<16)
	t.Fatalf("%d goroutines, want %d\n%s", runtime.NumGoroutine(), want, stacks[:runtime.Stack(stacks, true)])
}

// Everything at once, for the race detector: users come and go while requests, drops and status pages run.
func TestConcurrentUse(t *testing.T) {
	s := &script{answer: two}
	set := NewSet(Config{OnChange: func(Event) {}, NewLookup: func(dns.Options) dns.LookupFunc { return s.lookup }})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for ctx.Err() == nil {
				h := set.Acquire(fmt.Sprintf("app%d", rand.IntN(3)), Options{Refresh: minRefresh})
				for range rand.IntN(300) {
					got, err := h.Addresses(ctx)
					if err == nil && (len(got) == 0 || !slices.IsSortedFunc(got, netip.Addr.Compare)) {
						t.Errorf("got %v", got)
					}
					if rand.IntN(50) == 0 {
						h.DropRefused(two[rand.IntN(2)])
					}
				}
				h.Release()
				h.Addresses(ctx)
			}
		})
	}
	outcomes := []error{nil, nxdomain(), servfail()}
	for ctx.Err() == nil {
		err := outcomes[rand.IntN(len(outcomes))]
		s.set(two[:1+rand.IntN(2)], err, time.Duration(rand.IntN(3))*time.Millisecond)
		for _, state := range set.States() {
			if !strings.HasPrefix(state.Host, "app") {
				t.Errorf("state %+v", state)
			}
		}
		time.Sleep(time.Millisecond)
	}
	workers.Wait()
	for _, state := range set.States() {
		if state.Users != 0 || state.Active {
			t.Errorf("state %+v without users", state)
		}
	}
	if s.twice {
		t.Error("two lookups of one name at once")
	}
}
