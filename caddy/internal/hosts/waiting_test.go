package hosts

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
)

func TestFirstRequestWaitsAndLaterOnesDoNot(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, e *events) {
		s.set(one, nil, 100*time.Millisecond)
		h := set.Acquire("app", Options{})
		defer h.Release()
		time.Sleep(time.Minute)
		if s.lookups() != 0 {
			t.Error("a lookup before the first request")
		}
		var requests sync.WaitGroup
		for range 50 {
			requests.Go(func() { expect(t, h, one, 100*time.Millisecond) })
		}
		requests.Wait()
		s.set(two, nil, 100*time.Millisecond)
		expect(t, h, one, 0)
		ask(h, 50*time.Millisecond, 1200*time.Millisecond)
		expect(t, h, two, 0)
		if got := e.kinds(); got != "[resolved changed]" {
			t.Errorf("events %s", got)
		}
	})
}

func TestWaitIsLimited(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, _ *events) {
		s.set(one, nil, 1200*time.Millisecond)
		h := set.Acquire("app", Options{})
		defer h.Release()
		expect(t, h, nil, maxWait)
		var pending *Error
		if _, err := h.Addresses(t.Context()); !errors.As(err, &pending) || pending.Kind != dns.Pending {
			t.Errorf("error %v, want one of kind %v", err, dns.Pending)
		}
		expect(t, h, one, 200*time.Millisecond)
	})
}

// only is one host for Await, and never what it waits for in vain.
func only(h *Host) iter.Seq[*Host] { return slices.Values([]*Host{h}) }
func never() bool                  { return false }

// One request has one patience, however many names it needs.
func TestPatienceIsForAllNamesTogether(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, _ *events) {
		s.set(nil, servfail(), 1500*time.Millisecond)
		patience, begin := new(Patience), time.Now()
		for try := range 8 {
			for _, name := range []string{"a", "b", "c"} {
				h := set.Acquire(fmt.Sprint(name, try), Options{})
				defer h.Release()
				if _, err := h.Snapshot(t.Context(), patience); err == nil {
					t.Error("no error without addresses")
				}
				Await(t.Context(), patience, 0, only(h), never)
			}
		}
		if took := time.Since(begin); took != maxWait {
			t.Errorf("took %v, want %v", took, maxWait)
		}
	})
}

// Who could reach none of the known addresses waits for newer ones only where lookups had ended, so that there may be some.
func TestNewerAddressesAfterAQuietTime(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, _ *events) {
		s.set(one, nil, 50*time.Millisecond)
		h := set.Acquire("app", Options{})
		defer h.Release()
		newer := func(want []netip.Addr, takes time.Duration) {
			t.Helper()
			begin := time.Now()
			Await(t.Context(), new(Patience), 0, only(h), never)
			if got := h.Known().Addresses(); !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
			if took := time.Since(begin); took != takes {
				t.Errorf("took %v, want %v", took, takes)
			}
		}
		expect(t, h, one, 50*time.Millisecond)
		s.set(two, nil, 100*time.Millisecond)
		newer(one, 0) // asked a moment ago
		for s.lookups() == 1 {
			ask(h, time.Millisecond, time.Millisecond)
		}
		newer(one, 0) // the answer that is on its way is only the next one in a row
		time.Sleep(time.Minute)
		s.set(one, nil, 100*time.Millisecond)
		expect(t, h, two, 0)
		newer(one, 100*time.Millisecond)
		time.Sleep(time.Minute)
		s.set(two, nil, 2*maxWait)
		expect(t, h, one, 0)
		newer(one, maxWait)
	})
}

func TestCallerThatGoesAwayDoesNotEndTheLookup(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, _ *events) {
		s.set(one, nil, 300*time.Millisecond)
		h := set.Acquire("app", Options{})
		defer h.Release()
		var other sync.WaitGroup
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		begin := time.Now()
		other.Go(func() { expect(t, h, one, 300*time.Millisecond) })
		if _, err := h.Addresses(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(begin); took != 100*time.Millisecond {
			t.Errorf("took %v", took)
		}
		other.Wait()
		if s.lookups() != 1 {
			t.Errorf("%d lookups", s.lookups())
		}
	})
}

func TestStaleAnswerIsWaitedForAndThenUsed(t *testing.T) {
	inBubble(t, func(t *testing.T, s *script, set *Set, _ *events) {
		s.set(one, nil, 100*time.Millisecond)
		h := set.Acquire("app", Options{})
		defer h.Release()
		expect(t, h, one, 100*time.Millisecond)
		s.set(two, nil, 100*time.Millisecond)
		time.Sleep(4 * time.Minute) // lookups have stopped long ago, the answer is still good
		known := s.lookups()
		expect(t, h, two, 0) // the last lookups of the busy time saw the change
		time.Sleep(4 * time.Minute)
		s.set(one, nil, 100*time.Millisecond)
		expect(t, h, two, 0)
		time.Sleep(time.Second)
		expect(t, h, one, 0)
		if s.lookups() <= known {
			t.Error("lookups did not start again")
		}

		s.set(two, nil, 100*time.Millisecond)
		time.Sleep(6 * time.Minute)
		s.set(one, nil, 200*time.Millisecond)
		expect(t, h, one, 200*time.Millisecond)

		time.Sleep(6 * time.Minute)
		s.set(nil, nil, time.Hour) // never answers
		expect(t, h, one, maxWait)
		time.Sleep(dns.LookupTimeout) // the lookup has failed; the next one will probably fail as well
		expect(t, h, one, 0)
		ask(h, time.Second, 10*time.Minute)
		expect(t, h, one, 0)

		time.Sleep(time.Minute) // idle, and with an answer older than ever
		s.set(two, nil, 0)
		expect(t, h, two, 0)
	})
}
