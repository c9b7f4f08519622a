package proxy

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// noNetwork is a transport without a network.
type noNetwork struct{}

func (noNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"text/html"}}, Body: io.NopCloser(strings.NewReader("page")), Request: r}, nil
}

// BenchmarkServe measures Caddy's server and proxy without a network, with a source and with static
// upstreams.
func BenchmarkServe(b *testing.B) {
	source := `{"handler": "reverse_proxy", "dynamic_upstreams": {"source": "doors_upstream", "secret": "` + caddytest.Secret + `", "cookie_name": "up",
		"upstreams": [{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": 80}, {"cidr": "127.0.2.0/24", "host": "127.0.2.1", "port": 80}, {"cidr": "127.0.3.0/24", "host": "127.0.3.1", "port": 80}]}}`
	static := `{"handler": "reverse_proxy", "upstreams": [{"dial": "127.0.1.1:80"}, {"dial": "127.0.2.1:80"}, {"dial": "127.0.3.1:80"}]}`
	token := caddytest.TokenOf(b, "127.0.2.1")
	for _, kind := range []struct{ name, path, cookie string }{
		{"normal", "/", "a=b"}, {"sticky", "/", "a=b; up=" + token}, {"system", "/~/" + token + "/h/instance/1", "a=b"},
	} {
		for name, handler := range map[string]string{"ours": source, "stock": static} {
			b.Run(kind.name+"/"+name, func(b *testing.B) {
				config := `{"admin": {"disabled": true, "config": {"persist": false}}, "logging": {"logs": {"default": {"level": "ERROR"}}},
					"apps": {"http": {"servers": {"test": {"listen": ["127.0.0.1:0"], "automatic_https": {"disable": true}, "routes": [{"handle": [` + handler + `]}]}}}}}`
				if err := caddy.Load([]byte(config), true); err != nil {
					b.Fatal(err)
				}
				defer caddy.Stop()
				app, err := caddy.ActiveContext().App("http")
				if err != nil {
					b.Fatal(err)
				}
				server := app.(*caddyhttp.App).Servers["test"]
				h := server.Routes[0].Handlers[0].(*Handler)
				h.Transport = noNetwork{}
				if h.pods != nil {
					h.pods.Transport = noNetwork{}
				}
				b.ReportAllocs()
				for b.Loop() {
					r := httptest.NewRequestWithContext(context.Background(), "GET", "http://localhost"+kind.path, nil)
					r.Header.Set("Cookie", kind.cookie)
					server.ServeHTTP(httptest.NewRecorder(), r)
				}
			})
		}
	}
}
