package outage_test

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"golang.org/x/sys/unix"
)

// A pod whose host refuses connections is gone at once, until it is back.
func TestDeadPod(t *testing.T) {
	t.Parallel()
	for _, protocol := range Protocols {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			cluster, dns := NewCluster(t, pod.Config{}, podA, podB), newNameServer(t)
			resolve(dns, app, podB)
			config := Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "gone_rate 0", "")}
			caddy := Start(t, Options{Config: config})
			browser := caddy.NewBrowser(t, protocol)
			page := browser.MustLoad("/")
			resolve(dns, app, podA)
			Eventually(t, "new pages leave the pod", func() bool { return caddy.NewBrowser(t, protocol).MustLoad("/").Pod == podA })
			cluster.Pod(podB).Kill()

			// A request lost with a dying connection does not make the pod gone.
			Eventually(t, "the pod refuses", func() bool { return browser.Do(Request{Path: page.Hook("1", 0)}).Status != http.StatusBadGateway })

			for _, request := range []Request{
				{Path: page.Sync(1)}, {Method: "POST", Path: page.Sync(1)}, {Path: page.Hook("1", 1)}, {Method: "POST", Path: page.Hook("1", 2)},
				{Path: page.History("/")}, {Method: "POST", Path: page.Script}, {Method: "PUT", Path: page.Script},
			} {
				if request.Method != "" {
					request.Body = strings.NewReader("[1,0,{},[]]")
				}
				answer, err := browser.Send(request)
				if err != nil {
					t.Fatal(err)
				}
				checkGone(t, request.Method+" "+request.Path, answer)
			}
			// Any pod has the script. A stand-in pod answers 404 to HEAD.
			for _, method := range []string{"GET", "HEAD"} {
				uri := page.Script + "?" + method
				answer := browser.Do(Request{Method: method, Path: uri})
				if saw := cluster.Saw(uri); !slices.Equal(saw, []string{podA}) || answer.Header.Get("Via") == "" {
					t.Errorf("%s of a resource: status %d, seen by %v", method, answer.Status, saw)
				}
				if method == "GET" && (answer.Status != http.StatusOK || answer.Header.Get("Cache-Control") != "public, max-age=31536000, immutable") {
					t.Errorf("resource: status %d, %v", answer.Status, answer.Header)
				}
			}

			// The verdict survives reloads and is not found out again.
			changes := func() int {
				return logged(caddy, message("pod is gone"), fmt.Sprintf(`"pod":"%s:%d"`, podB, cluster.Port))
			}
			for range 5 {
				reload(t, caddy, config)
				// A replaced listener resets connections that it has not accepted.
				Eventually(t, "the new configuration serves", func() bool { _, err := browser.Try(Request{Path: page.Hook("1", 3)}); return err == nil })
				for range 10 {
					checkGone(t, "after a reload", browser.Do(Request{Path: page.Hook("1", 3)}))
				}
				time.Sleep(250 * time.Millisecond)
			}
			if count := changes(); count != 1 {
				t.Errorf("%d times found to be gone", count)
			}
			// If the address returns to DNS the verdict is cleared: the pod is dialled again,
			// refuses again, and that is logged.
			resolve(dns, app, podA, podB)
			Eventually(t, "the verdict is forgotten", func() bool {
				browser.MustLoad("/")
				checkGone(t, "in DNS but dead", browser.Do(Request{Path: page.Hook("1", 4)}))
				return changes() == 2
			})

			cluster.StartPod(podB)
			Eventually(t, "the pod is back", func() bool { return browser.Do(Request{Path: page.Hook("1", 5)}).Header.Get("Via") != "" })
			for range 10 { // the new pod does not have the page, and answers 410 itself
				if answer := browser.Do(Request{Path: page.Hook("1", 6)}); answer.Status != http.StatusGone || answer.Header.Get("Via") == "" {
					t.Errorf("status %d, %v", answer.Status, answer.Header)
				}
			}
		})
	}
}

// If the last pod of an upstream is gone, its pages wait like page loads until there is a pod
// again.
func TestAllPodsDead(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podA, podB), newNameServer(t)
	resolve(dns, app, podA, podB)
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "page_wait 100ms", "")}})
	browser := caddy.NewBrowser(t, H2)
	page := browser.MustLoad("/")
	for _, address := range []string{podA, podB} {
		cluster.Pod(address).Kill()
	}
	checkUnavailable(t, "hook", browser.Do(Request{Path: page.Hook("1", 1)}))
	for range 5 {
		checkUnavailable(t, "page", browser.Do(Request{Path: "/"}))
	}
	cluster.StartPod(podB)
	Eventually(t, "pages come from the pod that is back", func() bool {
		page, err := browser.Load("/")
		return err == nil && page.Pod == podB
	})
}

// After a connection was made, it is unknown what the pod has done. There is neither a 410 nor a
// second attempt, except for a resource, which any pod has. The client may repeat a GET.
func TestFailureAfterConnecting(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podB, podZ), newNameServer(t)
	listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", podA, cluster.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var requests atomic.Int64
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				if n, _ := connection.Read(make([]byte, 4096)); n > 0 {
					requests.Add(1)
				}
			}()
		}
	}()
	resolve(dns, app, podA, podB)
	resolve(dns, "other.test", podZ)
	upstreams := []Upstream{cluster.Upstream("127.0.1.0/24", app), cluster.Upstream("127.0.2.0/24", "other.test")}
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, upstreams, "", "")}})
	waitUntilKnown(t, caddy, cluster.Token(podB), app) // until then pages go to the other upstream
	token := cluster.Token(podA)
	sent := int64(0)
	for _, protocol := range Protocols {
		client := caddy.NewClient(t, protocol)
		for _, method := range []string{"GET", "POST", "HEAD", "DELETE"} {
			for _, path := range []string{"/~/" + token + "/s/i", "/~/" + token + "/h/i/1", "/~/" + token + "/u/i/", "/~/" + token + "/r/x.js", "/"} {
				uri := fmt.Sprintf("%s?%s-%s", path, method, protocol[len("HTTP/"):])
				request := Request{Method: method, Path: uri, Cookie: []string{"upstream=" + token}}
				if method == "POST" {
					request.Body = strings.NewReader("body")
				}
				answer := client.Do(request)
				sent++
				reads := method == "GET" || method == "HEAD"
				switch saw := cluster.Saw(uri); {
				case reads && strings.Contains(path, "/r/"):
					if !slices.Equal(saw, []string{podB}) {
						t.Errorf("%s %s %s: status %d, seen by %v", protocol, method, path, answer.Status, saw)
					}
				case path == "/" && slices.Equal(saw, []string{podB}): // pages leave a pod that fails
					sent--
				case len(saw) > 0:
					t.Errorf("%s %s %s: seen by %v", protocol, method, path, saw)
				case reads || path != "/":
					checkUnavailable(t, string(protocol)+" "+method+" "+path, answer)
				case answer.Status != http.StatusBadGateway:
					t.Errorf("%s %s %s: status %d", protocol, method, path, answer.Status)
				}
				if got := requests.Load(); got != sent {
					t.Errorf("%s %s %s: the pod got it %d times", protocol, method, path, 1+got-sent)
					sent = got
				}
			}
		}
	}
	if lines := logged(caddy, message("pod is ")); lines != 0 {
		t.Errorf("%d log lines blame a pod", lines)
	}
}

// A lack of file descriptors does not count against a pod.
func TestNoFileDescriptors(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podA, podB), newNameServer(t)
	resolve(dns, app, podA)
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "", "")}})
	client := caddy.NewClient(t, H2)
	if answer := client.Get("/"); answer.Status != http.StatusOK { // connects, so that no further file is needed for that
		t.Fatalf("status %d", answer.Status)
	}
	limit := func(soft uint64) uint64 {
		t.Helper()
		var before unix.Rlimit
		if err := unix.Prlimit(caddy.PID(), unix.RLIMIT_NOFILE, nil, &before); err != nil {
			t.Fatal(err)
		}
		if err := unix.Prlimit(caddy.PID(), unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: soft, Max: before.Max}, nil); err != nil {
			t.Fatal(err)
		}
		return before.Cur
	}
	normal := limit(3)
	for try := range 20 {
		for _, kind := range []string{"s", "h", "u", "r"} {
			checkUnavailable(t, "without file descriptors", client.Get(number("/~/"+cluster.Token(podB)+"/"+kind+"/i/1", try)))
		}
	}
	limit(normal)
	uri := "/~/" + cluster.Token(podB) + "/h/i/1"
	client.Get(uri)
	if saw := cluster.Saw(uri); !slices.Equal(saw, []string{podB}) {
		t.Errorf("with file descriptors: seen by %v", saw)
	}
	if lines := logged(caddy, message("pod is ")); lines != 0 {
		t.Errorf("%d log lines blame a pod", lines)
	}
}

// Neither is a forward proxy that refuses, or an address that this machine does not have.
func TestOwnFaults(t *testing.T) {
	t.Parallel()
	for name, transport := range map[string]string{
		"forward proxy": "network_proxy url http://127.0.0.1:9",
		"local address": "local_address 192.0.2.1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster, dns := NewCluster(t, pod.Config{}, podA, podB), newNameServer(t)
			resolve(dns, app, podA)
			upstreams := []Upstream{cluster.Upstream("127.0.1.0/24", app)}
			caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, upstreams, "", "transport http {\n\t"+transport+"\n}")}})
			for _, protocol := range Protocols {
				client := caddy.NewClient(t, protocol)
				for _, kind := range []string{"s", "h", "u", "r"} {
					checkUnavailable(t, kind, client.Get("/~/"+cluster.Token(podB)+"/"+kind+"/i/1"))
				}
				checkUnavailable(t, "page", client.Get("/"))
			}
			if lines := logged(caddy, message("pod is ")); lines != 0 {
				t.Errorf("%d log lines blame a pod", lines)
			}
			if dials := cluster.Pod(podB).Dials(); dials != 0 {
				t.Errorf("the pod was reached by %d dials", dials)
			}
		})
	}
}
