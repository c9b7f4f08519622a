// In: the routes around a handler.
// Out: a warning for each handler before it that would cut its streams or change its answers; whether a handle_errors of the user is about an error.

package config

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/intercept"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/timeouts"
)

// middlewareWarnings looks at the handlers that a page's requests pass before they get to the one whose lineage this is. Named routes
// are not seen through: what comes before an invoke, and beside a handler that stands in such a route by itself, is not known here.
func middlewareWarnings(ctx caddy.Context, lineage []caddy.Module) (warnings []Warning) {
	server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if !ok {
		return nil
	}
	request := pageRequest()
	before := handlersBefore(server.Routes, request, lineage)
	for i, module := range lineage {
		if subroute, ok := module.(*caddyhttp.Subroute); ok {
			before = append(before, handlersBefore(subroute.Routes, request, lineage[i+1:])...)
		}
	}
	for _, handler := range before {
		warnings = append(warnings, middlewareWarning(handler)...)
	}
	return warnings
}

// pageRequest is a request for a page's updates, for which a handler counts.
func pageRequest() *http.Request {
	ctx := context.WithValue(context.Background(), caddy.ReplacerCtxKey, caddy.NewReplacer()) // path matchers want one
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, "/~/token/s/page", nil)     // never fails for this path
	return request
}

// handlersBefore returns the handlers of a list of routes that come before one that is being provisioned: its route has its handlers as
// JSON still, and those before are ready. A list without such a route does not lead there.
func handlersBefore(routes caddyhttp.RouteList, request *http.Request, lineage []caddy.Module) (before []any) {
	for i, route := range routes {
		if len(route.HandlersRaw) == 0 {
			continue
		}
		for _, earlier := range routes[:i] {
			exclusive := earlier.Terminal || earlier.Group != "" && earlier.Group == route.Group
			if !exclusive && mayMatch(earlier.MatcherSets, request) {
				before = append(before, handlersIn(earlier, request)...)
			}
		}
		for _, raw := range route.HandlersRaw {
			name, handler := decoded(raw)
			if leadsTo(name, lineage) {
				return before
			}
			before = append(before, nested(handler, request)...)
		}
		return before
	}
	return nil
}

// leadsTo tells whether a handler of this name is the next one on the way to ours.
func leadsTo(name string, lineage []caddy.Module) bool {
	for _, module := range lineage {
		if id := module.CaddyModule().ID; id.Namespace() == "http.handlers" {
			return id.Name() == name
		}
	}
	return false
}

// handlersIn returns the handlers of a route, ready or as JSON, and of the subroutes among them: these wrap what follows as well.
func handlersIn(route caddyhttp.Route, request *http.Request) (all []any) {
	for _, handler := range route.Handlers {
		all = append(all, nested(handler, request)...)
	}
	for _, raw := range route.HandlersRaw {
		_, handler := decoded(raw)
		all = append(all, nested(handler, request)...)
	}
	return all
}

func nested(handler any, request *http.Request) (all []any) {
	subroute, ok := handler.(*caddyhttp.Subroute)
	if !ok {
		return []any{handler}
	}
	for _, route := range subroute.Routes {
		if mayMatch(route.MatcherSets, request) {
			all = append(all, handlersIn(route, request)...)
		}
	}
	return all
}

// mayMatch tells whether matchers let a page's requests through, as far as their path says it.
func mayMatch(sets caddyhttp.MatcherSets, request *http.Request) bool {
	for _, set := range sets {
		excluded := false
		for _, matcher := range set {
			if paths, ok := matcher.(*caddyhttp.MatchPath); ok {
				matches, err := paths.MatchWithError(request)
				excluded = excluded || err == nil && !matches
			}
		}
		if !excluded {
			return true
		}
	}
	return len(sets) == 0
}

// decoded decodes the JSON of a handler that is looked at here, and returns nil for others.
func decoded(raw json.RawMessage) (name string, handler any) {
	var named struct {
		Handler string `json:"handler"`
	}
	if json.Unmarshal(raw, &named) != nil {
		return "", nil
	}
	switch named.Handler {
	case "subroute":
		handler = new(caddyhttp.Subroute)
	case "timeouts":
		handler = new(timeouts.Timeouts)
	case "intercept":
		handler = new(intercept.Intercept)
	case "headers":
		handler = new(headers.Handler)
	default:
		return named.Handler, nil
	}
	if json.Unmarshal(raw, handler) != nil { // Caddy itself reports it
		return named.Handler, nil
	}
	return named.Handler, handler
}

// middlewareWarning looks at one handler.
func middlewareWarning(handler any) (warnings []Warning) {
	switch handler := handler.(type) {
	case *timeouts.Timeouts:
		return timeoutWarnings(map[string]caddy.Duration{
			"handler timeouts: read_timeout":  caddy.Duration(handler.ReadTimeout),
			"handler timeouts: write_timeout": caddy.Duration(handler.WriteTimeout),
		})
	case *intercept.Intercept:
		for _, status := range []int{http.StatusGone, http.StatusServiceUnavailable} {
			for _, response := range handler.HandleResponse {
				if response.Match == nil || response.Match.Match(status, ownHeader()) {
					warnings = append(warnings, Warning{"handler intercept", fmt.Sprintf(
						"replaces the answer %d that tells a page what to do; match it to other statuses, or keep it away from /~/*", status)})
					break
				}
			}
		}
	case *headers.Handler:
		ops := handler.Response
		if ops == nil || ops.HeaderOps == nil || !ops.Deferred && ops.Require == nil {
			return nil // it comes before the answer sets its own
		}
		for _, field := range []string{"Cache-Control", "Retry-After"} {
			if touches(ops.HeaderOps, field) && (ops.Require == nil || requires(ops.Require)) {
				warnings = append(warnings, Warning{"handler header", "changes " + field +
					" of the answers 410 and 503 that tell a page what to do; match it to other statuses, or keep it away from /~/*"})
			}
		}
	}
	return warnings
}

// ownHeader is that of an answer without a pod.
func ownHeader() http.Header {
	return http.Header{"Cache-Control": {"no-store"}, "Content-Length": {"0"}}
}

func requires(matcher *caddyhttp.ResponseMatcher) bool {
	return matcher.Match(http.StatusGone, ownHeader()) || matcher.Match(http.StatusServiceUnavailable, ownHeader())
}

// touches tells whether an operation changes or removes a field. To add another value does no harm.
func touches(ops *headers.HeaderOps, field string) bool {
	names := slices.Concat(slices.Collect(maps.Keys(ops.Set)), slices.Collect(maps.Keys(ops.Replace)), ops.Delete)
	return slices.ContainsFunc(names, func(name string) bool {
		matches, err := path.Match(strings.ToLower(name), strings.ToLower(field)) // names may hold wildcards
		return err == nil && matches
	})
}

// HandlesErrors tells whether a handle_errors of the user is about this request and this error, and so decides how the answer looks. All
// sites of a listener share one list of error routes. Where none of them matches, Caddy would answer with the bare status.
func HandlesErrors(r *http.Request, err error) bool {
	server, ok := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if !ok || server.Errors == nil || len(server.Errors.Routes) == 0 {
		return false
	}
	failed := server.Errors.WithError(r, err) // its matchers may ask for the status
	// Error routes see the request as it came, whatever rewrites have made of it since.
	if came, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		failed.Method, failed.RemoteAddr, failed.RequestURI, failed.URL = came.Method, came.RemoteAddr, came.RequestURI, came.URL
	}
	return anyHandles(server.Errors.Routes, failed)
}

// anyHandles tells whether one of the routes has a handler for the request. A subroute has what its own routes have.
func anyHandles(routes caddyhttp.RouteList, r *http.Request) bool {
	for _, route := range routes {
		if matches, err := route.MatcherSets.AnyMatchWithError(r); err != nil || !matches {
			continue
		}
		for _, handler := range route.Handlers {
			if subroute, ok := handler.(*caddyhttp.Subroute); !ok || anyHandles(subroute.Routes, r) {
				return true
			}
		}
	}
	return false
}
