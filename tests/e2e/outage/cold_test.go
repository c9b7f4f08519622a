package outage_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
)

// The very first request may come from a browser whose upstream is down. Then the other upstreams
// are resolved for it.
func TestServerDownFromTheStart(t *testing.T) {
	t.Parallel()
	dns, secret, port := newNameServer(t), NewSecret(32), Port(t, podA, podZ)
	serveAt(t, podZ, port, &echo{})
	resolve(dns, "down.test", podA)
	resolve(dns, "up.test", podZ)
	upstreams := []Upstream{{CIDR: "127.0.1.0/24", Host: "down.test", Port: port}, {CIDR: "127.0.2.0/24", Host: "up.test", Port: port}}
	for _, protocol := range Protocols {
		client := Start(t, Options{Config: Config{Handlers: site(dns, secret, upstreams, "", "")}}).NewClient(t, protocol)
		for try := range 3 {
			if answer := client.Do(Request{Path: "/", Cookie: []string{"upstream=" + Token(t, secret, podA)}}); answer.Status != http.StatusOK {
				t.Errorf("%s, try %d: status %d", protocol, try, answer.Status)
			}
		}
	}
}

// If DNS is slow when Caddy starts, the first requests wait and no page fails.
func TestFirstRequestWithSlowNames(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podA), newNameServer(t)
	resolve(dns, app, podA)
	for _, delay := range []time.Duration{400 * time.Millisecond, 1500 * time.Millisecond} {
		dns.Delay(delay)
		for _, protocol := range Protocols {
			config := Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "first_lookup 1m", "")}
			client := Start(t, Options{Config: config}).NewClient(t, protocol)
			var requests sync.WaitGroup
			for range 10 {
				requests.Go(func() {
					if answer, err := client.Try(Request{Path: "/"}); err != nil || answer.Status != http.StatusOK {
						t.Errorf("%s, DNS takes %v: status %d, %v", protocol, delay, answer.Status, err)
					}
				})
			}
			requests.Wait()
		}
	}
}

// A reload does not affect requests that wait for DNS, even if the next configuration has other
// name servers.
func TestReloadWhileNamesAreLookedUp(t *testing.T) {
	t.Parallel()
	cluster, dns, other := NewCluster(t, pod.Config{}, podA), newNameServer(t), newNameServer(t)
	resolve(dns, app, podA)
	resolve(other, app, podA)
	upstreams := []Upstream{cluster.Upstream("127.0.1.0/24", app)}
	config := func(dns *nameserver.Server, options string) Config {
		return Config{Grace: noGrace, Handlers: site(dns, cluster.Secret, upstreams, "first_lookup 1m\n"+options, "")}
	}
	for round, next := range []Config{config(dns, "gone_after 11s"), config(other, ""), config(dns, "refresh 2s"), config(dns, "dial_timeout 7s")} {
		caddy := Start(t, Options{Config: config(dns, "")})
		client := caddy.NewClient(t, H2)
		client.Get("/~/none/h/i/1") // connects
		dns.Delay(1500 * time.Millisecond)
		before := dns.Queries(app)
		var requests sync.WaitGroup
		for range 60 {
			requests.Go(func() {
				if answer, err := client.Try(Request{Path: "/"}); err != nil || answer.Status != http.StatusOK {
					t.Errorf("round %d: status %d, %v", round, answer.Status, err)
				}
			})
		}
		Eventually(t, "the lookup begins", func() bool { return dns.Queries(app) > before })
		reload(t, caddy, next)
		requests.Wait()
		dns.Delay(0)
	}
}

var goroutines = regexp.MustCompile(`goroutine profile: total ([0-9]+)`)

// A silent name server does not cost a goroutine for each name and request.
func TestManySilentNames(t *testing.T) {
	const names, requests = 1000, 100
	dns, secret, port := newNameServer(t), NewSecret(32), Port(t, podA)
	dns.Fail("", nameserver.Silent)
	var upstreams []Upstream
	for n := range names {
		upstreams = append(upstreams, Upstream{CIDR: fmt.Sprintf("127.%d.%d.0/24", 2+n/200, n%200), Host: fmt.Sprintf("app%d.test", n), Port: port})
	}
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, secret, upstreams, "", "")}})
	client := caddy.NewClient(t, H2)
	var waiting sync.WaitGroup
	for try := range requests {
		waiting.Go(func() { client.Try(Request{Path: number("/", try)}) })
	}
	ended := make(chan struct{})
	go func() { waiting.Wait(); close(ended) }()
	most := 0
	for done := false; !done; {
		select {
		case <-ended:
			done = true
		case <-time.After(50 * time.Millisecond):
		}
		status, text := caddy.Admin(http.MethodGet, "/debug/pprof/goroutine?debug=1", "", nil)
		found := goroutines.FindStringSubmatch(text)
		if status != http.StatusOK || found == nil {
			t.Fatal(status, text)
		}
		now, _ := strconv.Atoi(found[1])
		most = max(most, now)
	}
	t.Logf("at most %d goroutines", most)
	if most > 10_000 {
		t.Errorf("%d goroutines for %d requests that wait for %d names", most, requests, names)
	}
}
