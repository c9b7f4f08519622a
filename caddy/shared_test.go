package caddydoors

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// What happens to hosts goes to the log of the configuration that is in force, not to that of the first one, nor to that of one that failed.
func TestHostsLogInForce(t *testing.T) {
	folder := t.TempDir()
	load := func(log, hosts string) error {
		var routes []string
		for host := range strings.FieldsSeq(hosts) {
			routes = append(routes, fmt.Sprintf(`{"match": [{"path": ["/%s"]}], "handle": [{"handler": "reverse_proxy", "upstreams": {"source": "doors_upstream", "secret": "%s",
				"resolver": {"addresses": ["127.0.0.1:1"]}, "upstreams": [{"cidr": "127.0.9.0/24", "host": "%[1]s.test", "port": 80}]}}]}`, host, testSecret))
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
		eventually(t, func() (problem string) {
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
