// In: a doors_status directive or handler, and its requests.
// Out: what the process knows about pods, to be read.

package show

import (
	"net/http"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
)

// Held is a process that somebody holds on to.
type Held interface {
	status.Reporter
	Release() error
}

// Site shows what a process knows on a site.
type Site struct {
	held  Held
	ended chan struct{}
}

// UnmarshalCaddyfile accepts the directive, which has no options.
func (*Site) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the name of the directive
	directive := d.Val()
	if d.NextArg() {
		return d.Errf("surplus argument %q: %s takes none", d.Val(), directive)
	}
	if d.NextBlock(d.Nesting()) {
		return d.Errf("unrecognized option %q: %s takes none", d.Val(), directive)
	}
	return nil
}

// Start begins to show the process, and learns when the server begins to shut down: questions that are held would delay it.
func (s *Site) Start(ctx caddy.Context, held Held) {
	s.held, s.ended = held, make(chan struct{})
	end := sync.OnceFunc(func() { close(s.ended) })
	if server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok { // all of a configuration shut down at once
		server.RegisterOnShutdown(end)
	}
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
