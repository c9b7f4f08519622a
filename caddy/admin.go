// In: a request to Caddy's admin API below /doors.
// Out: the same as from doors_status, but for the page, which browsers could not open there.

package caddydoors

import (
	"net/http"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/status"
)

const adminPath = "/doors"

func init() { caddy.RegisterModule(new(AdminAPI)) }

// AdminAPI serves `GET /doors` and `GET /doors/pods/{ip}?idle=60s` at the admin endpoint. It needs no configuration.
type AdminAPI struct {
	// ended ends with the admin server. The context of the module may end long before: Caddy replaces the admin server before it provisions
	// apps, and keeps the new one when they fail.
	ended    chan struct{}
	watching sync.Once
}

// CaddyModule returns the module's registration.
func (*AdminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "admin.api.doors",
		New: func() caddy.Module { return new(AdminAPI) },
	}
}

// Provision makes the module ready.
func (a *AdminAPI) Provision(caddy.Context) error {
	a.ended = make(chan struct{})
	return nil
}

// Routes returns the paths.
func (a *AdminAPI) Routes() []caddy.AdminRoute {
	handler := caddy.AdminHandlerFunc(a.serve)
	return []caddy.AdminRoute{{Pattern: adminPath, Handler: handler}, {Pattern: adminPath + "/", Handler: handler}}
}

func (a *AdminAPI) serve(w http.ResponseWriter, r *http.Request) error {
	// Each configuration has an admin server of its own, which waits for held questions when it is replaced.
	a.watching.Do(func() {
		if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok {
			server.RegisterOnShutdown(sync.OnceFunc(func() { close(a.ended) }))
		}
	})
	// Held for one request only: Caddy has this module in every configuration, and needs nothing of ours in most.
	shared, err := acquireShared()
	if err != nil {
		return err
	}
	status.Responder{Reporter: shared, Ended: a.ended}.ServeAPI(w, r, strings.TrimPrefix(r.URL.Path, adminPath))
	return releaseShared()
}

// Interface guards
var (
	_ caddy.Module      = (*AdminAPI)(nil)
	_ caddy.Provisioner = (*AdminAPI)(nil)
	_ caddy.AdminRouter = (*AdminAPI)(nil)
)
