package main

// In:  the address of the app.
// Out: the requests of visitors who come, use a page, follow links and go.

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"time"

	"github.com/doors-dev/doors-caddy/demo/board"
	"github.com/doors-dev/doors-caddy/demo/pod"
)

// visitor plays a browser that keeps one page open at a time.
type visitor struct {
	base   string
	client *http.Client
}

func newVisitor(base string, transport http.RoundTripper) (*visitor, error) {
	cookies, err := cookiejar.New(nil)
	return &visitor{base, &http.Client{Jar: cookies, Transport: transport}}, err
}

var pageAttributes = regexp.MustCompile(`data-prefix="([^"]+)" data-instance="([^"]+)"`)

// run comes and goes until ctx is done. Errors lead to another try, as with people.
func (v *visitor) run(ctx context.Context) {
	for pause(ctx, 0, 12*time.Second) {
		for v.visit(ctx) {
		}
	}
}

// visit uses one page for a while, and tells whether its last click has led to another one.
func (v *visitor) visit(ctx context.Context) (again bool) {
	ctx, leave := context.WithCancel(ctx) // which closes the tab
	defer leave()
	body, status, err := v.send(ctx, "GET", "/")
	found := pageAttributes.FindStringSubmatch(body)
	if err != nil || status != http.StatusOK || found == nil {
		return false
	}
	prefix, instance := found[1], found[2]
	over := make(chan struct{})
	go func() {
		defer close(over)
		v.receive(ctx, prefix+"/s/"+instance)
	}()
	click := func(hook string, number int) (status int) {
		_, status, _ = v.send(ctx, "POST", fmt.Sprintf("%s/h/%s/%s?t=%d", prefix, instance, hook, number))
		return status
	}
	clicks := 3 + rand.IntN(6)
	for number := range clicks {
		if !pause(ctx, time.Second, 5*time.Second) {
			return false
		}
		select {
		case <-over: // its pod says so, or Caddy
			return true
		default:
			click(pod.HookClick, number+1)
		}
	}
	if rand.IntN(3) == 0 {
		return false
	}
	return click(pod.HookLink, clicks+1) == http.StatusGone
}

// receive keeps a receiver stream open until the page is over.
func (v *visitor) receive(ctx context.Context, path string) {
	boot := fmt.Sprintf("%016x", rand.Uint64())
	for stream := 1; ctx.Err() == nil; stream++ {
		frames, status, err := v.send(ctx, "GET", fmt.Sprintf("%s?t=%d&b=%s", path, stream, boot))
		if status == http.StatusGone || strings.HasSuffix(frames, "\x04") {
			return
		}
		if err != nil || status != http.StatusOK {
			pause(ctx, board.Roll/10, board.Roll/5)
		}
	}
}

// send makes one request. The text is what arrived, also where err says that it is not all.
func (v *visitor) send(ctx context.Context, method, path string) (text string, status int, err error) {
	request, err := http.NewRequestWithContext(ctx, method, v.base+path, nil)
	if err != nil {
		return "", 0, err
	}
	answer, err := v.client.Do(request)
	if err != nil {
		return "", 0, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), answer.StatusCode, err
}

// pause waits for a time between two, and tells whether to go on.
func pause(ctx context.Context, least, most time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(least + rand.N(most-least)):
		return true
	}
}
