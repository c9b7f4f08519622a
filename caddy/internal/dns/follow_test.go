package dns

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/routing"
	"golang.org/x/net/dns/dnsmessage"
)

// followed is the driver of a source with one host.
type followed struct {
	state  *routing.State
	source *routing.Source
	driver *Driver
	now    func() time.Duration

	mu      sync.Mutex
	changes []Change
	ends    int
}

func follow(t *testing.T, host string, o Options) *followed {
	t.Helper()
	state, err := routing.NewState(routing.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	f := &followed{state: state, now: func() time.Duration { return time.Since(started) }}
	f.driver = NewDriver(t.Context(), state, f.now, Reports{
		Changed:  func(change Change) { f.mu.Lock(); defer f.mu.Unlock(); f.changes = append(f.changes, change) },
		LookedUp: func(routing.LookupFailure) { f.mu.Lock(); defer f.mu.Unlock(); f.ends++ },
		Wake:     func() {},
	})
	options := routing.DefaultOptions()
	options.Refresh, options.Resolver = 20*time.Millisecond, f.driver.ResolverNumber(o)
	text := fmt.Sprintf(`{"secret": "AAECAwQFBgcICQoLDA0ODw==", "upstreams": [{"cidr": "127.0.1.0/24", "host": %q, "port": 80}]}`, host)
	if f.source, err = routing.NewSource(state, []byte(text), options); err != nil {
		t.Fatal(err)
	}
	return f
}

// becomes makes requests until the host is as expected.
func (f *followed) becomes(t *testing.T, what string, is func(routing.Host) bool) {
	t.Helper()
	number, _, _ := f.source.Upstream(0)
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		var request routing.Request
		step, _, err := f.source.Begin(&request, routing.Incoming{Method: routing.MethodGet, Path: "/"}, f.now(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if step.Report != nil && step.Report.LookupsDue {
			f.driver.Due()
		}
		if err := f.source.Ended(&request, f.now()); err != nil {
			t.Fatal(err)
		}
		host, err := f.state.Host(number, f.now())
		if err == nil && is(host) {
			return
		}
		if time.Since(begin) > 20*time.Second {
			t.Fatalf("%s: not seen, %+v, %v", what, host, err)
		}
	}
}

// The whole path from the name server to requests, through a rollout and three kinds of outage.
func TestFollowsTheNameServer(t *testing.T) {
	server := startNameserver(t, "127.0.1.1")
	one, two := addresses("127.0.1.1"), addresses("127.0.1.1", "127.0.1.2")
	f := follow(t, name, Options{Resolvers: []string{server.udp()}})
	has := func(want []netip.Addr) func(routing.Host) bool {
		return func(host routing.Host) bool { return slices.Equal(host.Addresses, want) && host.Failure == 0 }
	}
	fails := func(failure routing.LookupFailure) func(routing.Host) bool {
		return func(host routing.Host) bool { return slices.Equal(host.Addresses, two) && host.Failure == failure }
	}
	say := func(answer []netip.Addr, code dnsmessage.RCode, silent int) {
		server.change(func() { server.answer, server.code, server.silent = answer, code, silent })
	}
	f.becomes(t, "the first pod", has(one))
	say(two, dnsmessage.RCodeSuccess, 0)
	f.becomes(t, "a new pod", has(two))
	say(two, dnsmessage.RCodeServerFailure, 0)
	f.becomes(t, "SERVFAIL", fails(routing.LookupServerFailure))
	say(two, dnsmessage.RCodeServerFailure, -1)
	f.becomes(t, "silence", fails(routing.LookupTimeout))
	say(two, dnsmessage.RCodeNameError, 0)
	f.becomes(t, "NXDOMAIN", fails(routing.LookupNotFound))
	say(two[1:], dnsmessage.RCodeSuccess, 0)
	f.becomes(t, "the old pod gone", has(two[1:]))
	var kinds []routing.HostChange
	for begin := time.Now(); time.Since(begin) < 20*time.Second && len(kinds) < 6; time.Sleep(time.Millisecond) { // Changed is called shortly after the change
		f.mu.Lock()
		kinds = nil
		for _, change := range f.changes {
			kinds = append(kinds, change.Kind)
		}
		f.mu.Unlock()
	}
	if got, want := fmt.Sprint(kinds), "[resolved changed failing failing failing recovered]"; got != want {
		t.Errorf("changes %s, want %s", got, want)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, change := range f.changes {
		var added, removed []netip.Addr
		switch i {
		case 0:
			added = one
		case 1:
			added = two[1:]
		case 5:
			removed = one
		}
		if change.Host != name || !slices.Equal(change.Added, added) || !slices.Equal(change.Removed, removed) || (change.Failure != nil) != (change.Kind == routing.HostFailing) {
			t.Errorf("change %d: %+v", i, change)
		}
	}
}

// A host is not looked up unless requests use it, and only for a short time after the last one.
func TestUnusedIsNotLookedUp(t *testing.T) {
	server := startNameserver(t, "127.0.1.1")
	f := follow(t, name, Options{Resolvers: []string{server.udp()}})
	f.driver.Due()
	f.becomes(t, "the first pod", func(host routing.Host) bool { return len(host.Addresses) == 1 })
	number, _, _ := f.source.Upstream(0)
	for begin := time.Now(); ; time.Sleep(time.Millisecond) {
		host, err := f.state.Host(number, f.now())
		if err != nil {
			t.Fatal(err)
		}
		if !host.Active {
			break
		}
		if time.Since(begin) > 20*time.Second {
			t.Fatal("lookups go on")
		}
	}
}

func TestNameThatIsNoName(t *testing.T) {
	server := startNameserver(t, "127.0.1.1")
	for _, bad := range []string{"", " ", "a b", "..", "app:8080", string(make([]byte, 300))} {
		var failure *Failure
		if _, err := LookUp(t.Context(), Options{Resolvers: []string{server.udp()}}, bad); !errors.As(err, &failure) || failure.Host != bad {
			t.Errorf("%q: error %v", bad, err)
		}
	}
	if found, err := LookUp(t.Context(), Options{}, "[::ffff:127.0.1.7]"); err != nil || !slices.Equal(found, addresses("127.0.1.7")) {
		t.Errorf("an address: %v, %v", found, err)
	}
}

// Options with the same effect have the same number.
func TestWays(t *testing.T) {
	f := follow(t, name, Options{})
	if same := f.driver.ResolverNumber(Options{DialTimeout: time.Second, Network: "ip"}); same != 0 {
		t.Errorf("the system's resolver with both versions is %d", same)
	}
	first := f.driver.ResolverNumber(Options{Resolvers: []string{"udp/a:53", "udp/b:53"}})
	if again := f.driver.ResolverNumber(Options{Resolvers: []string{"udp/b:53", "udp/a:53", "udp/a:53"}}); first != 1 || again != first {
		t.Errorf("the same name servers are %d and %d", first, again)
	}
	if other := f.driver.ResolverNumber(Options{Resolvers: []string{"udp/a:53", "udp/b:53"}, Network: "ip6"}); other == first {
		t.Error("another IP version is the same")
	}
}
