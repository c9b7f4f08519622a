package config_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/proxy"
)

// A network of loopback addresses causes a warning only if the admin endpoint could be taken for a
// pod.
func TestAdminEndpoint(t *testing.T) {
	const local = "127.0.0.0/24"
	for _, test := range []struct {
		admin, cidr, hosts string
		port               int
		want               string // "" for no warning
	}{
		{`{"listen": "127.0.0.1:2020"}`, local, `["a"]`, 2020, "the network contains 127.0.0.1 and the port is 2020, where the admin endpoint of this Caddy listens (127.0.0.1:2020)"},
		{`{"listen": "127.0.0.1:2020"}`, local, `["a"]`, 2019, ""},
		{`{"listen": "127.0.1.1:2020"}`, local, `["a"]`, 2020, ""},
		{`{"listen": "127.0.1.1:2020"}`, local, `["a", "127.0.1.1"]`, 2020, "the host is 127.0.1.1"},
		{`{"listen": "localhost:2020"}`, local, `["a"]`, 2020, "the network contains 127.0.0.1"},
		{`{"listen": "localhost:2020"}`, "::1/128", `["a"]`, 2020, "the network contains ::1"},
		{`{"listen": ":2020"}`, "10.0.0.0/24", `["127.0.9.9"]`, 2020, "the host is 127.0.9.9"},
		{`{"listen": "{env.DOORS_TEST_ADMIN}"}`, local, `["a"]`, 2021, "the network contains 127.0.0.1"},
		{`{"listen": "unix//tmp/doors.sock"}`, local, `["127.0.0.1"]`, 2020, ""},
		{`{}`, local, `["a"]`, 2019, "(localhost:2019)"},
		{`null`, local, `["a"]`, 2019, "(localhost:2019)"},
		{`{"disabled": true}`, local, `["a"]`, 2019, ""},
	} {
		t.Setenv("DOORS_TEST_ADMIN", "127.0.0.1:2021")
		text := fmt.Sprintf(`{"admin": %s, "logging": {"logs": {"default": {"level": "PANIC"}}}, "apps": {"http": {"servers": {"test": {"listen": ["127.0.7.7:1"], "routes": [{"handle": [
			{"handler": "reverse_proxy", "upstreams": {"source": "doors_upstream", "secret": %q, "upstreams": [{"cidr": %q, "hosts": %s, "port": %d}]}}]}]}}}}}`,
			test.admin, caddytest.Secret, test.cidr, test.hosts, test.port)
		var parsed caddy.Config
		if err := caddy.StrictUnmarshalJSON([]byte(text), &parsed); err != nil {
			t.Fatal(err)
		}
		var warnings []string
		proxy.Inspected = func(_ *proxy.Handler, all []config.Warning) {
			for _, w := range all {
				warnings = append(warnings, w.Option+": "+w.Reason)
			}
		}
		err := caddy.Validate(&parsed)
		proxy.Inspected = nil
		if err != nil {
			t.Errorf("%+v: %v", test, err)
		}
		warned := slices.ContainsFunc(warnings, func(text string) bool {
			return strings.HasPrefix(text, "upstream_port: upstreams[0]: ") && strings.Contains(text, test.want)
		})
		if warned != (test.want != "") || len(warnings) > 1 || test.want == "" && len(warnings) > 0 {
			t.Errorf("%+v: warnings %q", test, warnings)
		}
	}
}
