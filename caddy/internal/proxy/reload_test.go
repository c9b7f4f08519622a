package proxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/routing"
)

// checkLive fails unless exactly want routers exist after garbage collection.
func checkLive(t testing.TB, when string, want int) {
	t.Helper()
	caddytest.Eventually(t, func() (problem string) {
		runtime.GC()
		if live := routing.LiveSources(); live != want {
			problem = fmt.Sprintf("%s: %d routers live, %d are in use", when, live, want)
			dropStoppedTimers()
		}
		return problem
	})
}

// dropStoppedTimers makes the runtime free stopped timers. Unless a quarter of a processor's timers
// are stopped, it keeps a stopped timer and all that its function refers to until it would have
// fired: two minutes for a closed connection to a pod.
func dropStoppedTimers() {
	var timers sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		timers.Go(func() {
			var many [10_000]*time.Timer
			for i := range many {
				many[i] = time.AfterFunc(time.Hour, func() {})
			}
			for _, timer := range many {
				timer.Stop()
			}
		})
	}
	timers.Wait()
}

// Reloads leave only what running requests need. That covers routers in the library's memory and
// goroutines, neither of which the garbage collector frees by itself.
func TestReloadsLeaveNothing(t *testing.T) {
	release := make(chan struct{})
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stream" {
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			<-release
		}
		_, _ = io.WriteString(w, "the end")
	}))
	defer app.Close()
	defer func() { _ = caddy.Stop() }()
	end := sync.OnceFunc(func() { close(release) })
	defer end()
	appPort := app.Listener.Addr().(*net.TCPAddr).Port
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	_ = listener.Close()
	const sources = 3
	load := func(sources int) {
		t.Helper()
		var routes []string
		for number := range sources {
			routes = append(routes, fmt.Sprintf(`{"match": [{"header": {"X-Source": ["%d"]}}], "handle": [{"handler": "reverse_proxy", "upstreams": {
				"source": "doors_upstream", "secret": "%s", "upstreams": [{"cidr": "127.0.9.0/24", "host": "127.0.0.1", "port": %d}]}}]}`, number, caddytest.Secret, appPort))
		}
		config := fmt.Sprintf(`{"admin": {"disabled": true, "config": {"persist": false}}, "logging": {"logs": {"default": {"level": "PANIC"}}},
			"apps": {"http": {"servers": {"test": {"listen": ["127.0.0.1:%d"], "automatic_https": {"disable": true}, "routes": [%s]}}}}}`,
			port, strings.Join(routes, ","))
		if err := caddy.Load([]byte(config), true); err != nil {
			t.Fatal(err)
		}
	}
	get := func(path string) *http.Response {
		t.Helper()
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", port, path), nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Source", "1")
		request.Close = true
		for try := 1; ; try++ { // a closing listener resets connections that have not been accepted
			answer, err := http.DefaultClient.Do(request)
			if err == nil {
				return answer
			}
			if try == 10 {
				t.Fatal(err)
			}
		}
	}
	load(0) // until another configuration is loaded, Caddy's certificate cache keeps what an earlier test stopped
	checkLive(t, "before", 0)
	load(sources)
	stream := get("/stream")
	for range 20 {
		load(sources)
		answer := get("/")
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("status %d", answer.StatusCode)
		}
	}
	runtime.GC()
	if live := routing.LiveSources(); live < sources {
		t.Fatalf("%d routers live, of the running %d", live, sources)
	}
	end()
	if rest, err := io.ReadAll(stream.Body); err != nil || string(rest) != "the end" {
		t.Fatalf("a stream over 20 reloads ended with %q, %v", rest, err)
	}
	_ = stream.Body.Close()
	checkLive(t, "after 20 reloads", sources)
	load(0)
	checkLive(t, "with a configuration that has none", 0)
	caddytest.Eventually(t, func() (problem string) {
		if ours := ourGoroutines(); len(ours) != 0 {
			problem = fmt.Sprintf("%d goroutines of ours are left:\n%s", len(ours), strings.Join(ours, "\n\n"))
		}
		return problem
	})
}
