// Package original accepts the configuration of the last v0.1 versions: a doors_handler with the
// options, followed by one or more reverse_proxy handlers whose source is doors_upstreams.
//
// For each pair it loads a reverse_proxy with a doors_upstream source, so the behaviour is that of
// package proxy. This package only finds the pairs. It reads no options and decides about no requests.
// Beneath it are packages advice and config.
package original

import (
	"errors"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
)

const (
	// SourceName is the name of the upstream source whose options are in a handler before it.
	SourceName = "doors_upstreams"
	// HandlerName is the name of that handler and its directive.
	HandlerName = "doors_handler"

	geoName = "doors_geo"
)

// Register registers the modules and the directives.
func Register() {
	caddy.RegisterModule(new(Handler))
	caddy.RegisterModule(Upstreams{})
	caddy.RegisterModule(Geo{})
	httpcaddyfile.RegisterHandlerDirective(HandlerName, func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		handler := new(Handler)
		return handler, handler.UnmarshalCaddyfile(h.Dispenser)
	})
	httpcaddyfile.RegisterDirectiveOrder(HandlerName, httpcaddyfile.Before, config.Directive)
	httpcaddyfile.RegisterDirective(geoName, func(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
		h.Next()
		return nil, h.WrapErr(errGeo)
	})
}

// Upstreams is a placeholder for the source until the configuration is loaded. Our reverse_proxy
// replaces it with a doors_upstream source.
type Upstreams struct{}

// CaddyModule returns the Caddy module information.
func (Upstreams) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.reverse_proxy.upstreams." + SourceName,
		New: func() caddy.Module { return new(Upstreams) },
	}
}

// UnmarshalCaddyfile sets up the source from Caddyfile tokens. It has no options. Syntax:
//
//	dynamic_upstreams doors_upstreams
func (*Upstreams) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // source name
	if d.NextArg() || d.NextBlock(d.Nesting()) {
		return d.Errf("%s takes no options; they belong in %s", SourceName, HandlerName)
	}
	return nil
}

// Provision fails: only our reverse_proxy can find the doors_handler.
func (*Upstreams) Provision(caddy.Context) error {
	return errors.New(SourceName + " works only as the one source of upstreams of a " + config.Directive +
		" that this module has replaced; write " + config.SourceName + " instead, as docs/migrate.md shows")
}

// GetUpstreams is never called, since the source cannot be provisioned.
func (*Upstreams) GetUpstreams(*http.Request) ([]*reverseproxy.Upstream, error) { return nil, nil }

// errGeo says what to do instead of doors_geo.
var errGeo = errors.New(geoName + " is not part of this module; redirect by country with a geolocation plugin of Caddy, as docs/migrate.md shows")

// Geo rejects a doors_geo handler in JSON.
type Geo struct{}

// CaddyModule returns the Caddy module information.
func (Geo) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers." + geoName,
		New: func() caddy.Module { return new(Geo) },
	}
}

// UnmarshalJSON fails.
func (*Geo) UnmarshalJSON([]byte) error { return errGeo }

// Interface guards
var (
	_ caddyfile.Unmarshaler       = (*Upstreams)(nil)
	_ caddy.Provisioner           = (*Upstreams)(nil)
	_ reverseproxy.UpstreamSource = (*Upstreams)(nil)
)
