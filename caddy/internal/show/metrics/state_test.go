package metrics

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/routing"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// known returns a State of fixed pods and hosts.
func known(pods []routing.KnownPod, err error, fresh, outside map[uint64][]netip.AddrPort, names ...routing.Host) *State {
	return &State{
		Pods: func() ([]routing.KnownPod, error) { return pods, err },
		Now:  func() time.Duration { return time.Hour },
		Fresh: func(yield func(uint64, []netip.AddrPort, []netip.AddrPort)) {
			for number, pods := range fresh {
				yield(number, pods, outside[number])
			}
		},
		Evictions: func() int { return 2 },
		Hosts: func(yield func(routing.Host)) {
			for _, host := range names {
				yield(host)
			}
		},
	}
}

// separate gives a test its own labels.
func separate(t *testing.T) {
	t.Helper()
	forget := func() {
		upstreamLabels, hostLabels = newLabels(MaxUpstreams), newLabels(MaxHosts)
		upstreamNumbers.Clear()
	}
	forget()
	t.Cleanup(forget)
	wall = func() time.Time { return time.Unix(1000, 0) }
	t.Cleanup(func() { wall = time.Now })
}

func TestState(t *testing.T) {
	separate(t)
	Upstream("blue.test:80", 1)
	Upstream("idle.test:80", 2)
	at := func(last byte) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, last}), 80)
	}
	now := time.Hour
	state := known([]routing.KnownPod{
		{Pod: at(1), Upstream: 1, InFlight: 7, Streams: 4, Fresh: true, LastSeen: now},
		{Pod: at(2), Upstream: 1, InFlight: 3, Streams: 2, DrainingSince: now, LastSeen: now},
		{Pod: at(3), Upstream: 1, DrainingSince: now - time.Hour/2, LastSeen: now - time.Minute},
		{Pod: at(11), Upstream: 1, Streams: 3, Fresh: true, DrainingSince: now, EvictedSince: now, LastSeen: now},
		{Pod: at(4), Upstream: 1, LastSeen: now - rememberedFor - 1},
		{Pod: at(5), Upstream: 1, LastSeen: now, Verdict: routing.VerdictGone},
		{Pod: at(6), Upstream: 1, LastSeen: now, Verdict: routing.VerdictUnreachable, Fresh: true},
		{Pod: at(7), Upstream: 99, InFlight: 1, LastSeen: now},
		{Pod: at(9), Upstream: 1, Fresh: true, LastSeen: now},
	}, nil, map[uint64][]netip.AddrPort{1: {at(1), at(6), at(8), at(9), at(10)}}, map[uint64][]netip.AddrPort{1: {at(9), at(10)}},
		routing.Host{Name: "blue.test", Generation: 1, Age: 3 * time.Second, Active: true},
		routing.Host{Name: "blue.test", Generation: 1, Age: 2 * time.Second, Active: true, Resolver: 1},
		routing.Host{Name: "unknown.test", Active: true, Age: routing.Never},
	)
	want := `
# HELP caddy_doors_dns_answer_timestamp_seconds Unix time of the last DNS answer with addresses, for each host in use.
# TYPE caddy_doors_dns_answer_timestamp_seconds gauge
caddy_doors_dns_answer_timestamp_seconds{host="blue.test"} 997
# HELP caddy_doors_evicted_pods Evicted pods in any state, by upstream.
# TYPE caddy_doors_evicted_pods gauge
caddy_doors_evicted_pods{upstream="blue.test:80"} 1
caddy_doors_evicted_pods{upstream="idle.test:80"} 0
caddy_doors_evicted_pods{upstream="other"} 0
# HELP caddy_doors_evictions Evictions in force.
# TYPE caddy_doors_evictions gauge
caddy_doors_evictions 2
# HELP caddy_doors_pods Pods by upstream and state (fresh, outside, draining, unreachable, gone).
# TYPE caddy_doors_pods gauge
caddy_doors_pods{state="draining",upstream="blue.test:80"} 3
caddy_doors_pods{state="draining",upstream="idle.test:80"} 0
caddy_doors_pods{state="draining",upstream="other"} 1
caddy_doors_pods{state="fresh",upstream="blue.test:80"} 2
caddy_doors_pods{state="fresh",upstream="idle.test:80"} 0
caddy_doors_pods{state="fresh",upstream="other"} 0
caddy_doors_pods{state="gone",upstream="blue.test:80"} 1
caddy_doors_pods{state="gone",upstream="idle.test:80"} 0
caddy_doors_pods{state="gone",upstream="other"} 0
caddy_doors_pods{state="outside",upstream="blue.test:80"} 2
caddy_doors_pods{state="outside",upstream="idle.test:80"} 0
caddy_doors_pods{state="outside",upstream="other"} 0
caddy_doors_pods{state="unreachable",upstream="blue.test:80"} 1
caddy_doors_pods{state="unreachable",upstream="idle.test:80"} 0
caddy_doors_pods{state="unreachable",upstream="other"} 0
# HELP caddy_doors_requests_in_flight Requests in flight to pods, by upstream.
# TYPE caddy_doors_requests_in_flight gauge
caddy_doors_requests_in_flight{upstream="blue.test:80"} 10
caddy_doors_requests_in_flight{upstream="idle.test:80"} 0
caddy_doors_requests_in_flight{upstream="other"} 1
# HELP caddy_doors_streams Open streams of pages, by upstream and state of the pod (fresh, draining).
# TYPE caddy_doors_streams gauge
caddy_doors_streams{state="draining",upstream="blue.test:80"} 5
caddy_doors_streams{state="draining",upstream="idle.test:80"} 0
caddy_doors_streams{state="draining",upstream="other"} 0
caddy_doors_streams{state="fresh",upstream="blue.test:80"} 4
caddy_doors_streams{state="fresh",upstream="idle.test:80"} 0
caddy_doors_streams{state="fresh",upstream="other"} 0
`
	err := testutil.CollectAndCompare(state, strings.NewReader(want), "caddy_doors_dns_answer_timestamp_seconds", "caddy_doors_pods", "caddy_doors_evicted_pods", "caddy_doors_evictions",
		"caddy_doors_requests_in_flight", "caddy_doors_streams")
	if err != nil {
		t.Error(err)
	}
}

// The number of series is bounded, however many upstreams, pods and hosts there are, and Caddy's
// registry accepts them all.
func TestStateIsBounded(t *testing.T) {
	separate(t)
	var pods []routing.KnownPod
	var names []routing.Host
	for i := range 10_000 {
		number := uint64(i)
		Upstream(fmt.Sprintf("upstream-%d.test:80", i), number)
		pod := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 80)
		pods = append(pods, routing.KnownPod{Pod: pod, Upstream: number, Fresh: true})
		names = append(names, routing.Host{Name: fmt.Sprintf("upstream-%d.test", i), Generation: 1, Active: true})
	}
	registry := prometheus.NewPedanticRegistry()
	if err := Register(registry, known(pods, nil, nil, nil, names...)); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		switch series, name := len(family.GetMetric()), family.GetName(); name {
		case "caddy_doors_pods":
			if series != 5*(MaxUpstreams+1) {
				t.Errorf("%s: %d series", name, series)
			}
		default:
			if series > 5*(MaxUpstreams+1) {
				t.Errorf("%s: %d series", name, series)
			}
		}
	}
}

func TestStateWithoutPods(t *testing.T) {
	separate(t)
	if series := testutil.CollectAndCount(known(nil, errors.New("a bug"), nil, nil)); series != 2 {
		t.Errorf("%d series, want only those of routers and evictions", series)
	}
}
