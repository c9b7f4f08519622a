package advice

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// precedingHandlers returns the handlers that the requests of a page pass on their way to the
// handler with this lineage. It does not look through named routes: the handlers before an invoke,
// and those beside a handler in a named route, are missing.
func precedingHandlers(routes caddyhttp.RouteList, lineage []caddy.Module) (found []any) {
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

// handlersBefore returns the handlers in a list of routes before the handler with this name that is
// being provisioned. That one's route still has its handlers as JSON; earlier ones are provisioned.
// It returns nil if there is no such route.
func handlersBefore(routes caddyhttp.RouteList, name string) (found []any) {
	i := slices.IndexFunc(routes, func(route caddyhttp.Route) bool { return len(route.HandlersRaw) > 0 })
	if i < 0 {
		return nil
	}
	for _, earlier := range routes[:i] {
		if !Excludes(earlier, routes[i]) {
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

// Excludes reports whether a request that takes a route cannot take a later one of the same list.
func Excludes(earlier, later caddyhttp.Route) bool {
	return earlier.Terminal || earlier.Group != "" && earlier.Group == later.Group
}

// handlersOf returns the handlers of a route if it may match requests of pages.
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

// flattened returns the handler, or the handlers of a subroute, which wrap what follows as well.
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

// takesPages reports whether matchers accept the sync request of a page, judged by their path
// alone.
func takesPages(sets caddyhttp.MatcherSets) bool {
	ctx := context.WithValue(context.Background(), caddy.ReplacerCtxKey, caddy.NewReplacer()) // required by path matchers
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

// nameOf returns the name of a handler in JSON.
func nameOf(raw json.RawMessage) string {
	var named struct {
		Handler string `json:"handler"`
	}
	_ = json.Unmarshal(raw, &named) // Caddy reports the error itself
	return named.Handler
}

// decoded decodes a handler that Caddy has already decoded. It returns nil if there is no such
// handler.
func decoded(raw json.RawMessage) any {
	module, err := caddy.GetModule(handlers + "." + nameOf(raw))
	if err != nil {
		return nil
	}
	handler := module.New()
	_ = json.Unmarshal(raw, handler)
	return handler
}
