package hosts

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
)

func addresses(text ...string) []netip.Addr {
	out := make([]netip.Addr, len(text))
	for i, a := range text {
		out[i] = netip.MustParseAddr(a)
	}
	return out
}

func failure(kind dns.ErrorKind) *Error { return &Error{Host: "app", Kind: kind} }

func TestRecordReportsEachChangeOnce(t *testing.T) {
	var r record
	a, b, both := addresses("127.0.1.1"), addresses("127.0.1.2"), addresses("127.0.1.1", "127.0.1.2")
	answer := func(list []netip.Addr) func() (Event, bool) {
		return func() (Event, bool) {
			event, report, _ := r.answer(0, list, dns.Versions{})
			return event, report
		}
	}
	fail := func(kind dns.ErrorKind) func() (Event, bool) {
		return func() (Event, bool) { return r.fail(0, failure(kind)) }
	}
	steps := []struct {
		name       string
		step       func() (Event, bool)
		want       EventKind // 0: no report
		generation uint64
		now        []netip.Addr
	}{
		{"a failure first", fail(dns.Timeout), Failing, 0, nil},
		{"the same again", fail(dns.Timeout), 0, 0, nil},
		{"first answer", answer(a), Resolved, 1, a},
		{"same answer", answer(a), 0, 1, a},
		{"one more", answer(both), Changed, 2, both},
		{"SERVFAIL", fail(dns.ServerFailure), Failing, 2, both},
		{"SERVFAIL again", fail(dns.ServerFailure), 0, 2, both},
		{"NXDOMAIN", fail(dns.NotFound), Failing, 2, both},
		{"SERVFAIL once more", fail(dns.ServerFailure), 0, 2, both},
		{"back with another set", answer(b), Recovered, 3, b},
		{"SERVFAIL anew", fail(dns.ServerFailure), Failing, 3, b},
		{"back with the same set", answer(b), Recovered, 3, b},
		{"moved", answer(a), Changed, 4, a},
	}
	for _, s := range steps {
		event, report := s.step()
		if report != (s.want != 0) || report && event.Kind != s.want {
			t.Errorf("%s: report %v, event %v; want %v", s.name, report, event.Kind, s.want)
		}
		if r.generation != s.generation || !slices.Equal(r.addresses, s.now) || !slices.Equal(event.Addresses, s.now) {
			t.Errorf("%s: generation %d of %v (event: %v), want %d of %v", s.name, r.generation, r.addresses, event.Addresses, s.generation, s.now)
		}
	}
}

func TestRecordDifference(t *testing.T) {
	var r record
	r.answer(0, addresses("127.0.1.1", "127.0.1.2", "::1"), dns.Versions{})
	event, _, _ := r.answer(0, addresses("127.0.1.2", "127.0.1.3", "::1"), dns.Versions{})
	if !slices.Equal(event.Added, addresses("127.0.1.3")) || !slices.Equal(event.Removed, addresses("127.0.1.1")) {
		t.Errorf("added %v, removed %v", event.Added, event.Removed)
	}
}

func TestRecordDropsOnlyWhatIsGoneFromDNS(t *testing.T) {
	both := addresses("127.0.1.1", "127.0.1.2")
	for _, c := range []struct {
		fails []dns.ErrorKind
		drops bool
	}{
		{nil, false},
		{[]dns.ErrorKind{dns.ServerFailure}, false},
		{[]dns.ErrorKind{dns.Timeout, dns.LookupFailed}, false},
		{[]dns.ErrorKind{dns.NotFound}, true},
		{[]dns.ErrorKind{dns.NotFound, dns.Timeout}, true},
	} {
		t.Run(fmt.Sprint(c.fails), func(t *testing.T) {
			var r record
			r.answer(0, both, dns.Versions{})
			for _, kind := range c.fails {
				r.fail(0, failure(kind))
			}
			before := slices.Clone(r.addresses)
			event, dropped := r.drop(both[0])
			if dropped != c.drops {
				t.Fatalf("dropped %v, want %v", dropped, c.drops)
			}
			if !slices.Equal(both, before) {
				t.Fatalf("the answer was changed in place: %v", both)
			}
			if !dropped {
				return
			}
			if event.Kind != Dropped || !slices.Equal(event.Removed, both[:1]) || !slices.Equal(event.Addresses, both[1:]) {
				t.Errorf("event %+v", event)
			}
			if _, again := r.drop(both[0]); again {
				t.Error("dropped twice")
			}
			if _, other := r.drop(netip.MustParseAddr("127.0.9.9")); other {
				t.Error("dropped an address that was never there")
			}
			r.drop(both[1])
			if len(r.addresses) != 0 || r.generation != 3 {
				t.Errorf("%v left, generation %d", r.addresses, r.generation)
			}
			if event, _, _ := r.answer(0, both, dns.Versions{}); event.Kind != Recovered || !slices.Equal(r.addresses, both) {
				t.Errorf("event %v, addresses %v after DNS named them again", event.Kind, r.addresses)
			}
		})
	}
}

func TestRecordKeepsWhatDNSNamesAgain(t *testing.T) {
	var r record
	r.answer(0, two, dns.Versions{})
	r.fail(0, failure(dns.NotFound))
	r.answer(0, two, dns.Versions{})
	if _, dropped := r.drop(two[0]); dropped {
		t.Error("dropped an address that DNS names")
	}
}
