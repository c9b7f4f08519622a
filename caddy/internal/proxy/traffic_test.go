package proxy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// inFlight returns the counts of a pod, or -1 if it is unknown.
func inFlight(t *testing.T, pod *caddytest.Pod) (requests, streams int) {
	t.Helper()
	process, err := Acquire()
	if err != nil {
		t.Fatal(err)
	}
	defer process.Release()
	list, _, err := process.state.Pods(netip.AddrPort{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range list {
		if one.Pod == pod.Address {
			return one.InFlight, one.Streams
		}
	}
	return -1, -1
}

func waitInFlight(t *testing.T, when string, pod *caddytest.Pod, requests, streams int) {
	t.Helper()
	caddytest.Eventually(t, func() (problem string) {
		gotRequests, gotStreams := inFlight(t, pod)
		if gotRequests != requests || gotStreams != streams {
			problem = fmt.Sprintf("%s: %d requests and %d streams, want %d and %d", when, gotRequests, gotStreams, requests, streams)
		}
		return problem
	})
}

// A request is counted while it is served and no longer, however it ends.
func TestTrafficIsCounted(t *testing.T) {
	const handler = `{"handler": "reverse_proxy", "flush_interval": -1, "dynamic_upstreams": {"source": "doors_upstream", "secret": "SECRET",
		"upstreams": [{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": PORT}]}}`
	for _, kind := range []string{"ours", "stock"} {
		t.Run(kind, func(t *testing.T) {
			if kind == "stock" {
				defer caddytest.PutBackStock(t)()
			}
			release := make(chan string)
			pod := caddytest.StartPodWith(t, "127.0.1.1", func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusOK)
				w.(http.Flusher).Flush()
				select {
				case how := <-release:
					if how == "abort" {
						panic(http.ErrAbortHandler)
					}
				case <-r.Context().Done():
				}
				_, _ = io.WriteString(w, "end")
			})
			url, err := caddytest.StartCaddy(t, handler, pod)
			if err != nil {
				t.Fatal(err)
			}
			open := func(method, path string) (*http.Response, context.CancelFunc) {
				t.Helper()
				ctx, cancel := context.WithCancel(t.Context())
				request, err := http.NewRequestWithContext(ctx, method, url+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				answer, err := http.DefaultClient.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				return answer, cancel
			}
			sync := "/~/" + caddytest.TokenOf(t, "127.0.1.1") + "/s/1"
			for _, step := range []struct {
				method, path string
				streams      int
				end          string
			}{
				{"GET", sync, 1, "normal"}, {"GET", sync, 1, "abort"}, {"GET", sync, 1, "cancel"},
				{"POST", sync, 0, "normal"}, {"GET", "/", 0, "normal"}, {"GET", "/", 0, "abort"}, {"GET", "/", 0, "cancel"},
			} {
				what := fmt.Sprintf("%s %.5s, %s", step.method, step.path, step.end)
				answer, cancel := open(step.method, step.path)
				waitInFlight(t, what, pod, 1, step.streams)
				if step.end == "cancel" {
					cancel()
				} else {
					release <- step.end
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				cancel()
				waitInFlight(t, what+", after it", pod, 0, 0)
			}
			// An unreachable pod has no requests.
			if answer, cancel := open("GET", "/~/"+caddytest.TokenOf(t, "127.0.1.9")+"/s/1"); answer.StatusCode != http.StatusGone {
				t.Errorf("status %d", answer.StatusCode)
			} else {
				answer.Body.Close()
				cancel()
			}
			dead := new(caddytest.Pod)
			dead.Address = netip.AddrPortFrom(netip.MustParseAddr("127.0.1.9"), pod.Address.Port())
			waitInFlight(t, "a dead pod", dead, 0, 0)
		})
	}
}
