// Package original accepts the configuration of the later versions v0.1: a doors_handler with the
// options, and behind it one or several reverse_proxy handlers whose source is doors_upstreams.
//
// Each pair of a doors_handler and a reverse_proxy becomes a reverse_proxy with a doors_upstream
// source, so that all behaviour is that of package proxy. This package only finds the pairs: it reads
// no option and decides about no request. Beneath it are packages advice and config.
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
	// SourceName is the name of the source of upstreams that has its options in a handler before it.
	SourceName = "doors_upstreams"
	// HandlerName is the name of that handler, and of its directive.
	HandlerName = "doors_handler"

	geoName = "doors_geo"
)

// Register makes Caddy know the modules and the directives.
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

// Upstreams stands for the source until the configuration is loaded. Our reverse_proxy puts a
// doors_upstream source in its place.
type Upstreams struct{}

// CaddyModule returns the module's registration.
func (Upstreams) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.reverse_proxy.upstreams." + SourceName,
		New: func() caddy.Module { return new(Upstreams) },
	}
}

// UnmarshalCaddyfile accepts the source, which has no options. Syntax:
//
//	dynamic_upstreams doors_upstreams
func (*Upstreams) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the name of the source
	if d.NextArg() || d.NextBlock(d.Nesting()) {
		return d.Errf("%s takes no options; they belong in %s", SourceName, HandlerName)
	}
	return nil
}

// Provision fails: no handler but our reverse_proxy knows which doors_handler is meant.
func (*Upstreams) Provision(caddy.Context) error {
	return errors.New(SourceName + " works inside reverse_proxy only, and only where it is the one source of upstreams; write " +
		config.SourceName + " instead, as docs/migrate.md shows")
}

// GetUpstreams returns nothing. It is never called, since the source cannot be provisioned.
func (*Upstreams) GetUpstreams(*http.Request) ([]*reverseproxy.Upstream, error) { return nil, nil }

// errGeo says what to do instead of doors_geo.
var errGeo = errors.New(geoName + " is not part of this module; redirect by country with a geolocation plugin of Caddy, as docs/migrate.md shows")

// Geo refuses a doors_geo handler in JSON.
type Geo struct{}

// CaddyModule returns the module's registration.
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
