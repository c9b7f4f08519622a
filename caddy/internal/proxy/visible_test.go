package proxy

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/show"
	"github.com/doors-dev/doors-caddy/routing"
	"go.uber.org/zap/zapcore"
)

const everything = "{http.doors.decision}|{http.doors.reason}|{http.doors.pod}|{http.doors.upstream}"

// What is shown of a request, step by step.
func TestVisible(t *testing.T) {
	source := &Source{Source: config.Source{Options: config.Options{DecisionHeader: "X-Why"}}, upstreams: []*show.Upstream{{Name: "app.test", Hostport: "app.test:8080", Port: 8080}}}
	begin := func(decision routing.Decision) (*request, *caddy.Replacer, http.Header) {
		replacer, recorder := caddy.NewReplacer(), httptest.NewRecorder()
		r := caddyhttp.PrepareRequest(httptest.NewRequest("GET", "/", nil), replacer, recorder, &caddyhttp.Server{})
		q := &request{ctx: r.Context(), source: source, decision: decision}
		q.show(recorder.Header())
		return q, replacer, recorder.Header()
	}
	check := func(q *request, replacer *caddy.Replacer, header http.Header, text, item string) {
		t.Helper()
		if got := replacer.ReplaceAll(everything, ""); got != text {
			t.Errorf("placeholders: %s, want %s", got, text)
		}
		q.shown.SetDecisionHeader(header)
		if got := header.Get("X-Why"); got != item {
			t.Errorf("header: %s, want %s", got, item)
		}
	}
	byToken := routing.Decision{Kind: routing.Pod, Path: routing.PathSync, Port: 8080, Addr: netip.MustParseAddr("10.0.0.7")}

	q, replacer, header := begin(byToken)
	check(q, replacer, header, "pod||10.0.0.7:8080|app.test:8080", "pod;path=sync;upstream=0")
	q.step.Cause = routing.CausePodGone
	check(q, replacer, header, "pod|pod_gone|10.0.0.7:8080|app.test:8080", "pod;reason=pod_gone;path=sync;upstream=0")
	q.last = dial{target: target{Pod: netip.MustParseAddrPort("10.0.0.8:8080")}}
	check(q, replacer, header, "pod|pod_gone|10.0.0.8:8080|app.test:8080", "pod;reason=pod_gone;path=sync;upstream=0")

	q, replacer, header = begin(routing.Decision{Kind: routing.Gone, Reason: routing.ReasonNoCIDR, Path: routing.PathHook, Upstream: -1, Addr: byToken.Addr})
	check(q, replacer, header, "gone|no_cidr||", "gone;reason=no_cidr;path=hook")

	q, replacer, header = begin(routing.Decision{Kind: routing.Upstream, Reason: routing.ReasonCookie, Addr: byToken.Addr})
	check(q, replacer, header, "upstream|cookie||app.test:8080", "upstream;reason=cookie;path=page;upstream=0")

	// A second source for the same request is shown instead of the first.
	inner := &request{ctx: q.inContext(), source: source, decision: byToken}
	inner.show(header)
	check(inner, replacer, header, "pod||10.0.0.7:8080|app.test:8080", "pod;path=sync;upstream=0")

	encoder := zapcore.NewMapObjectEncoder()
	if err := inner.shown.MarshalLogObject(encoder); err != nil || len(encoder.Fields) != 4 || encoder.Fields["pod"] != "10.0.0.7:8080" || encoder.Fields["path"] != "sync" {
		t.Errorf("%v, %v", encoder.Fields, err)
	}
	if _, known := replacer.Get("http.doors.other"); known {
		t.Error("an unknown placeholder has a value")
	}
}

// A source in handle_errors is shown instead of the first source, whose context is lost there. So
// is a source under the stock handler.
func TestLastSourceIsVisible(t *testing.T) {
	for name, test := range map[string]struct {
		server *caddyhttp.Server
		source *Source
	}{
		"in handle_errors":        {&caddyhttp.Server{Errors: new(caddyhttp.HTTPErrorConfig)}, new(Source)},
		"under the stock handler": {new(caddyhttp.Server), &Source{underStockHandler: true}},
	} {
		replacer := caddy.NewReplacer()
		r := caddyhttp.PrepareRequest(httptest.NewRequest("GET", "/", nil), replacer, nil, test.server)
		for _, host := range []string{"first.test", "second.test", "third.test"} {
			source := &Source{underStockHandler: test.source.underStockHandler, upstreams: []*show.Upstream{{Name: host + ".", Hostport: host + ".:80", Port: 80}}}
			q := &request{ctx: r.Context(), source: source, decision: routing.Decision{Kind: routing.Upstream, Upstream: -1}, last: dial{target: target{Pod: netip.MustParseAddrPort("10.0.0.1:80")}}}
			q.show(make(http.Header))
			if got := replacer.ReplaceAll("{http.doors.host}|{http.doors.hostport}|{http.doors.upstream}|{http.doors.first}", ""); got != host+"|"+host+":80|"+host+".:80|" {
				t.Errorf("%s: %s, want %s", name, got, host)
			}
		}
	}
}

// Few requests are ever looked at, so showing one costs a single allocation.
func TestVisibleIsCheap(t *testing.T) {
	bare, header := httptest.NewRequest("GET", "/", nil), make(http.Header)
	source := new(Source)
	measure := func(show func(*http.Request)) float64 {
		return testing.AllocsPerRun(100, func() {
			show(caddyhttp.PrepareRequest(bare, caddy.NewReplacer(), nil, new(caddyhttp.Server)))
		})
	}
	without := measure(func(r *http.Request) { _ = r.Context() })
	q := &request{source: source}
	with := measure(func(r *http.Request) { q.ctx = r.Context(); q.show(header) })
	if with-without > 1 {
		t.Errorf("%v allocations, %v without", with, without)
	}
}
