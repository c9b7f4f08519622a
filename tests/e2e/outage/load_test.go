package outage_test

import (
	"context"
	"errors"
	"io"
	"net/http/httptrace"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/quic-go/quic-go/http3"
)

// load is steady traffic over persistent connections.
type load struct {
	stopped chan struct{}
	workers sync.WaitGroup
	mu      sync.Mutex
	results []result
}

// result is the result of one request.
type result struct {
	protocol Protocol
	worker   int
	begin    time.Time
	status   int
	pod      string // the pod of the page
	err      error
	repeated int // how often the request was repeated because no server had begun to handle it
}

var pageAddress = regexp.MustCompile(`This page lives in pod ([0-9.]+):`)

// startLoad runs workers that send one request after the other until stop.
func startLoad(t testing.TB, caddy *Caddy, protocols []Protocol, workers int, request func(worker int) Request) *load {
	t.Helper()
	l := &load{stopped: make(chan struct{})}
	for _, protocol := range protocols {
		client := caddy.NewClient(t, protocol)
		for worker := range workers {
			l.workers.Go(func() {
				for {
					select {
					case <-l.stopped:
						return
					case <-time.After(5 * time.Millisecond):
					}
					one, _ := send(client, request(worker))
					one.protocol, one.worker = protocol, worker
					l.mu.Lock()
					l.results = append(l.results, one)
					l.mu.Unlock()
				}
			})
		}
	}
	t.Cleanup(func() { l.stop() })
	return l
}

// send sends a request, and like a browser repeats it while no server can have begun to handle it.
func send(client *Client, request Request) (one result, whole Answer) {
	one.begin = time.Now()
	for try := 1; ; try++ {
		connected := false
		trace := &httptrace.ClientTrace{
			GetConn: func(string) { connected = false },
			GotConn: func(httptrace.GotConnInfo) { connected = true },
		}
		ctx, cancel := context.WithTimeout(httptrace.WithClientTrace(context.Background(), trace), Patience)
		answer, err := client.Open(ctx, request)
		if err == nil {
			whole = Answer{Status: answer.StatusCode, Header: answer.Header, Took: time.Since(one.begin)}
			var body []byte
			body, err = io.ReadAll(answer.Body)
			answer.Body.Close()
			whole.Body = string(body)
			if found := pageAddress.FindStringSubmatch(whole.Body); found != nil {
				one.pod = found[1]
			}
			one.status = answer.StatusCode
		}
		cancel()
		one.err = err
		// A replaced listener resets connections that it has not accepted, and a replaced server
		// rejects requests (RFC 9114 section 4.1.1). Go's client repeats those only once.
		var reason *http3.Error
		rejected := errors.As(err, &reason) && reason.ErrorCode == http3.ErrCodeRequestRejected ||
			// our own connection, closed on the server's request, with a request just begun
			reason != nil && !reason.Remote && reason.ErrorCode == http3.ErrCodeNoError ||
			err != nil && strings.Contains(err.Error(), "http3: conn unusable") // an error without a type
		if err == nil || connected && !rejected || try == 10 {
			return one, whole
		}
		one.repeated++
	}
}

// count returns how many requests have been answered.
func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.results)
}

// stop ends the load and returns the results of all requests.
func (l *load) stop() []result {
	select {
	case <-l.stopped:
	default:
		close(l.stopped)
	}
	l.workers.Wait()
	return l.results
}

// stream is the receiver stream of a page, open until something ends it.
type stream struct {
	page *Page
	home *Pod

	mu    sync.Mutex
	text  strings.Builder
	ended bool
	err   error
}

// openStream opens the stream of a page and waits until its pod has it.
func openStream(t testing.TB, page *Page, home *Pod) *stream {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	s := &stream{page: page, home: home}
	request := Request{Path: page.Sync(1), Cookie: page.Browser.Cookies()}
	go func() {
		answer, err := page.Browser.Open(ctx, request)
		if err != nil {
			s.end(err)
			return
		}
		defer answer.Body.Close()
		_, err = io.Copy(s, answer.Body)
		s.end(err)
	}()
	Eventually(t, "the stream reaches its pod", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.ended {
			t.Fatalf("the stream has ended: %v", s.err)
		}
		return len(home.Requests(request.Path)) > 0
	})
	return s
}

// Write receives what the pod has sent.
func (s *stream) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(text)
}

func (s *stream) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended, s.err = true, err
}

// checkDelivers fails unless all streams are open and deliver what their pods send.
func checkDelivers(t testing.TB, streams []*stream, marker string) {
	t.Helper()
	for _, s := range streams {
		if !s.home.Send(s.page.Instance, "set_text", "path", marker) {
			t.Fatalf("the page on %s has ended", s.home.IP)
		}
	}
	for index, s := range streams {
		Eventually(t, "the stream brings "+marker, func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.ended {
				t.Fatalf("stream %d has ended: %v", index, s.err)
			}
			return strings.Contains(s.text.String(), marker)
		})
	}
}
