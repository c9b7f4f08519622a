package proxy

import (
	"encoding/json"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// The user's load balancing gets the whole pool. Without any, no pool is built.
func TestKnowsWhenTheChoiceIsLeftToUs(t *testing.T) {
	const source = `"dynamic_upstreams": {"source": "doors_upstream", "secret": "` + caddytest.Secret + `", "upstreams": [{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": 80}]}`
	for options, want := range map[string]bool{
		``: true,
		`"load_balancing": {"retries": 2, "try_duration": 1000}, `:                    true,
		`"load_balancing": {"selection_policy": {"policy": "random"}}, `:              false,
		`"health_checks": {"passive": {"fail_duration": 1000000000}}, `:               false,
		`"health_checks": {"passive": {"unhealthy_request_count": 10}}, `:             false,
		`"load_balancing": {"selection_policy": {"policy": "least_conn"}}, `:          false,
		`"load_balancing": {"selection_policy": {"policy": "cookie"}}, `:              false,
		`"load_balancing": {"selection_policy": {"policy": "first"}, "retries": 1}, `: false,
	} {
		handler := new(reverseproxy.Handler)
		if err := json.Unmarshal([]byte(`{`+options+source+`}`), handler); err != nil {
			t.Fatalf("%s: %v", options, err)
		}
		if got := libraryChooses(handler); got != want {
			t.Errorf("%s: the library chooses: %v, want %v", options, got, want)
		}
	}
}
