// In: a doors_status directive or handler, and its requests.
// Out: what the process knows about pods, to be read.

package show

import (
	"net/http"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
)

// Held is a process that somebody holds on to.
type Held interface {
	status.Reporter
	status.Evictor
	Release() error
}

const directive = "doors_status"

// Register makes Caddy know the modules and the directive. acquire gets the process, until it is released.
func Register(acquire func() (Held, error)) {
	caddy.RegisterModule(&Site{acquire: acquire})
	caddy.RegisterModule(&API{acquire: acquire})
	httpcaddyfile.RegisterHandlerDirective(directive, func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		site := new(Site)
		return site, site.UnmarshalCaddyfile(h.Dispenser)
	})
	httpcaddyfile.RegisterDirectiveOrder(directive, httpcaddyfile.After, "metrics")
}

// Site shows the state of all doors_upstream sources of this process, to be read only: a page at `/`, the same as JSON at
// `/state`, and the answers to whether a pod has been without a request for a time (`/pods/{ip}?idle=60s`) and whether none drains (`/rollout`).
//
// It asks nobody who they are. Mount it where only operators come, or behind basic_auth.
type Site struct {
	acquire func() (Held, error)
	held    Held
	ended   chan struct{}
}

// CaddyModule returns the module's registration.
func (s *Site) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers." + directive,
		New: func() caddy.Module { return &Site{acquire: s.acquire} },
	}
}

// UnmarshalCaddyfile accepts the directive, which has no options. Syntax:
//
//	doors_status [<matcher>]
func (*Site) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the name of the directive
	if d.NextArg() {
		return d.Errf("surplus argument %q: %s takes none", d.Val(), directive)
	}
	if d.NextBlock(d.Nesting()) {
		return d.Errf("unrecognized option %q: %s takes none", d.Val(), directive)
	}
	return nil
}

// Provision begins to show the process, and learns when the server begins to shut down: questions that are held would delay it.
func (s *Site) Provision(ctx caddy.Context) error {
	held, err := s.acquire()
	if err != nil {
		return err
	}
	s.held, s.ended = held, make(chan struct{})
	end := sync.OnceFunc(func() { close(s.ended) })
	if server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok { // all of a configuration shut down at once
		server.RegisterOnShutdown(end)
	}
	return nil
}

// ServeHTTP answers every request that reaches it.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	status.Responder{Reporter: s.held, Ended: s.ended}.ServeSite(w, r, r.URL.Path)
	return nil
}

// Cleanup lets go of what is shown.
func (s *Site) Cleanup() error {
	if s.held == nil { // provisioning failed
		return nil
	}
	return s.held.Release()
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Site)(nil)
	_ caddy.CleanerUpper          = (*Site)(nil)
	_ caddyhttp.MiddlewareHandler = (*Site)(nil)
)
