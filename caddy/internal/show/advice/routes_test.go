package advice_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/proxy"
)

// warningsOf returns the options that a site's source warns about.
func warningsOf(t *testing.T, global, site string) (options []string) {
	t.Helper()
	adapted, err := caddytest.Adapt("{\nadmin off\npersist_config off\nlog {\nlevel PANIC\n}\nservers {\ntimeouts {\n" + global + "\n}\n}\ngrace_period 1m\n}\nhttp://127.0.0.1:9 {\n" +
		strings.ReplaceAll(site, "DOORS", "reverse_proxy {\ndynamic_upstreams doors_upstream {\nsecret "+caddytest.Secret+
			"\nupstream {\npod_cidr 127.0.9.0/24\nhost 127.0.9.1\nupstream_port 80\n}\n}\n}") + "\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	proxy.Inspected = func(_ *proxy.Handler, warnings []config.Warning) {
		for _, w := range warnings {
			options = append(options, w.Option)
		}
	}
	defer func() { proxy.Inspected = nil }()
	var parsed caddy.Config
	if err := caddy.StrictUnmarshalJSON([]byte(adapted), &parsed); err != nil {
		t.Fatal(err)
	}
	if err := caddy.Validate(&parsed); err != nil {
		t.Fatal(err)
	}
	return slices.Compact(options)
}

// Only handlers that the requests of a page pass cause warnings.
func TestMiddlewareWarnings(t *testing.T) {
	const short = "timeouts {\nread_timeout 3s\nwrite_timeout 3s\n}\n"
	both := []string{"handler timeouts: read_timeout", "handler timeouts: write_timeout"}
	for name, test := range map[string]struct {
		global, site string
		want         []string
	}{
		"nothing":                              {"", "DOORS", nil},
		"servers' idle timeouts":               {"read_body_idle 3s\nwrite_idle 3s", "DOORS", []string{"server srv0: read_idle_timeout", "server srv0: write_idle_timeout"}},
		"long ones":                            {"read_body_idle 25s\nwrite_idle 1m", "DOORS", nil},
		"timeouts":                             {"", short + "DOORS", both},
		"timeouts for other paths":             {"", strings.Replace(short, "timeouts", "timeouts /upload/*", 1) + "DOORS", nil},
		"timeouts for pages":                   {"", strings.Replace(short, "timeouts", "timeouts /~/*", 1) + "DOORS", both},
		"timeouts for a method":                {"", "@get method GET\n" + strings.Replace(short, "timeouts", "timeouts @get", 1) + "DOORS", both},
		"timeouts in another handle":           {"", "handle /upload/* {\n" + short + "respond ok\n}\nhandle {\nDOORS\n}", nil},
		"timeouts in this handle":              {"", "handle /upload/* {\nrespond ok\n}\nhandle {\n" + short + "DOORS\n}", both},
		"timeouts around this handle":          {"", short + "handle {\nDOORS\n}", both},
		"timeouts in a route before":           {"", "route {\n" + short + "}\nDOORS", both},
		"timeouts in this route":               {"", "route {\nrewrite /x /y\n" + short + "DOORS\n}", both},
		"timeouts after":                       {"", "route {\nDOORS\n" + short + "}", nil},
		"intercept of all":                     {"", "intercept {\nreplace_status 200\n}\nDOORS", []string{"handler intercept"}},
		"intercept of 4xx":                     {"", "intercept {\n@bad status 4xx\nhandle_response @bad {\nrespond sorry\n}\n}\nDOORS", []string{"handler intercept"}},
		"intercept of 404":                     {"", "intercept {\n@bad status 404\nhandle_response @bad {\nrespond sorry\n}\n}\nDOORS", nil},
		"intercept of a field that ours lacks": {"", "intercept {\n@file header X-Accel-Redirect *\nhandle_response @file {\nrespond sorry\n}\n}\nDOORS", nil},
		"header before the answer":             {"", "header Cache-Control public\nDOORS", nil},
		"header after the answer":              {"", "header >Cache-Control public\nDOORS", []string{"handler header"}},
		"header that removes it":               {"", "header -Cache-*\nDOORS", []string{"handler header"}},
		"header that removes another":          {"", "header -Server\nDOORS", nil},
		"header that is a default":             {"", "header ?Cache-Control public\nDOORS", nil},
		"header for 404":                       {"", "header {\nmatch status 404\n>Cache-Control public\n}\nDOORS", nil},
		"header for 410":                       {"", "header {\nmatch status 410\n>Cache-Control public\n}\nDOORS", []string{"handler header"}},
	} {
		if got := warningsOf(t, test.global, test.site); !slices.Equal(slices.Sorted(slices.Values(got)), test.want) {
			t.Errorf("%s: warnings about %q, want %q", name, got, test.want)
		}
	}
}
