// In: a doors_status directive or handler, and its requests.
// Out: what the process knows about pods, to be read.

package caddydoors

import (
	"net/http"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/status"
)

const statusDirective = "doors_status"

func init() {
	caddy.RegisterModule(new(StatusHandler))
	httpcaddyfile.RegisterHandlerDirective(statusDirective, parseStatus)
	httpcaddyfile.RegisterDirectiveOrder(statusDirective, httpcaddyfile.After, "metrics")
}

// StatusHandler shows the state of all doors_upstream sources of this process, to be read only: a page at `/`, the same as JSON at
// `/state`, and at `/pods/{ip}?idle=60s` the answer to whether a pod has been without a request for that long.
//
// It asks nobody who they are. Mount it where only operators come, or behind basic_auth.
type StatusHandler struct {
	shared *shared
	ended  chan struct{}
}

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

// UnmarshalCaddyfile accepts the directive, which has no options.
func (*StatusHandler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the name of the directive
	if d.NextArg() {
		return d.Errf("surplus argument %q: %s takes none", d.Val(), statusDirective)
	}
	if d.NextBlock(d.Nesting()) {
		return d.Errf("unrecognized option %q: %s takes none", d.Val(), statusDirective)
	}
	return nil
}

// Provision finds what is to be shown, and learns when the server begins to shut down: questions that are held would delay it.
func (h *StatusHandler) Provision(ctx caddy.Context) error {
	var err error
	if h.shared, err = acquireShared(); err != nil {
		return err
	}
	h.ended = make(chan struct{})
	end := sync.OnceFunc(func() { close(h.ended) })
	if server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok { // all of a configuration shut down at once
		server.RegisterOnShutdown(end)
	}
	return nil
}

// ServeHTTP answers every request that reaches it.
func (h *StatusHandler) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	status.Responder{Reporter: h.shared, Ended: h.ended}.ServeSite(w, r, r.URL.Path)
	return nil
}

// Cleanup lets go of what is shown.
func (h *StatusHandler) Cleanup() error {
	if h.shared == nil { // provisioning failed
		return nil
	}
	return releaseShared()
}

// Interface guards
var (
	_ caddy.Module                = (*StatusHandler)(nil)
	_ caddy.Provisioner           = (*StatusHandler)(nil)
	_ caddy.CleanerUpper          = (*StatusHandler)(nil)
	_ caddyfile.Unmarshaler       = (*StatusHandler)(nil)
	_ caddyhttp.MiddlewareHandler = (*StatusHandler)(nil)
)
