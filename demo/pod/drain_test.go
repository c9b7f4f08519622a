package pod_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
)

func drainEnded(e pod.Event) bool { return e.Kind == pod.DrainEnded }

func TestDrain(t *testing.T) {
	events := newLog()
	p := start(t, pod.Config{Observe: events.add})
	b := newBrowser(t, p)
	page := b.load()
	stream := b.stream(page("s"), "?t=1&b="+boot)
	events.wait(t, "the stream", began(pod.RouteSync, "GET"))
	p.Drain()
	p.Drain()
	if got := b.status("POST", page("h")+"/1"); got != 200 {
		t.Errorf("a click while draining: %d", got)
	}
	// A new browser gets a page only if no other pod can take it. It does not get this pod's cookie
	// then.
	late := newBrowser(t, p)
	if got := late.status("GET", "/"); got != 503 {
		t.Errorf("a new page: %d", got)
	}
	late.header = http.Header{"Doors-Last-Choice": {"?1"}}
	answer := late.do("GET", "/", "", nil)
	if got := cookieNames(answer); answer.StatusCode != 200 || got != p.SessionCookie() || answer.Header.Get("Doors-Draining") != "?1" {
		t.Errorf("%s %q", answer.Status, got)
	}
	second := late.load()
	stopped := make(chan error, 1)
	go func() { stopped <- p.DrainAndStop(context.Background()) }()
	if got := b.status("POST", page("h")+"/2"); got != 410 {
		t.Errorf("a link while draining: %d", got)
	}
	opened := <-stream
	body, err := io.ReadAll(opened.Body)
	if err != nil || len(body) == 0 || body[len(body)-1] != 4 {
		t.Errorf("%q %v", body, err)
	}
	// The first page of the late browser never connects.
	if got := late.status("GET", second("u")+"/"); got != 410 {
		t.Errorf("back while draining: %d", got)
	}
	if stats := p.Stats(); stats.Instances != 1 || !stats.Draining {
		t.Errorf("%+v", stats)
	}
	if events.has(drainEnded) || len(stopped) != 0 {
		t.Error("drained with an instance")
	}
}

// A persistent connection gets an answer to one more request, and then ends.
func TestDrainEndsConnectionsByAnswers(t *testing.T) {
	p := start(t, pod.Config{})
	newBrowser(t, p).load() // a page that the drain waits for
	connection, err := net.Dial("tcp", p.Address().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(20 * time.Second))
	answers := bufio.NewReader(connection)
	for _, drains := range []bool{false, true} {
		if drains {
			p.Drain()
		}
		fmt.Fprint(connection, "POST /~/x/h/unknown/1 HTTP/1.1\r\nHost: pod\r\nContent-Length: 2\r\n\r\n{}")
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != 410 || answer.Close != drains {
			t.Errorf("draining %v: %s, close %v", drains, answer.Status, answer.Close)
		}
	}
	if _, err := answers.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("after the answer: %v", err)
	}
}

func TestDrainOfAnEmptyPod(t *testing.T) {
	events := newLog()
	p := start(t, pod.Config{Observe: events.add})
	if err := p.DrainAndStop(context.Background()); err != nil {
		t.Fatal(err)
	}
	events.wait(t, "the end of the drain", drainEnded)
	if _, err := http.Get("http://" + p.Address().String()); err == nil {
		t.Fatal("still listening")
	}
}

// The last page's 410 arrives, although the server stops because of it.
func TestLastAnswerIsFlushed(t *testing.T) {
	for range 20 {
		p := start(t, pod.Config{})
		b := newBrowser(t, p)
		page := b.load()
		stopped := make(chan error, 1)
		go func() { stopped <- p.DrainAndStop(context.Background()) }()
		for !p.Draining() {
			time.Sleep(time.Millisecond)
		}
		if got := b.status("POST", page("h")+"/2"); got != 410 {
			t.Fatal(got)
		}
		b.client.CloseIdleConnections()
		if err := <-stopped; err != nil {
			t.Fatal(err)
		}
	}
}

func TestDrainGivesUp(t *testing.T) {
	events := newLog()
	p := start(t, pod.Config{Observe: events.add})
	b := newBrowser(t, p)
	page := b.load()
	stream := b.stream(page("s"), "?t=1&b="+boot)
	events.wait(t, "the stream", began(pod.RouteSync, "GET"))
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_ = p.DrainAndStop(ctx) // may report that the stream was cut
	if answer := <-stream; answer != nil {
		if body, err := io.ReadAll(answer.Body); err == nil && string(body) != "\x04" {
			t.Fatalf("%q", body)
		}
	}
	if got := p.Stats().Instances; got != 0 {
		t.Fatal(got)
	}
}

func TestKill(t *testing.T) {
	events := newLog()
	p := start(t, pod.Config{Observe: events.add})
	b := newBrowser(t, p)
	page := b.load()
	stream := b.stream(page("s"), "?t=1&b="+boot)
	events.wait(t, "the stream", began(pod.RouteSync, "GET"))
	p.Kill()
	if answer := <-stream; answer != nil {
		t.Fatal(answer.Status)
	}
	restarted, err := pod.Start(pod.Config{Secret: newSecret(), Address: p.Address()})
	if err != nil {
		t.Fatal(err)
	}
	restarted.Kill()
}
