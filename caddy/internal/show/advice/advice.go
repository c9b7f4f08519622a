// Package advice warns about options of Caddy that break Doors pages. It checks a provisioned
// handler, its transport, its server and the handlers before it. It changes nothing.
//
// Beneath it is package config.
package advice

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/intercept"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/timeouts"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"go.uber.org/zap"
)

const (
	// margin is how much longer a timeout must be than a stream may be silent.
	margin = 5 * time.Second
	// hookTime is how long a page waits for a hook (the app's `RequestTimeout`).
	hookTime = 30 * time.Second
)

// About checks a provisioned handler and the configuration around it. The handler must still have
// the user's selection policy.
func About(ctx caddy.Context, h *reverseproxy.Handler, transport *reverseproxy.HTTPTransport, source *config.Loaded, around *config.Around) []config.Warning {
	warnings := aboutHandler(h, transport, source)
	if server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok {
		for _, handler := range precedingHandlers(server.Routes, ctx.Modules()) {
			warnings = append(warnings, about(handler, Silence(&source.Options))...)
		}
		warnings = append(warnings, about(server, Silence(&source.Options))...)
	}
	if around.App != nil {
		warnings = append(warnings, about(around.App, Silence(&source.Options))...)
	}
	slices.SortStableFunc(warnings, func(a, b config.Warning) int { return strings.Compare(a.Option, b.Option) })
	return warnings
}

// Log logs each warning. A shared warning is logged only once.
func Log(logger *zap.Logger, warnings []config.Warning, around *config.Around) {
	for _, w := range warnings {
		if !w.Shared || around.Once(w.Option+w.Reason) {
			logger.Warn("this option works against Doors pages", zap.String("option", w.Option), zap.String("reason", w.Reason))
		}
	}
}

// aboutHandler checks the handler and its transport.
func aboutHandler(h *reverseproxy.Handler, transport *reverseproxy.HTTPTransport, source *config.Loaded) []config.Warning {
	warnings := append(about(h, Silence(&source.Options)), about(transport, Silence(&source.Options))...)
	if config.UsesForwardProxy(transport, source) {
		warnings = append(warnings, config.Warning{Option: "HTTP_PROXY", Reason: "requests to pods go through a forward proxy, so that nothing is known about a pod that cannot be reached"})
	}
	return warnings
}

// about checks one part of Caddy's configuration. It ignores all other types. silence
// is how long a stream may be silent.
func about(part any, silence time.Duration) (warnings []config.Warning) {
	shared := false
	warn := func(bad bool, option, reason string) {
		if bad {
			warnings = append(warnings, config.Warning{Option: option, Reason: reason, Shared: shared})
		}
	}
	short := func(option string, timeout caddy.Duration) {
		given, least := time.Duration(timeout), silence+margin
		warn(given > 0 && given < least, option, fmt.Sprintf("%v is less than %v: a page's stream may be silent for %v, and would be cut", given, least, silence))
	}
	switch part := part.(type) {
	case *caddyhttp.App:
		shared = true
		given, least := time.Duration(part.GracePeriod), max(silence+margin, hookTime)
		warn(given > 0 && given < least, "grace_period", fmt.Sprintf("%v is less than %v: a reload would cut a page's stream, which may be silent for %v, and a hook, which may take %v",
			given, least, silence, hookTime))
	case *caddyhttp.Server:
		shared = true
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
		warn(part.Resolver != nil, "transport http: resolvers", "has no effect on `host`, which is resolved before the transport dials; set resolvers in "+config.SourceName)
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
			break // runs before the answer sets its own fields
		}
		for _, field := range []string{"Cache-Control", "Retry-After"} {
			changed := config.Touches(ops.HeaderOps, field, nil) && (isFor(ops.Require, http.StatusGone) || isFor(ops.Require, http.StatusServiceUnavailable))
			warn(changed, "handler header", "changes "+field+" of the answers 410 and 503 that tell a page what to do; match it to other statuses, or keep it away from /~/*")
		}
	}
	return warnings
}

// isFor reports whether a matcher matches Caddy's own answer with this status. A nil matcher
// matches all.
func isFor(matcher *caddyhttp.ResponseMatcher, status int) bool {
	return matcher == nil || matcher.Match(status, http.Header{"Cache-Control": {"no-store"}, "Content-Length": {"0"}})
}
