// In: the routes around a handler.
// Out: the handlers that a page's requests pass before they get there.

package advice

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// handlersOnTheWay returns the handlers that a page's requests pass before they get to the one whose lineage this is. Named routes
// are not seen through: what comes before an invoke, and beside a handler that stands in such a route by itself, is not known here.
func handlersOnTheWay(routes caddyhttp.RouteList, lineage []caddy.Module) (found []any) {
	for _, module := range lineage {
		id := module.CaddyModule().ID
		if id.Namespace() != handlers {
			continue
		}
		found = append(found, handlersBefore(routes, id.Name())...)
		routes = nil
		if subroute, ok := module.(*caddyhttp.Subroute); ok {
			routes = subroute.Routes
		}
	}
	return found
}

const handlers = "http.handlers"

// handlersBefore returns what a list of routes has before the handler of this name that is being provisioned: its route has its
// handlers as JSON still, and those before are ready. A list without such a route does not lead there.
func handlersBefore(routes caddyhttp.RouteList, name string) (found []any) {
	i := slices.IndexFunc(routes, func(route caddyhttp.Route) bool { return len(route.HandlersRaw) > 0 })
	if i < 0 {
		return nil
	}
	for _, earlier := range routes[:i] {
		if exclusive := earlier.Terminal || earlier.Group != "" && earlier.Group == routes[i].Group; !exclusive {
			found = append(found, handlersOf(earlier)...)
		}
	}
	for _, raw := range routes[i].HandlersRaw {
		if nameOf(raw) == name {
			break
		}
		found = append(found, flattened(decoded(raw))...)
	}
	return found
}

// handlersOf returns the handlers of a route that may take a page's requests.
func handlersOf(route caddyhttp.Route) (found []any) {
	if !takesPages(route.MatcherSets) {
		return nil
	}
	for _, handler := range route.Handlers {
		found = append(found, flattened(handler)...)
	}
	for _, raw := range route.HandlersRaw {
		found = append(found, flattened(decoded(raw))...)
	}
	return found
}

// flattened returns the handler, or those of a subroute, which wrap what follows as well.
func flattened(handler any) (found []any) {
	subroute, ok := handler.(*caddyhttp.Subroute)
	if !ok {
		return []any{handler}
	}
	for _, route := range subroute.Routes {
		found = append(found, handlersOf(route)...)
	}
	return found
}

// takesPages tells whether matchers let a request for a page's updates through, as far as their path says it.
func takesPages(sets caddyhttp.MatcherSets) bool {
	ctx := context.WithValue(context.Background(), caddy.ReplacerCtxKey, caddy.NewReplacer()) // path matchers want one
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, "/~/token/s/page", nil)     // never fails for this path
	excludes := func(matcher any) bool {
		paths, ok := matcher.(*caddyhttp.MatchPath)
		if !ok {
			return false
		}
		matches, err := paths.MatchWithError(request)
		return err == nil && !matches
	}
	return len(sets) == 0 || slices.ContainsFunc(sets, func(set caddyhttp.MatcherSet) bool { return !slices.ContainsFunc(set, excludes) })
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
