package caddytest

import (
	"testing"
	_ "unsafe" // for go:linkname

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

//go:linkname modules github.com/caddyserver/caddy/v2.modules
var modules map[string]caddy.ModuleInfo

//go:linkname directives github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile.registeredDirectives
var directives map[string]httpcaddyfile.UnmarshalFunc

const (
	handlerID   = "http.handlers.reverse_proxy"
	directiveID = "reverse_proxy"
)

// NewStockHandler returns Caddy's own handler.
func NewStockHandler() caddy.Module { return new(reverseproxy.Handler) }

// stockDirective is what Caddy registers for reverse_proxy: a handler directive that calls the
// handler's own methods.
func stockDirective(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	if !h.Next() {
		return nil, h.ArgErr()
	}
	matcherSet, err := h.ExtractMatcherSet()
	if err != nil {
		return nil, err
	}
	handler := new(reverseproxy.Handler)
	if err := handler.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	if err := handler.FinalizeUnmarshalCaddyfile(h); err != nil {
		return nil, err
	}
	return h.NewRoute(matcherSet, caddyhttp.MiddlewareHandler(handler)), nil
}

// PutBackStock restores Caddy's own handler and directive until restore is called.
func PutBackStock(t testing.TB) (restore func()) {
	t.Helper()
	ourModule, ourDirective := modules[handlerID], directives[directiveID]
	modules[handlerID] = caddy.ModuleInfo{ID: handlerID, New: NewStockHandler}
	directives[directiveID] = stockDirective
	return func() {
		modules[handlerID], directives[directiveID] = ourModule, ourDirective
	}
}

// Adapt converts a Caddyfile to JSON.
func Adapt(caddyfile string) (string, error) {
	result, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(caddyfile), map[string]any{"filename": "Caddyfile"})
	return string(result), err
}
