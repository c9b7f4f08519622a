package dns

import (
	"net/netip"
	"slices"
	"testing"
)

func TestCanonical(t *testing.T) {
	got := Canonical(append(addresses("127.0.2.1", "::ffff:127.0.1.1", "fd00::1", "127.0.1.1", "0.0.0.0", "::", "::ffff:0.0.0.0", "224.0.0.1", "ff02::1"), netip.Addr{}))
	if want := addresses("127.0.1.1", "127.0.2.1", "fd00::1"); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
