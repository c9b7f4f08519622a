// Package onemachine rolls out an app on one machine, with two addresses, without DNS changes or
// reloads.
package onemachine

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

const (
	rollouts = 20
	visitors = 12
)

var addresses = [2]string{"127.0.1.1", "127.0.1.2"}

// Once a pod is draining no page opens on it. No visitor sees an error, and open pages continue
// until their visitor follows a link.
func TestRollouts(t *testing.T) {
	secret, port := NewSecret(32), Port(t, addresses[:]...)
	running := startPod(t, secret, addresses[0], port)
	caddy := Start(t, Options{Config: Config{Handlers: Caddyfile("dynamic_upstreams", secret, "upstream",
		[]Upstream{{CIDR: "127.0.1.0/24", Host: strings.Join(addresses[:], " "), Port: port}}, "")}})

	crowd := gather(t, caddy)
	for number := range rollouts {
		Eventually(t, "visitors click", crowd.clicked(100))
		next := startPod(t, secret, addresses[(number+1)%2], port)
		crowd.fresh(next.ip)
		running.drain()
		crowd.drains(running.ip)
		running.end()
		running = next
		if t.Failed() {
			t.Fatalf("in rollout %d", number+1)
		}
	}
	crowd.leaves(rollouts)
}

// crowd is all visitors, and the limits of what they may see.
type crowd struct {
	t                      *testing.T
	end                    context.CancelFunc
	group                  sync.WaitGroup
	pages, clicks, reloads atomic.Int64

	mu       sync.Mutex
	draining map[string]time.Time // since when each pod has been known to drain, by address
}

// gather starts visitors, which continue until the crowd leaves or the test ends.
func gather(t *testing.T, caddy *Caddy) *crowd {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	c := &crowd{t: t, end: cancel, draining: map[string]time.Time{}}
	for number := range visitors {
		c.group.Add(1)
		browser := caddy.NewBrowser(t, Protocols[number%2]) // HTTP/1.1 and HTTP/2
		go c.visit(ctx, browser)
	}
	return c
}

// leaves waits for some more clicks and ends all visits. It checks that each rollout has moved a
// visitor.
func (c *crowd) leaves(rollouts int64) {
	c.t.Helper()
	Eventually(c.t, "visitors click", c.clicked(100))
	c.end()
	c.group.Wait()
	c.t.Logf("%d pages, %d clicks, %d reloads", c.pages.Load(), c.clicks.Load(), c.reloads.Load())
	if c.reloads.Load() < rollouts {
		c.t.Errorf("%d reloads in %d rollouts: is this test blind?", c.reloads.Load(), rollouts)
	}
}

func (c *crowd) fresh(ip string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.draining, ip)
}

func (c *crowd) drains(ip string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining[ip] = time.Now()
}

// mayOpen reports whether a page requested at the given time may open on a pod.
func (c *crowd) mayOpen(ip string, asked time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	since, drains := c.draining[ip]
	return !drains || asked.Before(since)
}

// clicked returns a condition: the given number of further clicks, or a failure.
func (c *crowd) clicked(more int64) func() bool {
	until := c.clicks.Load() + more
	return func() bool { return c.clicks.Load() >= until || c.t.Failed() }
}

// visit opens one page after the other, and clicks on each until a link leads to the next.
func (c *crowd) visit(ctx context.Context, browser *Browser) {
	defer c.group.Done()
	for ctx.Err() == nil && !c.t.Failed() {
		asked := time.Now()
		page, err := browser.Load("/")
		if err != nil {
			c.t.Errorf("a page load: %v", err)
			return
		}
		c.pages.Add(1)
		if !c.mayOpen(page.Pod, asked) {
			c.t.Errorf("a page opened on %s, which is draining", page.Pod)
		}
		stream := c.stream(page)
		for track := 1; ctx.Err() == nil; track++ {
			if !c.click(page, pod.HookClick, track) || !c.click(page, pod.HookLink, track) {
				break
			}
		}
		if ctx.Err() == nil {
			if err := <-stream; err != nil {
				c.t.Errorf("a stream: %v", err)
			}
		}
	}
}

// stream reads the receiver stream of a page to its end.
func (c *crowd) stream(page *Page) <-chan error {
	ended := make(chan error, 1)
	request := Request{Path: page.Sync(1), Cookie: page.Browser.Cookies()}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		answer, err := page.Browser.Open(ctx, request)
		if err != nil {
			ended <- err
			return
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err == nil && (answer.StatusCode != http.StatusOK || !strings.HasSuffix(string(body), "\x04") && !strings.HasSuffix(string(body), "\x02\xff")) {
			err = fmt.Errorf("status %d, and it ends with %.20q", answer.StatusCode, body[max(0, len(body)-20):])
		}
		ended <- err
	}()
	return ended
}

// click calls a hook. It reports whether the page continues; only a link may end it.
func (c *crowd) click(page *Page, hook string, track int) bool {
	answer, err := page.Browser.Send(Request{Method: "POST", Path: page.Hook(hook, track), Body: strings.NewReader("{}")})
	switch {
	case err != nil:
		c.t.Errorf("a click: %v", err)
	case answer.Header.Get("Doors-Draining") != "":
		c.t.Errorf("the mark reached a client: %v", answer.Header)
	case answer.Status == http.StatusOK:
		c.clicks.Add(1)
		return true
	case answer.Status == http.StatusGone && hook == pod.HookLink:
		c.reloads.Add(1)
	default:
		c.t.Errorf("a click: status %d", answer.Status)
	}
	return false
}
