package proxy

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/caddy/internal/show"
)

// Changes of hosts go to the log of the configuration in force, not to that of the first one or of
// one that failed.
func TestHostsLogInForce(t *testing.T) {
	folder := t.TempDir()
	load := func(log, hosts string) error {
		var routes []string
		for host := range strings.FieldsSeq(hosts) {
			routes = append(routes, fmt.Sprintf(`{"match": [{"path": ["/%s"]}], "handle": [{"handler": "reverse_proxy", "upstreams": {"source": "doors_upstream", "secret": "%s",
				"resolver": {"addresses": ["127.0.0.1:1"]}, "upstreams": [{"cidr": "127.0.9.0/24", "host": "%[1]s.test", "port": 80}]}}]}`, host, caddytest.Secret))
		}
		return caddy.Load(fmt.Appendf(nil, `{"admin": {"disabled": true, "config": {"persist": false}},
			"logging": {"logs": {"default": {"writer": {"output": "file", "filename": %q}}}},
			"apps": {"http": {"servers": {"test": {"listen": ["127.0.9.9:0"], "routes": [%s]}}}}}`, filepath.Join(folder, log), strings.Join(routes, ",")), true)
	}
	ask := func(host string) {
		t.Helper()
		app, err := caddy.ActiveContext().App("http")
		if err != nil {
			t.Fatal(err)
		}
		app.(*caddyhttp.App).Servers["test"].ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://a/"+host, nil))
	}
	logged := func(when, log, host string) {
		t.Helper()
		caddytest.Eventually(t, func() (problem string) {
			text, err := os.ReadFile(filepath.Join(folder, log))
			if err != nil || !strings.Contains(string(text), `"host":"`+host+`.test"`) {
				problem = fmt.Sprintf("%s: the log %s has no line about %s: %v\n%s", when, log, host, err, text)
			}
			return problem
		})
	}
	t.Cleanup(func() { _ = caddy.Stop() })
	if err := load("first", "one"); err != nil {
		t.Fatal(err)
	}
	ask("one")
	logged("at first", "first", "one")
	if err := load("second", "two three"); err != nil {
		t.Fatal(err)
	}
	ask("two")
	logged("after a reload", "second", "two")
	if load("third", "a;b") == nil {
		t.Fatal("a host a;b is accepted")
	}
	ask("three")
	logged("after one that failed", "second", "three")
}

// Only the sources of the running configuration are shown. Those of one that is being loaded are
// incomplete: a held question would be answered as if no upstream had its pod.
func TestSourcesInForce(t *testing.T) {
	var live liveSources
	var running *caddyhttp.App
	first, second := new(caddyhttp.App), new(caddyhttp.App)
	a, b, c, d := new(Source), new(Source), new(Source), new(Source)
	check := func(when string, want ...show.Source) {
		t.Helper()
		if got := live.of(running); !slices.Equal(got, want) {
			t.Errorf("%s: %d sources, want %d", when, len(got), len(want))
		}
	}
	check("at first")
	live.add(a, first)
	live.add(b, first)
	check("provisioned", a, b)
	running = first
	check("running", a, b)
	live.add(c, second)
	check("another one is being loaded", a, b)
	live.remove(c)
	check("it fails to load", a, b)
	live.add(c, second)
	live.add(d, second)
	check("the next is being loaded", a, b)
	running = second
	check("it runs", c, d)
	live.remove(a)
	live.remove(b)
	check("the old ones are cleaned up", c, d)
	running = new(caddyhttp.App) // without sources
	live.remove(c)
	check("some are cleaned up", d)
	live.remove(d)
	check("at last")
}
