package proxy

import (
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	doorscaddy "github.com/doors-dev/doors-caddy"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// drainingApp answers with its name, or with the header field of the request that only Caddy may
// set. Its drain never ends.
type drainingApp struct {
	name string
	last atomic.Int32 // page loads with the last-choice header
}

func (*drainingApp) Drain(func()) {}

func (a *drainingApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(lastChoiceHeader) != "" {
		a.last.Add(1)
	}
	_, _ = io.WriteString(w, a.name)
}

// startDraining starts an app that uses the package for apps. stop sends it SIGTERM, and returns
// when it refuses new pages.
func startDraining(t *testing.T, address netip.AddrPort, name string) (app *drainingApp, stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", address.String())
	if err != nil {
		t.Fatal(err)
	}
	app = &drainingApp{name: name}
	orders, server := make(chan os.Signal, 1), new(http.Server)
	go doorscaddy.Serve(server, app, doorscaddy.WithListener(listener), doorscaddy.WithOrders(orders))
	t.Cleanup(func() { server.Close() })
	return app, func() {
		t.Helper()
		orders <- os.Interrupt
		caddytest.Eventually(t, func() (problem string) {
			answer, err := http.Get("http://" + address.String() + "/readyz")
			if err != nil {
				return err.Error()
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusServiceUnavailable {
				problem = "it does not drain"
			}
			return problem
		})
	}
}

// Under either handler, a draining pod gets new pages only if there is no other pod, and clients do
// not notice.
func TestDrainingPods(t *testing.T) {
	for name, handler := range map[string]string{
		"ours":             `{"handler": "reverse_proxy", `,
		"ours, policy":     `{"handler": "reverse_proxy", "load_balancing": {"selection_policy": {"policy": "first"}}, `,
		"ours, retries":    `{"handler": "reverse_proxy", "load_balancing": {"retries": 1}, `,
		"stock":            `{"handler": "reverse_proxy", `,
		"stock, policy":    `{"handler": "reverse_proxy", "load_balancing": {"selection_policy": {"policy": "round_robin"}}, `,
		"stock and header": `{"handler": "reverse_proxy", "headers": {"request": {"set": {"X-A": ["a"]}}}, `,
	} {
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(name, "stock") {
				defer caddytest.PutBackStock(t)()
			}
			place := caddytest.DeadPod(t, "127.0.1.1")
			first, stopFirst := startDraining(t, place.Address, "first")
			url, err := caddytest.StartCaddy(t, handler+`"dynamic_upstreams": {"source": "doors_upstream", "secret": "SECRET", "cookie_name": "up", "upstreams": [
				{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": PORT}, {"cidr": "127.0.2.0/24", "host": "127.0.2.1", "port": PORT}]}}`, place)
			if err != nil {
				t.Fatal(err)
			}
			pages := func(method, want string) {
				t.Helper()
				for range 20 {
					r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
					if err != nil {
						t.Fatal(err)
					}
					r.Header.Set(lastChoiceHeader, "?1")
					answer, err := http.DefaultClient.Do(r)
					if err != nil {
						t.Fatal(err)
					}
					body, _ := io.ReadAll(answer.Body)
					answer.Body.Close()
					if answer.StatusCode != http.StatusOK || answer.Header[markHeader] != nil || method != http.MethodHead && string(body) != want {
						t.Fatalf("%s: %d %q, %v, want %q", method, answer.StatusCode, body, answer.Header, want)
					}
				}
			}
			pages(http.MethodGet, "first")
			if first.last.Load() != 0 {
				t.Fatal("a client has set the header")
			}
			stopFirst()
			pages(http.MethodGet, "first")
			pages(http.MethodHead, "first")
			pages(http.MethodPost, "first")
			if last := first.last.Load(); last < 40 {
				t.Errorf("%d of 40 page loads had the last-choice header", last)
			}
			second, _ := startDraining(t, netip.AddrPortFrom(netip.MustParseAddr("127.0.2.1"), place.Address.Port()), "second")
			caddytest.Eventually(t, func() (problem string) {
				answer, err := http.Get(url)
				if err != nil {
					return err.Error()
				}
				defer answer.Body.Close()
				if body, _ := io.ReadAll(answer.Body); string(body) != "second" {
					problem = "pages of " + string(body)
				}
				return problem
			})
			pages(http.MethodGet, "second")
			pages(http.MethodHead, "second")
			if second.last.Load() != 0 {
				t.Error("a pod that does not drain was the last choice")
			}
		})
	}
}

// If the user has failures counted, a refusal is not a failure: with all pods draining, pages are
// still served.
func TestRefusalsAreNoFailures(t *testing.T) {
	for _, policy := range []string{"first", "round_robin", "random"} {
		place := caddytest.DeadPod(t, "127.0.1.1")
		_, stopFirst := startDraining(t, place.Address, "first")
		_, stopSecond := startDraining(t, netip.AddrPortFrom(netip.MustParseAddr("127.0.2.1"), place.Address.Port()), "second")
		url, err := caddytest.StartCaddy(t, `{"handler": "reverse_proxy", "load_balancing": {"selection_policy": {"policy": "`+policy+`"}, "try_duration": "1m", "try_interval": "30s"},
			"health_checks": {"passive": {"fail_duration": "10m", "unhealthy_status": [5]}},
			"upstreams": {"source": "doors_upstream", "secret": "SECRET", "cookie_name": "up", "upstreams": [
			{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": PORT}, {"cidr": "127.0.2.0/24", "host": "127.0.2.1", "port": PORT}]}}`, place)
		if err != nil {
			t.Fatal(err)
		}
		pages := func(when string) (of map[string]int) {
			of = make(map[string]int)
			for range 20 {
				answer, err := http.Get(url)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(answer.Body)
				answer.Body.Close()
				if of[string(body)]++; answer.StatusCode != http.StatusOK {
					t.Fatalf("%s, %s: %d %q", policy, when, answer.StatusCode, body)
				}
			}
			return of
		}
		pages("before")
		stopFirst()
		if of := pages("one drains"); of["second"] != 20 {
			t.Errorf("%s: pages of %v while one of them drains", policy, of)
		}
		stopSecond()
		pages("both drain")
	}
}

// Only the value ?1 (the Boolean true of RFC 9651) marks a draining pod. Any value is removed from
// the answer.
func TestTheMarkIsReadStrictly(t *testing.T) {
	for _, value := range [][]string{{"?0"}, {"1"}, {"true"}, {""}, {"?1, ?1"}, {"?1", "?1"}, {"?1;a"}} {
		pod := caddytest.StartPodWith(t, "127.0.1.1", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()[markHeader] = value
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		url, err := caddytest.StartCaddy(t, caddytest.OneUpstream, pod)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if dials := pod.Dialled.Load(); answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Via") == "" || answer.Header[markHeader] != nil || dials != 1 {
			t.Errorf("%q: status %d, %v after %d connections", value, answer.StatusCode, answer.Header, dials)
		}
	}
}

// Interim answers reach the client by another path than final ones. They lose the mark and nothing
// else.
func TestInterimAnswersHaveNoMark(t *testing.T) {
	for name, prepare := range map[string]func() (putBack func()){
		"ours": func() func() { return func() {} }, "stock": func() func() { return caddytest.PutBackStock(t) },
	} {
		t.Run(name, func(t *testing.T) {
			defer prepare()()
			pod := caddytest.StartPodWith(t, "127.0.1.1", func(w http.ResponseWriter, _ *http.Request) {
				w.Header()[markHeader] = headerTrue
				w.Header().Set("Link", "</a.css>; rel=preload")
				w.WriteHeader(http.StatusProcessing)
				w.WriteHeader(http.StatusEarlyHints)
			})
			url, err := caddytest.StartCaddy(t, `{"handler": "reverse_proxy", "dynamic_upstreams": {"source": "doors_upstream", "secret": "SECRET",
				"upstreams": [{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": PORT}]}}`, pod)
			if err != nil {
				t.Fatal(err)
			}
			var interim []int
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(status int, header textproto.MIMEHeader) error {
				if interim = append(interim, status); header[markHeader] != nil || header.Get("Link") == "" {
					t.Errorf("status %d: %v", status, header)
				}
				return nil
			}})
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.Header[markHeader] != nil || !slices.Equal(interim, []int{http.StatusProcessing, http.StatusEarlyHints}) {
				t.Errorf("%v after %v", answer.Header, interim)
			}
		})
	}
}
