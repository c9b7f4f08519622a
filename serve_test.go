package doorscaddy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	doorscaddy "github.com/doors-dev/doors-caddy"
)

func TestSignalsDrain(t *testing.T) {
	for _, which := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(which.String(), func(t *testing.T) {
			pod := startProcess(t)
			if now := pod.ready(); now.status != http.StatusOK || now.Draining {
				t.Fatalf("before the signal: %+v", now)
			}
			pod.signal(which)
			pod.eventually("it drains", func() bool { return pod.ready().status == http.StatusServiceUnavailable })
			if answer := pod.do("POST", "/~/id/h/end", nil); answer.StatusCode != http.StatusOK {
				t.Error(answer.Status)
			}
			if err := pod.ended(); err != nil {
				t.Errorf("%v: %s", err, &pod.output)
			}
		})
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	pod := startProcess(t)
	_, stream := pod.open(http.DefaultClient, "/~/id/s/page")
	pod.signal(syscall.SIGTERM)
	pod.eventually("it drains", func() bool { return pod.ready().Draining })
	pod.signal(syscall.SIGTERM)
	err := pod.ended()
	if exit := pod.command.ProcessState.ExitCode(); exit != 3 {
		t.Errorf("exit code %d (%v), want that of main", exit, err)
	}
	if want := "cut short by a second signal (requests left: 1, pages left: 1)"; !strings.Contains(pod.output.String(), want) {
		t.Errorf("%s\nlacks %q", &pod.output, want)
	}
	if rest, err := io.ReadAll(stream); err == nil {
		t.Errorf("the stream came to its end: %q", rest)
	}
}

func TestClosedOrdersAreOneOrder(t *testing.T) {
	s := serve(t, newApp(nil))
	close(s.orders)
	s.end()
}

// The app is told to drain only when the gate is closed and the pages that it
// let in have loaded.
func TestDrainComesAfterThePagesBeforeIt(t *testing.T) {
	rendering, render := make(chan struct{}), make(chan struct{})
	s := serve(t, newApp(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(rendering)
			<-render
		}
	}))
	answered := make(chan int, 1)
	go func() { answered <- s.do("GET", "/slow", nil).StatusCode }()
	receive(t, "the page load", rendering)
	s.stop()
	if answer := s.do("GET", "/", nil); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a new page: %s", answer.Status)
	}
	if len(s.app.drained) != 0 {
		t.Error("Drain while a page is being rendered")
	}
	close(render)
	if status := receive(t, "the page", answered); status != http.StatusOK {
		t.Errorf("the page under way: %d", status)
	}
	s.end()
}

func TestDelay(t *testing.T) {
	s := serve(t, newApp(func(w http.ResponseWriter, r *http.Request) {}), doorscaddy.WithDelay(time.Hour))
	s.stop()
	for range 100 {
		if answer := s.do("GET", "/", lastChoice()); answer.StatusCode != http.StatusOK {
			t.Fatalf("a page that no other pod takes: %s", answer.Status)
		}
	}
	if len(s.app.drained) != 0 {
		t.Error("Drain before the delay is over")
	}
	s.orders <- os.Interrupt
	if err := s.ended(); !errors.Is(err, doorscaddy.ErrorCut) {
		t.Errorf("a second order during the delay: %v", err)
	}
	if len(s.app.drained) != 0 {
		t.Error("Drain after the end")
	}
}

func lastChoice() http.Header { return http.Header{"Doors-Last-Choice": {"?1"}} }

// As in Doors, the callback runs inside the last page's request, before its
// answer is written.
func TestShutdownComesAfterTheLastByte(t *testing.T) {
	s := serve(t, newApp(nil))
	called, write := make(chan struct{}), make(chan struct{})
	s.app.HandlerFunc = func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "open")
		w.(http.Flusher).Flush()
		(<-s.app.drained)()
		close(called)
		<-write
		fmt.Fprintln(w, "gone")
	}
	_, body := s.open(http.DefaultClient, "/~/id/s/page")
	if line, err := body.ReadString('\n'); line != "open\n" {
		t.Fatal(line, err)
	}
	s.orders <- syscall.SIGTERM
	receive(t, "the callback", called)
	s.eventually("the listener is closed", func() bool { return errors.Is(s.dial(), syscall.ECONNREFUSED) })
	if !s.running() {
		t.Error("Serve has returned before the last answer")
	}
	close(write)
	if rest, err := io.ReadAll(body); string(rest) != "gone\n" || err != nil {
		t.Errorf("the page ends with %q (%v)", rest, err)
	}
	if err := s.ended(); err != nil {
		t.Error(err)
	}
}

func TestLimit(t *testing.T) {
	left := make(chan struct{})
	s := serve(t, newApp(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "open")
		w.(http.Flusher).Flush()
		<-left
		fmt.Fprintln(w, "answered")
	}), doorscaddy.WithLimit(time.Millisecond))
	_, body := s.open(http.DefaultClient, "/~/id/h/page/1")
	s.orders <- syscall.SIGTERM
	s.eventually("the listener is closed", func() bool { return errors.Is(s.dial(), syscall.ECONNREFUSED) })
	if !s.running() {
		t.Error("Serve does not wait for what was under way")
	}
	close(left)
	if got, err := io.ReadAll(body); string(got) != "open\nanswered\n" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if err := s.ended(); !errors.Is(err, doorscaddy.ErrorCut) || !strings.Contains(err.Error(), "by its time limit (requests left: 1, pages left: 0)") {
		t.Error(err)
	}
}

// Requests under way at the limit are cut: these would never end.
func TestLimitCuts(t *testing.T) {
	s := serve(t, newApp(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}), doorscaddy.WithLimit(time.Millisecond))
	_, body := s.open(http.DefaultClient, "/~/id/s/page")
	s.orders <- syscall.SIGTERM
	if err := s.ended(); !errors.Is(err, doorscaddy.ErrorCut) {
		t.Error(err)
	}
	if _, err := io.ReadAll(body); err == nil {
		t.Error("the stream came to its end")
	}
}

func TestServeSaysWhyItCannot(t *testing.T) {
	s := serve(t, newApp(nil))
	err := doorscaddy.Serve(&http.Server{Addr: s.address}, newApp(nil))
	if err == nil || !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), s.address) {
		t.Error(err)
	}
	s.server.Close()
	if err := s.ended(); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("closed by somebody else: %v", err)
	}
}

// A server with a handler serves the handler and drains the app.
func TestHandlerInFrontOfTheApp(t *testing.T) {
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "in front") })}
	s := serveOn(t, server, newApp(nil))
	if answer := s.do("GET", "/", nil); answer.body != "in front" {
		t.Error(answer.body)
	}
	s.stop()
	if answer := s.do("GET", "/", nil); answer.StatusCode != http.StatusServiceUnavailable {
		t.Error(answer.Status)
	}
	s.end()
}

// No request is cut, on kept-alive connections or streams, from before the
// order until the last page has ended.
func TestNoRequestIsCut(t *testing.T) {
	protocols := map[string]func(*http.Protocols){
		"HTTP/1.1": func(p *http.Protocols) { p.SetHTTP1(true) },
		"h2c":      func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) },
	}
	for name, enable := range protocols {
		t.Run(name, func(t *testing.T) {
			var both, one http.Protocols
			both.SetHTTP1(true)
			both.SetUnencryptedHTTP2(true)
			enable(&one)
			endStreams := make(chan struct{})
			s := serveOn(t, &http.Server{Protocols: &both}, newApp(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if strings.Contains(r.URL.Path, "/s/") {
					fmt.Fprintln(w, "open")
					w.(http.Flusher).Flush()
					<-endStreams
					fmt.Fprintln(w, "end")
				}
			}))
			client := &http.Client{Transport: &http.Transport{Protocols: &one, MaxIdleConnsPerHost: 100}}
			var clients, streams sync.WaitGroup
			for number := range 4 {
				_, body := s.open(client, fmt.Sprintf("/~/id/s/page%d", number))
				streams.Add(1)
				go func() {
					defer streams.Done()
					if got, err := io.ReadAll(body); string(got) != "open\nend\n" || err != nil {
						t.Errorf("a stream: %q, %v", got, err)
					}
				}()
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			var done, marked atomic.Int64
			for range 16 {
				clients.Add(1)
				go func() {
					defer clients.Done()
					for ctx.Err() == nil {
						// The client does not repeat a POST whose connection
						// breaks.
						answer, err := client.Post(s.url("/~/id/h/page/1"), "application/json", strings.NewReader("{}"))
						if err != nil {
							t.Errorf("a click: %v", err)
							return
						}
						_, _ = io.Copy(io.Discard, answer.Body)
						answer.Body.Close()
						if answer.StatusCode != http.StatusOK {
							t.Errorf("a click: %s", answer.Status)
						}
						if answer.Header.Get("Doors-Draining") != "" {
							marked.Add(1)
						}
						done.Add(1)
					}
				}()
			}
			s.eventually("clicks before the order", func() bool { return done.Load() > 200 })
			s.orders <- syscall.SIGTERM
			s.eventually("clicks after it", func() bool { return marked.Load() > 200 || t.Failed() })
			cancel()
			clients.Wait()
			if left := s.ready(); left.Pages != 4 {
				t.Errorf("%+v", left)
			}
			close(endStreams)
			streams.Wait()
			s.end()
		})
	}
}
