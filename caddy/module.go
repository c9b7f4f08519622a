// Package caddydoors makes Caddy route the requests of Doors apps: it registers what Caddy sees of this module.
//
//	caddydoors         modules and directives, registered; nothing else may be here
//	internal/command   caddy doors ...
//	internal/takeover  our handler and directive in the place of Caddy's own
//	internal/proxy     one request: decided, proxied, answered
//	internal/show      what people see: the status, metrics, log fields, advice against options that break pages
//	internal/config    Caddyfile and JSON in, the library's configuration out, or what is wrong with it
//	internal/dns       the lookups that the library wants, and queries to name servers
//	internal/redact    errors without what may be a key
//
// Each may import those beneath it and no others. What a token, a CIDR or a cookie means is decided by the library behind package doors, and so is where
// a request goes, when it waits, and when a host is looked up.
package caddydoors

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/command"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/proxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/show"
	"github.com/doors-dev/doors-caddy/caddy/internal/takeover"
)

const statusDirective = "doors_status"

func init() {
	caddy.RegisterModule(new(Source))
	caddy.RegisterModule(new(StatusHandler))
	caddy.RegisterModule(new(AdminAPI))
	takeover.Register()
	httpcaddyfile.RegisterHandlerDirective(statusDirective, parseStatus)
	httpcaddyfile.RegisterDirectiveOrder(statusDirective, httpcaddyfile.After, "metrics")
	caddycmd.RegisterCommand(command.New())
}

// What Caddy loads and what its JSON consists of.
type (
	Handler  = takeover.Handler
	Source   = proxy.Source
	Upstream = config.Upstream
	Options  = config.Options
)

// StatusHandler shows the state of all doors_upstream sources of this process, to be read only: a page at `/`, the same as JSON at
// `/state`, and the answers to whether a pod has been without a request for a time (`/pods/{ip}?idle=60s`) and whether none drains (`/rollout`).
//
// It asks nobody who they are. Mount it where only operators come, or behind basic_auth.
type StatusHandler struct{ show.Site }

// CaddyModule returns the module's registration.
func (*StatusHandler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers." + statusDirective,
		New: func() caddy.Module { return new(StatusHandler) },
	}
}

// parseStatus parses the directive. Syntax:
//
//	doors_status [<matcher>]
func parseStatus(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	handler := new(StatusHandler)
	return handler, handler.UnmarshalCaddyfile(h.Dispenser)
}

// Provision finds what is to be shown.
func (h *StatusHandler) Provision(ctx caddy.Context) error {
	process, err := proxy.Acquire()
	if err == nil {
		h.Start(ctx, process)
	}
	return err
}

// AdminAPI serves `GET /doors`, `GET /doors/pods/{ip}?idle=60s` and `GET /doors/rollout` at the admin endpoint. It needs no configuration.
type AdminAPI struct{ show.API }

// CaddyModule returns the module's registration.
func (*AdminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "admin.api.doors",
		New: func() caddy.Module { return new(AdminAPI) },
	}
}

// Provision makes the module ready.
func (a *AdminAPI) Provision(caddy.Context) error {
	a.Start(func() (show.Held, error) { return proxy.Acquire() })
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner           = (*StatusHandler)(nil)
	_ caddy.CleanerUpper          = (*StatusHandler)(nil)
	_ caddyfile.Unmarshaler       = (*StatusHandler)(nil)
	_ caddyhttp.MiddlewareHandler = (*StatusHandler)(nil)
	_ caddy.Provisioner           = (*AdminAPI)(nil)
	_ caddy.AdminRouter           = (*AdminAPI)(nil)
)
