package pod_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	doorscaddy "github.com/doors-dev/doors-caddy"
	"github.com/doors-dev/doors-caddy/demo/pod"
)

func TestTokenIsTheAddress(t *testing.T) {
	secret := newSecret()
	p := start(t, pod.Config{Secret: secret, Address: netip.MustParseAddrPort("127.0.1.1:0")})
	cipher, err := doorscaddy.NewTokenCipher(secret)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := cipher.Decode(p.Token()); err != nil || got != netip.MustParseAddr("127.0.1.1") {
		t.Fatal(got, err)
	}
	if p.Address().Addr() != netip.MustParseAddr("127.0.1.1") || p.Address().Port() == 0 {
		t.Fatal(p.Address())
	}
}

func TestStartRefuses(t *testing.T) {
	if _, err := pod.Start(pod.Config{Secret: "not a key"}); err == nil {
		t.Fatal("an invalid secret was accepted")
	}
	p := start(t, pod.Config{})
	if _, err := pod.Start(pod.Config{Secret: newSecret(), Address: p.Address()}); err == nil {
		t.Fatal("an address in use was accepted")
	}
}

func TestPageAndCookies(t *testing.T) {
	p := start(t, pod.Config{Name: "blue", Generation: "7"})
	b := newBrowser(t, p)
	answer := b.do("GET", "/some/where", "", nil)
	body, _ := io.ReadAll(answer.Body)
	for _, part := range []string{"blue", ">7<", "/some/where", `data-prefix="/~/` + p.Token() + `"`, p.Address().String()} {
		if !strings.Contains(string(body), part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	if got := answer.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/html") {
		t.Error(got)
	}
	if got := answer.Header.Get("Cache-Control"); got != "no-cache" {
		t.Error(got)
	}
	if len(answer.Cookies()) != 2 {
		t.Fatal(cookieNames(answer))
	}
	for _, cookie := range answer.Cookies() {
		if cookie.Name != p.SessionCookie() && cookie.Name != "upstream" {
			t.Errorf("cookie %q", cookie.Name)
		}
		if cookie.Name == "upstream" && cookie.Value != p.Token() {
			t.Errorf("sticky cookie %q", cookie.Value)
		}
		if !cookie.HttpOnly || cookie.Path != "/" || cookie.MaxAge != 2400 || cookie.SameSite != http.SameSiteLaxMode {
			t.Errorf("attributes of %q: %+v", cookie.Name, cookie)
		}
	}
	if got := cookieNames(b.do("GET", "/", "", nil)); got != "" {
		t.Errorf("cookies renewed at once: %q", got)
	}
	if stats := p.Stats(); stats.Sessions != 1 || stats.Instances != 2 || stats.ByRoute[pod.RoutePage] != 2 {
		t.Errorf("%+v", stats)
	}
}

func TestCookiesAreRenewedOnAnyAnswer(t *testing.T) {
	p := start(t, pod.Config{Roll: 20 * time.Millisecond})
	b := newBrowser(t, p)
	b.load()
	time.Sleep(15 * time.Millisecond)
	if answer := b.do("GET", "/~/"+p.Token()+"/h/unknown/1", "", nil); answer.StatusCode != 410 || len(answer.Cookies()) != 2 {
		t.Fatal(answer.Status, cookieNames(answer))
	}
}

func TestMethodsAndUnknownPaths(t *testing.T) {
	p := start(t, pod.Config{})
	b := newBrowser(t, p)
	id := p.Token()
	for _, request := range []struct {
		method, path string
		status       int
	}{
		{"HEAD", "/", 404}, {"POST", "/", 404}, {"DELETE", "/any", 404}, {"OPTIONS", "/", 404},
		{"GET", "/~/" + id, 404}, {"GET", "/~/" + id + "/", 404}, {"GET", "/~/" + id + "/x/y", 404}, {"GET", "/~/", 404},
		{"GET", "/~/" + id + "/h/instance", 404}, {"GET", "/~/" + id + "/r/unknown.js", 404},
		{"PUT", "/~/" + id + "/s/unknown", 405}, {"HEAD", "/~/" + id + "/s/unknown", 405}, {"POST", "/~/" + id + "/u/unknown/", 405},
		{"GET", "/~/" + id + "/s/unknown?t=1&b=" + boot, 410}, {"POST", "/~/" + id + "/s/unknown", 410},
		{"POST", "/~/" + id + "/h/unknown/1", 410}, {"GET", "/~/" + id + "/u/unknown/", 410},
		{"GET", "/%7E/" + id + "/s/unknown", 200}, {"GET", "/~x", 200},
	} {
		if got := b.status(request.method, request.path); got != request.status {
			t.Errorf("%s %s: %d, want %d", request.method, request.path, got, request.status)
		}
	}
}

func TestResourceUnderAnyID(t *testing.T) {
	p := start(t, pod.Config{})
	b := newBrowser(t, p)
	path := strings.Replace(p.ResourcePath(), p.Token(), "another", 1)
	answer := b.do("GET", path, "", nil)
	plain, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != 200 || answer.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || len(plain) == 0 {
		t.Fatal(answer.Status, answer.Header)
	}
	request, _ := http.NewRequest("GET", "http://"+p.Address().String()+path, nil)
	request.Header.Set("Accept-Encoding", "gzip")
	zipped, err := b.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer zipped.Body.Close()
	reader, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	if unzipped, err := io.ReadAll(reader); err != nil || string(unzipped) != string(plain) || zipped.Header.Get("Vary") == "" {
		t.Fatal(err, zipped.Header)
	}
}

func TestTooManyInstances(t *testing.T) {
	p := start(t, pod.Config{})
	b := newBrowser(t, p)
	oldest := b.load()
	stream := b.stream(oldest("s"), "?t=1&b="+boot)
	for range pod.MaxInstances {
		b.load()
	}
	select {
	case answer := <-stream:
		defer answer.Body.Close()
		if body, err := io.ReadAll(answer.Body); err != nil || string(body) != "\x03" {
			// A stream that comes too late for its instance gets 410.
			if answer.StatusCode != 410 {
				t.Fatal(answer.Status, body, err)
			}
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the oldest instance was not suspended")
	}
	if got := p.Stats().Instances; got != pod.MaxInstances {
		t.Fatal(got)
	}
}

// A session that was not renewed for too long ends with its pages, and the browser gets a new one.
func TestSessionExpires(t *testing.T) {
	p := start(t, pod.Config{SessionTTL: 20 * time.Millisecond})
	request, err := http.NewRequest("GET", "http://"+p.Address().String()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	time.Sleep(30 * time.Millisecond)
	// Not from a cookie jar, which would have removed the cookie.
	for _, cookie := range answer.Cookies() {
		request.AddCookie(cookie)
	}
	request.Method = "POST"
	request.URL.Path = "/~/" + p.Token() + "/h/" + string(instancePattern.FindSubmatch(body)[1]) + "/1"
	again, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	again.Body.Close()
	if stats := p.Stats(); again.StatusCode != 410 || len(again.Cookies()) != 2 || stats.Instances != 0 || stats.Sessions != 2 {
		t.Errorf("%s %q %+v", again.Status, cookieNames(again), stats)
	}
}

func TestInstanceThatNeverConnectedEnds(t *testing.T) {
	events := newLog()
	p := start(t, pod.Config{ConnectTimeout: 10 * time.Millisecond, Observe: events.add})
	b := newBrowser(t, p)
	page := b.load()
	events.wait(t, "the end of the instance", func(e pod.Event) bool { return e.Kind == pod.InstanceEnded })
	if got := b.status("POST", page("h")+"/1"); got != 410 {
		t.Fatal(got)
	}
}
