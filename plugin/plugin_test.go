package plugin

import (
	"testing"

	"github.com/caddyserver/caddy/v2"
)

func TestRegistersTheModules(t *testing.T) {
	for _, id := range []string{"http.handlers.doors_handler", "http.reverse_proxy.upstreams.doors_upstreams", "http.reverse_proxy.upstreams.doors_upstream"} {
		if _, err := caddy.GetModule(id); err != nil {
			t.Error(err)
		}
	}
}
