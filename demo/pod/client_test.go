package pod_test

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
)

const boot = "0123456789abcdef"

func newSecret() string {
	key := make([]byte, 32)
	rand.Read(key)
	return base64.StdEncoding.EncodeToString(key)
}

// start runs a pod, with a long roll unless the test sets one.
func start(t *testing.T, config pod.Config) *pod.Pod {
	t.Helper()
	if config.Secret == "" {
		config.Secret = newSecret()
	}
	if !config.Address.IsValid() {
		config.Address = netip.MustParseAddrPort("127.0.0.1:0")
	}
	p, err := pod.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// browser is a client with cookies for one pod.
type browser struct {
	t      *testing.T
	pod    *pod.Pod
	client *http.Client
	header http.Header // of every request
}

func newBrowser(t *testing.T, p *pod.Pod) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{t, p, &http.Client{Jar: jar, Transport: transport, Timeout: 20 * time.Second}, http.Header{}}
}

func (b *browser) do(method, path, contentType string, body io.Reader) *http.Response {
	b.t.Helper()
	request, err := http.NewRequest(method, "http://"+b.pod.Address().String()+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	request.Header = b.header.Clone()
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	answer, err := b.client.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { answer.Body.Close() })
	return answer
}

func (b *browser) status(method, path string) int {
	b.t.Helper()
	answer := b.do(method, path, "", nil)
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
	return answer.StatusCode
}

var instancePattern = regexp.MustCompile(`data-instance="([^"]+)"`)

// load opens a page. The result returns the path of its instance for the letter s, h or u.
func (b *browser) load() func(letter string) string {
	b.t.Helper()
	answer := b.do("GET", "/", "", nil)
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 200 {
		b.t.Fatal(answer.Status, err)
	}
	found := instancePattern.FindSubmatch(body)
	if found == nil {
		b.t.Fatalf("no instance in the page:\n%s", body)
	}
	return func(letter string) string { return "/~/" + b.pod.Token() + "/" + letter + "/" + string(found[1]) }
}

// stream opens GET /s/ in the background, since its header may take a roll.
func (b *browser) stream(path, query string) <-chan *http.Response {
	opened := make(chan *http.Response, 1)
	request, err := http.NewRequest("GET", "http://"+b.pod.Address().String()+path+query, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	go func() {
		answer, err := b.client.Do(request)
		if err != nil {
			close(opened)
			return
		}
		opened <- answer
	}()
	return opened
}

// frame reads one frame: its first byte and, for an action or a sync, its header.
func frame(t *testing.T, reader *bufio.Reader) (kind byte, header []json.RawMessage) {
	t.Helper()
	kind, err := reader.ReadByte()
	if err != nil {
		t.Fatal(err)
	}
	if kind > 1 {
		return kind, nil
	}
	text, err := reader.ReadBytes(0xff)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text[:len(text)-1], &header); err != nil {
		t.Fatal(err)
	}
	return kind, header
}

// log collects events and lets a test wait for one.
type log struct {
	mu     sync.Mutex
	events []pod.Event
	news   chan struct{}
}

func newLog() *log { return &log{news: make(chan struct{}, 1)} }

func (l *log) add(event pod.Event) {
	l.mu.Lock()
	l.events = append(l.events, event)
	l.mu.Unlock()
	select {
	case l.news <- struct{}{}:
	default:
	}
}

func (l *log) has(match func(pod.Event) bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.events, match)
}

// wait returns the first event that matches.
func (l *log) wait(t *testing.T, what string, match func(pod.Event) bool) pod.Event {
	t.Helper()
	limit := time.After(10 * time.Second)
	for {
		l.mu.Lock()
		for _, event := range l.events {
			if match(event) {
				l.mu.Unlock()
				return event
			}
		}
		l.mu.Unlock()
		select {
		case <-l.news:
		case <-limit:
			t.Fatalf("never seen: %s", what)
		}
	}
}

func cookieNames(answer *http.Response) string {
	var names []string
	for _, cookie := range answer.Cookies() {
		names = append(names, cookie.Name)
	}
	return strings.Join(names, " ")
}
