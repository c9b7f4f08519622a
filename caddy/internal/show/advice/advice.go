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
func About(ctx caddy.Context, h *reverseproxy.Handler, transport *reverseproxy.HTTPTransport, source *config.Loaded, shared *config.Shared) []config.Warning {
	warnings := aboutHandler(h, transport, source)
	if server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok {
		for _, handler := range precedingHandlers(server.Routes, ctx.Modules()) {
			warnings = append(warnings, about(handler, Silence(&source.Options))...)
		}
		warnings = append(warnings, about(server, Silence(&source.Options))...)
	}
	if shared.App != nil {
		warnings = append(warnings, about(shared.App, Silence(&source.Options))...)
	}
	slices.SortStableFunc(warnings, func(a, b config.Warning) int { return strings.Compare(a.Option, b.Option) })
	return warnings
}

// Log logs each warning. A shared warning is logged only once.
func Log(logger *zap.Logger, warnings []config.Warning, shared *config.Shared) {
	for _, w := range warnings {
		if !w.Shared || shared.FirstTime(w.Option+w.Reason) {
			logger.Warn("option conflicts with Doors pages", zap.String("option", w.Option), zap.String("reason", w.Reason))
		}
	}
}

// aboutHandler checks the handler and its transport.
func aboutHandler(h *reverseproxy.Handler, transport *reverseproxy.HTTPTransport, source *config.Loaded) []config.Warning {
	warnings := append(about(h, Silence(&source.Options)), about(transport, Silence(&source.Options))...)
	if config.UsesForwardProxy(transport, source) {
		warnings = append(warnings, config.Warning{Option: "HTTP_PROXY", Reason: "requests to pods go through a forward proxy, so Caddy cannot tell whether a pod is reachable; exclude the pods with NO_PROXY"})
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
		warn(given > 0 && given < least, option, fmt.Sprintf("%v would cut a page's stream, which may be silent for %v; set it to %v or more", given, silence, least))
	}
	switch part := part.(type) {
	case *caddyhttp.App:
		shared = true
		given, least := time.Duration(part.GracePeriod), max(silence+margin, hookTime)
		warn(given > 0 && given < least, "grace_period", fmt.Sprintf("%v lets a reload cut a page's stream, which may be silent for %v, or a hook, which may take %v; set it to %v or more",
			given, silence, hookTime, least))
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
		warn(part.MaxConnsPerHost > 0, "transport http: max_conns_per_host", "each open page uses a connection to its pod, so pages above the limit wait; remove it")
		warn(part.Resolver != nil, "transport http: resolvers", "does not apply to `host`, which Caddy resolves before the transport dials; set resolvers in "+config.SourceName)
	case *reverseproxy.Handler:
		warn(part.RequestBuffers != 0, "request_buffers", "a page's reports are one long streamed body, which would wait for its end; remove it")
		warn(part.ResponseBuffers != 0, "response_buffers", "a page's updates are one long streamed response, which would wait for its end; remove it")
		warn(part.HealthChecks != nil && part.HealthChecks.Active != nil, "health_uri", "active health checks do not apply to dynamic upstreams; remove it")
		_, weighted := part.LoadBalancing.SelectionPolicy.(*reverseproxy.WeightedRoundRobinSelection)
		warn(weighted, "lb_policy weighted_round_robin", "its weights apply to positions, which change whenever pods come and go; use another policy")
	case *intercept.Intercept:
		for _, status := range []int{http.StatusGone, http.StatusServiceUnavailable} {
			replaced := slices.ContainsFunc(part.HandleResponse, func(response caddyhttp.ResponseHandler) bool { return isFor(response.Match, status) })
			warn(replaced, "handler intercept", fmt.Sprintf("replaces the %d response that tells a page what to do; match other statuses only, or exclude /~/*", status))
		}
	case *headers.Handler:
		ops := part.Response
		if ops == nil || ops.HeaderOps == nil || !ops.Deferred && ops.Require == nil {
			break // runs before the answer sets its own fields
		}
		for _, field := range []string{"Cache-Control", "Retry-After"} {
			changed := config.Touches(ops.HeaderOps, field, nil) && (isFor(ops.Require, http.StatusGone) || isFor(ops.Require, http.StatusServiceUnavailable))
			warn(changed, "handler header", "changes "+field+" of the 410 and 503 responses that tell a page what to do; match other statuses only, or exclude /~/*")
		}
	}
	return warnings
}

// isFor reports whether a matcher matches Caddy's own answer with this status. A nil matcher
// matches all.
func isFor(matcher *caddyhttp.ResponseMatcher, status int) bool {
	return matcher == nil || matcher.Match(status, http.Header{"Cache-Control": {"no-store"}, "Content-Length": {"0"}})
}
