package config

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// If no pod is known, a matching handle_errors makes the answer. One for another site, status or
// path leaves the 503 unchanged, with Retry-After and no-store.
func TestErrorRoutesOfThisRequest(t *testing.T) {
	const site = `
		handle_path /prefix/* {
			reverse_proxy {
				dynamic_upstreams doors_upstream {
					page_wait 0
					secret ` + caddytest.Secret + `
					resolvers 127.0.0.1:1
					upstream {
						pod_cidr 127.0.9.0/24
						host nowhere.test
						upstream_port 80
					}
				}
			}
		}`
	for name, test := range map[string]struct {
		own, other string // added to this site, and to another site on the same listener
		status     int
	}{
		"none":                          {"", "", http.StatusServiceUnavailable},
		"one of another site":           {"", "handle_errors {\n respond sorry 418\n}", http.StatusServiceUnavailable},
		"one for another status":        {"handle_errors 404 {\n respond sorry 418\n}", "", http.StatusServiceUnavailable},
		"one for another path":          {"@other path /other/*\nhandle_errors {\n respond @other sorry 418\n}", "", http.StatusServiceUnavailable},
		"one that matches":              {"handle_errors {\n respond sorry 418\n}", "", http.StatusTeapot},
		"one for this status":           {"handle_errors 503 {\n respond sorry 418\n}", "", http.StatusTeapot},
		"one for the path as it came":   {"@came path /prefix/*\nhandle_errors {\n respond @came sorry 418\n}", "", http.StatusTeapot},
		"both, with different statuses": {"handle_errors 5xx {\n respond sorry 418\n}", "handle_errors 404 {\n respond sorry 200\n}", http.StatusTeapot},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := caddytest.Adapt("{\nadmin off\npersist_config off\nlog {\nlevel PANIC\n}\n}\n" +
				"http://ours.test:9 {\nbind 127.0.9.9\n" + site + "\n" + test.own + "\n}\nhttp://other.test:9 {\nbind 127.0.9.9\nrespond ok\n" + test.other + "\n}\n")
			if err != nil {
				t.Fatal(err)
			}
			config = strings.Replace(config, ":9\"", ":0\"", 1) // any free port
			t.Cleanup(func() { _ = caddy.Stop() })
			if err := caddy.Load([]byte(config), true); err != nil {
				t.Fatal(err)
			}
			app, err := caddy.ActiveContext().App("http")
			if err != nil {
				t.Fatal(err)
			}
			for _, server := range app.(*caddyhttp.App).Servers {
				answer := httptest.NewRecorder()
				server.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://ours.test/prefix/", nil))
				if answer.Code != test.status {
					t.Errorf("status %d, want %d", answer.Code, test.status)
				}
				header := answer.Header()
				if ours := header.Get("Retry-After") != "" && header.Get("Cache-Control") == "no-store"; ours != (test.status == http.StatusServiceUnavailable) {
					t.Errorf("%d with Retry-After %q and Cache-Control %q", answer.Code, header.Get("Retry-After"), header.Get("Cache-Control"))
				}
			}
		})
	}
}
