package proxy

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// http2Pod is a pod that speaks only HTTP/2, with or without TLS.
type http2Pod struct {
	*httptest.Server
	port     int
	older    atomic.Int32 // requests over another version
	release  chan struct{}
	reported chan string
}

func startHTTP2Pod(t *testing.T, address string, encrypted bool) *http2Pod {
	t.Helper()
	pod := &http2Pod{release: make(chan struct{}), reported: make(chan string, 10)}
	pod.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			pod.older.Add(1)
		}
		switch isStream := strings.Contains(r.URL.Path, "/s/"); {
		case isStream && r.Method == http.MethodGet:
			_, _ = io.WriteString(w, "one")
			w.(http.Flusher).Flush()
			<-pod.release
			_, _ = io.WriteString(w, "two")
		case isStream:
			for buffer := make([]byte, 10); ; {
				n, err := r.Body.Read(buffer)
				if n > 0 {
					pod.reported <- string(buffer[:n])
				}
				if err != nil {
					return
				}
			}
		default:
			_, _ = io.WriteString(w, address)
		}
	}))
	_ = pod.Listener.Close()
	listener, err := net.Listen("tcp", address+":0")
	if err != nil {
		t.Fatal(err)
	}
	pod.Listener, pod.port = listener, listener.Addr().(*net.TCPAddr).Port
	if encrypted {
		pod.EnableHTTP2 = true
		pod.StartTLS()
	} else {
		pod.Config.Protocols = new(http.Protocols)
		pod.Config.Protocols.SetUnencryptedHTTP2(true)
		pod.Start()
	}
	t.Cleanup(pod.Close)
	return pod
}

// With HTTP/2 to pods, encrypted or not, pages, streams and reports work, new pages avoid a dead
// pod, and its own pages get 410.
func TestHTTP2ToPods(t *testing.T) {
	for name, transport := range map[string]string{
		// Go's timer of an idle HTTP/2 connection survives closing the connection, and keeps the
		// router as long.
		"h2c": `{"protocol": "http", "versions": ["h2c"], "keep_alive": {"idle_timeout": "1s"}}`,
		"h2":  `{"protocol": "http", "versions": ["2"], "tls": {"insecure_skip_verify": true}, "keep_alive": {"idle_timeout": "1s"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			first, second := startHTTP2Pod(t, "127.0.1.1", name == "h2"), startHTTP2Pod(t, "127.0.2.1", name == "h2")
			url, err := caddytest.StartCaddy(t, fmt.Sprintf(`{"handler": "reverse_proxy", "transport": %s, "upstreams": {"source": "doors_upstream", "secret": "SECRET", "cookie_name": "up", "upstreams": [
				{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": %d}, {"cidr": "127.0.2.0/24", "host": "127.0.2.1", "port": %d}]}}`, transport, first.port, second.port), new(caddytest.Pod))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = caddy.Stop() }() // before the pods
			do := func(method, path string, body io.Reader) *http.Response {
				request, err := http.NewRequestWithContext(t.Context(), method, url+path, body)
				if err != nil {
					t.Fatal(err)
				}
				answer, err := http.DefaultClient.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = answer.Body.Close() })
				return answer
			}
			pages := func(want ...string) {
				t.Helper()
				seen := make(map[string]bool)
				for range 40 {
					answer := do(http.MethodGet, "/", nil)
					body, err := io.ReadAll(answer.Body)
					if seen[string(body)] = true; err != nil || answer.StatusCode != http.StatusOK {
						t.Fatalf("a page: %d %q, %v", answer.StatusCode, body, err)
					}
				}
				for _, pod := range want {
					if !seen[pod] {
						t.Errorf("no page of %s, but of %v", pod, seen)
					}
				}
				if len(seen) != len(want) {
					t.Errorf("pages of %v, want %v", seen, want)
				}
			}
			pages("127.0.1.1", "127.0.2.1")

			path := "/~/" + caddytest.TokenOf(t, "127.0.1.1") + "/s/1"
			stream := do(http.MethodGet, path, nil)
			part := make([]byte, 3)
			if _, err := io.ReadFull(stream.Body, part); err != nil || string(part) != "one" {
				t.Fatalf("the first part of a stream: %q, %v", part, err)
			}
			reports, send := io.Pipe()
			go func() {
				for _, report := range []string{"r1", "r2"} {
					_, _ = io.WriteString(send, report)
					if got := <-first.reported; got != report { // before the body has ended
						t.Errorf("a report: %q, want %q", got, report)
					}
				}
				_ = send.Close()
			}()
			if answer := do(http.MethodPost, path, reports); answer.StatusCode != http.StatusOK {
				t.Errorf("reports: %d", answer.StatusCode)
			}
			close(first.release)
			if rest, err := io.ReadAll(stream.Body); err != nil || string(rest) != "two" {
				t.Errorf("the rest of a stream: %q, %v", rest, err)
			}

			first.CloseClientConnections()
			_ = first.Listener.Close()
			caddytest.Eventually(t, func() (problem string) {
				if answer := do(http.MethodGet, path, nil); answer.StatusCode != http.StatusGone {
					problem = fmt.Sprintf("a page of a pod that has died: %d", answer.StatusCode)
				}
				return problem
			})
			pages("127.0.2.1")
			if first.older.Load()+second.older.Load() != 0 {
				t.Error("pods got requests in an older version")
			}
		})
	}
}
