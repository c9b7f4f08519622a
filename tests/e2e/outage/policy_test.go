package outage_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// What the user set for pages does not apply to what belongs to a page, also
// when it comes from another pod.
func TestResourcesAreNotBalanced(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podA, podB), newNameServer(t)
	resolve(dns, app, podA)
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, []Server{cluster.Server("127.0.1.0/24", app)}, "", "lb_policy cookie balanced")}})
	client := caddy.NewClient(t, H1)
	page := caddy.NewBrowser(t, H1).MustLoad("/")
	resolve(dns, app, podB)
	eventually(t, "new pages leave the pod", func() bool { return caddy.NewBrowser(t, H1).MustLoad("/").Pod == podB })
	balanced := func(answer Answer) bool {
		return strings.Contains(fmt.Sprint(answer.Header["Set-Cookie"]), "balanced=")
	}
	if !balanced(client.Get("/")) {
		t.Fatal("pages are not balanced either")
	}
	cluster.Pod(podA).Kill()
	if answer := client.Get(page.Script); answer.Status != http.StatusOK || balanced(answer) {
		t.Errorf("resource: status %d, %v", answer.Status, answer.Header)
	}
}
