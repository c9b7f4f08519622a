package main

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

// visitor simulates a browser with one open page at a time.
type visitor struct {
	base   string
	client *http.Client
}

func newVisitor(base string, transport http.RoundTripper) (*visitor, error) {
	cookies, err := cookiejar.New(nil)
	return &visitor{base, &http.Client{Jar: cookies, Transport: transport}}, err
}

var pageAttributes = regexp.MustCompile(`data-prefix="([^"]+)" data-instance="([^"]+)"`)

// run visits until ctx is done. After an error it tries again, as people do.
func (v *visitor) run(ctx context.Context) {
	for pause(ctx, 0, 12*time.Second) {
		for v.visit(ctx) {
		}
	}
}

// visit uses one page for a while. It reports whether its last click has led to another page.
func (v *visitor) visit(ctx context.Context) (again bool) {
	ctx, leave := context.WithCancel(ctx) // leave closes the tab
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
		case <-over: // ended by its pod or by Caddy
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

// send makes one request. If err is not nil, text is the part that arrived.
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

// pause waits for a random time between least and most. It reports whether to continue.
func pause(ctx context.Context, least, most time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(least + rand.N(most-least)):
		return true
	}
}
