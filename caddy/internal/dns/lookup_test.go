package dns

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/routing"
	"golang.org/x/net/dns/dnsmessage"
)

// The final dot excludes this machine's search domains.
const name = "app.test."

var one, two = addresses("127.0.1.1"), addresses("127.0.1.1", "127.0.1.2")

func addresses(text ...string) []netip.Addr {
	out := make([]netip.Addr, len(text))
	for i, a := range text {
		out[i] = netip.MustParseAddr(a)
	}
	return out
}

func lookUp(t *testing.T, h *host) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), LookupTimeout)
	defer cancel()
	return h.lookup(ctx, name)
}

// kind returns the kind of the failure, or 0.
func (o outcome) kind() routing.LookupFailure {
	if o.failure == nil {
		return 0
	}
	return o.failure.Kind
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
		network string
		want    []netip.Addr
		fails   routing.LookupFailure
		asked   []string
	}{
		{name: "both families", server: behaviour{answer: addresses(mixed...)}, want: addresses("127.0.1.1", "127.0.1.2", "fd00::1"), asked: []string{"udp A", "udp AAAA"}},
		{name: "IPv4", server: behaviour{answer: addresses(mixed...)}, network: "ip4", want: addresses("127.0.1.1", "127.0.1.2"), asked: []string{"udp A"}},
		{name: "IPv6", server: behaviour{answer: addresses(mixed...)}, network: "ip6", want: addresses("fd00::1"), asked: []string{"udp AAAA"}},
		{name: "never udp", server: behaviour{answer: addresses(mixed...)}, prefix: "tcp/", network: "ip4", want: addresses("127.0.1.1", "127.0.1.2"), asked: []string{"tcp A"}},
		{name: "200 pods do not fit a packet", server: behaviour{answer: addresses(many...), truncate: true}, network: "ip4", want: addresses(many...), asked: []string{"tcp A", "udp A"}},
		{name: "a lost packet", server: behaviour{answer: one, silent: 1}, network: "ip4", want: one, asked: []string{"udp A"}},
		{name: "NXDOMAIN", server: behaviour{code: dnsmessage.RCodeNameError}, fails: routing.LookupNotFound, asked: []string{"udp A", "udp AAAA"}},
		{name: "no address", server: behaviour{}, fails: routing.LookupNotFound, asked: []string{"udp A", "udp AAAA"}},
		{name: "no address of the family", server: behaviour{answer: one}, network: "ip6", fails: routing.LookupNotFound, asked: []string{"udp AAAA"}},
		{name: "SERVFAIL", server: behaviour{code: dnsmessage.RCodeServerFailure}, fails: routing.LookupServerFailure, asked: []string{"udp A", "udp AAAA"}},
		{name: "REFUSED", server: behaviour{code: dnsmessage.RCodeRefused}, fails: routing.LookupServerFailure, asked: []string{"udp A", "udp AAAA"}},
		{name: "silence", server: behaviour{silent: -1}, fails: routing.LookupTimeout, asked: []string{"udp A", "udp AAAA"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := startNameserver(t)
			server.change(func() { server.behaviour = c.server })
			got := lookUp(t, newHost(Options{Resolvers: []string{cmp.Or(c.prefix, "udp/") + server.address}, Network: c.network}))
			if !slices.Equal(got.addresses, c.want) {
				t.Errorf("got %v, %v; want %v", got.addresses, got.failure, c.want)
			}
			if got.kind() != c.fails {
				t.Errorf("failure %v, want %v", got.failure, c.fails)
			}
			if got.failure != nil && !strings.Contains(got.failure.Error(), server.address) {
				t.Errorf("%v does not name %s, which was asked", got.failure, server.address)
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
	packets, err := net.ListenPacket("udp", "127.0.0.9:0") // nobody serves this port once it is closed
	if err != nil {
		t.Fatal(err)
	}
	closed.address = packets.LocalAddr().String()
	packets.Close()
	for _, bad := range []*nameserver{silent, failing, closed} {
		for range 5 { // the first server is chosen at random
			h := newHost(Options{Resolvers: []string{bad.udp(), good.udp()}, Network: "ip4"})
			if got := lookUp(t, h); !slices.Equal(got.addresses, one) {
				t.Fatalf("got %v, %v", got.addresses, got.failure)
			}
			before := bad.queries("udp A")
			if got := lookUp(t, h); !slices.Equal(got.addresses, one) {
				t.Fatalf("then got %v, %v", got.addresses, got.failure)
			}
			if bad.queries("udp A") != before {
				t.Error("did not stay with the name server that answers")
			}
		}
	}
	if got := lookUp(t, newHost(Options{Resolvers: []string{closed.udp()}})); got.kind() != routing.LookupFailed {
		t.Errorf("failure %v, want %v", got.failure, routing.LookupFailed)
	}
}

func TestLookupEndsWithItsContext(t *testing.T) {
	server := startNameserver(t)
	server.change(func() { server.silent = -1 })
	h := newHost(Options{Resolvers: []string{server.udp()}, Network: "ip4"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := h.lookup(ctx, name); got.failure == nil {
		t.Error("no failure")
	}
	if n := server.queries("udp A"); n > 1 {
		t.Errorf("%d queries", n)
	}
}

func TestSystemResolver(t *testing.T) {
	got := newHost(Options{Network: "ip4"}).lookup(t.Context(), "localhost")
	if got.failure != nil || !slices.Contains(got.addresses, netip.MustParseAddr("127.0.0.1")) {
		t.Errorf("localhost is %v, %v", got.addresses, got.failure)
	}
}

func TestCanonical(t *testing.T) {
	got := Canonical(append(addresses("127.0.2.1", "::ffff:127.0.1.1", "fd00::1", "127.0.1.1", "0.0.0.0", "::", "::ffff:0.0.0.0", "224.0.0.1", "ff02::1"), netip.Addr{}))
	if want := addresses("127.0.1.1", "127.0.2.1", "fd00::1"); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
