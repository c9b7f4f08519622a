package proxy

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
)

// An answer arrives whole even if it begins before Caddy has noticed that the request is sent
// completely.
func TestEarlyAnswerIsWhole(t *testing.T) {
	const first, second = "the first half, ", "the second half"
	pod := caddytest.StartPodWith(t, "127.0.1.1", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, first)
		w.(http.Flusher).Flush()
		time.Sleep(50 * time.Millisecond) // time for Caddy to cut the answer
		_, _ = io.WriteString(w, second)
	})
	answered := make(chan struct{}) // closed when the client has the first half
	Inspected = func(h *Handler, _ []config.Warning) {
		dial := h.Transport.(transport).Transport.DialContext
		h.Transport.(transport).Transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			return slowConn{conn, answered}, err
		}
	}
	defer func() { Inspected = nil }()
	url, err := caddytest.StartCaddy(t, caddytest.OneUpstream, pod)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(url, "text/plain", strings.NewReader("a body "+lastWords))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	beginning := make([]byte, len(first))
	if _, err := io.ReadFull(answer.Body, beginning); err != nil {
		t.Fatal(err)
	}
	close(answered)
	if rest, err := io.ReadAll(answer.Body); err != nil || string(beginning)+string(rest) != first+second {
		t.Errorf("got %q and then %q, %v", beginning, rest, err)
	}
}

// lastWords are the end of the request's body.
const lastWords = "with its last words"

// slowConn returns from the write of the last words only when the answer has begun.
type slowConn struct {
	net.Conn
	answered <-chan struct{}
}

func (c slowConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if bytes.Contains(p, []byte(lastWords)) {
		<-c.answered
	}
	return n, err
}

// A body that is shorter or longer than announced is still an error.
func TestAnnouncedBody(t *testing.T) {
	for _, test := range []struct {
		length int64
		want   error
	}{
		{4, io.EOF},
		{5, http.ErrBodyReadAfterClose},
		{3, http.ErrBodyReadAfterClose},
	} {
		r := &http.Request{ContentLength: test.length, Body: io.NopCloser(io.MultiReader(strings.NewReader("body"), closedReader{}))}
		watchBody(r)
		got, err := r.Body.Read(make([]byte, 10))
		if got != 4 || err != nil {
			t.Fatalf("%d bytes, %v", got, err)
		}
		if got, err := r.Body.Read(make([]byte, 10)); got != 0 || err != test.want {
			t.Errorf("of announced %d bytes: after 4 bytes %d more and %v, want %v", test.length, got, err, test.want)
		}
	}
}

type closedReader struct{}

func (closedReader) Read([]byte) (int, error) { return 0, http.ErrBodyReadAfterClose }

// HTTP/3 does not say that a request has no body. A body that exists is kept.
func TestKnowBody(t *testing.T) {
	for _, test := range []struct {
		method string
		major  int
		body   string
		length int64
	}{
		{"GET", 3, "", 0}, {"HEAD", 3, "", 0}, {"GET", 3, "body", -1}, {"POST", 3, "", -1}, {"POST", 3, "body", -1}, {"GET", 2, "body", -1},
	} {
		r := &http.Request{Method: test.method, ProtoMajor: test.major, ContentLength: -1, Body: io.NopCloser(strings.NewReader(test.body))}
		detectBody(r)
		if got, err := io.ReadAll(r.Body); string(got) != test.body || err != nil || r.ContentLength != test.length {
			t.Errorf("%v: %q, %v, length %d", test, got, err, r.ContentLength)
		}
	}
}

// A body that the client breaks off differs from one that ends, and from one that is closed because
// the pod needs no more of it.
func TestBodyFailed(t *testing.T) {
	for _, test := range []struct {
		err    error
		closed bool
		want   bool
	}{
		{io.EOF, false, false}, {io.ErrUnexpectedEOF, false, true}, {http.ErrBodyReadAfterClose, true, false},
	} {
		r := &http.Request{ContentLength: -1, Body: io.NopCloser(iotest.ErrReader(test.err))}
		body := watchBody(r)
		if test.closed {
			r.Body.Close()
		}
		r.Body.Read(make([]byte, 1))
		if got := body.failed(); got != test.want {
			t.Errorf("%v, closed %t: failed %t, want %t", test.err, test.closed, got, test.want)
		}
	}
	if body := watchBody(&http.Request{Body: http.NoBody}); body.failed() {
		t.Error("no body has failed")
	}
}
