// In: a request to Caddy's admin API below /doors.
// Out: the same as on a site, but for the page, which browsers could not open there; and orders obeyed.

package show

import (
	"net/http"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
)

const apiPath = "/doors"

// API serves `GET /doors`, `GET /doors/pods/{ip}?idle=60s` and `GET /doors/rollout` at the admin endpoint, and `POST`, `DELETE` and `GET
// /doors/evictions`. It needs no configuration.
type API struct {
	// acquire gets the process for one request only: Caddy has this module in every configuration, and needs nothing of ours in most.
	acquire func() (Held, error)

	// ended ends with the admin server. The context of the module may end long before: Caddy replaces the admin server before it provisions
	// apps, and keeps the new one when they fail.
	ended    chan struct{}
	watching sync.Once
}

// CaddyModule returns the module's registration.
func (a *API) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "admin.api.doors",
		New: func() caddy.Module { return &API{acquire: a.acquire, ended: make(chan struct{})} },
	}
}

// Routes returns the paths.
func (a *API) Routes() []caddy.AdminRoute {
	handler := caddy.AdminHandlerFunc(a.serve)
	return []caddy.AdminRoute{{Pattern: apiPath, Handler: handler}, {Pattern: apiPath + "/", Handler: handler}}
}

func (a *API) serve(w http.ResponseWriter, r *http.Request) error {
	// Each configuration has an admin server of its own, which waits for held questions when it is replaced.
	a.watching.Do(func() {
		if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok {
			server.RegisterOnShutdown(sync.OnceFunc(func() { close(a.ended) }))
		}
	})
	held, err := a.acquire()
	if err != nil {
		return err
	}
	status.Responder{Reporter: held, Evictor: held, Ended: a.ended}.ServeAPI(w, r, strings.TrimPrefix(r.URL.Path, apiPath))
	return held.Release()
}

// Interface guard
var _ caddy.AdminRouter = (*API)(nil)
