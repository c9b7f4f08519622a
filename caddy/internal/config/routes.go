// In: the routes around a handler.
// Out: the handlers that a page's requests pass before they get there; whether a handle_errors of the user is about an error.

package config

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// handlersOnTheWay returns the handlers that a page's requests pass before they get to the one whose lineage this is. Named routes
// are not seen through: what comes before an invoke, and beside a handler that stands in such a route by itself, is not known here.
func handlersOnTheWay(routes caddyhttp.RouteList, lineage []caddy.Module) (handlers []any) {
	way := passage{request: pageRequest()}
	way.before(routes, lineage)
	for i, module := range lineage {
		if subroute, ok := module.(*caddyhttp.Subroute); ok {
			way.before(subroute.Routes, lineage[i+1:])
		}
	}
	return way.handlers
}

// pageRequest is a request for a page's updates, for which a handler counts.
func pageRequest() *http.Request {
	ctx := context.WithValue(context.Background(), caddy.ReplacerCtxKey, caddy.NewReplacer()) // path matchers want one
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, "/~/token/s/page", nil)     // never fails for this path
	return request
}

// passage collects the handlers that a request passes.
type passage struct {
	request  *http.Request
	handlers []any
}

// before adds what a list of routes has before the handler that is being provisioned: its route has its handlers as
// JSON still, and those before are ready. A list without such a route does not lead there.
func (p *passage) before(routes caddyhttp.RouteList, lineage []caddy.Module) {
	for i, route := range routes {
		if len(route.HandlersRaw) == 0 {
			continue
		}
		for _, earlier := range routes[:i] {
			if exclusive := earlier.Terminal || earlier.Group != "" && earlier.Group == route.Group; !exclusive {
				p.through(earlier)
			}
		}
		for _, raw := range route.HandlersRaw {
			if leadsTo(nameOf(raw), lineage) {
				break
			}
			p.add(decoded(raw))
		}
		return
	}
}

const handlers = "http.handlers"

// leadsTo tells whether a handler of this name is the next one on the way to ours.
func leadsTo(name string, lineage []caddy.Module) bool {
	for _, module := range lineage {
		if id := module.CaddyModule().ID; id.Namespace() == handlers {
			return id.Name() == name
		}
	}
	return false
}

// through adds the handlers of a route if it takes the request.
func (p *passage) through(route caddyhttp.Route) {
	if !mayMatch(route.MatcherSets, p.request) {
		return
	}
	for _, handler := range route.Handlers {
		p.add(handler)
	}
	for _, raw := range route.HandlersRaw {
		p.add(decoded(raw))
	}
}

// add adds a handler, or those of a subroute, which wrap what follows as well.
func (p *passage) add(handler any) {
	subroute, ok := handler.(*caddyhttp.Subroute)
	if !ok {
		p.handlers = append(p.handlers, handler)
		return
	}
	for _, route := range subroute.Routes {
		p.through(route)
	}
}

// mayMatch tells whether matchers let a request through, as far as their path says it.
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

// nameOf is the name of a handler in JSON.
func nameOf(raw json.RawMessage) string {
	var named struct {
		Handler string `json:"handler"`
	}
	_ = json.Unmarshal(raw, &named) // Caddy itself reports what is wrong
	return named.Handler
}

// decoded is a handler in JSON that Caddy has decoded before, nil if there is no such handler.
func decoded(raw json.RawMessage) any {
	module, err := caddy.GetModule(handlers + "." + nameOf(raw))
	if err != nil {
		return nil
	}
	handler := module.New()
	_ = json.Unmarshal(raw, handler)
	return handler
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
