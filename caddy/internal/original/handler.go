package original

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/advice"
)

// Handler has the options of the reverse_proxy handlers behind it whose source is doors_upstreams. Those
// may be in other routes, if the request reaches them. The options are those of a doors_upstream source.
//
// Requests for /.well-known/acme-challenge/ pass through unchanged.
type Handler struct {
	config.Source

	server  *caddyhttp.Server // nil outside the http app
	lineage []caddy.Module    // from the app down to the handler
}

// CaddyModule returns the Caddy module information.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers." + HandlerName,
		New: func() caddy.Module { return new(Handler) },
	}
}

// handlers are the provisioned handlers, in the order of their configurations.
var handlers struct {
	sync.Mutex
	list []*Handler
}

// Provision checks the options, even if no reverse_proxy uses them.
func (h *Handler) Provision(ctx caddy.Context) error {
	if _, err := config.Load(h.Text(), config.Decide); err != nil {
		return err
	}
	h.server, _ = ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	h.lineage = ctx.Modules()
	handlers.Lock()
	defer handlers.Unlock()
	handlers.list = append(handlers.list, h)
	return nil
}

// Cleanup removes the handler from handlers.
func (h *Handler) Cleanup() error {
	handlers.Lock()
	defer handlers.Unlock()
	handlers.list = slices.DeleteFunc(handlers.list, func(other *Handler) bool { return other == h })
	return nil
}

// handlersBefore returns the handlers that a request can pass on its way to the module that is being
// provisioned.
func handlersBefore(ctx caddy.Context) []*Handler {
	server, _ := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	handlers.Lock()
	defer handlers.Unlock()
	return slices.DeleteFunc(slices.Clone(handlers.list), func(h *Handler) bool {
		return server == nil || h.server != server || h.excludes(ctx.Modules())
	})
}

// excludes reports whether a request that passes the handler cannot reach the module with this lineage,
// which is being provisioned: the handler is in a fully provisioned route, which ends without reaching
// the module.
func (h *Handler) excludes(lineage []caddy.Module) bool {
	routes := h.server.Routes
	for i := 1; i < len(lineage); i++ {
		branch := h.lineage[i]
		if subroute, ok := branch.(*caddyhttp.Subroute); ok && branch == lineage[i] {
			routes = subroute.Routes
			continue
		}
		now := slices.IndexFunc(routes, func(route caddyhttp.Route) bool { return len(route.HandlersRaw) > 0 })
		leads := func(route caddyhttp.Route) bool {
			return slices.ContainsFunc(route.Handlers, func(handler caddyhttp.MiddlewareHandler) bool { return any(handler) == any(branch) })
		}
		return now >= 0 && slices.ContainsFunc(routes[:now], func(route caddyhttp.Route) bool {
			return leads(route) && advice.Excludes(route, routes[now])
		})
	}
	return false
}

// source returns the options as the JSON of a doors_upstream source.
func (h *Handler) source() (json.RawMessage, error) {
	members, err := config.Members(h.Text())
	if err != nil {
		return nil, err
	}
	members["source"] = json.RawMessage(`"` + config.SourceName + `"`)
	return json.Marshal(members)
}

// passed is the request variable with the last Handler that the request has passed.
const passed = "doors.handler"

// ServeHTTP records that the request has passed the handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if !isChallenge(r) {
		caddyhttp.SetVar(r.Context(), passed, h)
	}
	return next.ServeHTTP(w, r)
}

// isChallenge reports whether the request comes from a certificate authority.
func isChallenge(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/.well-known/acme-challenge/")
}

// Interface guards
var (
	_ caddyfile.Unmarshaler       = (*Handler)(nil)
	_ json.Unmarshaler            = (*Handler)(nil)
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddy.CleanerUpper          = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
