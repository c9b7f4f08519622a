// In: a request that failed.
// Out: whether a handle_errors of the user is about it.

package config

import (
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

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
