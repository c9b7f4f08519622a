package caddydoors

import (
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// A source without its name is not left to Caddy, which would show all of it, the key included.
func TestSourceWithoutItsName(t *testing.T) {
	for _, member := range []string{"upstreams", "dynamic_upstreams", "Dynamic_Upstreams"} {
		for _, source := range []string{``, `"Source": "doors_upstream", `, `"source": "", `, `"source": 1, `} {
			config := `{"` + member + `": {` + source + `"secret": "` + testSecret + `", "upstreams": []}}`
			err := caddy.StrictUnmarshalJSON([]byte(config), new(Handler))
			if err == nil || !strings.Contains(err.Error(), member+": source is required") || strings.Contains(err.Error(), testSecret) {
				t.Errorf("%s: %v", config, err)
			}
		}
	}
}

func TestTwoSourcesInJSON(t *testing.T) {
	for _, other := range []string{`{"source": "a"}`, `{"source": "doors_upstream"}`, `null`} {
		config := `{"upstreams": {"source": "doors_upstream", "secret": "` + testSecret + `"}, "dynamic_upstreams": ` + other + `}`
		err := caddy.StrictUnmarshalJSON([]byte(config), new(Handler))
		if err == nil || !strings.Contains(err.Error(), "there can be no other") || strings.Contains(err.Error(), testSecret) {
			t.Errorf("%s: %v", config, err)
		}
	}
}
