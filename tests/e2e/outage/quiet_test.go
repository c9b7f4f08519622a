package outage_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// Without page loads no name is looked up, so a deployment goes unnoticed. The next visitor reaches
// none of the known pods and must still get a page: DNS is queried at that moment.
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
				dns.Delay(50 * time.Millisecond) // longer than a refused dial
				if page = browser.MustLoad("/"); page.Pod != next {
					t.Fatalf("a page of %q", page.Pod)
				}
				old, next = next, old
			}
			// An open page does not lose its resources either.
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
