package outage_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// While nobody asks for pages no name is looked up, so a deployment goes
// unnoticed. Who comes next finds none of the known pods, and must get a page all
// the same: DNS is asked at that moment.
func TestDeploymentInAQuietTime(t *testing.T) {
	t.Parallel()
	for _, protocol := range Protocols {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			cluster, dns := NewCluster(t, pod.Config{}, podA), newNameServer(t)
			resolve(dns, app, podA)
			upstreams := []Upstream{cluster.Upstream("127.0.1.0/24", app)}
			caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, upstreams, "refresh 100ms", "")}})
			browser := caddy.NewBrowser(t, protocol)
			page := browser.MustLoad("/")
			old, next := podA, podB
			quiet := func() {
				for before := -1; before != dns.Queries(""); time.Sleep(time.Second) {
					before = dns.Queries("")
				}
			}
			for range 3 {
				quiet()
				cluster.Pod(old).Kill()
				cluster.StartPod(next)
				resolve(dns, app, next)
				dns.Delay(50 * time.Millisecond) // longer than it takes to be refused
				if page = browser.MustLoad("/"); page.Pod != next {
					t.Fatalf("a page of %q", page.Pod)
				}
				old, next = next, old
			}
			// Nor does a page that is still open lose its resources.
			quiet()
			cluster.Pod(old).Kill()
			cluster.StartPod(next)
			resolve(dns, app, next)
			if answer := browser.Do(Request{Path: page.Script}); answer.Status != http.StatusOK {
				t.Errorf("a script of a dead pod: status %d", answer.Status)
			}
		})
	}
}
