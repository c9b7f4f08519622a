package outage_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"

	"sync/atomic"
	"testing"
	"time"

	doorscaddy "github.com/doors-dev/doors-caddy"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// marking is an app that is served by the helper for apps, so that it says when it drains.
type marking struct {
	ip     string
	orders chan os.Signal
	served chan error // what Serve returned

	stopped atomic.Bool  // it was told to drain
	late    atomic.Int32 // page loads that came to the app after that
	seen    atomic.Int32 // requests that brought a header which only Caddy may set

}

// startMarking starts one, which goes on for a minute after its order where it is the only one.
func startMarking(t testing.TB, ip string, port int) *marking {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(ip, fmt.Sprint(port)))
	if err != nil {
		t.Fatal(err)
	}
	m := &marking{ip: ip, orders: make(chan os.Signal, 2), served: make(chan error, 1)}
	server := &http.Server{}
	t.Cleanup(func() { server.Close() })
	go func() {
		m.served <- doorscaddy.Serve(server, m, doorscaddy.WithListener(listener), doorscaddy.WithOrders(m.orders), doorscaddy.WithDelay(time.Minute))
	}()
	return m
}

// stop is SIGTERM. It returns when pages are refused.
func (m *marking) stop(t testing.TB, port int) {
	t.Helper()
	m.orders <- os.Interrupt
	Eventually(t, m.ip+" drains", func() bool {
		answer, err := http.Get("http://" + net.JoinHostPort(m.ip, fmt.Sprint(port)) + "/readyz")
		return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusServiceUnavailable
	})
	m.stopped.Store(true)
}

// Drain is called when the helper's delay is over.
func (m *marking) Drain(callback func()) { callback() }

// ServeHTTP serves pages, and streams that send a line every 100 ms for as long as they are open.
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
	for r.Context().Err() == nil {
		_, _ = io.WriteString(w, m.ip+"\n")
		_ = http.NewResponseController(w).Flush()
		time.Sleep(100 * time.Millisecond)
	}
}

// openMarked opens a stream of a page and returns a function that tells whether it goes on.
func openMarked(t testing.TB, client *Client, token, ip string) (goesOn func() bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	answer, err := client.Open(ctx, Request{Path: "/~/" + token + "/s/1"})
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer, err)
	}
	line := make([]byte, len(ip)+1)
	return func() bool {
		_, err := io.ReadFull(answer.Body, line)
		return err == nil && string(line) == ip+"\n"
	}
}

// From its order on a pod gets no new page, whatever DNS says and the user has set; no visitor sees an error, and open pages go on.
func TestNewPagesLeaveAPodThatSaysSo(t *testing.T) {
	for name, proxy := range map[string]string{
		"as documented":      "",
		"round_robin":        "lb_policy round_robin",
		"first":              "lb_policy first",
		"cookie":             "lb_policy cookie balanced",
		"retries":            "lb_retries 1",
		"time to retry":      "lb_try_duration 2s\nlb_try_interval 20ms",
		"policy and retries": "lb_policy round_robin\nlb_retries 1",
		"health checks":      "fail_duration 30s\nunhealthy_status 5xx",
		"buffers":            "request_buffers 4k\nresponse_buffers 4k",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dns, secret, port := newNameServer(t), NewSecret(32), Port(t, podA, podB)
			old, successor := startMarking(t, podA, port), startMarking(t, podB, port)
			resolve(dns, app, podA, podB) // and it goes on saying so
			caddy := Start(t, Options{Config: Config{Handlers: site(dns, secret, []Upstream{{CIDR: "127.0.1.0/24", Host: app, Port: port}}, "", proxy)}})
			client := caddy.NewClient(t, H1)
			own := Token(t, secret, podA)
			var stream func() bool
			if name != "buffers" { // which would keep the stream
				stream = openMarked(t, client, own, podA)
			}
			traffic := startLoad(t, caddy, []Protocol{H1, H2, H3}, 3, func(worker int) Request {
				request := Request{Path: "/"}
				switch worker {
				case 1:
					request.Method = http.MethodHead
				case 2:
					request.Cookie = []string{"upstream=" + own}
				}
				return request
			})
			time.Sleep(500 * time.Millisecond)
			old.stop(t, port)
			stopped := time.Now()
			time.Sleep(3 * time.Second)
			if stream != nil {
				for range 50 { // more than were under way
					if !stream() {
						t.Fatal("an open page was cut")
					}
				}
			}
			results, after := traffic.stop(), 0
			for _, one := range results {
				if one.err != nil || one.status != http.StatusOK {
					t.Errorf("%s, worker %d: status %d, %v", one.protocol, one.worker, one.status, one.err)
				}
				if one.begin.After(stopped) {
					after++
					if one.pod == podA {
						t.Errorf("%s, worker %d: a new page of the pod that drains", one.protocol, one.worker)
					}
				}
			}
			if late := old.late.Load(); late != 0 {
				t.Errorf("%d page loads came to the app after its order", late)
			}
			if before := len(results) - after; before < 50 || after < 200 {
				t.Errorf("%d requests, and %d after the order: that is no steady traffic", before, after)
			}
			if lines := logged(caddy, "pod says that it drains", podA); lines != 1 {
				t.Errorf("%d lines in the log", lines)
			}
			old.orders <- os.Interrupt // the helper's delay is for the only pod
			<-old.served
			for range 20 {
				if answer := client.Get("/"); answer.Status != http.StatusOK || !strings.Contains(answer.Body, podB) {
					t.Errorf("when it has ended: status %d, %s", answer.Status, answer.Body)
				}
			}
			if successor.seen.Load() != 0 {
				t.Error("the successor was asked as the last choice")
			}
		})
	}
}

// The only pod serves new pages until its successor answers, under another address or under its own.
func TestTheOnlyPodServesUntilItsSuccessorAnswers(t *testing.T) {
	for name, proxy := range map[string]string{"as documented": "", "round_robin": "lb_policy round_robin", "health checks": "fail_duration 30s", "retries": "lb_retries 1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dns, secret, port := newNameServer(t), NewSecret(32), Port(t, podA, podB)
			old := startMarking(t, podA, port)
			resolve(dns, app, podA)
			caddy := Start(t, Options{Config: Config{Handlers: site(dns, secret, []Upstream{{CIDR: "127.0.1.0/24", Host: app, Port: port}}, "", proxy)}})
			client := caddy.NewClient(t, H2)
			page := func(want string) {
				t.Helper()
				if answer := client.Get("/"); answer.Status != http.StatusOK || !strings.Contains(answer.Body, want+":") {
					t.Fatalf("status %d, %s, want a page of %s", answer.Status, answer.Body, want)
				}
			}
			page(podA)
			old.stop(t, port)
			for range 100 {
				page(podA)
			}
			startMarking(t, podB, port)
			resolve(dns, app, podA, podB)
			Eventually(t, "the successor is found", func() bool { return strings.Contains(client.Get("/").Body, podB) })
			late := old.late.Load()
			for range 50 {
				page(podB)
			}
			if now := old.late.Load(); now != late {
				t.Errorf("%d more pages of the old one", now-late)
			}
		})
	}
}

// The two headers are between pods and Caddy. What cannot be sent again, and what belongs to a page, is served by the pod that drains.
func TestOfTheMarkClientsSeeNothing(t *testing.T) {
	t.Parallel()
	dns, secret, port := newNameServer(t), NewSecret(32), Port(t, podA, podB)
	old := startMarking(t, podA, port)
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
	successor := startMarking(t, podB, port)
	resolve(dns, app, podA, podB)
	Eventually(t, "the successor is found", func() bool { return strings.Contains(caddy.NewClient(t, H1).Get("/").Body, podB) })
	late := old.late.Load()
	ask("beside its successor", func(string) string { return podB })
	if now := old.late.Load(); now != late || successor.seen.Load() != 0 {
		t.Errorf("%d more pages of the old one; the successor saw a header of a client %d times", now-late, successor.seen.Load())
	}
}
