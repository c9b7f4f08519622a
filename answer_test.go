package doorscaddy_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// Answers under way when the order comes are marked if their header is written
// later, in any of the possible ways.
func TestMarkOnAnswersUnderWay(t *testing.T) {
	ways := map[string]func(http.ResponseWriter){
		"WriteHeader":             func(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) },
		"Write":                   func(w http.ResponseWriter) { _, _ = w.Write([]byte("x")) },
		"WriteString":             func(w http.ResponseWriter) { _, _ = io.WriteString(w, "x") },
		"Flush":                   func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
		"ResponseController":      func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() },
		"ReadFrom":                func(w http.ResponseWriter) { _, _ = io.Copy(w, io.LimitReader(bytes.NewReader([]byte("x")), 1)) },
		"nothing":                 func(http.ResponseWriter) {},
		"a header of the app's":   func(w http.ResponseWriter) { w.Header().Set("Connection", "keep-alive"); w.WriteHeader(http.StatusOK) },
		"a header before and 410": func(w http.ResponseWriter) { w.Header().Set("D0-After", "[]"); w.WriteHeader(http.StatusGone) },
	}
	for name, write := range ways {
		t.Run(name, func(t *testing.T) {
			come, goOn := make(chan struct{}), make(chan struct{})
			s := serve(t, newApp(func(w http.ResponseWriter, r *http.Request) {
				close(come)
				<-goOn
				write(w)
			}))
			answers := s.get("/~/id/s/page")
			receive(t, "the request", come)
			s.stop()
			close(goOn)
			answer := receive(t, "the answer", answers)
			if answer == nil {
				return
			}
			answer.Body.Close()
			if answer.Header.Get("Doors-Draining") != "?1" || !answer.Close {
				t.Errorf("%v, close %v", answer.Header, answer.Close)
			}
			s.end()
		})
	}
}

// A stream whose header has been written continues unchanged.
func TestStreamGoesOn(t *testing.T) {
	frames := make(chan string)
	s := serve(t, newApp(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		for frame := range frames {
			fmt.Fprintln(w, frame)
			w.(http.Flusher).Flush()
		}
	}))
	answers := s.get("/~/id/s/page")
	frames <- "before"
	answer := receive(t, "the header", answers)
	defer answer.Body.Close()
	body := bufio.NewReader(answer.Body)
	s.stop()
	frames <- "after"
	close(frames)
	if got, err := io.ReadAll(body); string(got) != "before\nafter\n" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if answer.Header.Get("Doors-Draining") != "" || answer.Close {
		t.Errorf("%v, close %v", answer.Header, answer.Close)
	}
	s.end()
}

// Informational answers have no mark: a proxy forwards them before it sees that
// of the final answer.
func TestInformationalAnswersHaveNoMark(t *testing.T) {
	s := serve(t, newApp(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a.css>")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusOK)
	}))
	s.stop()
	var hints []textproto.MIMEHeader
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{Got1xxResponse: func(_ int, header textproto.MIMEHeader) error {
		hints = append(hints, header)
		return nil
	}})
	request, err := http.NewRequestWithContext(ctx, "GET", s.url("/~/id/h/page/1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if len(hints) != 1 || hints[0].Get("Doors-Draining") != "" || hints[0].Get("Connection") != "" || hints[0].Get("Link") == "" {
		t.Errorf("%v", hints)
	}
	if answer.Header.Get("Doors-Draining") != "?1" || !answer.Close {
		t.Errorf("%v, close %v", answer.Header, answer.Close)
	}
	s.end()
}

// A hijacked connection is the app's own: before the order, after it, and after
// a 101.
func TestHijackedConnectionsAreLeftAlone(t *testing.T) {
	taken := make(chan net.Conn, 2)
	s := serve(t, newApp(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("By") == "net/http" {
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", "test")
			w.WriteHeader(http.StatusSwitchingProtocols)
		}
		connection, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		if r.Header.Get("By") != "net/http" {
			fmt.Fprint(connection, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n")
		}
		taken <- connection
	}))
	upgrade := func(by string) (client, server net.Conn, answer *http.Response) {
		t.Helper()
		client, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { client.Close() })
		fmt.Fprintf(client, "GET /~/id/h/page/1 HTTP/1.1\r\nHost: pod\r\nBy: %s\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n", by)
		answer, err = http.ReadResponse(bufio.NewReader(client), nil)
		if err != nil || answer.StatusCode != 101 || answer.Header.Get("Connection") != "Upgrade" {
			t.Fatalf("%v %v", answer, err)
		}
		server = receive(t, "the connection", taken)
		t.Cleanup(func() { server.Close() })
		return client, server, answer
	}
	clientBefore, serverBefore, _ := upgrade("the app")
	s.stop()
	upgrade("the app")
	if _, _, answer := upgrade("net/http"); answer.Header.Get("Doors-Draining") != "?1" {
		t.Error(answer.Header)
	}
	s.end() // does not wait for hijacked connections
	fmt.Fprint(serverBefore, "still here")
	got := make([]byte, len("still here"))
	if _, err := io.ReadFull(clientBefore, got); err != nil || string(got) != "still here" {
		t.Errorf("%q, %v", got, err)
	}
}

// HTTP/2 has no Connection header. The connection still ends, and nothing on it
// is cut.
func TestHTTP2(t *testing.T) {
	var h2c http.Protocols
	h2c.SetUnencryptedHTTP2(true)
	h2c.SetHTTP1(true) // for the test's own requests
	end := make(chan struct{})
	s := serveOn(t, &http.Server{Protocols: &h2c}, newApp(func(w http.ResponseWriter, r *http.Request) {
		if _, takesOver := w.(http.Hijacker); takesOver == (r.ProtoMajor == 2) {
			t.Errorf("HTTP/%d.%d: a Hijacker: %v", r.ProtoMajor, r.ProtoMinor, takesOver)
		}
		if r.URL.Path == "/~/id/s/page" {
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			<-end
			fmt.Fprint(w, "the end")
		}
	}))
	var dials atomic.Int64
	var only http.Protocols
	only.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: &only, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		dials.Add(1)
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}}
	_, body := s.open(client, "/~/id/s/page")
	do(t, client, "POST", s.url("/~/id/h/page/1"), nil)
	if dials.Load() != 1 {
		t.Errorf("%d connections before the order", dials.Load())
	}
	s.stop()
	s.eventually("another connection", func() bool {
		answer := do(t, client, "POST", s.url("/~/id/h/page/1"), nil)
		if _, found := answer.Header["Connection"]; found || answer.ProtoMajor != 2 || answer.Header.Get("Doors-Draining") != "?1" {
			t.Fatalf("%s %v", answer.Proto, answer.Header)
		}
		return dials.Load() > 1
	})
	if answer := do(t, client, "GET", s.url("/"), nil); answer.StatusCode != 503 || answer.Header.Get("Doors-Draining") != "?1" || answer.Header["Connection"] != nil {
		t.Errorf("a new page: %s %v", answer.Status, answer.Header)
	}
	close(end)
	if got, err := io.ReadAll(body); string(got) != "the end" || err != nil {
		t.Errorf("the stream: %q, %v", got, err)
	}
	s.end()
}

// The gate keeps the optional interfaces of net/http's ResponseWriter.
func TestWhatTheAppCanDo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, newApp(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		for what, err := range map[string]error{
			"read deadline":  control.SetReadDeadline(time.Time{}),
			"write deadline": control.SetWriteDeadline(time.Time{}),
			"full duplex":    control.EnableFullDuplex(),
		} {
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, found := w.(io.ReaderFrom); !found {
			t.Error("no io.ReaderFrom")
		}
		http.ServeFile(w, r, path)
	}))
	if answer := s.do("GET", "/file", nil); len(answer.body) != 1<<20 {
		t.Error(answer.Status, len(answer.body))
	}
	s.stop()
	s.end()
}
