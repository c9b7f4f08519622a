package proxy

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// If Caddy's handler cannot be replaced, Caddy still routes configurations in its own spelling, and
// pages get the answers that they understand.
func TestRoutesUnderEitherHandler(t *testing.T) {
	const handler = `{"handler": "reverse_proxy", "headers": {"response": {"set": {"X-Pod": ["{http.doors.decision} {http.doors.pod}"]}}},
		"dynamic_upstreams": {"source": "doors_upstream", "secret": "SECRET", "decision_header": "X-Why",
		"upstreams": [{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": PORT}]}}`
	for _, handlerKind := range []string{"ours", "stock"} {
		t.Run(handlerKind, func(t *testing.T) {
			if handlerKind == "stock" {
				defer caddytest.PutBackStock(t)()
			}
			pod := caddytest.StartPod(t, "127.0.1.1")
			url, err := caddytest.StartCaddy(t, handler, pod)
			if err != nil {
				t.Fatal(err)
			}
			// Pages are told to reload only once a pod is known that can take them.
			if response, err := http.Get(url); err != nil || response.Body.Close() != nil {
				t.Fatal(err)
			}
			dialled := pod.Dialled.Load()
			forged := caddytest.TokenSealedWith(t, base64.StdEncoding.EncodeToString(make([]byte, 16)), "127.0.1.1")
			for _, test := range []struct {
				path   string
				status int
				why    string
			}{
				{"/~/" + forged + "/s/1", http.StatusGone, "gone;reason=token_refused;path=sync"},
				{"/~/" + caddytest.TokenOf(t, "127.0.2.1") + "/h/1/1", http.StatusGone, "gone;reason=no_cidr;path=hook"},
				{"/~/" + caddytest.TokenOf(t, "127.0.1.9") + "/s/1", http.StatusGone, "pod;reason=pod_gone;path=sync;upstream=0"}, // nothing listens there
				{"/~/" + caddytest.TokenOf(t, "127.0.1.1") + "/s/1", http.StatusOK, "pod;path=sync;upstream=0"},
				{"/", http.StatusOK, "upstream;reason=only_upstream;path=page;upstream=0"},
			} {
				if test.status == http.StatusGone && pod.Dialled.Load() != dialled {
					t.Fatal("the pod was dialled for a page that is gone")
				}
				response, err := http.Get(url + test.path)
				if err != nil {
					t.Fatal(err)
				}
				response.Body.Close()
				if response.StatusCode != test.status {
					t.Errorf("%s: status %d, want %d", test.path, response.StatusCode, test.status)
				}
				if why := response.Header["X-Why"]; len(why) != 1 || why[0] != test.why {
					t.Errorf("%s: decision %q, want %q", test.path, why, test.why)
				}
				if seen := response.Header.Get("X-Pod"); test.status == http.StatusOK && !strings.HasSuffix(seen, " "+pod.Address.String()) {
					t.Errorf("%s: the placeholders have %q, want %s", test.path, seen, pod.Address)
				}
				if got := response.Header.Get("Cache-Control"); test.status == http.StatusGone && got != "no-store" {
					t.Errorf("%s: Cache-Control %q, want no-store", test.path, got)
				}
			}
		})
	}
}

// A source that cannot work says so when the configuration is loaded, and the old configuration
// stays.
func TestRefusesToProvision(t *testing.T) {
	const source = `{"source": "doors_upstream", "secret": "SECRET", "upstreams": [{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": PORT}]}`
	pod := caddytest.StartPod(t, "127.0.1.1")
	for name, test := range map[string]struct{ handler, want string }{
		"in multi":         {`{"handler": "reverse_proxy", "dynamic_upstreams": {"source": "multi", "sources": [` + source + `]}}`, "multi"},
		"static upstreams": {`{"handler": "reverse_proxy", "dynamic_upstreams": ` + source + `, "upstreams": [{"dial": "127.0.0.1:1"}]}`, "static upstreams"},
		"two sources":      {`{"handler": "reverse_proxy", "dynamic_upstreams": {"source": "a", "name": "a", "port": "1"}, "upstreams": ` + source + `}`, "dynamic_upstreams"},
		"fastcgi":          {`{"handler": "reverse_proxy", "transport": {"protocol": "fastcgi"}, "dynamic_upstreams": ` + source + `}`, "transport"},
		"unknown member":   {`{"handler": "reverse_proxy", "upstreams": {"source": "doors_upstream", "secrets": "SECRET"}}`, `"secrets"`},
		"no placeholder":   {`{"handler": "reverse_proxy", "upstreams": {"source": "doors_upstream", "secret": "{env.DOORS_TEST_NOT_SET}"}}`, "{env.DOORS_TEST_NOT_SET}"},
		"a bad port":       {`{"handler": "reverse_proxy", "upstreams": {"source": "doors_upstream", "secret": "SECRET", "upstreams": [{"cidr": "10.0.0.0/8", "host": "a", "port": 0}]}}`, "upstreams[0].port"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := caddytest.StartCaddy(t, test.handler, pod)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), caddytest.Secret) {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}
