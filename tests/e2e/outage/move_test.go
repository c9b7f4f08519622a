package outage_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// A name with two addresses has two fresh pods.
func TestTwoFreshPods(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podA, podB), newNameServer(t)
	resolve(dns, app, podA, podB)
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "", "lb_policy round_robin")}})
	for _, protocol := range Protocols {
		client := caddy.NewClient(t, protocol)
		count := map[string]int{}
		for try := range 20 {
			uri := number("/"+string(protocol), try)
			if answer := client.Get(uri); answer.Status != http.StatusOK {
				t.Fatalf("%s: status %d", uri, answer.Status)
			}
			for _, address := range cluster.Saw(uri) {
				count[address]++
			}
		}
		if count[podA] != 10 || count[podB] != 10 {
			t.Errorf("%s: round robin led to %v", protocol, count)
		}
	}
}

// With one IP version configured, only its addresses are queried.
func TestVersions(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podA), newNameServer(t)
	resolve(dns, app, podA, "2001:db8::1") // nothing is there
	upstreams := []Upstream{cluster.Upstream("127.0.1.0/24", app)}
	client := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, upstreams, "versions ipv4", "")}}).NewClient(t, H1)
	for range 10 {
		if answer := client.Get("/"); answer.Status != http.StatusOK {
			t.Errorf("status %d", answer.Status)
		}
	}
	if four, six := dns.QueriesOf("udp A"), dns.QueriesOf("udp AAAA"); four == 0 || six != 0 {
		t.Errorf("%d queries for IPv4 addresses, %d for IPv6", four, six)
	}
}

// The core of a rollout: no page loaded two seconds after the change in DNS comes from the old pod,
// while its open pages continue undisturbed.
func TestMove(t *testing.T) {
	cluster, dns := NewCluster(t, pod.Config{Roll: 10 * time.Minute}, podA, podB), newNameServer(t)
	resolve(dns, app, podA)
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "", "")}})
	old := cluster.Pod(podA)
	var streams []*stream
	for visitor := range 100 {
		page := caddy.NewBrowser(t, Protocols[visitor%2]).MustLoad("/")
		if page.Pod != podA {
			t.Fatalf("a page before the move is on %s", page.Pod)
		}
		streams = append(streams, openStream(t, page, old))
	}
	sticky := []string{"upstream=" + cluster.Token(podA)}
	traffic := startLoad(t, caddy, []Protocol{H1, H2}, 3, func(worker int) Request {
		if worker == 0 {
			return Request{Path: "/sticky", Cookie: sticky}
		}
		return Request{Path: "/"}
	})
	time.Sleep(time.Second)
	resolve(dns, app, podB)
	moved := time.Now()
	time.Sleep(4 * time.Second)
	var before, after, late int
	for _, one := range traffic.stop() {
		switch {
		case one.err != nil || one.status != http.StatusOK:
			t.Errorf("%s, %v after the move: status %d, %v", one.protocol, one.begin.Sub(moved), one.status, one.err)
		case one.begin.Before(moved):
			before++
		case one.begin.Sub(moved) > 2*time.Second:
			after++
			if one.pod != podB {
				late++
				t.Errorf("%s worker %d: a request that started %v after the move reached %s", one.protocol, one.worker, one.begin.Sub(moved), one.pod)
			}
		}
	}
	t.Logf("%d requests before the move, %d from 2 s after it on, %d of these late", before, after, late)
	if before < 20 || after < 40 {
		t.Error("the traffic is not steady")
	}
	checkDelivers(t, streams, "after-the-move")
	for index, s := range streams {
		uri := s.page.Hook(pod.HookClick, index+1)
		answer, err := s.page.Browser.Send(Request{Method: "POST", Path: uri})
		if err != nil || answer.Status != http.StatusOK {
			t.Fatalf("hook: status %d, %v", answer.Status, err)
		}
		if saw := cluster.Saw(uri); !slices.Equal(saw, []string{podA}) {
			t.Fatalf("a hook of the old pod was seen by %v", saw)
		}
	}
	if reloaded := streams[0].page.Browser.MustLoad("/"); reloaded.Pod != podB {
		t.Errorf("a visitor of the old pod reloaded on %s", reloaded.Pod)
	}
	// Idle connections to the old pod are not used for new pages later either.
	answer := caddy.NewClient(t, H1).Get("/")
	if found := pageAddress.FindStringSubmatch(answer.Body); found == nil || found[1] != podB {
		t.Errorf("a new visitor is at %v", found)
	}
}

// A session is in one pod, so each browser stays on its own pod until that leaves DNS.
func TestSessionsStay(t *testing.T) {
	const browsers, loads = 100, 20
	cluster, dns := NewCluster(t, pod.Config{}, podA, podB, podC), newNameServer(t)
	resolve(dns, app, podA, podB, podC)
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "", "")}})
	visitors := make([]*Browser, browsers)
	homes := make([]string, browsers)
	var work sync.WaitGroup
	for lane := range 4 {
		work.Go(func() {
			for visitor := lane; visitor < browsers; visitor += 4 {
				visitors[visitor] = caddy.NewBrowser(t, Protocols[visitor%len(Protocols)])
				for load := range loads {
					page, err := visitors[visitor].Load(fmt.Sprintf("/%d/%d", visitor, load))
					if err != nil {
						t.Error(err)
						return
					}
					if load == 0 {
						homes[visitor] = page.Pod
					} else if page.Pod != homes[visitor] {
						t.Errorf("load %d of visitor %d: on %s, at home on %s", load, visitor, page.Pod, homes[visitor])
						return
					}
				}
			}
		})
	}
	work.Wait()
	if t.Failed() {
		return
	}
	perPod := map[string]int{}
	for _, home := range homes {
		perPod[home]++
	}
	t.Logf("browsers per pod: %v", perPod)
	if len(perPod) != 3 {
		t.Errorf("browsers are on %v only", perPod)
	}

	resolve(dns, app, podA, podC)
	Eventually(t, "Caddy notices the change", func() bool { return logged(caddy, message("host addresses changed")) == 1 })
	for visitor, browser := range visitors {
		page := browser.MustLoad("/moved")
		if page.Pod == podB || homes[visitor] != podB && page.Pod != homes[visitor] {
			t.Errorf("visitor %d: on %s, at home on %s", visitor, page.Pod, homes[visitor])
		}
		homes[visitor] = page.Pod
	}
	for visitor, browser := range visitors {
		if page := browser.MustLoad("/again"); page.Pod != homes[visitor] {
			t.Errorf("visitor %d: on %s, moved to %s", visitor, page.Pod, homes[visitor])
		}
	}
}
