package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"regexp"
	"sync"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
)

// visitor plays a browser: it holds a page, keeps a stream open, clicks, and
// loads the page again when it is told that its pod is gone.
type visitor struct {
	base   string // Caddy
	first  string // where the first page comes from: the old pod, before the rollout
	client *http.Client

	mu      sync.Mutex
	cookies map[string]string
}

func newVisitor(listen netip.AddrPort, old *pod.Pod) *visitor {
	return &visitor{
		base: "http://" + listen.String(), first: "http://" + old.Address().String(),
		client: &http.Client{}, cookies: map[string]string{},
	}
}

// Times between two steps of the visitor.
const (
	clickEvery = 6 * time.Second
	linkEvery  = 3 // every third click follows a link
)

var pageAttributes = regexp.MustCompile(`data-prefix="([^"]+)" data-instance="([^"]+)"`)

// run visits until ctx is done. Errors lead to another try, as in a browser.
func (v *visitor) run(ctx context.Context) {
	from := v.first
	for ctx.Err() == nil {
		page, err := v.load(ctx, from)
		from = v.base
		if err == nil {
			v.live(ctx, page)
		}
		pause(ctx, time.Second)
	}
}

// load opens a page and returns its attributes: prefix and instance.
func (v *visitor) load(ctx context.Context, base string) ([]string, error) {
	answer, err := v.send(ctx, "GET", base+"/")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	found := pageAttributes.FindSubmatch(body)
	if found == nil {
		return nil, fmt.Errorf("not a page: %s", answer.Status)
	}
	return []string{string(found[1]), string(found[2])}, nil
}

// live uses a page until its pod says that it is gone.
func (v *visitor) live(ctx context.Context, page []string) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	boot := fmt.Sprintf("%016x", time.Now().UnixNano())
	go func() {
		for stream := 1; ctx.Err() == nil; stream++ {
			go v.receive(ctx, fmt.Sprintf("%s%s/s/%s?t=%d&b=%s", v.base, page[0], page[1], stream, boot))
			pause(ctx, pod.DefaultRoll)
		}
	}()
	for click := 1; ctx.Err() == nil; click++ {
		pause(ctx, clickEvery)
		hook := pod.HookClick
		if click%linkEvery == 0 {
			hook = pod.HookLink
		}
		answer, err := v.send(ctx, "POST", fmt.Sprintf("%s%s/h/%s/%s?t=%d", v.base, page[0], page[1], hook, click))
		if err != nil {
			continue
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusGone {
			return
		}
	}
}

// receive holds one stream open. What it says is not played out.
func (v *visitor) receive(ctx context.Context, address string) {
	request, err := v.request(ctx, "GET", address)
	if err != nil {
		return
	}
	if answer, err := v.client.Do(request); err == nil {
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
}

// send makes one request and keeps the cookies of its answer.
func (v *visitor) send(ctx context.Context, method, address string) (*http.Response, error) {
	request, err := v.request(ctx, method, address)
	if err != nil {
		return nil, err
	}
	answer, err := v.client.Do(request)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, cookie := range answer.Cookies() {
		v.cookies[cookie.Name] = cookie.Value
	}
	return answer, nil
}

func (v *visitor) request(ctx context.Context, method, address string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(nil))
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for name, value := range v.cookies {
		request.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return request, nil
}

func pause(ctx context.Context, length time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(length):
	}
}
