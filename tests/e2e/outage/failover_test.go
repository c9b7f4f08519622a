package outage_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// echo answers with the method and the body of each request, and counts requests.
type echo struct{ requests atomic.Int64 }

func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	e.requests.Add(1)
	w.Header().Set("X-Method", r.Method)
	w.Write(body)
}

// serveAt serves on a port of an address until the test ends.
func serveAt(t testing.TB, address string, port int, handler http.Handler) {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(address, fmt.Sprint(port)))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
}

// waitUntilKnown loads a page of an upstream, so that its host is resolved.
func waitUntilKnown(t testing.TB, caddy *Caddy, token, host string) {
	t.Helper()
	client := caddy.NewClient(t, H1)
	Eventually(t, host+" is resolved", func() bool {
		client.Do(Request{Path: "/", Cookie: []string{"upstream=" + token}})
		return logged(caddy, message("host resolved"), host) > 0
	})
}

// A request with a sticky cookie never fails while any upstream is up.
func TestServerDown(t *testing.T) {
	t.Parallel()
	dns, secret, port := newNameServer(t), NewSecret(32), Port(t, podA, podB, podC, podZ)
	up := &echo{}
	serveAt(t, podZ, port, up)
	resolve(dns, "down.test", podA, podB, podC)
	resolve(dns, "up.test", podZ)
	upstreams := []Upstream{{CIDR: "127.0.1.0/24", Host: "down.test", Port: port}, {CIDR: "127.0.2.0/24", Host: "up.test", Port: port},
		{CIDR: "127.0.3.0/24", Host: "unknown.test", Port: port}}
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, secret, upstreams, "", "")}})
	cookies := []string{Token(t, secret, podA), Token(t, secret, "127.0.1.77"), Token(t, secret, "127.0.3.1"), Token(t, secret, podZ), "none"}
	waitUntilKnown(t, caddy, cookies[3], "up.test")
	sent := up.requests.Load()
	var slowest time.Duration
	for _, protocol := range Protocols {
		client := caddy.NewClient(t, protocol)
		for round := range 2 {
			for index, cookie := range cookies {
				for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
					request := Request{Method: method, Path: "/", Cookie: []string{"upstream=" + cookie}}
					text := ""
					if method != "GET" && method != "HEAD" {
						text = strings.Repeat(fmt.Sprint(method, index, round, " "), 30_000) // larger than any buffer on the way
						request.Body = strings.NewReader(text)
						if round == 1 {
							request.Body = io.MultiReader(request.Body) // of unknown length
						}
					}
					what := fmt.Sprint(protocol, " ", method, ", cookie ", index)
					answer := client.Do(request)
					sent++
					if answer.Status != http.StatusOK || answer.Header.Get("X-Method") != method || answer.Body != text {
						t.Errorf("%s: status %d, %d bytes of %d", what, answer.Status, len(answer.Body), len(text))
					}
					if got := up.requests.Load(); got != sent {
						t.Fatalf("%s: arrived %d times", what, 1+got-sent)
					}
					slowest = max(slowest, answer.Took)
				}
			}
		}
	}
	t.Logf("%d requests, the slowest took %v", sent, slowest)
	if lines := errorsLogged(caddy); lines != 1 { // about unknown.test, once
		t.Errorf("%d errors in the log", lines)
	}
}

// From a long list of dead pods a request tries eight, and the next request tries those last.
func TestEightDials(t *testing.T) {
	t.Parallel()
	dns, secret, port := newNameServer(t), NewSecret(32), Port(t, podA)
	var many []string
	for index := range 12 {
		many = append(many, fmt.Sprintf("127.0.4.%d", index+1))
	}
	resolve(dns, app, many...)
	upstreams := []Upstream{{CIDR: "127.0.4.0/24", Host: app, Port: port}}
	start := func(t *testing.T, proxy string) *Caddy {
		return Start(t, Options{Config: Config{Global: "debug", Handlers: site(dns, secret, upstreams, "page_wait 0", proxy)}})
	}
	dials := func(caddy *Caddy) int {
		time.Sleep(100 * time.Millisecond) // for the log
		return logged(caddy, `"selected upstream"`)
	}
	t.Run("by default", func(t *testing.T) {
		caddy := start(t, "")
		client := caddy.NewClient(t, H1)
		checkUnavailable(t, "without a pod", client.Get("/"))
		Eventually(t, "eight dials", func() bool { return dials(caddy) >= 8 })
		if count := dials(caddy); count != 8 {
			t.Errorf("%d dials", count)
		}
		// The other four are tried before those are tried again.
		tried := func(address string) bool {
			return logged(caddy, `"selected upstream"`, fmt.Sprintf(`"%s:%d"`, address, port)) > 0
		}
		for _, address := range many { // one of them may just have been dialled in the background
			if !tried(address) {
				serveAt(t, address, port, &echo{})
			}
		}
		for range 3 {
			if answer := client.Get("/"); answer.Status != http.StatusOK {
				t.Errorf("status %d with one pod that works", answer.Status)
			}
		}
	})
	t.Run("lb_retries 2", func(t *testing.T) {
		// Another port: nothing is known about its pods.
		other := Port(t, podA)
		caddy := Start(t, Options{Config: Config{Global: "debug", Handlers: site(dns, secret, []Upstream{{CIDR: "127.0.4.0/24", Host: app, Port: other}}, "page_wait 0", "lb_retries 2")}})
		checkUnavailable(t, "without a pod", caddy.NewClient(t, H1).Get("/"))
		Eventually(t, "three dials", func() bool { return dials(caddy) >= 3 })
		if count := dials(caddy); count != 3 {
			t.Errorf("%d dials", count)
		}
		// A page's own request is tried once, whatever the user has configured for others.
		checkUnavailable(t, "hook", caddy.NewClient(t, H1).Get("/~/"+Token(t, secret, "127.0.4.77")+"/h/i/1"))
		Eventually(t, "the dial of the hook", func() bool { return dials(caddy) > 3 })
		if now := dials(caddy); now != 4 {
			t.Errorf("%d dials for a request that only one pod can answer", now-3)
		}
	})
}

// lb_try_duration applies to page loads.
func TestTryDuration(t *testing.T) {
	t.Parallel()
	dns, secret, port := newNameServer(t), NewSecret(32), Port(t, podA, podB)
	resolve(dns, app, podA, podB)
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, secret, []Upstream{{CIDR: "127.0.1.0/24", Host: app, Port: port}}, "",
		"lb_try_duration 10m\nlb_try_interval 50ms")}})
	client := caddy.NewClient(t, H2)
	page := make(chan Answer, 1)
	go func() {
		answer, err := client.Try(Request{Method: "POST", Path: "/", Body: strings.NewReader("whole"), Cookie: []string{"upstream=" + Token(t, secret, podA)}})
		if err != nil {
			t.Error(err)
		}
		page <- answer
	}()
	checkUnavailable(t, "a hook does not wait", client.Get("/~/"+Token(t, secret, podA)+"/h/i/1"))
	select {
	case answer := <-page:
		t.Fatalf("the page was not tried again: status %d", answer.Status)
	case <-time.After(500 * time.Millisecond):
	}
	serveAt(t, podB, port, &echo{})
	if answer := <-page; answer.Status != http.StatusOK || answer.Body != "whole" {
		t.Errorf("page: status %d, body %q", answer.Status, answer.Body)
	}
}

// The cookie's own pod is down. Other pods of its upstream come before those of other upstreams.
func TestOwnServerFirst(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podA, podB, podZ), newNameServer(t)
	resolve(dns, app, podA, podB, podC)
	resolve(dns, "other.test", podZ)
	upstreams := []Upstream{cluster.Upstream("127.0.2.0/24", "other.test"), cluster.Upstream("127.0.1.0/24", app)}
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, upstreams, "", "")}})
	client := caddy.NewClient(t, H2)
	waitUntilKnown(t, caddy, cluster.Token(podZ), "other.test")
	waitUntilKnown(t, caddy, cluster.Token(podA), app)
	sticky := []string{"upstream=" + cluster.Token(podC)} // nothing listens there
	for range 20 {
		answer := client.Do(Request{Path: "/", Cookie: sticky})
		if found := pageAddress.FindStringSubmatch(answer.Body); found == nil || found[1] != podA && found[1] != podB {
			t.Errorf("status %d from %v", answer.Status, found)
		}
	}
	cluster.Pod(podA).Kill()
	cluster.Pod(podB).Kill()
	for range 20 {
		answer := client.Do(Request{Path: "/", Cookie: sticky})
		if found := pageAddress.FindStringSubmatch(answer.Body); found == nil || found[1] != podZ {
			t.Errorf("with the whole server down: status %d from %v", answer.Status, found)
		}
	}
}
