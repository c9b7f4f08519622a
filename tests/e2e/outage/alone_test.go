package outage_test

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// browserAccepts is the Accept header of browsers for page loads.
const browserAccepts = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

// background sends a request in the background.
func background(browser *Browser, request Request) <-chan Answer {
	got := make(chan Answer, 1)
	request.Cookie = browser.Cookies()
	go func() {
		answer, err := browser.Try(request)
		if err != nil {
			answer.Body = err.Error()
		}
		got <- answer
	}()
	return got
}

// The only pod is killed, and its successor comes later. Until then no page is told to reload, and
// a page load waits.
func TestTheOnlyPodIsReplaced(t *testing.T) {
	t.Parallel()
	for _, address := range []string{podA, podB} {
		for _, count := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s, %d upstreams", address, count), func(t *testing.T) {
				t.Parallel()
				cluster, dns := NewClusterAt(t, pod.Config{}, Port(t, podA, podB)), newNameServer(t)
				cluster.StartPod(podA)
				resolve(dns, app, podA)
				upstreams := []Upstream{cluster.Upstream("127.0.1.0/24", app)}
				if count > 1 {
					upstreams = append(upstreams, cluster.Upstream("127.0.2.0/24", "nothing.test"))
				}
				caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, upstreams, "gone_rate 0\npage_wait 1m", "")}})
				browser := caddy.NewBrowser(t, H2)
				page := browser.MustLoad("/")

				cluster.Pod(podA).Kill()
				if address != podA {
					resolve(dns, app)
				}
				Eventually(t, "the pod refuses", func() bool {
					return browser.Do(Request{Method: "POST", Path: page.Hook("1", 0)}).Status != http.StatusBadGateway
				})
				for track, request := range []Request{
					{Method: "POST", Path: page.Hook("1", 1)}, {Method: "POST", Path: page.Sync(1)}, {Path: page.History("/")},
				} {
					checkUnavailable(t, fmt.Sprint("with nothing to reload onto ", track), browser.Do(request))
				}
				load := background(browser, Request{Path: "/", Header: map[string]string{"Accept": browserAccepts}})
				stream := background(browser, Request{Path: page.Sync(1)})
				time.Sleep(3 * time.Second)
				select {
				case answer := <-load:
					t.Errorf("the page load did not wait: status %d", answer.Status)
				case answer := <-stream:
					t.Errorf("the stream was not held: status %d", answer.Status)
				default:
				}

				cluster.StartPod(address)
				resolve(dns, app, address)
				if answer := <-load; answer.Status != http.StatusOK || !strings.Contains(answer.Body, "This page lives in pod "+address) {
					t.Errorf("the page load: status %d, body %.100q", answer.Status, answer.Body)
				}
				if answer := <-stream; answer.Status != http.StatusGone {
					t.Errorf("the stream: status %d", answer.Status)
				}
				if fresh := browser.MustLoad("/"); fresh.Pod != address {
					t.Errorf("after the reload the page comes from %s", fresh.Pod)
				}
			})
		}
	}
}

// A page load that has waited too long gets a page that reloads itself until there is a pod.
func TestPageThatLoadsAgain(t *testing.T) {
	t.Parallel()
	for _, protocol := range Protocols {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			cluster, dns := NewCluster(t, pod.Config{}, podA), newNameServer(t)
			cluster.Pod(podA).Kill()
			resolve(dns, app, podA)
			caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "page_wait 1s", "")}})
			browser := caddy.NewBrowser(t, protocol)
			load := Request{Path: "/a/page", Header: map[string]string{"Accept": browserAccepts}}
			for range 3 {
				answer := browser.Do(load)
				checkUnavailable(t, "a page load", answer)
				if !strings.Contains(answer.Body, `http-equiv="refresh"`) || answer.Header.Get("Content-Type") != "text/html; charset=utf-8" {
					t.Errorf("%v, body %.100q", answer.Header, answer.Body)
				}
			}
			cluster.StartPod(podA)
			Eventually(t, "the page loads", func() bool {
				answer := browser.Do(load)
				if answer.Status != http.StatusOK {
					checkUnavailable(t, "a page load", answer)
				}
				return answer.Status == http.StatusOK
			})
		})
	}
}

// The user's handle_errors takes precedence over that page.
func TestHandleErrorsForWaitingPages(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podA), newNameServer(t)
	cluster.Pod(podA).Kill()
	resolve(dns, app, podA)
	handlers := site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "page_wait 100ms", "") +
		"handle_errors {\n\trespond \"closed: {err.status_code}\" {err.status_code}\n}\n"
	caddy := Start(t, Options{Config: Config{Handlers: handlers}})
	answer := caddy.NewClient(t, H1).Do(Request{Path: "/", Header: map[string]string{"Accept": browserAccepts}})
	if answer.Status != http.StatusServiceUnavailable || answer.Body != "closed: 503" {
		t.Errorf("status %d, body %q", answer.Status, answer.Body)
	}
}

// An unreachable pod is found to be gone even if nobody else uses its upstream.
func TestDeadPodIsFoundWithoutHelp(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podB), newNameServer(t)
	clogged := newClog(t, podA, cluster.Port)
	resolve(dns, app, podB)
	proxy := "transport http {\n\tdial_timeout 500ms\n}"
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "gone_after 2s", proxy)}})
	client := caddy.NewClient(t, H2)
	hook := "/~/" + cluster.Token(clogged.address.Addr().String()) + "/h/i/1"
	Eventually(t, "the pod is found dead", func() bool {
		answer := client.Get(hook)
		if answer.Status != http.StatusGone {
			checkUnavailable(t, "while nobody knows", answer)
		}
		return answer.Status == http.StatusGone
	})
	Eventually(t, "the log reports it", func() bool { // the log goes through a pipe
		return logged(caddy, message("pod is gone"), clogged.address.String()) == 1
	})
}

// In front of a gone pod something accepts and closes every connection. That does not count as a
// sign of life.
func TestAcceptedIsNotAnswered(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podB), newNameServer(t)
	listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", podA, cluster.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				connection.Read(make([]byte, 4096))
				connection.Close()
			}()
		}
	}()
	resolve(dns, app, podB)
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "gone_after 2s\ngone_rate 0", "")}})
	client := caddy.NewClient(t, H2)
	token := cluster.Token(podA)
	hook := Request{Method: "POST", Path: "/~/" + token + "/h/i/1"}
	Eventually(t, "the pod is found dead", func() bool {
		if answer := client.Do(Request{Path: "/"}); answer.Status != http.StatusOK {
			t.Errorf("a page: status %d", answer.Status)
		}
		script := "/~/" + token + "/r/app.js"
		client.Get(script)
		if !slices.Contains(cluster.Saw(script), podB) {
			t.Errorf("a resource did not go to the other pod: %v", cluster.Saw(script))
		}
		answer := client.Do(hook)
		if answer.Status != http.StatusGone {
			checkUnavailable(t, "while nobody knows", answer)
		}
		return answer.Status == http.StatusGone
	})
}
