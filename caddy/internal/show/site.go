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

// Held is a Process that must be released.
type Held interface {
	status.Reporter
	status.Evictor
	Release() error
}

const directive = "doors_status"

// Register registers the modules and the directive. acquire returns the process.
func Register(acquire func() (Held, error)) {
	caddy.RegisterModule(&Site{acquire: acquire})
	caddy.RegisterModule(&API{acquire: acquire})
	httpcaddyfile.RegisterHandlerDirective(directive, func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		site := new(Site)
		return site, site.UnmarshalCaddyfile(h.Dispenser)
	})
	httpcaddyfile.RegisterDirectiveOrder(directive, httpcaddyfile.After, "metrics")
}

// Site serves the read-only state of all doors_upstream sources of this process: a page at `/`,
// JSON at `/state`, whether a pod is idle at `/pods/{ip}?idle=60s`, and whether any pod is draining
// at `/rollout`.
//
// It does no authentication. Serve it only to operators, or behind basic_auth.
type Site struct {
	acquire func() (Held, error)
	held    Held
	ended   chan struct{}
}

// CaddyModule returns the Caddy module information.
func (s *Site) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers." + directive,
		New: func() caddy.Module { return &Site{acquire: s.acquire} },
	}
}

// UnmarshalCaddyfile sets up the handler from Caddyfile tokens. It has no options. Syntax:
//
//	doors_status [<matcher>]
func (*Site) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // directive name
	if d.NextArg() {
		return d.Errf("unexpected argument %q: %s does not take arguments", d.Val(), directive)
	}
	if d.NextBlock(d.Nesting()) {
		return d.Errf("unexpected option %q: %s does not take options", d.Val(), directive)
	}
	return nil
}

// Provision acquires the process and learns when the server begins to shut down: held questions
// would delay that.
func (s *Site) Provision(ctx caddy.Context) error {
	held, err := s.acquire()
	if err != nil {
		return err
	}
	s.held, s.ended = held, make(chan struct{})
	end := sync.OnceFunc(func() { close(s.ended) })
	if server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok { // all servers of a configuration shut down together
		server.RegisterOnShutdown(end)
	}
	return nil
}

// ServeHTTP serves all requests.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	status.Responder{Reporter: s.held, Ended: s.ended}.ServeSite(w, r, r.URL.Path)
	return nil
}

// Cleanup releases the process.
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
