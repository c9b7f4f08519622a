package show_test

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/caddy/internal/proxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
)

const (
	first  = "127.0.1.1"
	second = "127.0.1.2"
)

// startEviction runs a Caddy in front of two pods of one upstream. get returns the status of a
// request to the first pod.
func startEviction(t *testing.T) (process *proxy.Process, upstream string, get func(path string) int) {
	t.Helper()
	pod := caddytest.StartPod(t, first)
	listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", second, pod.Address.Port()))
	if err != nil {
		t.Fatal(err)
	}
	other := &http.Server{Handler: http.NotFoundHandler()}
	go other.Serve(listener)
	t.Cleanup(func() { other.Close() })
	url, err := caddytest.StartCaddy(t, `{"handler": "reverse_proxy", "upstreams": {"source": "doors_upstream", "secret": "SECRET",
		"upstreams": [{"cidr": "127.0.1.0/24", "hosts": ["`+first+`", "`+second+`"], "port": PORT}]}}`, pod)
	if err != nil {
		t.Fatal(err)
	}
	process, err = proxy.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { process.Release() })
	return process, pod.Address.String(), func(path string) int {
		t.Helper()
		answer, err := http.Get(url + "/~/" + caddytest.TokenOf(t, first) + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
}

// The streams of an evicted pod are told to reload, however it is selected, until the eviction
// ends. Other requests are not.
func TestEvict(t *testing.T) {
	process, upstream, get := startEviction(t)
	if status := get("/s/1"); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	for network, target := range map[string]status.Target{
		first + "/32":       {Pod: netip.MustParseAddr(first)},
		"127.0.1.0/31":      {Network: netip.MustParsePrefix("127.0.1.0/31")},
		first + "/32 there": {Pod: netip.MustParseAddr(first), Upstream: upstream},
	} {
		evicted, err := process.Evict(status.Order{Target: target, Rate: 7, IdleFirst: false})
		if err != nil || len(evicted) != 1 || evicted[0].Rate != 7 || evicted[0].Draining != 1 {
			t.Fatalf("%s: %+v, %v", network, evicted, err)
		}
		caddytest.Eventually(t, func() (problem string) { // once the other pod is known to work
			if status := get("/s/1"); status != http.StatusGone {
				problem = fmt.Sprintf("%s: a stream gets %d", network, status)
			}
			return problem
		})
		if hook := get("/h/1/1"); hook != http.StatusOK {
			t.Errorf("%s: a hook got %d", network, hook)
		}
		state, err := process.State()
		if err != nil {
			t.Fatal(err)
		}
		if one := state.Pods[0]; one.Pod != upstream || one.Generation != status.Draining || one.EvictedSecondsAgo == nil || one.DrainingSecondsAgo == nil || one.Drained {
			t.Errorf("%s: %+v", network, one)
		}
		text, _, _ := strings.Cut(network, " ")
		if len(state.Evictions) != 1 || state.Evictions[0].Network != text || state.Evictions[0].Told != 1 || state.Evictions[0].Upstream != target.Upstream {
			t.Errorf("%s: %+v", network, state.Evictions)
		}
		if !slices.ContainsFunc(state.Events, func(one status.Event) bool {
			return one.Event == "evicted" && one.Network == text && one.Upstream == target.Upstream
		}) {
			t.Errorf("%s: %+v", network, state.Events)
		}
		if others, err := process.Evictions(status.Target{Pod: netip.MustParseAddr(second)}); err != nil || len(others) != 0 {
			t.Errorf("%s: %+v, %v", network, others, err)
		}
		undone, err := process.Undo(target)
		if err != nil || len(undone) != 1 || undone[0].Told != 1 {
			t.Errorf("%s: %+v, %v", network, undone, err)
		}
		if again, err := process.Undo(target); err != nil || len(again) != 0 {
			t.Errorf("%s: %+v, %v", network, again, err)
		}
		if status := get("/s/1"); status != http.StatusOK {
			t.Errorf("%s: afterwards a stream gets %d", network, status)
		}
	}
}

// Invalid targets change nothing.
func TestEvictRefused(t *testing.T) {
	process, _, _ := startEviction(t)
	for want, target := range map[string]status.Target{
		"127.0.2.1 is in no network":       {Pod: netip.MustParseAddr("127.0.2.1")},
		"not in the running configuration": {Upstream: "canary.test:80"},
	} {
		if _, err := process.Evict(status.Order{Target: target}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%v: %v", target, err)
		}
	}
	for i := range 256 {
		one := status.Target{Network: netip.MustParsePrefix(fmt.Sprintf("127.0.%d.0/24", i))}
		if _, err := process.Evict(status.Order{Target: one}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := process.Evict(status.Order{Target: status.Target{Pod: netip.MustParseAddr(first)}}); err == nil || !strings.Contains(err.Error(), "256 evictions") {
		t.Errorf("%v", err)
	}
	if all, err := process.Evictions(status.Target{}); err != nil || len(all) != 256 {
		t.Errorf("%d evictions, %v", len(all), err)
	}
}
