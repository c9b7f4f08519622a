package config

import (
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// HandlesErrors reports whether one of the user's handle_errors matches the request and the error.
// All sites of a listener share one list of error routes. If none of them matches, Caddy responds
// with the bare status.
func HandlesErrors(r *http.Request, err error) bool {
	server, ok := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if !ok || server.Errors == nil || len(server.Errors.Routes) == 0 {
		return false
	}
	failed := server.Errors.WithError(r, err) // their matchers may test the status
	// Error routes match the original request, before any rewrite.
	if came, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		failed.Method, failed.RemoteAddr, failed.RequestURI, failed.URL = came.Method, came.RemoteAddr, came.RequestURI, came.URL
	}
	return anyHandles(server.Errors.Routes, failed)
}

// anyHandles reports whether one of the routes has a handler for the request. It looks into
// subroutes.
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
