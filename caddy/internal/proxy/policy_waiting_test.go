package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/go"
)

// withWait is caddytest.OneUpstream with a page_wait.
func withWait(wait string) string {
	return strings.Replace(caddytest.OneUpstream, `"secret"`, `"page_wait": "`+wait+`", "secret"`, 1)
}

// runningSource is the source of the handler that startCaddy has started.
func runningSource(t *testing.T) *Source {
	t.Helper()
	app, err := caddy.ActiveContext().App("http")
	if err != nil {
		t.Fatal(err)
	}
	return app.(*caddyhttp.App).Servers["test"].Routes[0].Handlers[0].(interface{ Serving() *Handler }).Serving().source
}

func waitUntilWaiting(t *testing.T, source *Source, want int64) {
	t.Helper()
	caddytest.Eventually(t, func() string {
		if got := source.process.waiting.Load(); got != want {
			return "not as many requests wait as should"
		}
		return ""
	})
}

type answered struct {
	*http.Response
	body string
	err  error
}

func ask(r *http.Request) (got answered) {
	if got.Response, got.err = http.DefaultTransport.RoundTrip(r); got.err != nil {
		return got
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	got.body, got.err = string(body), err
	return got
}

func request1(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	return r
}

// A page load, and the stream of a page whose pod is dead, wait for a pod.
func TestWaitsForAPod(t *testing.T) {
	token := caddytest.TokenOf(t, "127.0.1.1")
	for _, path := range []string{"/", "/~/" + token + "/s/1"} {
		for _, method := range []string{"GET", "HEAD"} {
			if method == "HEAD" && path != "/" {
				continue // no page asks so
			}
			pod := caddytest.DeadPod(t, "127.0.1.1")
			url, err := caddytest.StartCaddy(t, withWait("1h"), pod)
			if err != nil {
				t.Fatal(err)
			}
			source, got := runningSource(t), make(chan answered, 1)
			r := request1(t, method, url+path, nil)
			go func() { got <- ask(r) }()
			waitUntilWaiting(t, source, 1)
			if requests, _ := inFlight(t, pod); requests != 0 {
				t.Errorf("%s %s: a dead pod has %d requests in flight", method, path, requests)
			}
			pod.Begin(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "pod") })
			if answer := <-got; answer.err != nil || answer.StatusCode != http.StatusOK || method == "GET" && answer.body != "pod" {
				t.Errorf("%s %s: %v", method, path, answer)
			}
			waitUntilWaiting(t, source, 0)
		}
	}
}

// What cannot wait, or has waited long enough, is told to try again: a browser by a page that does so by itself.
func TestAnswerWithoutAPod(t *testing.T) {
	pod := caddytest.DeadPod(t, "127.0.1.1")
	token := caddytest.TokenOf(t, "127.0.1.1")
	for _, test := range []struct {
		wait, method, path, accept string
		page                       bool
	}{
		{"1ms", "GET", "/", "text/html", true},
		{"0", "GET", "/a/b?c", "application/xhtml+xml,*/*;q=0.5", true},
		{"0", "GET", "/", "image/png, */*", false},
		{"0", "GET", "/", "text/html;q=0, */*", false},
		{"0", "GET", "/", "", false},
		{"0", "HEAD", "/", "text/html", true},
		{"1h", "POST", "/", "text/html", false},
		{"1h", "DELETE", "/", "text/html", false},
		{"1h", "GET", "/with/body", "text/html", false},
		{"1h", "POST", "/~/" + token + "/s/1", "text/html", false},
		{"1h", "POST", "/~/" + token + "/h/1/1", "text/html", false},
		{"1h", "GET", "/~/" + token + "/h/1/1", "text/html", false},
		{"1h", "GET", "/~/" + token + "/u/1/", "text/html", false},
		{"1h", "GET", "/~/" + token + "/r/app.js", "text/html", false},
		{"1ms", "GET", "/~/" + token + "/s/1", "*/*", false},
	} {
		url, err := caddytest.StartCaddy(t, withWait(test.wait), pod)
		if err != nil {
			t.Fatal(err)
		}
		var body io.Reader
		if test.method == "POST" || strings.Contains(test.path, "body") {
			body = strings.NewReader("body")
		}
		r := request1(t, test.method, url+test.path, body)
		r.Header.Set("Accept", test.accept)
		got := ask(r)
		if got.err != nil {
			t.Fatal(got.err)
		}
		if got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") != "1" || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v: status %d, %v", test, got.StatusCode, got.Header)
		}
		html := got.Header.Get("Content-Type") == "text/html; charset=utf-8"
		refresh := strings.Contains(got.body, `<meta http-equiv="refresh" content="1">`)
		if wantBody := test.page && test.method == "GET"; html != test.page || refresh != wantBody || !wantBody && got.body != "" || len(got.body) > 500 {
			t.Errorf("%v: %v, body %q", test, got.Header, got.body)
		}
	}
}

// A client that gives up waits no longer, and is no longer waited for.
func TestWaitEndsWithItsClient(t *testing.T) {
	pod := caddytest.DeadPod(t, "127.0.1.1")
	url, err := caddytest.StartCaddy(t, withWait("1h"), pod)
	if err != nil {
		t.Fatal(err)
	}
	source, gone := runningSource(t), make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	r := request1(t, "GET", url, nil).WithContext(ctx)
	go func() { gone <- ask(r).err }()
	waitUntilWaiting(t, source, 1)
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	waitUntilWaiting(t, source, 0)
}

// startDropper accepts connections and ends them when a request has come.
func startDropper(t *testing.T, address string, reset bool) *caddytest.Pod {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	dropper := &caddytest.Pod{Address: netip.MustParseAddrPort(listener.Addr().String())}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			dropper.Dialled.Add(1)
			if reset {
				connection.(*net.TCPConn).SetLinger(0)
			}
			go func() {
				connection.Read(make([]byte, 4096))
				connection.Close()
			}()
		}
	}()
	return dropper
}

// A connection that ends before a byte of an answer is no answer: who may ask again is told to, nobody else gets the request.
func TestDroppedConnections(t *testing.T) {
	token := caddytest.TokenOf(t, "127.0.1.1")
	for _, reset := range []bool{false, true} {
		pod := startDropper(t, "127.0.1.1", reset)
		url, err := caddytest.StartCaddy(t, withWait("1h"), pod)
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			method, path string
			status       int
		}{
			{"GET", "/~/" + token + "/r/app.js", http.StatusServiceUnavailable}, // and not from the same pod again
			{"GET", "/", http.StatusServiceUnavailable},
			{"HEAD", "/", http.StatusServiceUnavailable},
			{"POST", "/", http.StatusBadGateway},
			{"GET", "/~/" + token + "/s/1", http.StatusServiceUnavailable},
			{"POST", "/~/" + token + "/s/1", http.StatusServiceUnavailable},
			{"POST", "/~/" + token + "/h/1/1", http.StatusServiceUnavailable},
			{"GET", "/~/" + token + "/u/1/", http.StatusServiceUnavailable},
		} {
			before := pod.Dialled.Load()
			var body io.Reader
			if test.method == "POST" {
				body = strings.NewReader("body")
			}
			got := ask(request1(t, test.method, url+test.path, body))
			if got.err != nil {
				t.Fatal(got.err)
			}
			again := test.status == http.StatusServiceUnavailable
			if got.StatusCode != test.status || (got.Header.Get("Retry-After") == "1") != again || strings.Contains(got.body, "refresh") != (test.method == "GET" && test.path == "/") {
				t.Errorf("reset %t, %s %s: status %d, %v, %q", reset, test.method, test.path, got.StatusCode, got.Header, got.body)
			}
			if dials := pod.Dialled.Load() - before; dials != 1 {
				t.Errorf("reset %t, %s %s: sent %d times", reset, test.method, test.path, dials)
			}
		}
	}
}

// Where a pod out of reach has no witness, another one of its upstream is dialled.
func TestFindsAWitness(t *testing.T) {
	pod := caddytest.StartPod(t, "127.0.1.1")
	if _, err := caddytest.StartCaddy(t, caddytest.OneUpstream, pod); err != nil {
		t.Fatal(err)
	}
	source := runningSource(t)
	upstream := source.upstreams[0]
	source.findWitness(doors.Answer{FindWitness: true}, upstream.podAt(netip.MustParseAddr("127.0.1.9")))
	caddytest.Eventually(t, func() string {
		if pod.Dialled.Load() == 0 {
			return "nobody was dialled"
		}
		return ""
	})
	source.findWitness(doors.Answer{FindWitness: true}, upstream.podAt(pod.Address.Addr()))
	source.findWitness(doors.Answer{}, upstream.podAt(netip.MustParseAddr("127.0.1.9")))
	if pod.Dialled.Load() != 1 {
		t.Errorf("a pod is its own witness: %d dials", pod.Dialled.Load())
	}
}
