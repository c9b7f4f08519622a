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
	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
)

// A name server returns 8 of 20 pods, different ones each time. Every browser stays with its pod,
// and the log reports it once.
func TestNameServerNamesOnlySome(t *testing.T) {
	t.Parallel()
	var addresses []string
	for n := range 20 {
		addresses = append(addresses, fmt.Sprintf("127.0.1.%d", n+1))
	}
	cluster, dns := NewCluster(t, pod.Config{}, addresses...), newNameServer(t)
	resolve(dns, app, addresses...)
	dns.Order(app, "", nameserver.Order{Subset: 8})
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "refresh 200ms", "")}})
	client := caddy.NewClient(t, H1)
	all := func() bool { // the last event has the fresh addresses
		client.Get("/")
		return logged(caddy, message("host answers are partial")) == 1 && freshPods(caddy) == len(addresses)
	}
	Eventually(t, "all pods are fresh", all)
	changes := logged(caddy, message("host addresses changed"))
	var browsers sync.WaitGroup
	for n, address := range addresses {
		browsers.Go(func() {
			cookie := []string{"upstream=" + cluster.Token(address)}
			client := caddy.NewClient(t, Protocols[n%len(Protocols)])
			for end := time.Now().Add(12 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
				answer, err := client.Try(Request{Path: "/", Cookie: cookie})
				found := pageAddress.FindStringSubmatch(answer.Body)
				if err != nil || answer.Status != http.StatusOK || found == nil || found[1] != address {
					t.Errorf("a browser of %s: status %d from %v, %v", address, answer.Status, found, err)
				}
			}
		})
	}
	browsers.Wait()
	if more := logged(caddy, message("host addresses changed")) - changes; more != 0 || logged(caddy, message("host answers are")) != 1 {
		t.Errorf("%d more changes in the log, %d lines about partial answers", more, logged(caddy, message("host answers are")))
	}
	// A pod that refuses connections gets no more pages. Once answers are complete, they are used
	// as they are.
	cluster.Pod(addresses[0]).Kill()
	resolve(dns, app, addresses[1:]...)
	Eventually(t, "the dead pod is given up", func() bool {
		client.Do(Request{Path: "/", Cookie: []string{"upstream=" + cluster.Token(addresses[0])}})
		return logged(caddy, message("host address dropped"), addresses[0]+`"`) == 1 || freshPods(caddy) == 19
	})
	dns.Order(app, "", nameserver.Order{})
	Eventually(t, "answers are whole", func() bool { client.Get("/"); return logged(caddy, message("host answers are complete")) == 1 })
	resolve(dns, app, addresses[2:]...)
	Eventually(t, "a pod leaves at once", func() bool { client.Get("/"); return freshPods(caddy) == 18 })
}

// freshPods returns how many addresses the last line about the host has.
func freshPods(caddy *Caddy) int {
	lines := hostLines(caddy)
	if len(lines) == 0 {
		return 0
	}
	return len(lines[len(lines)-1])
}

// A pod whose readiness flaps causes a change each time, and leaves nothing behind.
func TestReadinessFlaps(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podA, podB), newNameServer(t)
	resolve(dns, app, podA, podB)
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "refresh 200ms", "")}})
	client := caddy.NewClient(t, H1)
	for flap := range 4 {
		resolve(dns, app, []string{podA, podB}[:1+flap%2]...)
		Eventually(t, "the change is seen", func() bool { client.Get("/"); return freshPods(caddy) == 1+flap%2 })
	}
	resolve(dns, app, podA)
	Eventually(t, "the pod has left", func() bool { client.Get("/"); return freshPods(caddy) == 1 })
	if lines := hostLines(caddy); logged(caddy, message("host answers are")) != 0 || !slices.Equal(lines[len(lines)-1], []string{podA}) {
		t.Errorf("the log says %v", lines)
	}
}
