package config

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// CIDRs and hosts are found in each of their spellings.
func TestLoadedLists(t *testing.T) {
	loaded, err := Load(json.RawMessage(`{"secret": "`+caddytest.Secret+`", "cookie_name": "upstream", "upstreams": [
		{"cidr": "10.0.0.0/24", "hosts": ["a.test", "10.0.0.7"], "port": 80}, {"cidrs": ["10.0.1.0/24", "fd00::/64"], "host": "b.test", "port": 8080}]}`), Decide)
	if err != nil {
		t.Fatal(err)
	}
	if want := [][]string{{"10.0.0.0/24"}, {"10.0.1.0/24", "fd00::/64"}}; !reflect.DeepEqual(loaded.CIDRs, want) {
		t.Errorf("CIDRs: %q", loaded.CIDRs)
	}
	if want := []int{80, 8080}; !reflect.DeepEqual(loaded.Ports, want) {
		t.Errorf("ports: %d", loaded.Ports)
	}
	if want := [][]string{{"a.test", "10.0.0.7"}, {"b.test"}}; !reflect.DeepEqual(loaded.Hosts, want) || loaded.CookieName != "upstream" {
		t.Errorf("hosts: %q, cookie %q", loaded.Hosts, loaded.CookieName)
	}
}
