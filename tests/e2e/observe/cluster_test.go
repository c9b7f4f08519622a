// Package observe_test tests what an operator sees of the real Caddy: metrics, logs, placeholders,
// and the dashboard and alerts with a real Prometheus.
package observe_test

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
)

// The pods of one upstream, and addresses before and after them on which nothing listens.
const (
	dead   = "127.0.1.0"
	podA   = "127.0.1.1"
	podB   = "127.0.1.2"
	nobody = "127.0.1.99"
)

const app = "app.test"

// cluster is a Caddy in front of pods, with a name server.
type cluster struct {
	*Cluster
	caddy *Caddy
	dns   *nameserver.Server
	label string // of the upstream in metrics
}

// start starts pods and Caddy. options go into the source and proxy into reverse_proxy. around
// wraps the directive in others.
func start(t *testing.T, options, proxy string, around func(string) string) *cluster {
	t.Helper()
	dns, err := nameserver.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dns.Close() })
	c := &cluster{Cluster: NewCluster(t, pod.Config{}, podA, podB), dns: dns}
	c.resolve(podA, podB)
	c.label = fmt.Sprintf("%s:%d", app, c.Port)
	c.caddy = Start(t, Options{Config: c.config(options, proxy, around)})
	return c
}

// resolve sets the addresses of the host.
func (c *cluster) resolve(addresses ...string) {
	var parsed []netip.Addr
	for _, address := range addresses {
		parsed = append(parsed, netip.MustParseAddr(address))
	}
	c.dns.Set(app, parsed...)
}

func (c *cluster) config(options, proxy string, around func(string) string) Config {
	text := Caddyfile("dynamic_upstreams", c.Secret, "upstream", []Upstream{c.Upstream("127.0.1.0/24", app)}, proxy)
	begin := "doors_upstream {\n"
	text = strings.Replace(text, begin, begin+Indent(Indent("resolvers "+c.dns.Address()+"\n"+options))+"\n", 1)
	if around != nil {
		text = around(text)
	}
	return Config{Handlers: text}
}

// stream opens a page's stream. It stays open until the test ends or release is called.
func (c *cluster) stream(t *testing.T, page *Page) (release func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { // the header comes with the first update
		defer close(ended)
		answer, err := page.Browser.Open(ctx, Request{Path: page.Sync(1), Cookie: page.Browser.Cookies()})
		if err == nil {
			_, _ = io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
		} else if ctx.Err() == nil {
			t.Errorf("the stream of the page: %v", err)
		}
	}()
	release = func() {
		cancel()
		<-ended
	}
	t.Cleanup(release)
	Eventually(t, "the stream reaches its pod", func() bool { return len(c.Saw(page.Sync(1))) == 1 })
	return release
}
