package dns_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
	"github.com/doors-dev/doors-caddy/caddy/internal/hosts"
	"golang.org/x/net/dns/dnsmessage"
)

const name = dns.TestName

// The whole path, from name server to requests, through a rollout and three kinds of outage.
func TestSetFollowsTheNameServer(t *testing.T) {
	server := dns.StartNameserver(t, "127.0.1.1")
	one, two := dns.Addresses("127.0.1.1"), dns.Addresses("127.0.1.1", "127.0.1.2")
	var mu sync.Mutex
	var events []hosts.Event
	note := func(event hosts.Event) { mu.Lock(); defer mu.Unlock(); events = append(events, event) }
	set := hosts.NewSet(hosts.Config{OnChange: note})
	h := set.Acquire(name, hosts.Options{Resolvers: []string{server.Address()}, Refresh: 20 * time.Millisecond})
	defer h.Release()
	becomes := func(what string, is func(hosts.State) bool) {
		t.Helper()
		for begin := time.Now(); !is(h.State()); time.Sleep(5 * time.Millisecond) {
			if _, err := h.Addresses(t.Context()); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if time.Since(begin) > 20*time.Second {
				t.Fatalf("%s: not seen, state %+v", what, h.State())
			}
		}
	}
	has := func(want []netip.Addr) func(hosts.State) bool {
		return func(s hosts.State) bool { return slices.Equal(s.Addresses, want) && s.Error == nil }
	}
	fails := func(kind dns.ErrorKind) func(hosts.State) bool {
		return func(s hosts.State) bool {
			return s.Error != nil && s.Error.Kind == kind && slices.Equal(s.Addresses, two)
		}
	}
	if got, err := h.Addresses(t.Context()); err != nil || !slices.Equal(got, one) {
		t.Fatalf("got %v, %v", got, err)
	}
	server.Say(two, dnsmessage.RCodeSuccess, 0)
	becomes("a new pod", has(two))
	server.Say(two, dnsmessage.RCodeServerFailure, 0)
	becomes("SERVFAIL", fails(dns.ServerFailure))
	server.Say(two, dnsmessage.RCodeServerFailure, -1)
	becomes("silence", fails(dns.Timeout))
	server.Say(two, dnsmessage.RCodeNameError, 0)
	becomes("NXDOMAIN", fails(dns.NotFound))
	server.Say(two[1:], dnsmessage.RCodeSuccess, 0)
	becomes("the old pod gone", has(two[1:]))
	mu.Lock()
	defer mu.Unlock()
	var kinds []hosts.EventKind
	for _, event := range events {
		kinds = append(kinds, event.Kind)
	}
	if got, want := fmt.Sprint(kinds), "[resolved changed failing failing failing recovered]"; got != want {
		t.Errorf("events %s, want %s", got, want)
	}
	for _, event := range events {
		if event.Host != name || !slices.Equal(event.Resolvers, []string{server.Address()}) {
			t.Errorf("event %+v", event)
		}
	}
}

func TestNameThatIsNoName(t *testing.T) {
	server := dns.StartNameserver(t, "127.0.1.1")
	set := hosts.NewSet(hosts.Config{})
	for _, bad := range []string{"", " ", "a b", "..", "app:8080", string(make([]byte, 300))} {
		h := set.Acquire(bad, hosts.Options{Resolvers: []string{server.Address()}})
		var failed *hosts.Error
		if _, err := h.Addresses(t.Context()); !errors.As(err, &failed) || failed.Host != bad {
			t.Errorf("%q: error %v", bad, err)
		}
		h.Release()
	}
}
