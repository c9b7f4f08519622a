package outage_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// nothingOpens is the log message if no key has opened a token.
const nothingOpens = "no token could be opened since start"

// storm sends 1000 requests for a path and counts the answers by status.
func storm(t *testing.T, client *Client, path string) (gone, unavailable int, took time.Duration) {
	t.Helper()
	const workers, each = 20, 50
	var work sync.WaitGroup
	var mu sync.Mutex
	begin := time.Now()
	for range workers {
		work.Go(func() {
			for range each {
				answer, err := client.Try(Request{Path: path})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if answer.Status == http.StatusGone {
					gone++
					checkGone(t, path, answer)
				} else {
					unavailable++
					checkUnavailable(t, path, answer)
				}
				mu.Unlock()
			}
		})
	}
	work.Wait()
	took = time.Since(begin)
	t.Logf("%.20s: %d times 410, %d times 503 in %v", path, gone, unavailable, took)
	if gone+unavailable != workers*each {
		t.Errorf("%d answers", gone+unavailable)
	}
	return gone, unavailable, took
}

// checkPaced fails unless the answers match a rate of 100 per second with a burst of one second.
func checkPaced(t *testing.T, client *Client, path string) {
	t.Helper()
	gone, unavailable, took := storm(t, client, path)
	if most := 101 + int(100*took.Seconds()); gone < 100 || gone > most || took < 5*time.Second && unavailable == 0 {
		t.Errorf("%d times 410, %d times 503 in %v", gone, unavailable, took)
	}
}

// Pages of a gone pod do not all reload at the same moment.
func TestPacedGone(t *testing.T) {
	t.Parallel()
	const dead = "127.0.1.99"
	cluster, dns := NewCluster(t, pod.Config{}, podA, podZ), newNameServer(t)
	resolve(dns, app, podA)
	resolve(dns, "other.test", podZ)
	upstreams := []Upstream{cluster.Upstream("127.0.1.0/24", app), cluster.Upstream("127.0.2.0/24", "other.test")}
	handlers := func(secret, options string) Config {
		return Config{Handlers: site(dns, secret, upstreams, options, "")}
	}
	caddy := Start(t, Options{Config: handlers(cluster.Secret, "")})
	client := caddy.NewClient(t, H2)
	forged := Token(t, NewSecret(32), podA)

	// Forged tokens and the pods of each upstream are paced separately.
	checkPaced(t, client, "/~/"+forged+"/s/i?t=1&b="+Boot)
	checkPaced(t, client, "/~/"+cluster.Token(dead)+"/s/i?t=1&b="+Boot)
	checkPaced(t, client, "/~/"+cluster.Token("127.0.2.99")+"/s/i?t=1&b="+Boot)
	// Only streams are paced.
	for _, token := range []string{forged, cluster.Token(dead), cluster.Token("10.9.8.7")} {
		for _, path := range []string{"/h/i/1", "/u/i/"} {
			if gone, _, _ := storm(t, client, "/~/"+token+path); gone != 1000 {
				t.Errorf("%s of a page that is gone: %d of 1000 times 410", path, gone)
			}
		}
	}
	reload(t, caddy, handlers(cluster.Secret, "gone_rate 0"))
	client = caddy.NewClient(t, H2)
	for _, token := range []string{forged, cluster.Token(dead), cluster.Token("10.9.8.7")} {
		if gone, _, _ := storm(t, client, "/~/"+token+"/s/i"); gone != 1000 {
			t.Errorf("without limit %d of 1000 times 410", gone)
		}
	}
	// Some tokens have opened, so the secret is right.
	if lines := logged(caddy, message(nothingOpens)); lines > 1 { // at most before the first token opened
		t.Errorf("%d lines say that no token has opened", lines)
	}
}

// A wrong secret is reported once, not for each request, and not before there is evidence.
func TestNothingOpens(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podA), newNameServer(t)
	resolve(dns, app, podA)
	upstreams := []Upstream{cluster.Upstream("127.0.1.0/24", app)}
	wrong := NewSecret(32)
	config := Config{Handlers: site(dns, wrong, upstreams, "", "")}
	caddy := Start(t, Options{Config: config})
	client := caddy.NewClient(t, H2)
	client.Get("/") // else pages could not reload
	for range 19 {
		checkGone(t, "hook", client.Get("/~/"+cluster.Token(podA)+"/h/i/1"))
	}
	if lines := logged(caddy, message(nothingOpens)); lines != 0 {
		t.Error("19 tokens are enough to doubt the secret")
	}
	for round := range 3 {
		storm(t, client, "/~/"+cluster.Token(podA)+"/s/i")
		caddy.Output.Wait(t, nothingOpens, Patience) // the log goes through a pipe
		if lines := logged(caddy, message(nothingOpens), `"level":"error"`); lines != 1 {
			t.Errorf("round %d: %d lines say that no token has opened", round, lines)
		}
		reload(t, caddy, config) // does not count as a new start
		client = caddy.NewClient(t, H2)
	}
	// Caddy itself may report clients that were slow to leave a configuration.
	if errors := errorsLogged(caddy, "doors_upstream"); errors != 1 {
		t.Errorf("%d errors in the log", errors)
	}
	// With the right secret every page reaches its pod, and forged tokens are not reported.
	reload(t, caddy, Config{Handlers: site(dns, cluster.Secret, upstreams, "", "")})
	client = caddy.NewClient(t, H2)
	if answer := client.Get("/~/" + cluster.Token(podA) + "/h/i/1"); answer.Header.Get("Via") == "" {
		t.Errorf("with the right secret: status %d", answer.Status)
	}
	for range 30 {
		checkGone(t, "forged", client.Get("/~/"+Token(t, wrong, podA)+"/h/i/1"))
	}
	if lines := logged(caddy, message(nothingOpens)); lines != 1 {
		t.Errorf("%d lines say that no token has opened", lines)
	}
	if output := caddy.Output.String(); strings.Contains(output, wrong) || strings.Contains(output, cluster.Secret) {
		t.Error("the log shows a secret")
	}
}
