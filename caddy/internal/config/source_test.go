package config

import (
	"reflect"
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// CIDRs and hosts are found in each of their spellings.
func TestListsOf(t *testing.T) {
	shown := listsOf(map[string]any{"secret": caddytest.Secret, "cookie_name": "upstream", "upstreams": []any{
		map[string]any{"cidr": "10.0.0.0/24"}, map[string]any{"cidrs": []any{"10.0.1.0/24", "fd00::/64"}},
	}}, "cidr")
	if want := [][]string{{"10.0.0.0/24"}, {"10.0.1.0/24", "fd00::/64"}}; !reflect.DeepEqual(shown, want) {
		t.Errorf("%+v", shown)
	}
}
