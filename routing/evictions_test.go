package routing

import (
	"errors"
	"net/netip"
	"reflect"
	"testing"
	"time"
)

func TestEvictions(t *testing.T) {
	state, err := NewState(DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	source, err := NewSource(state, []byte(testConfig), DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	_, upstream, _ := source.Upstream(0)
	pod := Eviction{Network: netip.MustParsePrefix("10.0.0.7/32"), Rate: 5, IdleFirst: true}
	all := Eviction{Upstream: upstream}
	mapped := Eviction{Network: netip.PrefixFrom(netip.MustParseAddr("::ffff:10.1.0.0"), 112)}
	for i, eviction := range []Eviction{pod, all, mapped} {
		if err := state.Evict(eviction, time.Duration(i+1)*time.Second); err != nil {
			t.Fatal(i, err)
		}
	}
	pod.Since, all.Since, mapped.Since = time.Second, 2*time.Second, 3*time.Second
	mapped.Network = netip.MustParsePrefix("10.1.0.0/16")
	if got, want := state.Evictions(), []Eviction{pod, all, mapped}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if err := state.Undo(Eviction{Network: pod.Network}, 4*time.Second); err != nil {
		t.Error(err)
	}
	want := []Event{
		{Number: 2, At: 2 * time.Second, Kind: EventEvicted, Upstream: upstream},
		{Number: 3, At: 3 * time.Second, Kind: EventEvicted, Network: mapped.Network},
		{Number: 4, At: 4 * time.Second, Kind: EventUndone, Network: pod.Network},
	}
	if got := state.Events(1); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if EventUndone.String() != "eviction_undone" || EventKind(99).String() != "unknown" {
		t.Errorf("%v, %v", EventUndone, EventKind(99))
	}
	for _, wrong := range []struct {
		eviction Eviction
		status   Status
	}{
		{Eviction{}, StatusAddress},
		{Eviction{Network: netip.PrefixFrom(netip.MustParseAddr("10.0.0.7"), 24)}, StatusCIDR},
		{Eviction{Network: netip.PrefixFrom(netip.MustParseAddr("10.0.0.7"), 33)}, StatusCIDR},
	} {
		if err := state.Evict(wrong.eviction, 0); !errors.Is(err, wrong.status) {
			t.Errorf("%+v: %v", wrong.eviction, err)
		}
	}
	if err := state.Undo(pod, 0); !errors.Is(err, StatusNoMatch) {
		t.Error(err)
	}
	for i := range 254 {
		network := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 2, 0, byte(i)}), 32)
		if err := state.Evict(Eviction{Network: network}, 0); err != nil {
			t.Fatal(i, err)
		}
	}
	if err := state.Evict(pod, 0); !errors.Is(err, StatusTooMany) {
		t.Error(err)
	}
	if got := len(state.Evictions()); got != 256 {
		t.Error(got)
	}
}

// A pod is draining from its eviction on, and is drained once it has been
// silent for longer than a page may be.
func TestEvictedPods(t *testing.T) {
	state, err := NewState(DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	options := DefaultOptions()
	options.RollTime = 30 * time.Second
	source, err := NewSource(state, []byte(testConfig), options)
	if err != nil {
		t.Fatal(err)
	}
	pod := netip.MustParseAddrPort("10.0.0.7:8080")
	if _, err := source.Dialled(0, pod, OutcomeConnected, time.Second, 1); err != nil {
		t.Fatal(err)
	}
	if err := state.Evict(Eviction{Network: netip.PrefixFrom(pod.Addr(), 32)}, 2*time.Second); err != nil {
		t.Fatal(err)
	}
	pods, _, err := state.Pods(netip.AddrPort{}, 10)
	if err != nil || len(pods) != 1 {
		t.Fatal(pods, err)
	}
	got := []time.Duration{pods[0].EvictedSince, pods[0].DrainingSince, pods[0].DrainedSince}
	if want := []time.Duration{2 * time.Second, 2 * time.Second, 41 * time.Second}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
