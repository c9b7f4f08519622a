package outage_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	doorscaddy "github.com/doors-dev/doors-caddy"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// marking is an app that uses the package for apps, so that its answers have the mark when it is
// draining.
type marking struct {
	ip     string
	orders chan os.Signal
	served chan error // the result of Serve

	stopped atomic.Bool    // told to drain
	late    atomic.Int32   // page loads in the app after that
	seen    atomic.Int32   // requests with a header that only Caddy may set
	pages   sync.WaitGroup // open streams
}

// startMarking starts an app. After its order to stop it keeps running while it has pages, and for
// the given delay after the last page load.
func startMarking(t testing.TB, ip string, port int, delay time.Duration) *marking {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(ip, fmt.Sprint(port)))
	if err != nil {
		t.Fatal(err)
	}
	m := &marking{ip: ip, orders: make(chan os.Signal, 2), served: make(chan error, 1)}
	server := &http.Server{}
	t.Cleanup(func() { server.Close() })
	go func() {
		m.served <- doorscaddy.Serve(server, m, doorscaddy.WithListener(listener), doorscaddy.WithOrders(m.orders), doorscaddy.WithDelay(delay))
	}()
	return m
}

// stop sends SIGTERM and returns when pages are refused.
func (m *marking) stop(t testing.TB, port int) {
	t.Helper()
	m.orders <- os.Interrupt
	Eventually(t, m.ip+" drains", func() bool {
		answer, err := http.Get("http://" + net.JoinHostPort(m.ip, fmt.Sprint(port)) + "/readyz")
		return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusServiceUnavailable
	})
	m.stopped.Store(true)
}

// Drain is called when the delay is over.
func (m *marking) Drain(callback func()) {
	go func() {
		m.pages.Wait()
		callback()
	}()
}

// ServeHTTP serves pages, and streams that send a line every 100 ms.
func (m *marking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Doors-Last-Choice") != "" && !m.stopped.Load() {
		m.seen.Add(1)
	}
	if !strings.HasPrefix(r.URL.Path, "/~/") {
		if m.stopped.Load() && r.Method != http.MethodPost {
			m.late.Add(1)
		}
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "This page lives in pod %s: %s", m.ip, body)
		return
	}
	if !strings.Contains(r.URL.Path, "/s/") {
		return
	}
	m.pages.Add(1)
	defer m.pages.Done()
	for r.Context().Err() == nil {
		_, _ = io.WriteString(w, m.ip+"\n")
		_ = http.NewResponseController(w).Flush()
		time.Sleep(100 * time.Millisecond)
	}
}

// openPage is the receiver stream of a page, read until something ends it.
type openPage struct {
	lines atomic.Int64
	close context.CancelFunc
}

// openMarked opens the stream of a pod's page.
func openMarked(t testing.TB, client *Client, token, ip string) *openPage {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	answer, err := client.Open(ctx, Request{Path: "/~/" + token + "/s/1"})
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer, err)
	}
	page := &openPage{close: cancel}
	go func() {
		defer answer.Body.Close()
		line := make([]byte, len(ip)+1)
		for {
			if _, err := io.ReadFull(answer.Body, line); err != nil || string(line) != ip+"\n" {
				return
			}
			page.lines.Add(1)
		}
	}()
	return page
}

// goesOn waits for new lines that were not already under way.
func (p *openPage) goesOn(t testing.TB) {
	t.Helper()
	before := p.lines.Load()
	Eventually(t, "the open page goes on", func() bool { return p.lines.Load() >= before+10 })
}

// The two headers stay between pods and Caddy. Requests that cannot be repeated, and those of
// pages, are served by the draining pod.
func TestOfTheMarkClientsSeeNothing(t *testing.T) {
	t.Parallel()
	dns, secret, port := newNameServer(t), NewSecret(32), Port(t, podA, podB)
	old := startMarking(t, podA, port, time.Minute)
	resolve(dns, app, podA)
	errors := "handle_errors {\nrespond \"an error page\" 503\n}\n"
	caddy := Start(t, Options{Config: Config{
		Handlers: site(dns, secret, []Upstream{{CIDR: "127.0.1.0/24", Host: app, Port: port}}, "", "") + "\n" + errors,
	}})
	own := Token(t, secret, podA)
	forged := map[string]string{"Doors-Last-Choice": "?1", "Doors-Draining": "?1"}
	for _, protocol := range []Protocol{H1, H2, H3} {
		if answer := caddy.NewClient(t, protocol).Do(Request{Path: "/", Header: forged}); answer.Status != http.StatusOK || old.seen.Load() != 0 {
			t.Errorf("%s: status %d; the app saw a header of a client %d times", protocol, answer.Status, old.seen.Load())
		}
	}
	old.stop(t, port)
	requests := map[string]Request{
		"a page": {Path: "/"}, "a static page": {Path: "/app.css"}, "HEAD": {Method: "HEAD", Path: "/"}, "POST": {Method: "POST", Path: "/", Body: nil},
		"a hook": {Method: "POST", Path: "/~/" + own + "/h/1/1"}, "a resource": {Path: "/~/" + own + "/r/app.js"},
	}
	ask := func(when string, wanted func(name string) string) {
		t.Helper()
		for _, protocol := range []Protocol{H1, H2, H3} {
			client := caddy.NewClient(t, protocol)
			for name, request := range requests {
				request.Header = forged
				answer := client.Do(request)
				pod := wanted(name)
				isPage := request.Method != "HEAD" && !strings.HasPrefix(request.Path, "/~/")
				if answer.Status != http.StatusOK || answer.Header["Doors-Draining"] != nil || isPage && !strings.Contains(answer.Body, pod+":") {
					t.Errorf("%s, %s, %s: status %d, %v, %q, want one of %s without the mark", when, protocol, name, answer.Status, answer.Header["Doors-Draining"], answer.Body, pod)
				}
			}
			for _, method := range []string{"GET", "POST"} {
				answer := client.Do(Request{Method: method, Path: "/", Header: forged, Body: strings.NewReader("a body")})
				if answer.Status != http.StatusOK || !strings.HasSuffix(answer.Body, ": a body") {
					t.Errorf("%s, %s, %s with a body: status %d, %q", when, protocol, method, answer.Status, answer.Body)
				}
			}
		}
	}
	ask("alone", func(string) string { return podA })
	successor := startMarking(t, podB, port, time.Minute)
	resolve(dns, app, podA, podB)
	Eventually(t, "the successor is found", func() bool { return strings.Contains(caddy.NewClient(t, H1).Get("/").Body, podB) })
	late := old.late.Load()
	ask("beside its successor", func(string) string { return podB })
	if now := old.late.Load(); now != late || successor.seen.Load() != 0 {
		t.Errorf("%d more pages of the old one; the successor saw a header of a client %d times", now-late, successor.seen.Load())
	}
}
