// In: a provisioned handler with a doors_upstream source, and the app it belongs to.
// Out: a warning for each option that would break Doors pages, and an error where Caddy would proxy to itself.

package config

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/intercept"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/timeouts"
	"go.uber.org/zap"
)

// longestSilence is how long a page's stream may be open without a byte (20 s), with some room: any timeout under this
// cuts streams that are well.
const longestSilence = 25 * time.Second

// Warning is an option that works against Doors, and why.
type Warning struct{ Option, Reason string }

// Around is what the sources of one configuration share while it is provisioned, by one goroutine.
type Around struct {
	App       *caddyhttp.App // nil if there is none
	said      map[string]bool
	listeners []listener // nil until somebody asks
}

// NewAround is that of an app.
func NewAround(app *caddyhttp.App) *Around { return &Around{App: app, said: make(map[string]bool)} }

// Once tells whether this is the first time that something is to be said of the configuration.
func (a *Around) Once(text string) bool {
	first := !a.said[text]
	a.said[text] = true
	return first
}

// Check looks at a provisioned handler, whose selection policy is still the user's, and at what is around it. It logs each warning, and what is
// the same for several sources once.
func (a *Around) Check(ctx caddy.Context, h *reverseproxy.Handler, transport *reverseproxy.HTTPTransport, source *Loaded, logger *zap.Logger) ([]Warning, error) {
	warnings := handlerWarnings(h, transport, source)
	server, _ := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if server != nil {
		for _, handler := range handlersOnTheWay(server.Routes, ctx.Modules()) {
			warnings = append(warnings, warningsAbout(handler)...)
		}
	}
	logWarnings(logger, warnings)
	if a.App == nil {
		return warnings, nil
	}
	if a.listeners == nil {
		a.listeners = listenersOf(ctx, a.App)
	}
	for _, listener := range a.listeners {
		switch found := listener.takenFor(source); {
		case found == "":
		case listener.name != "":
			return nil, errors.New(found + ": it would proxy to itself")
		default:
			warnings = append(warnings, Warning{"upstream_port", found})
			logger.Warn("whoever has the secret can make this Caddy dial its own admin endpoint", zap.String("reason", found))
		}
	}
	around := append(warningsAbout(a.App), warningsAbout(server)...)
	warnings = append(warnings, around...)
	logWarnings(logger, slices.DeleteFunc(around, func(w Warning) bool { return !a.Once(w.Option) }))
	return warnings, nil
}

// handlerWarnings looks at the handler and its transport.
func handlerWarnings(h *reverseproxy.Handler, transport *reverseproxy.HTTPTransport, source *Loaded) []Warning {
	warnings := append(warningsAbout(h), warningsAbout(transport)...)
	if UsesForwardProxy(transport, source) {
		warnings = append(warnings, Warning{"HTTP_PROXY", "requests to pods go through a forward proxy, so that nothing is known about a pod that cannot be reached"})
	}
	return warnings
}

// warningsAbout looks at one part of Caddy's configuration; of those that it does not know it says nothing.
func warningsAbout(part any) (warnings []Warning) {
	warn := func(bad bool, option, reason string) {
		if bad {
			warnings = append(warnings, Warning{option, reason})
		}
	}
	short := func(option string, timeout caddy.Duration) {
		given := time.Duration(timeout)
		warn(given > 0 && given < longestSilence, option, fmt.Sprintf("%v is less than %v: a page's stream may be silent for 20 s, and would be cut", given, longestSilence))
	}
	switch part := part.(type) {
	case *caddyhttp.App:
		short("grace_period", part.GracePeriod)
	case *caddyhttp.Server:
		if part == nil {
			break
		}
		name := "server " + part.Name() + ": "
		short(name+"read_timeout", part.ReadTimeout)
		short(name+"write_timeout", part.WriteTimeout)
		short(name+"read_idle_timeout", part.ReadIdleTimeout)
		short(name+"write_idle_timeout", part.WriteIdleTimeout)
	case *timeouts.Timeouts:
		short("handler timeouts: read_timeout", caddy.Duration(part.ReadTimeout))
		short("handler timeouts: write_timeout", caddy.Duration(part.WriteTimeout))
	case *reverseproxy.HTTPTransport:
		short("transport http: response_header_timeout", part.ResponseHeaderTimeout)
		short("transport http: read_timeout", part.ReadTimeout)
		short("transport http: write_timeout", part.WriteTimeout)
		warn(part.MaxConnsPerHost > 0, "transport http: max_conns_per_host", "every open page holds a connection to its pod; pages over the limit would wait")
		warn(part.Resolver != nil, "transport http: resolvers", "has no effect on `host`, which is resolved before the transport dials; set resolvers in "+SourceName)
	case *reverseproxy.Handler:
		warn(part.RequestBuffers != 0, "request_buffers", "a page's reports are one long streamed body, and would wait for its end")
		warn(part.ResponseBuffers != 0, "response_buffers", "a page's updates are one long streamed answer, and would wait for its end")
		warn(part.HealthChecks != nil && part.HealthChecks.Active != nil, "health_uri", "active health checks do nothing for dynamic upstreams")
		_, weighted := part.LoadBalancing.SelectionPolicy.(*reverseproxy.WeightedRoundRobinSelection)
		warn(weighted, "lb_policy weighted_round_robin", "its weights go by position, and pods come and go")
	case *intercept.Intercept:
		for _, status := range []int{http.StatusGone, http.StatusServiceUnavailable} {
			replaced := slices.ContainsFunc(part.HandleResponse, func(response caddyhttp.ResponseHandler) bool { return isFor(response.Match, status) })
			warn(replaced, "handler intercept", fmt.Sprintf("replaces the answer %d that tells a page what to do; match it to other statuses, or keep it away from /~/*", status))
		}
	case *headers.Handler:
		ops := part.Response
		if ops == nil || ops.HeaderOps == nil || !ops.Deferred && ops.Require == nil {
			break // it comes before the answer sets its own
		}
		for _, field := range []string{"Cache-Control", "Retry-After"} {
			changed := touches(ops.HeaderOps, field, nil) && (isFor(ops.Require, http.StatusGone) || isFor(ops.Require, http.StatusServiceUnavailable))
			warn(changed, "handler header", "changes "+field+" of the answers 410 and 503 that tell a page what to do; match it to other statuses, or keep it away from /~/*")
		}
	}
	return warnings
}

// isFor tells whether a matcher, nil for all, is about an answer of ours with this status.
func isFor(matcher *caddyhttp.ResponseMatcher, status int) bool {
	return matcher == nil || matcher.Match(status, http.Header{"Cache-Control": {"no-store"}, "Content-Length": {"0"}})
}

// touches tells whether an operation changes or removes a field, or is one of the others.
func touches(ops *headers.HeaderOps, field string, others http.Header) bool {
	names := slices.Concat(slices.Collect(maps.Keys(ops.Set)), slices.Collect(maps.Keys(ops.Replace)), slices.Collect(maps.Keys(others)), ops.Delete)
	return slices.ContainsFunc(names, func(name string) bool {
		matches, err := path.Match(strings.ToLower(name), strings.ToLower(field)) // names may hold wildcards
		return err == nil && matches
	})
}

// UsesForwardProxy asks the transport whether it would reach pods through a proxy. They are dialled by address, so that what NO_PROXY says
// about names does not count. Of each network the first address stands for all.
func UsesForwardProxy(transport *reverseproxy.HTTPTransport, source *Loaded) bool {
	scheme := "http"
	if transport.TLSEnabled() {
		scheme = "https"
	}
	request := &http.Request{URL: &url.URL{Scheme: scheme, Path: "/"}}
	for i, cidrs := range source.CIDRs {
		_, port := source.Router.Upstream(i)
		for _, cidr := range cidrs {
			first, _, _ := strings.Cut(cidr, "/")
			request.URL.Host = net.JoinHostPort(first, strconv.Itoa(int(port)))
			if proxy, err := transport.Transport.Proxy(request); err != nil || proxy != nil {
				return err == nil // what needs a real request fails for all
			}
		}
	}
	return false
}

// logWarnings writes each warning once, in a stable order.
func logWarnings(logger *zap.Logger, warnings []Warning) {
	slices.SortFunc(warnings, func(a, b Warning) int { return strings.Compare(a.Option, b.Option) })
	for _, w := range warnings {
		logger.Warn("this option works against Doors pages", zap.String("option", w.Option), zap.String("reason", w.Reason))
	}
}

// AppOf finds the app in the lineage of a module, nil if there is none.
func AppOf(lineage []caddy.Module) *caddyhttp.App {
	for _, module := range lineage {
		if app, ok := module.(*caddyhttp.App); ok {
			return app
		}
	}
	return nil
}
