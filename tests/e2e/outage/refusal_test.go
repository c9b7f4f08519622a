package outage_test

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// refusing is a pod that refuses every page load, with headers that no client must see.
type refusing struct {
	listener net.Listener
	ends     bool // ends with its first refusal
	refusals atomic.Int32
}

func startRefusing(t *testing.T, port int, ends bool) *refusing {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(podA, strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	r := &refusing{listener: listener, ends: ends}
	server := &http.Server{Handler: r}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return r
}

func (r *refusing) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if r.refusals.Add(1); r.ends {
		r.listener.Close()
	}
	header := w.Header()
	header.Set("Doors-Draining", "?1")
	header.Set("Connection", "close")
	header.Set("Retry-After", "7")
	header.Set("Cache-Control", "no-store")
	header.Set("Set-Cookie", "of=the-pod")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(w, "the pod drains")
}

// The only pod refuses a page load and ends before it is asked again. Then there is no pod, and the
// client does not see the refusal. If the user has error routes, they make the answer. If a pod
// refuses the last choice as well, its answer is passed on, without error routes.
func TestRefusedByTheOnlyPod(t *testing.T) {
	t.Parallel()
	const noStore = "no-store"
	for name, row := range map[string]struct {
		ends                     bool
		routes                   string // of the user
		body, retryAfter, stored string
		cookie                   string
		status                   int
	}{
		"no routes":            {true, "", "", "1", noStore, "", 503},
		"routes":               {true, "handle_errors {\n\theader Retry-After 3\n\trespond \"closed: {err.status_code}\" {err.status_code}\n}\n", "closed: 503", "3", "", "", 503},
		"routes with a status": {true, "handle_errors 503 {\n\theader Cache-Control no-cache\n\trespond sorry 200\n}\n", "sorry", "", "no-cache", "", 200},
		"routes of others":     {true, "handle_errors 502 {\n\trespond sorry 200\n}\n", "", "1", noStore, "", 503},
		"the pod stays":        {false, "handle_errors {\n\trespond sorry 200\n}\n", "the pod drains", "7", noStore, "of=the-pod", 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for number, proxy := range []string{"", "lb_policy round_robin", "lb_retries 1", "fail_duration 30s"} {
				dns, port := newNameServer(t), Port(t, podA)
				resolve(dns, app, podA)
				pod := startRefusing(t, port, row.ends)
				upstreams := []Upstream{{CIDR: "127.0.1.0/24", Host: app, Port: port}}
				caddy := Start(t, Options{Config: Config{Handlers: site(dns, NewSecret(32), upstreams, "page_wait 100ms", proxy) + row.routes}})
				answer := caddy.NewClient(t, Protocols[number%len(Protocols)]).Get("/")
				got := answer.Header
				if answer.Status != row.status || answer.Body != row.body || got.Get("Retry-After") != row.retryAfter || got.Get("Cache-Control") != row.stored ||
					got.Get("Set-Cookie") != row.cookie || got["Doors-Draining"] != nil || got["Doors-Last-Choice"] != nil {
					t.Errorf("%q: status %d, %v, body %q", proxy, answer.Status, got, answer.Body)
				}
				// A pod that is still there is asked again.
				if want := map[bool]int32{true: 1, false: 2}[row.ends]; pod.refusals.Load() != want {
					t.Errorf("%q: the pod refused %d times, want %d", proxy, pod.refusals.Load(), want)
				}
				caddy.Stop()
			}
		})
	}
}
