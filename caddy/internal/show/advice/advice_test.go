package advice

import (
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/timeouts"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
)

func optionsOf(warnings []config.Warning) (options []string) {
	for _, w := range warnings {
		options = append(options, w.Option)
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
			h.LoadBalancing.SelectionPolicy = new(reverseproxy.WeightedRoundRobinSelection)
		},
		"HTTP_PROXY": func(_ *reverseproxy.Handler, t *reverseproxy.HTTPTransport) {
			t.Transport.Proxy = func(r *http.Request) (*url.URL, error) { // as with a NO_PROXY that names pods by host name
				if r.URL.Host == "app.example:80" {
					return nil, nil
				}
				return &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, nil
			}
		},
	} {
		h := &reverseproxy.Handler{LoadBalancing: &reverseproxy.LoadBalancing{SelectionPolicy: reverseproxy.RandomSelection{}}}
		transport := &reverseproxy.HTTPTransport{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment}}
		change(h, transport)
		source, err := config.Load(json.RawMessage(`{"secret": "`+caddytest.Secret+`", "upstreams": [{"cidr": "10.0.0.0/24", "host": "app.example", "port": 80}]}`), config.Decide)
		if err != nil {
			t.Fatal(err)
		}
		got := optionsOf(aboutHandler(h, transport, source))
		if want == "" && len(got) != 0 || want != "" && (len(got) != 1 || !strings.Contains(got[0], want)) {
			t.Errorf("want a warning about %q, got %q", want, got)
		}
	}
}

// Limits follow the app's options for its streams. A hook always takes up to 30 s.
func TestWarningsFollowTheApp(t *testing.T) {
	for _, test := range []struct {
		rollTime, timeout time.Duration
		reason            string // "" for no warning
		part              func(timeout caddy.Duration) any
	}{
		{0, 25 * time.Second, "", headerTimeout},
		{0, 25*time.Second - 1, "24.999999999s would cut a page's stream, which may be silent for 20s; set it to 25s or more", headerTimeout},
		{30 * time.Second, 45 * time.Second, "", headerTimeout},
		{30 * time.Second, 44 * time.Second, "44s would cut a page's stream, which may be silent for 40s; set it to 45s or more", headerTimeout},
		{6 * time.Second, 13 * time.Second, "", headerTimeout},
		{0, 30 * time.Second, "", gracePeriod},
		{0, 29 * time.Second, "29s lets a reload cut a page's stream, which may be silent for 20s, or a hook, which may take 30s; set it to 30s or more", gracePeriod},
		{6 * time.Second, 29 * time.Second, "29s lets a reload cut a page's stream, which may be silent for 8s, or a hook, which may take 30s; set it to 30s or more", gracePeriod},
		{30 * time.Second, 44 * time.Second, "44s lets a reload cut a page's stream, which may be silent for 40s, or a hook, which may take 30s; set it to 45s or more", gracePeriod},
	} {
		options := config.Options{RollTime: caddy.Duration(test.rollTime)}
		warnings := about(test.part(caddy.Duration(test.timeout)), Silence(&options))
		if len(warnings) > 1 || (len(warnings) == 1) != (test.reason != "") || len(warnings) == 1 && warnings[0].Reason != test.reason {
			t.Errorf("roll_time %v, timeout %v: %v, want %q", test.rollTime, test.timeout, warnings, test.reason)
		}
	}
}

func headerTimeout(timeout caddy.Duration) any {
	return &reverseproxy.HTTPTransport{ResponseHeaderTimeout: timeout}
}

func gracePeriod(timeout caddy.Duration) any { return &caddyhttp.App{GracePeriod: timeout} }

// harmless are the durations of Caddy's HTTP app, servers and proxies that neither cut nor delay
// streams, and why.
var harmless = map[string]string{
	"App.shutdown_delay":                    "streams go on until grace_period begins",
	"Server.read_header_timeout":            "ends with the header of a request",
	"Server.idle_timeout":                   "begins when no request is under way",
	"Server.keepalive_interval":             "probes of TCP, which every living client answers",
	"Server.keepalive_idle":                 "probes of TCP, which every living client answers",
	"Handler.flush_interval":                "Caddy flushes answers of unknown length at once",
	"Handler.stream_timeout":                "for upgraded connections only",
	"Handler.stream_close_delay":            "for upgraded connections only",
	"LoadBalancing.try_duration":            "pods are not load balanced",
	"LoadBalancing.try_interval":            "pods are not load balanced",
	"ActiveHealthChecks.interval":           "do nothing for dynamic upstreams",
	"ActiveHealthChecks.timeout":            "do nothing for dynamic upstreams",
	"PassiveHealthChecks.fail_duration":     "pods have no health checks",
	"PassiveHealthChecks.unhealthy_latency": "pods have no health checks",
	"HTTPTransport.dial_timeout":            "ends with the connection to a pod",
	"HTTPTransport.dial_fallback_delay":     "ends with the connection to a pod",
	"HTTPTransport.expect_continue_timeout": "the body is sent when it ends",
	"TLSConfig.handshake_timeout":           "ends with the connection to a pod",
	"KeepAlive.probe_interval":              "probes of TCP, which every living pod answers",
	"KeepAlive.idle_timeout":                "begins when no request is under way",
}

// durations collects the members of a struct that are durations, and those of all structs of
// Caddy's HTTP packages in it.
func durations(in reflect.Type, into map[string]reflect.Type, seen map[reflect.Type]bool) {
	switch in.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array:
		durations(in.Elem(), into, seen)
	case reflect.Struct:
		if seen[in] || !strings.HasPrefix(in.PkgPath(), "github.com/caddyserver/caddy/v2/modules/caddyhttp") {
			return
		}
		seen[in] = true
		for field := range in.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			switch {
			case !field.IsExported() || name == "-":
			case field.Type == reflect.TypeFor[caddy.Duration](), field.Type == reflect.TypeFor[time.Duration]():
				into[in.Name()+"."+name] = in
			default:
				durations(field.Type, into, seen)
			}
		}
	}
}

// Each duration of this Caddy that could cut or delay a stream causes a warning if it is short, or
// is listed as harmless.
func TestEveryDurationIsKnown(t *testing.T) {
	found := make(map[string]reflect.Type)
	for _, root := range []reflect.Type{reflect.TypeFor[caddyhttp.App](), reflect.TypeFor[reverseproxy.Handler](), reflect.TypeFor[reverseproxy.HTTPTransport](), reflect.TypeFor[timeouts.Timeouts]()} {
		durations(root, found, make(map[reflect.Type]bool))
	}
	warned := 0
	for member, owner := range found {
		configured := reflect.New(owner)
		for field := range owner.Fields() {
			if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); owner.Name()+"."+name == member {
				configured.Elem().FieldByIndex(field.Index).SetInt(int64(3 * time.Second))
			}
		}
		var warnings []config.Warning
		switch configured := configured.Interface().(type) {
		case *caddyhttp.App, *caddyhttp.Server, *timeouts.Timeouts, *reverseproxy.HTTPTransport:
			warnings = about(configured, Silence(new(config.Options)))
		}
		_, name, _ := strings.Cut(member, ".")
		isWarned := len(warnings) == 1 && strings.HasSuffix(warnings[0].Option, " "+name) || len(warnings) == 1 && warnings[0].Option == name
		if _, isHarmless := harmless[member]; isWarned == isHarmless {
			t.Errorf("%s must either cause a warning or be listed as harmless: warnings %q, harmless because %q", member, optionsOf(warnings), harmless[member])
		}
		if isWarned {
			warned++
		}
	}
	if warned != 10 {
		t.Errorf("%d durations are warned about", warned)
	}
	for member := range harmless {
		if found[member] == nil {
			t.Errorf("this Caddy no longer has %s", member)
		}
	}
}
