package main

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"testing"
)

// Go's resolver understands the answers, and set reports the first one.
func TestNames(t *testing.T) {
	names, err := startNames()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(names.stop)
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, names.address())
	}}
	for _, want := range [][]netip.Addr{podAddresses()[:2], podAddresses()[2:5]} {
		asked := names.set(want)
		got, err := resolver.LookupNetIP(t.Context(), "ip", appName)
		slices.SortFunc(got, netip.Addr.Compare)
		for index := range got {
			got[index] = got[index].Unmap()
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, %v", got, err)
		}
		<-asked
	}
	for _, faulty := range []string{"", "short", "0123\x00\x0145678", "0123\x00\x01456789\x3fname", "0123\x00\x02456789\x00\x00\x01\x00\x01"} {
		if answer := names.answer([]byte(faulty)); answer != nil {
			t.Errorf("%q has the answer %q", faulty, answer)
		}
	}
}
