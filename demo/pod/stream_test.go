package pod_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
)

func began(route pod.Route, method string) func(pod.Event) bool {
	return func(e pod.Event) bool {
		return e.Kind == pod.RequestBegan && e.Request.Route == route && e.Request.Method == method
	}
}

func TestIdleStreamRollsWithoutSuccessor(t *testing.T) {
	p := start(t, pod.Config{Roll: 300 * time.Millisecond})
	b := newBrowser(t, p)
	page := b.load()
	before := time.Now()
	answer := <-b.stream(page("s"), "?t=1&b="+boot)
	if answer == nil {
		t.Fatal("no answer")
	}
	// The header comes with the first frame, after a roll.
	if waited := time.Since(before); waited < 400*time.Millisecond {
		t.Errorf("headers after %v", waited)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil || string(body) != "\x02\xff" {
		t.Fatalf("%q %v", body, err)
	}
	if answer.Header.Get("Cache-Control") != "no-store" || answer.Header.Get("Content-Type") != "application/octet-stream" {
		t.Error(answer.Header)
	}
}

func TestStreamsOverlap(t *testing.T) {
	events := newLog()
	p := start(t, pod.Config{Observe: events.add})
	b := newBrowser(t, p)
	page := b.load()
	first := b.stream(page("s"), "?t=1&b="+boot)
	events.wait(t, "the first stream", began(pod.RouteSync, "GET"))
	second := b.stream(page("s"), "?t=2&b="+boot)
	answer := <-first
	if body, err := io.ReadAll(answer.Body); err != nil || string(body) != "\x02\xff" {
		t.Fatalf("%q %v", body, err)
	}
	id := page("s")[strings.LastIndex(page("s"), "/")+1:]
	if !p.Send(id, "set_text", "path", "/x") {
		t.Fatal("the pod does not have the instance")
	}
	reader := bufio.NewReader((<-second).Body)
	if kind, header := frame(t, reader); kind != 1 || string(header[0]) != "1" || string(header[1]) != `["set_text",["path","/x"]]` {
		t.Fatalf("%d %s", kind, header)
	}
	if p.Send("unknown", "x") {
		t.Fatal("sent to an unknown instance")
	}
}

func TestBoot(t *testing.T) {
	p := start(t, pod.Config{})
	b := newBrowser(t, p)
	page := b.load()
	post := func(query string) int {
		answer := b.do("POST", page("s")+query, "application/json", strings.NewReader(`[1,0,{},[]]`))
		return answer.StatusCode
	}
	for _, step := range []struct {
		query  string
		status int
	}{{"?t=1", 400}, {"?t=1&b=XYZ", 400}, {"?t=1&b=" + boot, 200}, {"?t=2&b=" + boot, 200}, {"?t=1&b=ffffffffffffffff", 410}} {
		if got := post(step.query); got != step.status {
			t.Errorf("%s: %d, want %d", step.query, got, step.status)
		}
	}
}

func TestHookAnswersOnTheStream(t *testing.T) {
	events := newLog()
	p := start(t, pod.Config{Observe: events.add})
	b := newBrowser(t, p)
	page := b.load()
	stream := b.stream(page("s"), "?t=1&b="+boot)
	events.wait(t, "the stream", began(pod.RouteSync, "GET"))
	if answer := b.do("POST", page("h")+"/1?t=5", "application/json", strings.NewReader("{}")); answer.StatusCode != 200 {
		t.Fatal(answer.Status)
	}
	reader := bufio.NewReader((<-stream).Body)
	if _, header := frame(t, reader); string(header[1]) != `["set_text",["clicks","1"]]` {
		t.Fatalf("%s", header)
	}
	if _, header := frame(t, reader); string(header[1]) != `["report_hook",[5]]` {
		t.Fatalf("%s", header)
	}
	// A stream with unreported actions is not silent.
	if kind, _ := frame(t, reader); kind != 0 {
		t.Fatalf("frame %d", kind)
	}
	// Reported actions are not sent again, and the next stream starts clean.
	b.do("POST", page("s")+"?t=1&b="+boot, "application/json", strings.NewReader(`[9,0,{"1":[true,null],"2":[true,null]},[]]`))
	for {
		kind, header := frame(t, reader)
		if kind != 0 {
			t.Fatalf("frame %d", kind)
		}
		if string(header[1]) == "[9]" {
			break
		}
	}
	next := b.stream(page("s"), "?t=2&b="+boot)
	if kind, _ := frame(t, reader); kind != 2 {
		t.Fatalf("frame %d", kind)
	}
	b.do("POST", page("h")+"/2", "", nil)
	select {
	case answer := <-next:
		t.Fatal("a frame for nothing", answer.Status)
	case <-time.After(50 * time.Millisecond):
	}
	if answer := b.do("POST", page("h")+"/2?t=6", "", nil); answer.Header.Get("D0-After") == "" {
		t.Error("no D0-After")
	}
	if _, header := frame(t, bufio.NewReader((<-next).Body)); string(header[0]) != "3" {
		t.Fatalf("%s", header)
	}
	if got := b.status("POST", page("h")+"/77"); got != 404 {
		t.Error(got)
	}
	if got := b.status("GET", page("u")+"/a/b"); got != 200 {
		t.Error(got)
	}
}

func TestActionsSurviveABrokenStream(t *testing.T) {
	events := newLog()
	p := start(t, pod.Config{Observe: events.add})
	b := newBrowser(t, p)
	page := b.load()
	first := b.stream(page("s"), "?t=1&b="+boot)
	events.wait(t, "the stream", began(pod.RouteSync, "GET"))
	b.do("POST", page("h")+"/1", "", nil)
	answer := <-first
	frame(t, bufio.NewReader(answer.Body))
	answer.Body.Close()
	again := <-b.stream(page("s"), "?t=2&b="+boot)
	if _, header := frame(t, bufio.NewReader(again.Body)); string(header[0]) != "1" {
		t.Fatalf("%s", header)
	}
}

func TestRawHook(t *testing.T) {
	p := start(t, pod.Config{Hooks: map[string]http.HandlerFunc{"9": func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Method)
	}}})
	b := newBrowser(t, p)
	page := b.load()
	body, _ := io.ReadAll(b.do("PATCH", page("h")+"/9/name.txt", "", nil).Body)
	if string(body) != "PATCH" {
		t.Fatalf("%q", body)
	}
}

func message(body string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}

// openPost starts a streamed report POST and returns its body and its status.
func openPost(t *testing.T, b *browser, path string) (*io.PipeWriter, <-chan int) {
	reader, writer := io.Pipe()
	status := make(chan int, 1)
	request, err := http.NewRequest("POST", "http://"+b.pod.Address().String()+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/octet-stream")
	go func() {
		answer, err := b.client.Do(request)
		if err != nil {
			status <- 0
			return
		}
		answer.Body.Close()
		status <- answer.StatusCode
	}()
	return writer, status
}

func TestStreamedReports(t *testing.T) {
	events := newLog()
	p := start(t, pod.Config{Observe: events.add})
	b := newBrowser(t, p)
	page := b.load()
	body, status := openPost(t, b, page("s")+"?t=1&b="+boot)
	for id := 1; id <= 3; id++ {
		text := fmt.Sprintf(`[%d,0,{},[]]`, id)
		body.Write(message(text))
		events.wait(t, text, func(e pod.Event) bool { return e.Kind == pod.ReportReceived && string(e.Report) == text })
	}
	body.Close()
	if got := <-status; got != 200 {
		t.Fatal(got)
	}
}

// A report stream without an end is over when the client has given up, after 4/3 of a roll.
func TestReportStreamThatDoesNotEnd(t *testing.T) {
	p := start(t, pod.Config{Roll: 300 * time.Millisecond})
	b := newBrowser(t, p)
	page := b.load()
	begin := time.Now()
	body, status := openPost(t, b, page("s")+"?t=1&b="+boot)
	body.Write(message(`[1,0,{},[]]`))
	if got := <-status; got != 408 {
		t.Errorf("status %d", got)
	}
	if lasted := time.Since(begin); lasted < 400*time.Millisecond {
		t.Errorf("over after %v", lasted)
	}
}

func TestFaultyReports(t *testing.T) {
	p := start(t, pod.Config{ReportTimeout: 20 * time.Millisecond})
	b := newBrowser(t, p)
	page := b.load()
	path := page("s") + "?t=1&b=" + boot
	for _, text := range []string{"", "{", `{}`, `[1,2]`, `["x",0,{}]`, `[1,0,[]]`} {
		if answer := b.do("POST", path, "application/json", strings.NewReader(text)); answer.StatusCode != 400 {
			t.Errorf("%q: %s", text, answer.Status)
		}
	}
	body, status := openPost(t, b, path)
	body.Write(binary.BigEndian.AppendUint32(nil, 10))
	if got := <-status; got != 408 {
		t.Errorf("a report that never came: %d", got)
	}
	for _, c := range []struct {
		what   string
		report []byte
		status int
	}{
		{"bad JSON in a stream", message("{"), 400},
		{"an oversized report", binary.BigEndian.AppendUint32(nil, pod.MaxBody+1), 413},
	} {
		body, status = openPost(t, b, path)
		body.Write(c.report)
		select { // as in Doors, the answer waits for the end of the body
		case got := <-status:
			t.Errorf("%s: %d while the body is open", c.what, got)
		case <-time.After(50 * time.Millisecond):
			body.Close()
			if got := <-status; got != c.status {
				t.Errorf("%s: %d", c.what, got)
			}
		}
	}
	if got := b.status("POST", page("h")+"/1"); got != 410 {
		t.Errorf("after an oversized report: %d", got)
	}
}
