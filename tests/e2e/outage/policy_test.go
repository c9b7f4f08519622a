package outage_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// The user's load balancing takes no pod of the browser's upstream, since all are full. The request
// goes to the other upstream.
func TestOwnServerFull(t *testing.T) {
	t.Parallel()
	dns, secret, port := newNameServer(t), NewSecret(32), Port(t, podA, podZ)
	arrived, done := make(chan struct{}), make(chan struct{})
	serveAt(t, podA, port, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/long" {
			arrived <- struct{}{}
			<-done
		}
	}))
	defer close(done)
	serveAt(t, podZ, port, &echo{})
	resolve(dns, app, podA)
	resolve(dns, "other.test", podZ)
	upstreams := []Upstream{{CIDR: "127.0.1.0/24", Host: app, Port: port}, {CIDR: "127.0.2.0/24", Host: "other.test", Port: port}}
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, secret, upstreams, "", "unhealthy_request_count 1")}})
	own := []string{"upstream=" + Token(t, secret, podA)}
	client := caddy.NewClient(t, H2)
	waitUntilKnown(t, caddy, Token(t, secret, podA), app) // until then pages go to the other upstream
	waitUntilKnown(t, caddy, Token(t, secret, podZ), "other.test")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		answer, err := client.Open(ctx, Request{Path: "/long", Cookie: own})
		if err == nil {
			answer.Body.Close()
		}
		ended <- err
	}()
	select {
	case <-arrived:
	case err := <-ended:
		t.Fatalf("the first request did not reach its pod: %v", err)
	}
	if answer := client.Do(Request{Method: "PUT", Path: "/", Cookie: own}); answer.Status != http.StatusOK || answer.Header.Get("X-Method") != "PUT" {
		t.Errorf("status %d, %v; want an answer of the other upstream", answer.Status, answer.Header)
	}
}

// The user's load balancing does not apply to requests of pages, even if another pod serves them.
func TestResourcesAreNotBalanced(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podA, podB), newNameServer(t)
	resolve(dns, app, podA)
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "", "lb_policy cookie balanced")}})
	client := caddy.NewClient(t, H1)
	page := caddy.NewBrowser(t, H1).MustLoad("/")
	resolve(dns, app, podB)
	Eventually(t, "new pages leave the pod", func() bool { return caddy.NewBrowser(t, H1).MustLoad("/").Pod == podB })
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
