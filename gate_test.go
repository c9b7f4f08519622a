package doorscaddy_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	doorscaddy "github.com/doors-dev/doors-caddy"
)

func echo(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Method, " ", r.RequestURI) }

func TestNewPagesAreRefused(t *testing.T) {
	s := serve(t, newApp(echo))
	requests := []struct {
		method, path string
		header       http.Header
		refused      bool
	}{
		{"GET", "/", nil, true},
		{"HEAD", "/", nil, true},
		{"GET", "/a/b?c=/~/", nil, true},
		{"GET", "/%7E/id/s/page", nil, true}, // a page: Doors does not unescape the path either
		{"GET", "/~", nil, true},
		{"GET", "/", http.Header{"Doors-Last-Choice": {"?0"}}, true},
		{"GET", "/", http.Header{"Doors-Last-Choice": {""}}, true},
		{"GET", "/", lastChoice(), false},
		{"HEAD", "/", lastChoice(), false},
		{"POST", "/", nil, false},
		{"GET", "/~/id/r/script.js", nil, false},
		{"GET", "/~/id/s/page?t=1", nil, false},
		{"POST", "/~/id/h/page/1", nil, false},
		{"POST", "/readyz", nil, false},
	}
	for _, request := range requests {
		if answer := s.do(request.method, request.path, request.header); answer.StatusCode != http.StatusOK || answer.Header.Get("Doors-Draining") != "" {
			t.Errorf("%s %s before the order: %s %v", request.method, request.path, answer.Status, answer.Header)
		}
	}
	s.stop()
	for _, request := range requests {
		answer := s.do(request.method, request.path, request.header)
		if refused := answer.StatusCode == http.StatusServiceUnavailable; refused != request.refused {
			t.Errorf("%s %s %v: %s", request.method, request.path, request.header, answer.Status)
		} else if refused && (answer.Header.Get("Retry-After") == "" || answer.Header.Get("Cache-Control") != "no-store") {
			t.Errorf("%s %s: %v", request.method, request.path, answer.Header)
		}
		if answer.Header.Get("Doors-Draining") != "?1" || !answer.Close {
			t.Errorf("%s %s: %v, close %v", request.method, request.path, answer.Header, answer.Close)
		}
	}
	s.end()
}

// A target in absolute form, as proxies may send it, is classified like any
// other.
func TestTargetInAbsoluteForm(t *testing.T) {
	s := serve(t, newApp(echo))
	s.stop()
	for target, want := range map[string]int{"http://pod/~/id/r/a": 200, "http://pod/a": 503} {
		connection, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(connection, "GET %s HTTP/1.1\r\nHost: pod\r\n\r\n", target)
		answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err != nil || answer.StatusCode != want {
			t.Errorf("%s: %v %v", target, answer, err)
		}
		connection.Close()
	}
	s.end()
}

func TestReadiness(t *testing.T) {
	end := make(chan struct{})
	s := serve(t, newApp(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		select {
		case <-end:
		case <-r.Context().Done():
		}
	}), doorscaddy.WithReadyPath("/up"))
	up := func() response { return s.do("GET", "/up", nil) }
	check := func(when string, status int, body string) {
		t.Helper()
		s.eventually(when, func() bool {
			answer := up()
			return answer.StatusCode == status && answer.body == body+"\n" && answer.Header.Get("Cache-Control") == "no-store"
		})
	}
	check("at rest", 200, `{"draining":false,"requests":0,"pages":0}`)
	for _, path := range []string{"/~/id/s/page1?t=1", "/~/id/s/page2", "/~/id/h/page1/1", "/~/id/s/page/more", "/~/id/s/", "/other"} {
		s.open(http.DefaultClient, path)
	}
	post, err := http.Post(s.url("/~/id/s/page3"), "application/json", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer post.Body.Close()
	renewed, _ := s.open(http.DefaultClient, "/~/id/s/page1?t=2") // briefly beside the previous one
	check("busy", 200, `{"draining":false,"requests":8,"pages":2}`)
	renewed.Body.Close()
	check("one stream less", 200, `{"draining":false,"requests":7,"pages":2}`)
	s.orders <- nil
	check("draining", 503, `{"draining":true,"requests":7,"pages":2}`)
	if answer := up(); answer.Header.Get("Doors-Draining") != "?1" || !answer.Close {
		t.Error(answer.Header)
	}
	close(end)
	check("no page left", 503, `{"draining":true,"requests":0,"pages":0}`)
	s.end()
}

func TestNoReadyPath(t *testing.T) {
	s := serve(t, newApp(echo), doorscaddy.WithReadyPath(""))
	if answer := s.do("GET", "/readyz", nil); !strings.HasSuffix(answer.body, "/readyz") {
		t.Error(answer.body)
	}
	s.orders <- nil
	s.end()
}

// A panic in the app ends its request.
func TestPanicIsCounted(t *testing.T) {
	s := serve(t, newApp(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	if _, err := http.Get(s.url("/page")); err == nil {
		t.Error("an answer")
	}
	s.stop()
	s.end() // waits for page loads
}
