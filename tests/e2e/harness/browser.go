package harness

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// Browser is a visitor: it keeps cookies and opens pages.
type Browser struct {
	*Client

	mu      sync.Mutex
	cookies map[string]string
}

// Page is an open page of a browser.
type Page struct {
	Browser  *Browser
	Pod      string // IP address of the pod that rendered it
	Prefix   string // /~/ID
	Instance string
	Script   string // path of its script
}

// Boot is what a page sends to identify its script.
const Boot = "00000000c0ffee00"

var (
	pageAttributes = regexp.MustCompile(`<script src="([^"]+)" data-prefix="([^"]+)" data-instance="([^"]+)"`)
	pageAddress    = regexp.MustCompile(`This page lives in pod ([0-9.]+):`)
)

// NewBrowser returns a visitor without cookies.
func (c *Caddy) NewBrowser(t testing.TB, protocol Protocol) *Browser {
	t.Helper()
	return &Browser{Client: c.NewClient(t, protocol), cookies: map[string]string{}}
}

// Load opens a page.
func (b *Browser) Load(path string) (*Page, error) {
	answer, err := b.Send(Request{Path: path})
	if err != nil {
		return nil, err
	}
	attributes, address := pageAttributes.FindStringSubmatch(answer.Body), pageAddress.FindStringSubmatch(answer.Body)
	if answer.Status != http.StatusOK || attributes == nil || address == nil {
		return nil, fmt.Errorf("no page at %s: status %d, body %.200q", path, answer.Status, answer.Body)
	}
	return &Page{Browser: b, Pod: address[1], Script: attributes[1], Prefix: attributes[2], Instance: attributes[3]}, nil
}

// MustLoad is like Load but fails the test on error.
func (b *Browser) MustLoad(path string) *Page {
	b.t.Helper()
	page, err := b.Load(path)
	if err != nil {
		b.t.Fatal(err)
	}
	return page
}

// Send makes a request with the browser's cookies and stores those of the answer.
func (b *Browser) Send(request Request) (Answer, error) {
	request.Cookie = b.Cookies()
	answer, err := b.Try(request)
	if err != nil {
		return answer, err
	}
	parsed := http.Response{Header: answer.Header}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, cookie := range parsed.Cookies() {
		b.cookies[cookie.Name] = cookie.Value
	}
	return answer, nil
}

// Cookies returns the Cookie header fields, at most one.
func (b *Browser) Cookies() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.cookies) == 0 {
		return nil
	}
	var pairs []string
	for name, value := range b.cookies {
		pairs = append(pairs, name+"="+value)
	}
	return []string{strings.Join(pairs, "; ")}
}

// SetCookie sets a cookie. An empty value deletes it.
func (b *Browser) SetCookie(name, value string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if value == "" {
		delete(b.cookies, name)
		return
	}
	b.cookies[name] = value
}

// Sync returns the path of receiver stream number t.
func (p *Page) Sync(t int) string {
	return fmt.Sprintf("%s/s/%s?t=%d&b=%s", p.Prefix, p.Instance, t, Boot)
}

// Hook returns the path of a hook call.
func (p *Page) Hook(number string, track int) string {
	return fmt.Sprintf("%s/h/%s/%s?t=%d", p.Prefix, p.Instance, number, track)
}

// History returns the path of a step back.
func (p *Page) History(path string) string { return p.Prefix + "/u/" + p.Instance + path }
