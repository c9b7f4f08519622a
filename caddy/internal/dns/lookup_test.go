package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/doors-dev/doors-caddy/go"
	"golang.org/x/net/dns/dnsmessage"
)

// The final dot keeps this machine's search domains out of the tests.
const name = "app.test."

var one, two = addresses("127.0.1.1"), addresses("127.0.1.1", "127.0.1.2")

func addresses(text ...string) []netip.Addr {
	out := make([]netip.Addr, len(text))
	for i, a := range text {
		out[i] = netip.MustParseAddr(a)
	}
	return out
}

func lookUp(t *testing.T, lookup LookupFunc, network string) ([]netip.Addr, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), LookupTimeout)
	defer cancel()
	got, err := lookup(ctx, network, name)
	return Canonical(got), err
}

func TestLookup(t *testing.T) {
	mixed := []string{"127.0.1.2", "fd00::1", "127.0.1.1"}
	var many []string
	for i := range 200 {
		many = append(many, fmt.Sprintf("10.0.0.%d", i+1))
	}
	slices.SortFunc(many, func(a, b string) int { return netip.MustParseAddr(a).Compare(netip.MustParseAddr(b)) })
	for _, c := range []struct {
		name    string
		server  behaviour
		prefix  string
		version Versions
		want    []netip.Addr
		fails   doors.LookupFailure
		asked   []string
	}{
		{name: "both families", server: behaviour{answer: addresses(mixed...)}, want: addresses("127.0.1.1", "127.0.1.2", "fd00::1"), asked: []string{"udp A", "udp AAAA"}},
		{name: "IPv4", server: behaviour{answer: addresses(mixed...)}, version: Versions{IPv4: true}, want: addresses("127.0.1.1", "127.0.1.2"), asked: []string{"udp A"}},
		{name: "IPv6", server: behaviour{answer: addresses(mixed...)}, version: Versions{IPv6: true}, want: addresses("fd00::1"), asked: []string{"udp AAAA"}},
		{name: "udp by name", server: behaviour{answer: addresses(mixed...)}, prefix: "udp/", version: Versions{IPv4: true}, want: addresses("127.0.1.1", "127.0.1.2"), asked: []string{"udp A"}},
		{name: "never udp", server: behaviour{answer: addresses(mixed...)}, prefix: "tcp/", version: Versions{IPv4: true}, want: addresses("127.0.1.1", "127.0.1.2"), asked: []string{"tcp A"}},
		{name: "200 pods do not fit a packet", server: behaviour{answer: addresses(many...), truncate: true}, version: Versions{IPv4: true}, want: addresses(many...), asked: []string{"tcp A", "udp A"}},
		{name: "a lost packet", server: behaviour{answer: one, silent: 1}, version: Versions{IPv4: true}, want: one, asked: []string{"udp A"}},
		{name: "NXDOMAIN", server: behaviour{code: dnsmessage.RCodeNameError}, fails: doors.LookupNotFound, asked: []string{"udp A", "udp AAAA"}},
		{name: "no address", server: behaviour{}, fails: doors.LookupNotFound, asked: []string{"udp A", "udp AAAA"}},
		{name: "no address of the family", server: behaviour{answer: one}, version: Versions{IPv6: true}, fails: doors.LookupNotFound, asked: []string{"udp AAAA"}},
		{name: "SERVFAIL", server: behaviour{code: dnsmessage.RCodeServerFailure}, fails: doors.LookupServerFailure, asked: []string{"udp A", "udp AAAA"}},
		{name: "REFUSED", server: behaviour{code: dnsmessage.RCodeRefused}, fails: doors.LookupServerFailure, asked: []string{"udp A", "udp AAAA"}},
		{name: "silence", server: behaviour{silent: -1}, fails: doors.LookupTimeout, asked: []string{"udp A", "udp AAAA"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := startNameserver(t)
			server.change(func() { server.behaviour = c.server })
			lookup := NewLookup(Options{Resolvers: []string{c.prefix + server.address}}, NewSilence())
			got, err := lookUp(t, lookup, c.version.Network())
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, %v; want %v", got, err, c.want)
			}
			if (err != nil) != (c.fails != 0) || err != nil && kindOf(err) != c.fails {
				t.Errorf("error %v of kind %v, want %v", err, kindOf(err), c.fails)
			}
			// There is no name server to name for those that do not come from one.
			var dns *net.DNSError
			if errors.As(err, &dns) && dns.Server != server.address {
				t.Errorf("error %v does not name %s, which was asked", err, server.address)
			}
			var asked []string
			for _, kind := range []string{"tcp A", "tcp AAAA", "udp A", "udp AAAA"} {
				if server.queries(kind) > 0 {
					asked = append(asked, kind)
				}
			}
			if !slices.Equal(asked, c.asked) {
				t.Errorf("asked %q, want %q", asked, c.asked)
			}
		})
	}
}

func TestLookupTurnsToTheNextNameServer(t *testing.T) {
	closed := startNameserver(t)
	silent, failing, good := startNameserver(t), startNameserver(t), startNameserver(t, "127.0.1.1")
	silent.change(func() { silent.silent = -1 })
	failing.change(func() { failing.code = dnsmessage.RCodeServerFailure })
	packets, err := net.ListenPacket("udp", "127.0.0.9:0") // a port that nobody serves, once closed
	if err != nil {
		t.Fatal(err)
	}
	closed.address = packets.LocalAddr().String()
	packets.Close()
	for _, bad := range []*nameserver{silent, failing, closed} {
		for range 5 { // the first one is chosen at random
			lookup := NewLookup(Options{Resolvers: []string{bad.address, good.address}}, NewSilence())
			if got, err := lookUp(t, lookup, "ip4"); !slices.Equal(got, one) {
				t.Fatalf("got %v, %v", got, err)
			}
			before := bad.queries("udp A")
			if got, err := lookUp(t, lookup, "ip4"); !slices.Equal(got, one) {
				t.Fatalf("then got %v, %v", got, err)
			}
			if bad.queries("udp A") != before {
				t.Error("did not stay with the name server that answers")
			}
		}
	}
	lookup := NewLookup(Options{Resolvers: []string{closed.address}}, NewSilence())
	if _, err := lookUp(t, lookup, "ip4"); err == nil || kindOf(err) != doors.LookupFailed {
		t.Errorf("error %v of kind %v, want %v", err, kindOf(err), doors.LookupFailed)
	}
}

func TestLookupEndsWithItsContext(t *testing.T) {
	server := startNameserver(t)
	server.change(func() { server.silent = -1 })
	lookup := NewLookup(Options{Resolvers: []string{server.address}}, NewSilence())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lookup(ctx, "ip4", name); err == nil {
		t.Error("no error")
	}
	if n := server.queries("udp A"); n > 1 {
		t.Errorf("%d queries", n)
	}
}

func TestSystemResolver(t *testing.T) {
	got, err := NewLookup(Options{}, NewSilence())(t.Context(), "ip4", "localhost")
	if err != nil || !slices.Contains(Canonical(got), netip.MustParseAddr("127.0.0.1")) {
		t.Errorf("localhost is %v, %v", got, err)
	}
}
