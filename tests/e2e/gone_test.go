package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// nobody is an address inside the first upstream's CIDR on which nothing listens.
const nobody = "127.0.1.99"

// checkGone fails unless the answer is Caddy's own 410.
func checkGone(t *testing.T, what string, answer Answer) {
	t.Helper()
	if answer.Status != http.StatusGone || answer.Header.Get("Cache-Control") != "no-store" || answer.Body != "" || answer.Header.Get("Via") != "" ||
		len(answer.Header["Set-Cookie"]) > 0 || answer.Header.Get("Location") != "" {
		t.Errorf("%s: status %d, body %q, %v", what, answer.Status, answer.Body, answer.Header)
	}
}

// reloadable loads a page from each upstream, so that pods are known that could take a reloading
// page. It returns the number of dials that this took.
func reloadable(caddy *Caddy, cluster *Cluster, pods ...string) (dials uint64) {
	client := caddy.NewClient(cluster.T(), H1)
	for _, address := range pods {
		client.Do(Request{Path: "/", Cookie: []string{"upstream=" + cluster.Token(address)}})
	}
	for _, address := range pods {
		dials += cluster.Pod(address).Dials()
	}
	return dials
}

// goneTokens returns tokens of pages that are gone, by reason.
func goneTokens(t *testing.T, cluster *Cluster) map[string]string {
	return map[string]string{
		"forged":       "forged",
		"other key":    Token(t, NewSecret(32), podA),
		"in no CIDR":   cluster.Token("10.9.8.7"),
		"dead pod":     cluster.Token(nobody),
		"wrong length": strings.Repeat("A", 1000),
	}
}

func TestGoneWithoutDial(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, podA, podB, podC)
	caddy := Start(t, Options{Config: Config{Handlers: doorsSite(cluster, "")}})
	before := reloadable(caddy, cluster, podA, podB, podC)
	for _, protocol := range Protocols {
		client := caddy.NewClient(t, protocol)
		for why, token := range goneTokens(t, cluster) {
			for _, letter := range []string{"s", "h", "u", "r"} {
				for _, method := range []string{"GET", "POST", "HEAD"} {
					if why == "dead pod" && letter == "r" && method != "POST" {
						continue // any pod of the upstream has the resource
					}
					what := fmt.Sprint(protocol, " ", method, " ", letter, " ", why)
					checkGone(t, what, client.Do(Request{Method: method, Path: "/~/" + token + "/" + letter + "/i/1"}))
				}
			}
			checkGone(t, why, client.Do(Request{
				Path: "/~/" + token + "/s/i", Cookie: []string{"upstream=" + cluster.Token(podA)},
			}))
		}
	}
	if dials := cluster.Pod(podA).Dials() + cluster.Pod(podB).Dials() + cluster.Pod(podC).Dials() - before; dials != 0 {
		t.Errorf("%d dials", dials)
	}
	// There is no line for each of them. One line may say that the secret is probably wrong.
	if errors := strings.Count(caddy.Output.String(), `"level":"error"`); errors > 1 {
		t.Errorf("%d errors were logged", errors)
	}
}

// A report stream is a POST whose body stays open: the answer must not wait for its end.
func TestGoneOpenPost(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, podA, podC)
	caddy := Start(t, Options{Config: Config{Handlers: doorsSite(cluster, "") + "handle_errors {\n\tredir / 302\n}\n"}})
	reloadable(caddy, cluster, podA, podC)
	for _, protocol := range Protocols {
		for why, token := range goneTokens(t, cluster) {
			t.Run(string(protocol)+" "+why, func(t *testing.T) {
				t.Parallel()
				client := caddy.NewClient(t, protocol)
				for range 3 {
					body, feed := io.Pipe()
					go feed.Write([]byte("\x00\x00\x00\x0c[1,0,{},[]]"))
					ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
					// Without this the client would wait for the body as well.
					context.AfterFunc(ctx, func() { body.CloseWithError(context.DeadlineExceeded) })
					answer, err := client.Open(ctx, Request{
						Method: "POST", Path: "/~/" + token + "/s/i?t=1&b=" + Boot, Body: body,
						Header: map[string]string{"Content-Type": "application/octet-stream"},
					})
					cancel()
					feed.Close()
					if err != nil {
						t.Fatalf("no answer while the body was open: %v", err)
					}
					answer.Body.Close()
					checkGone(t, why, Answer{Status: answer.StatusCode, Header: answer.Header})
				}
			})
		}
	}
}

// After a 410 to a GET the connection remains usable.
func TestGoneKeepsConnections(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, podA, podC)
	caddy := Start(t, Options{Config: Config{Handlers: doorsSite(cluster, "")}})
	client := caddy.NewClient(t, H1)
	for _, path := range []string{"/~/forged/s/i", "/~/" + cluster.Token(nobody) + "/s/i"} {
		answer := client.Get(path)
		checkGone(t, path, answer)
		if answer.Header.Get("Connection") != "" {
			t.Errorf("Connection: %s", answer.Header.Get("Connection"))
		}
	}
}

// 410 stays 410, whatever error handlers are configured.
func TestGoneErrorHandlers(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, podA, podC)
	caddy := Start(t, Options{Config: Config{Handlers: doorsSite(cluster, "")}})
	before := reloadable(caddy, cluster, podA, podC)
	for _, handler := range []string{
		"handle_errors {\n\tredir / 302\n}", "handle_errors {\n\trespond \"sorry\" 200\n}", "handle_errors 410 {\n\trespond \"sorry\" 500\n}",
		"handle_errors {\n\treverse_proxy " + podA + ":" + fmt.Sprint(cluster.Port) + "\n}",
	} {
		if status, message := caddy.Load(Config{Handlers: doorsSite(cluster, "") + handler + "\n"}); status != http.StatusOK {
			t.Fatal(status, message)
		}
		for _, protocol := range Protocols {
			client := caddy.NewClient(t, protocol)
			for why, token := range goneTokens(t, cluster) {
				checkGone(t, fmt.Sprintf("%s %s with %q", protocol, why, handler), client.Get("/~/"+token+"/h/i/1"))
			}
		}
	}
	if dials := cluster.Pod(podA).Dials() + cluster.Pod(podC).Dials() - before; dials != 0 {
		t.Errorf("an error handler reached the pods %d times", dials)
	}
}

// Options for load balancing, retries and health do not affect requests of pages.
func TestGoneUnderEveryPolicy(t *testing.T) {
	policies := []string{
		"", "random", "random_choose 2", "first", "round_robin", "weighted_round_robin 1 3", "least_conn", "ip_hash", "client_ip_hash",
		"uri_hash", "query page", "header X-Page", "cookie lb secret",
	}
	// Longer than any test waits: see Patience.
	const options = "lb_try_duration 10m\nlb_try_interval 250ms\nlb_retries 5\nfail_duration 60s\nmax_fails 1\nunhealthy_request_count 1\nunhealthy_status 4xx\n"
	cluster := NewCluster(t, pod.Config{}, podA, podB, podC)
	caddy := Start(t, Options{Config: Config{Handlers: doorsSite(cluster, "")}})
	reloadable(caddy, cluster, podA, podC)
	for number, policy := range policies {
		more := options
		if policy != "" {
			more += "lb_policy " + policy + "\n"
		}
		if status, message := caddy.Load(Config{Handlers: doorsSite(cluster, more)}); status != http.StatusOK {
			t.Fatal(policy, status, message)
		}
		t.Run("policy "+policy, func(t *testing.T) {
			browser := caddy.NewBrowser(t, H2)
			client := caddy.NewClient(t, H1)
			dials := cluster.Pod(podA).Dials() + cluster.Pod(podB).Dials() + cluster.Pod(podC).Dials()
			for why, token := range goneTokens(t, cluster) {
				for range 3 {
					checkGone(t, why, client.Get("/~/"+token+"/h/i/1"))
				}
			}
			if now := cluster.Pod(podA).Dials() + cluster.Pod(podB).Dials() + cluster.Pod(podC).Dials(); now != dials {
				t.Errorf("%d dials", now-dials)
			}

			// A page with an open stream has one request in flight. It can still call hooks, and no
			// answer to it has a cookie of the policy.
			browser.SetCookie("upstream", cluster.Token([]string{podA, podC}[number%2]))
			page := browser.MustLoad("/")
			home := cluster.Pod(page.Pod)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			stream := fmt.Sprint(page.Sync(1), "&policy=", number)
			go browser.Open(ctx, Request{Path: stream, Cookie: browser.Cookies()})
			home.Wait(t, "the stream", func(e pod.Event) bool {
				return e.Kind == pod.RequestBegan && e.Request.URI == stream
			})
			for click := range 5 {
				answer, err := browser.Send(Request{Method: "POST", Path: page.Hook(pod.HookClick, click), Body: strings.NewReader("{}")})
				if err != nil || answer.Status != http.StatusOK {
					t.Fatalf("click %d: status %d %v", click, answer.Status, err)
				}
				if strings.Contains(strings.Join(answer.Header["Set-Cookie"], "\n"), "lb=") {
					t.Errorf("Set-Cookie: %v", answer.Header["Set-Cookie"])
				}
			}
		})
	}

	// A pod that was down serves again long before fail_duration is over.
	t.Run("pod that comes back", func(t *testing.T) {
		client := caddy.NewClient(t, H1)
		path := "/~/" + cluster.Token(podB) + "/h/unknown/1"
		cluster.Pod(podB).Kill()
		checkGone(t, "killed", client.Get(path))
		checkGone(t, "killed, POST", client.Do(Request{Method: "POST", Path: path, Body: strings.NewReader("x")}))
		cluster.StartPod(podB)
		for begin := time.Now(); client.Get(path).Header.Get("Via") == ""; time.Sleep(50 * time.Millisecond) {
			if time.Since(begin) > 20*time.Second {
				t.Fatal("the pod is still taken for dead")
			}
		}
	})
}

// A page whose pod dies moves to a fresh pod by the rules of the protocol: 410 to the old page's
// requests, then a reload without a token.
func TestGoneThenReload(t *testing.T) {
	for _, protocol := range Protocols {
		t.Run(string(protocol), func(t *testing.T) {
			cluster := NewCluster(t, pod.Config{}, podA, podB, podC)
			caddy := Start(t, Options{Config: Config{Handlers: doorsSite(cluster, "")}})
			browser := caddy.NewBrowser(t, protocol)
			// The page was opened on the second pod before its host named the first.
			answer := browser.Do(Request{Path: "/~/" + cluster.Token(podB) + "/h/unknown/1"})
			if answer.Header.Get("Via") == "" {
				t.Fatalf("status %d from Caddy itself", answer.Status)
			}
			cluster.Pod(podB).Kill()
			browser.SetCookie("upstream", cluster.Token(podB))
			Eventually(t, "there is something to reload onto", func() bool {
				dead := browser.Do(Request{Path: "/~/" + cluster.Token(podB) + "/h/unknown/1"})
				if dead.Status != http.StatusServiceUnavailable {
					checkGone(t, "dead", dead)
				}
				return dead.Status == http.StatusGone
			})
			if page := browser.MustLoad("/"); page.Pod != podA {
				t.Errorf("reloaded on %s", page.Pod)
			}
		})
	}
}

// If the pod dies in the middle of an answer, the client must notice: the answer is cut off, not
// completed.
func TestGoneInTheMiddle(t *testing.T) {
	for _, protocol := range Protocols {
		t.Run(string(protocol), func(t *testing.T) {
			cluster := NewCluster(t, pod.Config{}, podA, podC)
			caddy := Start(t, Options{Config: Config{Handlers: doorsSite(cluster, "")}})
			browser := caddy.NewBrowser(t, protocol)
			page := browser.MustLoad("/")
			home := cluster.Pod(page.Pod)
			stream := openStream(t, page, 1)
			home.Send(page.Instance, "set_text", "path", "x")
			stream.action(t, "set_text")
			home.Kill()
			if rest, err := io.ReadAll(stream.reader(t)); err == nil {
				t.Errorf("a broken stream ended cleanly, with %q", rest)
			}
			checkGone(t, "after the pod's death", browser.Do(Request{Path: page.Sync(2)}))
		})
	}
}
