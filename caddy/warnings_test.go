package caddydoors

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

func optionsOf(warnings []warning) (options []string) {
	for _, w := range warnings {
		options = append(options, w.option)
	}
	return options
}

func TestHandlerWarnings(t *testing.T) {
	seconds := func(n time.Duration) caddy.Duration { return caddy.Duration(n * time.Second) }
	for want, change := range map[string]func(*reverseproxy.Handler, *reverseproxy.HTTPTransport){
		"": func(h *reverseproxy.Handler, transport *reverseproxy.HTTPTransport) {
			transport.ResponseHeaderTimeout, transport.ReadTimeout = seconds(25), seconds(60)
		},
		"response_header_timeout": func(_ *reverseproxy.Handler, t *reverseproxy.HTTPTransport) { t.ResponseHeaderTimeout = seconds(24) },
		"read_timeout":            func(_ *reverseproxy.Handler, t *reverseproxy.HTTPTransport) { t.ReadTimeout = seconds(1) },
		"write_timeout":           func(_ *reverseproxy.Handler, t *reverseproxy.HTTPTransport) { t.WriteTimeout = seconds(1) },
		"max_conns_per_host":      func(_ *reverseproxy.Handler, t *reverseproxy.HTTPTransport) { t.MaxConnsPerHost = 9 },
		"transport http: resolver": func(_ *reverseproxy.Handler, t *reverseproxy.HTTPTransport) {
			t.Resolver = new(reverseproxy.UpstreamResolver)
		},
		"request_buffers":  func(h *reverseproxy.Handler, _ *reverseproxy.HTTPTransport) { h.RequestBuffers = 1 },
		"response_buffers": func(h *reverseproxy.Handler, _ *reverseproxy.HTTPTransport) { h.ResponseBuffers = -1 },
		"health_uri": func(h *reverseproxy.Handler, _ *reverseproxy.HTTPTransport) {
			h.HealthChecks = &reverseproxy.HealthChecks{Active: new(reverseproxy.ActiveHealthChecks)}
		},
		"weighted_round_robin": func(h *reverseproxy.Handler, _ *reverseproxy.HTTPTransport) {
			h.LoadBalancing.SelectionPolicy = chooser{policy: new(reverseproxy.WeightedRoundRobinSelection)}
		},
		"HTTP_PROXY": func(_ *reverseproxy.Handler, t *reverseproxy.HTTPTransport) {
			t.Transport.Proxy = func(r *http.Request) (*url.URL, error) { // with a NO_PROXY that knows the names of pods only
				if r.URL.Host == "app.example:80" {
					return nil, nil
				}
				return &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, nil
			}
		},
	} {
		h := &reverseproxy.Handler{LoadBalancing: &reverseproxy.LoadBalancing{SelectionPolicy: chooser{policy: reverseproxy.RandomSelection{}}}}
		transport := &reverseproxy.HTTPTransport{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment}}
		change(h, transport)
		source := &Source{servers: []*server{{hostport: "app.example:80", port: 80}}, identity: identity{cidrs: [][]string{{"10.0.0.0/24"}}}}
		got := optionsOf(handlerWarnings(h, transport, source))
		if want == "" && len(got) != 0 || want != "" && (len(got) != 1 || !strings.Contains(got[0], want)) {
			t.Errorf("want a warning about %q, got %q", want, got)
		}
	}
}

func TestAppWarnings(t *testing.T) {
	app := &caddyhttp.App{
		GracePeriod: caddy.Duration(10 * time.Second),
		Servers: map[string]*caddyhttp.Server{
			"short": {ReadTimeout: caddy.Duration(time.Second), WriteTimeout: caddy.Duration(time.Second)},
			"long":  {ReadTimeout: caddy.Duration(time.Minute)},
		},
	}
	got := strings.Join(optionsOf(appWarnings(app)), "; ")
	for _, want := range []string{"grace_period", "server short: read_timeout", "server short: write_timeout"} {
		if !strings.Contains(got, want) {
			t.Errorf("no warning about %s in %s", want, got)
		}
	}
	if strings.Contains(got, "long") {
		t.Errorf("a warning about a server whose timeouts are long: %s", got)
	}
}

// A Caddy that could dial itself is refused, whether it listens on one address or on all.
func TestRefusesToProxyToItself(t *testing.T) {
	for _, test := range []struct {
		listen, cidr string
		refused      bool
	}{
		{"127.0.1.1:18080", "127.0.1.0/24", true},
		{"127.0.1.1:18000-18100", "127.0.1.0/24", true},
		{":18080", "127.0.0.0/24", true},
		{"127.0.2.1:18080", "127.0.1.0/24", false},
		{"127.0.1.1:18081", "127.0.1.0/24", false},
	} {
		config := strings.NewReplacer("LISTEN", test.listen, "CIDR", test.cidr, "SECRET", testSecret).Replace(
			`{"apps": {"http": {"servers": {"test": {"listen": ["LISTEN"], "routes": [{"handle": [{"handler": "reverse_proxy",
				"upstreams": {"source": "doors_upstream", "secret": "SECRET", "upstreams": [{"cidr": "CIDR", "host": "a", "port": 18080}]}}]}]}}}}}`)
		var parsed caddy.Config
		if err := caddy.StrictUnmarshalJSON([]byte(config), &parsed); err != nil {
			t.Fatal(err)
		}
		err := caddy.Validate(&parsed)
		if refused := err != nil && strings.Contains(err.Error(), "proxy to itself"); refused != test.refused {
			t.Errorf("listening on %s with %s: %v, want refused: %t", test.listen, test.cidr, err, test.refused)
		}
	}
}
