package show_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/caddy/internal/proxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
)

// Of many upstreams only those in use are shown, so that the document stays small.
func TestStateOfManyServers(t *testing.T) {
	const total = 3 * status.MaxUpstreams
	pod := caddytest.StartPod(t, "127.0.1.1")
	upstreams := []string{`{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": PORT}`}
	for i := 1; i < total; i++ {
		upstreams = append(upstreams, fmt.Sprintf(`{"cidr": "10.%d.%d.0/24", "host": "upstream-%d.test", "port": PORT}`, i/256, i%256, i))
	}
	url, err := caddytest.StartCaddy(t, `{"handler": "reverse_proxy", "dynamic_upstreams": {"source": "doors_upstream", "secret": "SECRET", "cookie_name": "a",
		"upstreams": [`+strings.Join(upstreams, ",")+`]}}`, pod)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get(url + "/~/" + caddytest.TokenOf(t, "127.0.1.1") + "/s/1")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	process, err := proxy.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	defer process.Release()
	state, err := process.State()
	if err != nil {
		t.Fatal(err)
	}
	source := state.Sources[0]
	if source.UpstreamsTotal != total || len(source.Upstreams) != 1 || source.Upstreams[0].Upstream != pod.Address.String() || len(state.Pods) != 1 {
		t.Errorf("%d of %d upstreams, %d pods", len(source.Upstreams), source.UpstreamsTotal, len(state.Pods))
	}
}
