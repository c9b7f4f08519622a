package caddydoors

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/status"
)

// The directive stands alone in a site, takes a matcher, and goes before what answers everything.
func TestStatusDirective(t *testing.T) {
	for _, text := range []string{
		"http://127.0.0.1:2020 {\n doors_status\n}\n",
		"http://127.0.0.1:2020 {\n doors_status {\n }\n}\n",
		"example.com {\n handle_path /ops/* {\n basic_auth {\n a $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG\n }\n doors_status\n }\n}\n",
		"example.com {\n reverse_proxy 127.0.0.1:1\n doors_status /ops/*\n}\n",
	} {
		adapted, err := adapt(text)
		if err != nil || strings.Count(adapted, `{"handler":"doors_status"}`) != 1 {
			t.Errorf("%s\nadapts to %s, %v", text, adapted, err)
		}
		proxy := strings.Index(adapted, `"reverse_proxy"`)
		if proxy >= 0 && proxy < strings.Index(adapted, "doors_status") {
			t.Errorf("the proxy comes first in %s", adapted)
		}
	}
	for text, want := range map[string]string{
		"http://127.0.0.1:2020 {\n doors_status * verbose\n}\n":    `"verbose"`,
		"http://127.0.0.1:2020 {\n doors_status {\n page\n }\n}\n": `"page"`,
	} {
		if _, err := adapt(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngives %v", text, err)
		}
	}
}

// inFlight is what is counted at a pod; -1 if it is not known.
func inFlight(t *testing.T, pod *testPod) (requests, streams int) {
	t.Helper()
	shared, err := acquireShared()
	if err != nil {
		t.Fatal(err)
	}
	defer releaseShared()
	list, err := shared.pods.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range list {
		if one.Pod == pod.address {
			return one.InFlight, one.Streams
		}
	}
	return -1, -1
}

func waitInFlight(t *testing.T, when string, pod *testPod, requests, streams int) {
	t.Helper()
	eventually(t, func() (problem string) {
		gotRequests, gotStreams := inFlight(t, pod)
		if gotRequests != requests || gotStreams != streams {
			problem = fmt.Sprintf("%s: %d requests and %d streams, want %d and %d", when, gotRequests, gotStreams, requests, streams)
		}
		return problem
	})
}

// However a request ends, it is counted while it is served and not for longer.
func TestTrafficIsCounted(t *testing.T) {
	const handler = `{"handler": "reverse_proxy", "flush_interval": -1, "dynamic_upstreams": {"source": "doors_upstream", "secret": "SECRET",
		"upstreams": [{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": PORT}]}}`
	for _, kind := range []string{"ours", "stock"} {
		t.Run(kind, func(t *testing.T) {
			if kind == "stock" {
				defer putBackStock(t)()
			}
			release := make(chan string)
			pod := startTestPodWith(t, "127.0.1.1", func(w http.ResponseWriter, r *http.Request) {
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
			url, err := startCaddy(t, handler, pod)
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
			sync := "/~/" + tokenOf(t, "127.0.1.1") + "/s/1"
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
			// A pod that cannot be reached serves nothing.
			if answer, cancel := open("GET", "/~/"+tokenOf(t, "127.0.1.9")+"/s/1"); answer.StatusCode != http.StatusGone {
				t.Errorf("status %d", answer.StatusCode)
			} else {
				answer.Body.Close()
				cancel()
			}
			dead := new(testPod)
			dead.address = netip.AddrPortFrom(netip.MustParseAddr("127.0.1.9"), pod.address.Port())
			waitInFlight(t, "a dead pod", dead, 0, 0)
		})
	}
}

// Only the sources of the configuration that runs are shown: not those of one that is being loaded, which are some of its sources, and of
// which a question that is held would hear that no server has its pod.
func TestSourcesInForce(t *testing.T) {
	var live liveSources
	var running *caddyhttp.App
	first, second := new(caddyhttp.App), new(caddyhttp.App)
	a, b, c, d := new(Source), new(Source), new(Source), new(Source)
	check := func(when string, want ...*Source) {
		t.Helper()
		if got := live.of(running); !slices.Equal(got, want) {
			t.Errorf("%s: %d sources, want %d", when, len(got), len(want))
		}
	}
	check("at first")
	live.add(a, first)
	live.add(b, first)
	check("provisioned", a, b)
	running = first
	check("running", a, b)
	live.add(c, second)
	check("another one is being loaded", a, b)
	live.remove(c)
	check("it fails to load", a, b)
	live.add(c, second)
	live.add(d, second)
	check("the next is being loaded", a, b)
	running = second
	check("it runs", c, d)
	live.remove(a)
	live.remove(b)
	check("the old ones are cleaned up", c, d)
	running = new(caddyhttp.App) // with no source
	live.remove(c)
	check("some are cleaned up", d)
	live.remove(d)
	check("at last")
}

// What is shown of a configuration, in each of its spellings.
func TestIdentity(t *testing.T) {
	shown := identityOf(map[string]any{"secret": testSecret, "cookie_name": "upstream", "upstreams": []any{
		map[string]any{"cidr": "10.0.0.0/24"}, map[string]any{"cidrs": []any{"10.0.1.0/24", "fd00::/64"}},
	}})
	if want := (identity{"upstream", [][]string{{"10.0.0.0/24"}, {"10.0.1.0/24", "fd00::/64"}}}); !reflect.DeepEqual(shown, want) {
		t.Errorf("%+v", shown)
	}
}

// Of many servers those are shown that are in use: the document stays small.
func TestStateOfManyServers(t *testing.T) {
	const servers = 3 * status.MaxServers
	pod := startTestPod(t, "127.0.1.1")
	upstreams := []string{`{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": PORT}`}
	for i := 1; i < servers; i++ {
		upstreams = append(upstreams, fmt.Sprintf(`{"cidr": "10.%d.%d.0/24", "host": "server-%d.test", "port": PORT}`, i/256, i%256, i))
	}
	url, err := startCaddy(t, `{"handler": "reverse_proxy", "dynamic_upstreams": {"source": "doors_upstream", "secret": "SECRET", "cookie_name": "a",
		"upstreams": [`+strings.Join(upstreams, ",")+`]}}`, pod)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get(url + "/~/" + tokenOf(t, "127.0.1.1") + "/s/1")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	shared, err := acquireShared()
	if err != nil {
		t.Fatal(err)
	}
	defer releaseShared()
	state, err := shared.State()
	if err != nil {
		t.Fatal(err)
	}
	source := state.Sources[0]
	if source.ServersTotal != servers || len(source.Servers) != 1 || source.Servers[0].Server != pod.address.String() || len(state.Pods) != 1 {
		t.Errorf("%d of %d servers, %d pods", len(source.Servers), source.ServersTotal, len(state.Pods))
	}
}
