package e2e_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// stream is a receiver stream. Its header may come only with the first frame.
type stream struct {
	opened chan *http.Response
	failed chan error
	buffer *bufio.Reader
}

// openStream opens GET /s/ in the background.
func openStream(t *testing.T, page *Page, number int) *stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	s := &stream{opened: make(chan *http.Response, 1), failed: make(chan error, 1)}
	request := Request{
		Path: page.Sync(number), Cookie: page.Browser.Cookies(), Header: map[string]string{"Accept": "application/octet-stream"},
	}
	go func() {
		answer, err := page.Browser.Open(ctx, request)
		if err != nil {
			s.failed <- err
			return
		}
		s.opened <- answer
	}()
	return s
}

// reader waits for the header.
func (s *stream) reader(t *testing.T) *bufio.Reader {
	t.Helper()
	if s.buffer != nil {
		return s.buffer
	}
	select {
	case answer := <-s.opened:
		t.Cleanup(func() { answer.Body.Close() })
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Cache-Control") != "no-store" || answer.Header.Get("Content-Encoding") != "" {
			t.Fatalf("status %d, %v", answer.StatusCode, answer.Header)
		}
		s.buffer = bufio.NewReader(answer.Body)
		return s.buffer
	case err := <-s.failed:
		t.Fatal(err)
		return nil
	}
}

// action reads frames up to an action, and checks its name.
func (s *stream) action(t *testing.T, name string) string {
	t.Helper()
	for {
		kind, err := s.reader(t).ReadByte()
		if err != nil {
			t.Fatal(err)
		}
		if kind > 1 {
			t.Fatalf("the stream ended with %#x", kind)
		}
		header, err := s.reader(t).ReadString(0xff)
		if err != nil {
			t.Fatal(err)
		}
		if kind == 0 { // sync
			continue
		}
		if !strings.Contains(header, `["`+name+`",`) {
			t.Fatalf("%q is not %s", header, name)
		}
		return header
	}
}

// rest reads to the end, which must be a regular one.
func (s *stream) rest(t *testing.T) string {
	t.Helper()
	rest, err := io.ReadAll(s.reader(t))
	if err != nil {
		t.Fatal(err)
	}
	return string(rest)
}

// waitFor waits until the pod has a request.
func waitFor(t *testing.T, home *Pod, method, uri string) {
	t.Helper()
	home.Wait(t, method+" "+uri, func(e pod.Event) bool {
		return e.Kind == pod.RequestBegan && e.Request.Method == method && e.Request.URI == uri
	})
}

// streamingSite starts Caddy and a pod and opens a page.
func streamingSite(t *testing.T, protocol Protocol, config pod.Config) (*Page, *Pod) {
	t.Helper()
	cluster := NewCluster(t, config, podA, podC)
	caddy := Start(t, Options{Config: Config{Handlers: doorsSite(cluster, "")}})
	page := caddy.NewBrowser(t, protocol).MustLoad("/")
	return page, cluster.Pod(page.Pod)
}

// Each frame arrives before the next is sent.
func TestStreamingGet(t *testing.T) {
	for _, protocol := range Protocols {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			page, home := streamingSite(t, protocol, pod.Config{})
			first := openStream(t, page, 1)
			waitFor(t, home, "GET", page.Sync(1))
			for number := range 20 {
				text := fmt.Sprint("frame ", number)
				if !home.Send(page.Instance, "set_text", "path", text) {
					t.Fatal("the instance has ended")
				}
				if header := first.action(t, "set_text"); !strings.Contains(header, text) {
					t.Fatalf("%q instead of %q", header, text)
				}
			}

			// The next stream reaches the same pod while the first is open, and ends it.
			for number := 2; number <= 4; number++ {
				second := openStream(t, page, number)
				waitFor(t, home, "GET", page.Sync(number))
				if got := first.rest(t); !strings.HasSuffix(got, "\x02\xff") {
					t.Fatalf("stream %d ended with %q", number-1, got)
				}
				first = second
			}
			home.Send(page.Instance, "set_text", "path", "last")
			for !strings.Contains(first.action(t, "set_text"), "last") { // actions that were not reported are sent again first
			}
		})
	}
}

// An idle stream is silent for a whole roll, without even a header.
func TestStreamingIdle(t *testing.T) {
	for _, protocol := range Protocols {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			page, _ := streamingSite(t, protocol, pod.Config{Roll: 3 * time.Second})
			begin := time.Now()
			if got := openStream(t, page, 1).rest(t); got != "\x02\xff" {
				t.Fatalf("%q", got)
			}
			if took := time.Since(begin); took < 3*time.Second {
				t.Fatalf("over after %v", took)
			}
		})
	}
}

// Each report arrives before the next is sent, with a receiver stream and hook calls on the same
// connection.
func TestStreamingPost(t *testing.T) {
	for _, protocol := range Protocols {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			page, home := streamingSite(t, protocol, pod.Config{})
			receiver := openStream(t, page, 1)
			waitFor(t, home, "GET", page.Sync(1))
			body, feed := io.Pipe()
			status := make(chan int, 1)
			cookies := page.Browser.Cookies()
			go func() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				answer, err := page.Browser.Open(ctx, Request{
					Method: "POST", Path: page.Sync(1), Body: body, Cookie: cookies,
					Header: map[string]string{"Content-Type": "application/octet-stream"},
				})
				if err != nil {
					body.CloseWithError(err)
					status <- 0
					return
				}
				answer.Body.Close()
				status <- answer.StatusCode
			}()
			for number := 1; number <= 20; number++ {
				text := fmt.Sprintf("[%d,0,{},[]]", number)
				if _, err := feed.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)); err != nil {
					t.Fatal(err)
				}
				home.Wait(t, text, func(e pod.Event) bool { return e.Kind == pod.ReportReceived && string(e.Report) == text })
				if number == 10 {
					answer, err := page.Browser.Send(Request{Method: "POST", Path: page.Hook(pod.HookClick, 7), Body: strings.NewReader("{}")})
					if err != nil || answer.Status != http.StatusOK {
						t.Fatal(answer.Status, err)
					}
					receiver.action(t, "set_text")
					if header := receiver.action(t, "report_hook"); !strings.Contains(header, "[7]") {
						t.Fatalf("%q", header)
					}
				}
				select {
				case got := <-status:
					t.Fatalf("status %d while the body is open", got)
				default:
				}
			}
			feed.Close()
			if got := <-status; got != http.StatusOK {
				t.Fatalf("status %d", got)
			}
		})
	}
}

// The last answer of a draining pod arrives, and the page then finds the fresh one.
func TestStreamingDrain(t *testing.T) {
	for _, protocol := range Protocols {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			page, home := streamingSite(t, protocol, pod.Config{})
			receiver := openStream(t, page, 1)
			waitFor(t, home, "GET", page.Sync(1))
			stopped := make(chan error, 1)
			go func() { stopped <- home.DrainAndStop(context.Background()) }()
			home.Wait(t, "the drain", func(e pod.Event) bool { return e.Kind == pod.DrainBegan })
			click, err := page.Browser.Send(Request{Method: "POST", Path: page.Hook(pod.HookClick, 1)})
			if err != nil || click.Status != http.StatusOK {
				t.Fatal(click.Status, err)
			}
			link, err := page.Browser.Send(Request{Method: "POST", Path: page.Hook(pod.HookLink, 2)})
			if err != nil || link.Status != http.StatusGone || link.Header.Get("Via") == "" {
				t.Fatal(link.Status, link.Header, err)
			}
			if got := receiver.rest(t); !strings.HasSuffix(got, "\x04") {
				t.Errorf("the stream ended with %q", got)
			}
			if err := <-stopped; err != nil {
				t.Error(err)
			}
			checkGone(t, "after the drain", page.Browser.Do(Request{Path: page.Sync(2)}))
			// Without its cookie the browser may go to any upstream: here the one that is left.
			page.Browser.SetCookie("upstream", "")
			for range 10 {
				if reloaded := page.Browser.MustLoad("/"); reloaded.Pod == home.IP {
					t.Fatal("reloaded on a pod that has ended")
				}
			}
		})
	}
}

// Open streams continue when the configuration changes, and later requests use the new one.
func TestStreamingReload(t *testing.T) {
	for _, protocol := range Protocols {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			cluster := NewCluster(t, pod.Config{}, podA, podC)
			caddy := Start(t, Options{Config: Config{Grace: "30s", Handlers: doorsSite(cluster, "")}})
			browser := caddy.NewBrowser(t, protocol)
			page := browser.MustLoad("/")
			home := cluster.Pod(page.Pod)
			receiver := openStream(t, page, 1)
			waitFor(t, home, "GET", page.Sync(1))
			home.Send(page.Instance, "set_text", "path", "before")
			receiver.action(t, "set_text")
			// The new configuration no longer has the page's upstream.
			both := twoServers(cluster)
			other := both[:1]
			if page.Pod == podA {
				other = both[1:]
			}
			for range 3 {
				for _, upstreams := range [][]Upstream{both, other} {
					config := Config{Grace: "30s", Handlers: Caddyfile("dynamic_upstreams", cluster.Secret, "upstream", upstreams, "")}
					if status, message := caddy.Load(config); status != http.StatusOK {
						t.Fatal(status, message)
					}
				}
			}
			for number := range 5 {
				home.Send(page.Instance, "set_text", "path", fmt.Sprint("after ", number))
				receiver.action(t, "set_text")
			}
			checkGone(t, "after the reload", caddy.NewClient(t, protocol).Get(page.Sync(2)))
			if got := home.Requests(page.Sync(2)); len(got) > 0 {
				t.Error("the new configuration still leads to the pod")
			}
		})
	}
}
