package proxy

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/hosts"
	"github.com/doors-dev/doors-caddy/go"
	"go.uber.org/zap"
)

// sourceWith makes a source of upstreams with so many pods each.
func sourceWith(t *testing.T, counts ...int) *Source {
	t.Helper()
	var upstreams []string
	for i := range counts {
		upstreams = append(upstreams, fmt.Sprintf(`{"cidr": "127.0.%d.0/24", "host": "127.0.%[1]d.1", "port": 80}`, i+1))
	}
	router, err := doors.NewRouter([]byte(`{"secret": "` + caddytest.Secret + `", "cookie_name": "up", "upstreams": [` + strings.Join(upstreams, ",") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	held, err := Acquire()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { held.Release() })
	s := &Source{loaded: &config.Loaded{Router: router}, process: held, logger: zap.NewNop(), choosesItself: true, turns: newTurns(len(counts))}
	s.upstreams = newUpstreams(s.loaded, held, doors.Group{}, s.logger)
	for i, upstream := range s.upstreams {
		snapshot, _ := upstream.host.Current()
		upstream.pods.Get(snapshot, func(*hosts.Snapshot) []pod {
			pods := make([]pod, counts[i])
			for n := range pods {
				pods[n] = upstream.newPod(netip.AddrFrom4([4]byte{127, 0, byte(i + 1), byte(n + 1)}))
			}
			return pods
		})
	}
	return s
}

// Every pod gets the same share, however they are spread over upstreams, and soon.
func TestPodsTakeTurns(t *testing.T) {
	s := sourceWith(t, 1, 4, 2, 0, 3, 1, 1)
	const pods, each = 12, 3000
	seen := make(map[netip.AddrPort]int)
	for range pods * each {
		drawn := s.candidates(t.Context(), &request{decision: doors.Decision{Kind: doors.Any}})
		if len(drawn) != 1 {
			t.Fatalf("%d pods to choose from, want the one whose turn it is", len(drawn))
		}
		seen[drawn[0].address]++
	}
	if len(seen) != pods {
		t.Errorf("%d of %d pods were drawn", len(seen), pods)
	}
	for address, times := range seen {
		// An upstream can be ahead by the seats that it has, and chance decides between its pods (6 standard deviations).
		if ahead := seats*stay + 300; times < each-ahead || times > each+ahead {
			t.Errorf("%v was drawn %d times, want about %d", address, times, each)
		}
	}
}

// An upstream comes back only when all others have had their turn, few take turns at the same time, and these do not change at once.
func TestFewServersTakeTurnsAtATime(t *testing.T) {
	const upstreams = 200
	counts := make([]int, upstreams)
	for i := range counts {
		counts[i] = 1
	}
	s := sourceWith(t, counts...)
	last := make(map[*upstream]int)
	for i := range 3 * upstreams * stay {
		drawn, ok := s.draw(&request{decision: doors.Decision{Kind: doors.Any}})
		if !ok {
			t.Fatal("no pod")
		}
		last[drawn.upstream] = i
		if i%upstreams == 0 {
			lately := 0
			for _, at := range last {
				if i-at < 4*seats {
					lately++
				}
			}
			if lately > seats+4*seats/stay+4 {
				t.Errorf("%d upstreams in %d requests", lately, 4*seats)
			}
		}
	}
	if len(last) != upstreams {
		t.Errorf("%d of %d upstreams had a turn", len(last), upstreams)
	}
}

// With many upstreams one pod is drawn and the rest is not even looked at.
func TestDrawsWithoutABigPool(t *testing.T) {
	counts := make([]int, 200)
	for i := range counts {
		counts[i] = 1
	}
	s := sourceWith(t, counts...)
	serving := &request{decision: doors.Decision{Kind: doors.Any}}
	if pods := s.candidates(t.Context(), serving); len(pods) != 1 {
		t.Errorf("%d pods to choose from, want 1", len(pods))
	}
	if allocations := testing.AllocsPerRun(1000, func() { s.draw(serving) }); allocations > 0 {
		t.Errorf("%v allocations to draw a pod", allocations)
	}
}

// A pod that this request could not reach, or nobody could a moment ago, is left out as long as there are others.
func TestDrawsNoPodThatFailed(t *testing.T) {
	s := sourceWith(t, 2, 2)
	serving := &request{decision: doors.Decision{Kind: doors.Any}}
	failed := func(upstream, n int) netip.AddrPort { return s.upstreams[upstream].pods.Latest()[n].address }
	serving.failedToReach(failed(0, 0), doors.Answer{})
	s.process.pods.Ended(s.upstreams[1].group, failed(1, 0), doors.PathPage, doors.OutcomeUnreachable, s.process.Now())
	for range 1000 {
		pod, ok := s.draw(serving)
		if ok && (pod.address == failed(0, 0) || pod.address == failed(1, 0)) {
			t.Fatalf("%v was drawn", pod.address)
		}
	}
	serving.failedToReach(failed(0, 1), doors.Answer{})
	serving.failedToReach(failed(1, 1), doors.Answer{})
	if pods := s.candidates(t.Context(), serving); len(pods) != 1 || pods[0].address != failed(1, 0) {
		t.Errorf("with nothing else left: %v, want the one that others could not reach", pods)
	}
}

// A pod that answers over an open connection is back, also when another one of its upstream has answered in the same second.
func TestAnAnswerClearsAVerdict(t *testing.T) {
	s := sourceWith(t, 2)
	pods := s.upstreams[0].pods.Latest()
	s.process.pods.Ended(s.upstreams[0].group, pods[1].address, doors.PathPage, doors.OutcomeUnreachable, s.process.Now())
	for _, pod := range pods {
		serving := &request{source: s, decision: doors.Decision{Kind: doors.Server}}
		serving.chose(pod)
		s.answered(serving)
	}
	if verdict, err := s.process.pods.Verdict(pods[1].address); err != nil || verdict != doors.VerdictNone {
		t.Errorf("%v is held against a pod that answers, %v", verdict, err)
	}
}

// The user's load balancing gets the whole pool; without any, none is built.
func TestKnowsWhenTheChoiceIsLeftToUs(t *testing.T) {
	const source = `"dynamic_upstreams": {"source": "doors_upstream", "secret": "` + caddytest.Secret + `", "upstreams": [{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": 80}]}`
	for options, want := range map[string]bool{
		``: true,
		`"load_balancing": {"retries": 2, "try_duration": 1000}, `:                    true,
		`"load_balancing": {"selection_policy": {"policy": "random"}}, `:              false,
		`"health_checks": {"passive": {"fail_duration": 1000000000}}, `:               false,
		`"health_checks": {"passive": {"unhealthy_request_count": 10}}, `:             false,
		`"load_balancing": {"selection_policy": {"policy": "least_conn"}}, `:          false,
		`"load_balancing": {"selection_policy": {"policy": "cookie"}}, `:              false,
		`"load_balancing": {"selection_policy": {"policy": "first"}, "retries": 1}, `: false,
	} {
		handler := new(reverseproxy.Handler)
		if err := json.Unmarshal([]byte(`{`+options+source+`}`), handler); err != nil {
			t.Fatalf("%s: %v", options, err)
		}
		if got := LeavesChoice(handler); got != want {
			t.Errorf("%s: left to us: %v, want %v", options, got, want)
		}
	}
}
