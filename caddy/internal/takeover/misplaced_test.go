package takeover

import (
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// What was meant to be our source gets an error that says how to write it.
func TestMisspelledSources(t *testing.T) {
	for config, want := range map[string]string{
		`{"upstreams": {"source": "doors_upstreams", "secret": "a"}}`:         `upstreams: there is no source of upstreams "doors_upstreams"; did you mean doors_upstream?`,
		`{"dynamic_upstreams": {"source": "Doors"}}`:                          `dynamic_upstreams: there is no source of upstreams "Doors"; did you mean doors_upstream?`,
		`{"upstreams": [{"dial": "a:80"}, {"dial": "b", "source": "doors"}]}`: `upstreams[1]: a source of upstreams is not an element of a list; write "upstreams": {"source": "doors_upstream", ...}`,
	} {
		if err := caddy.StrictUnmarshalJSON([]byte(config), new(Handler)); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", config, err, want)
		}
	}
}
