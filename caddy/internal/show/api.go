package show

import (
	"net/http"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
)

const apiPath = "/doors"

// API serves `GET /doors`, `GET /doors/pods/{ip}?idle=60s`, `GET /doors/rollout`, and `GET`, `POST`
// and `DELETE /doors/evictions` on the admin endpoint. It needs no configuration.
type API struct {
	// acquire gets the process for one request: Caddy has this module in every configuration, and
	// most have no source.
	acquire func() (Held, error)

	// ended is closed with the admin server. The context of the module may end long before: Caddy
	// replaces the admin server before it provisions apps, and keeps the new one if they fail.
	ended    chan struct{}
	watching sync.Once
}

// CaddyModule returns the Caddy module information.
func (a *API) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "admin.api.doors",
		New: func() caddy.Module { return &API{acquire: a.acquire, ended: make(chan struct{})} },
	}
}

// Routes returns the admin routes.
func (a *API) Routes() []caddy.AdminRoute {
	handler := caddy.AdminHandlerFunc(a.serve)
	return []caddy.AdminRoute{{Pattern: apiPath, Handler: handler}, {Pattern: apiPath + "/", Handler: handler}}
}

func (a *API) serve(w http.ResponseWriter, r *http.Request) error {
	// Each configuration has its own admin server. Its shutdown waits for held questions.
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
