package browser

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	doorspod "github.com/doors-dev/doors-caddy/demo/pod"
	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/ledger"
)

// The pod of these tests is a process of this program.
func TestMain(m *testing.M) {
	if fleet.RanAsChild() {
		return
	}
	os.Exit(m.Run())
}

// site is a pod behind a simple proxy that can answer in its place.
type site struct {
	*Browser
	ledger *ledger.Ledger
	pod    *fleet.Pod
	answer atomic.Pointer[http.HandlerFunc] // for every request; nil for the pod's own answer
	seen   chan string                      // method and path with query, of requests to /~/
}

// newSite returns a site with a visitor over HTTP/1.1.
func newSite(t *testing.T, roll time.Duration) *site {
	t.Helper()
	port := harness.Port(t, "127.0.1.1")
	s := &site{ledger: ledger.New("test"), seen: make(chan string, 1000)}
	pods := fleet.New(fleet.Config{
		Secret: harness.NewSecret(32), Block: fleet.Loopback, Port: uint16(port), Upstreams: 1, PodsEach: 1, Roll: roll, InstanceTTL: doorspod.DefaultInstanceTTL,
	})
	t.Cleanup(pods.Abandon)
	started, err := pods.StartPods(0, 1)
	if err != nil {
		t.Fatal(err)
	}
	s.pod = started[0]
	forward := &httputil.ReverseProxy{
		FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.1.1:%d", port)})
		},
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/~/") {
			s.seen <- r.Method + " " + r.URL.RequestURI()
		}
		if answer := s.answer.Load(); answer != nil {
			(*answer)(w, r)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.CloseClientConnections)
	here := netip.MustParseAddrPort(strings.TrimPrefix(proxy.URL, "http://"))
	world := &World{Fleet: pods, Ledger: s.ledger, HTTP: int(here.Port()), Roll: roll, Think: time.Hour, Stay: 200 * time.Millisecond}
	world.Proxies.Store(&[]netip.Addr{here.Addr()})
	s.Browser = New(world, 0) // one of three uses HTTP/1.1
	return s
}

// status sets the proxy's answer to every request.
func (s *site) status(code int, body string) {
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	})
	s.answer.Store(&answer)
}

// opened loads a page and opens its streams.
func (s *site) opened(t *testing.T) *page {
	t.Helper()
	p, _ := s.load(t.Context(), "/")
	if p == nil {
		t.Fatal(s.ledger.Notes())
	}
	p.pod.Pages.Add(1)
	p.begin(t.Context())
	t.Cleanup(func() {
		p.close(false)
		p.work.Wait()
	})
	s.sees(t, "GET", "/s/"+p.instance+"?t=1&")
	return p
}

// sees waits for a request.
func (s *site) sees(t *testing.T, method, part string) string {
	t.Helper()
	limit := time.After(harness.Patience)
	for {
		select {
		case seen := <-s.seen:
			if strings.HasPrefix(seen, method+" ") && strings.Contains(seen, part) {
				return seen
			}
		case <-limit:
			t.Fatalf("the proxy never saw %s with %s", method, part)
		}
	}
}
