package nameserver_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
)

func start(t *testing.T) (*nameserver.Server, *net.Resolver) {
	t.Helper()
	server, err := nameserver.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	var dialer net.Dialer
	return server, &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, server.Address())
	}}
}

func lookUp(t *testing.T, resolver *net.Resolver, name string, limit time.Duration) ([]netip.Addr, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	addresses, err := resolver.LookupNetIP(ctx, "ip", name)
	slices.SortFunc(addresses, netip.Addr.Compare)
	return addresses, err
}

var (
	one   = netip.MustParseAddr("127.0.1.1")
	two   = netip.MustParseAddr("127.0.1.2")
	three = netip.MustParseAddr("fd00::3")
)

func TestAnswersWhatWasSetLast(t *testing.T) {
	server, resolver := start(t)
	server.Set("App.test.", one, three)
	if got, err := lookUp(t, resolver, "app.test.", 5*time.Second); err != nil || !slices.Equal(got, []netip.Addr{one, three}) {
		t.Fatal(got, err)
	}
	server.Set("app.test", two)
	if got, err := lookUp(t, resolver, "app.test.", 5*time.Second); err != nil || !slices.Equal(got, []netip.Addr{two}) {
		t.Fatal(got, err)
	}
	if server.Queries("app.test") != 4 || server.Queries("") != 4 || server.QueriesOf("udp A") != 2 || server.QueriesOf("tcp A") != 0 {
		t.Fatal(server.Queries("app.test"), server.Queries(""), server.QueriesOf("udp A"), server.QueriesOf("tcp A"))
	}
	server.Remove("app.test")
	if _, err := lookUp(t, resolver, "app.test.", 5*time.Second); !notFound(err) {
		t.Fatal(err)
	}
}

// Until the time of SetFrom, answers have the old addresses, as from a cache.
func TestOldAnswers(t *testing.T) {
	server, resolver := start(t)
	named := func() []netip.Addr {
		t.Helper()
		got, err := lookUp(t, resolver, "app.test.", 5*time.Second)
		if err != nil && !notFound(err) {
			t.Fatal(err)
		}
		return got
	}
	now := time.Now()
	server.SetFrom(now.Add(time.Hour), "app.test", one)
	if got := named(); len(got) > 0 {
		t.Errorf("before the first answer: %v", got)
	}
	server.Set("app.test", one)
	server.SetFrom(now.Add(time.Hour), "app.test", two)
	if got := named(); !slices.Equal(got, []netip.Addr{one}) {
		t.Errorf("before the second answer: %v", got)
	}
	server.SetFrom(now.Add(time.Millisecond), "app.test", three) // replaces the other change
	for limit := now.Add(10 * time.Second); !slices.Equal(named(), []netip.Addr{three}); {
		if time.Now().After(limit) {
			t.Fatalf("after the second answer: %v", named())
		}
	}
}

// With Cache a client gets the same answer again.
func TestCache(t *testing.T) {
	server, resolver := start(t)
	server.Set("app.test", one)
	server.Cache(time.Hour)
	lookUpOne := func(want netip.Addr) {
		t.Helper()
		if got, err := lookUp(t, resolver, "app.test.", 5*time.Second); err != nil || !slices.Equal(got, []netip.Addr{want}) {
			t.Fatal(got, err)
		}
	}
	lookUpOne(one)
	server.Set("app.test", two)
	lookUpOne(one)
	server.Cache(0)
	lookUpOne(two)
}

func TestFailures(t *testing.T) {
	server, resolver := start(t)
	server.Set("app.test", one)
	server.Set("other.test", two)
	for _, c := range []struct {
		failure nameserver.Failure
		found   bool // the resolver finds addresses
		absent  bool // the resolver reports that there is no such name or address
	}{
		{nameserver.None, true, false},
		{nameserver.Silent, false, false},
		{nameserver.ServerFailure, false, false},
		{nameserver.Refused, false, false},
		{nameserver.NameError, false, true},
		{nameserver.Empty, false, true},
		{nameserver.Truncated, true, false},
		{nameserver.FormatError, false, false},
	} {
		server.Fail("app.test", c.failure)
		_, err := lookUp(t, resolver, "app.test.", 300*time.Millisecond)
		if c.found != (err == nil) || c.absent != notFound(err) {
			t.Errorf("failure %d: %v", c.failure, err)
		}
		if _, err := lookUp(t, resolver, "other.test.", 5*time.Second); err != nil {
			t.Errorf("failure %d of another name: %v", c.failure, err)
		}
	}
	if server.QueriesOf("tcp A") == 0 {
		t.Error("no query came over TCP")
	}
	server.Fail("app.test", nameserver.None)
	server.Fail("", nameserver.ServerFailure)
	if _, err := lookUp(t, resolver, "other.test.", 5*time.Second); err == nil {
		t.Error("a failure for all names spares one")
	}
	server.Fail("", nameserver.None)
	if _, err := lookUp(t, resolver, "other.test.", 5*time.Second); err != nil {
		t.Error(err)
	}
}

// The addresses of 200 pods do not fit into a packet.
func TestLongAnswersAreTruncated(t *testing.T) {
	server, resolver := start(t)
	var many []netip.Addr
	for n := range 200 {
		many = append(many, netip.AddrFrom4([4]byte{127, 0, 1, byte(n)}))
	}
	server.Set("app.test", many...)
	if got, err := lookUp(t, resolver, "app.test.", 5*time.Second); err != nil || !slices.Equal(got, many) || server.QueriesOf("tcp A") != 1 {
		t.Fatalf("%d addresses, %v, %d queries over TCP", len(got), err, server.QueriesOf("tcp A"))
	}
	server.Order("app.test", "", nameserver.Order{Subset: 8})
	seen := map[netip.Addr]bool{}
	for range 10 {
		got, err := lookUp(t, resolver, "app.test.", 5*time.Second)
		if err != nil || len(got) != 8 {
			t.Fatal(got, err)
		}
		for _, address := range got {
			seen[address] = true
		}
	}
	if len(seen) < 20 || server.QueriesOf("tcp A") != 1 {
		t.Errorf("%d different addresses, %d queries over TCP", len(seen), server.QueriesOf("tcp A"))
	}
}

func TestOrdersForOneType(t *testing.T) {
	server, resolver := start(t)
	server.Set("app.test", one, three)
	server.Order("app.test", "AAAA", nameserver.Order{Failure: nameserver.ServerFailure})
	if got, err := lookUp(t, resolver, "app.test.", 5*time.Second); err != nil || !slices.Equal(got, []netip.Addr{one}) {
		t.Fatal(got, err)
	}
	server.Order("app.test", "AAAA", nameserver.Order{})
	server.Order("", "A", nameserver.Order{Failure: nameserver.Empty})
	if got, err := lookUp(t, resolver, "app.test.", 5*time.Second); err != nil || !slices.Equal(got, []netip.Addr{three}) {
		t.Fatal(got, err)
	}
}

func TestDelay(t *testing.T) {
	server, resolver := start(t)
	server.Set("app.test", one)
	server.Delay(time.Hour)
	if _, err := lookUp(t, resolver, "app.test.", 100*time.Millisecond); err == nil {
		t.Fatal("the answer did not wait")
	}
	server.Delay(0)
	if _, err := lookUp(t, resolver, "app.test.", 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil { // while an answer is still delayed
		t.Fatal(err)
	}
}

func notFound(err error) bool {
	var failure *net.DNSError
	return errors.As(err, &failure) && failure.IsNotFound
}
