package hosts

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
)

// script stands in for DNS: what it answers, how long it takes, and what it was asked.
type script struct {
	mu      sync.Mutex
	answer  []netip.Addr
	err     error
	takes   time.Duration
	asked   []string    // names in order
	starts  []time.Time // of the lookups
	running map[string]int
	atOnce  int // most at the same time
	twice   bool
}

func (s *script) lookup(ctx context.Context, _, host string) ([]netip.Addr, error) {
	s.mu.Lock()
	if s.running == nil {
		s.running = make(map[string]int)
	}
	s.asked, s.starts = append(s.asked, host), append(s.starts, time.Now())
	s.running[host]++
	s.twice = s.twice || s.running[host] > 1
	s.atOnce = max(s.atOnce, len(s.running))
	takes := s.takes
	s.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[host]--; s.running[host] == 0 {
		delete(s.running, host)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return s.answer, s.err
}

func (s *script) set(answer []netip.Addr, err error, takes time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer, s.err, s.takes = answer, err, takes
}

func (s *script) lookups() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

func (s *script) underWay() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.running)
}

func nxdomain() error {
	return &net.DNSError{Err: "no such host", IsNotFound: true}
}

func servfail() error {
	return &net.DNSError{Err: "server misbehaving", IsTemporary: true}
}

// events records what a set reports.
type events struct {
	mu   sync.Mutex
	list []Event
}

func (e *events) add(event Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, event)
}

func (e *events) kinds() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var kinds []EventKind
	for _, event := range e.list {
		kinds = append(kinds, event.Kind)
	}
	return fmt.Sprint(kinds)
}

// inBubble runs a test on virtual time. The test fails by itself when a goroutine is left over.
func inBubble(t *testing.T, test func(t *testing.T, s *script, set *Set, e *events)) {
	synctest.Test(t, func(t *testing.T) {
		s, e := &script{}, &events{}
		set := NewSet(Config{OnChange: e.add, NewLookup: func(dns.Options) dns.LookupFunc { return s.lookup }})
		test(t, s, set, e)
		synctest.Wait()
		if s.twice {
			t.Error("two lookups of one name at once")
		}
	})
}
