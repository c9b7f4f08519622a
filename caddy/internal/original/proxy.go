package original

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
)

// Proxy is a reverse_proxy whose source is doors_upstreams. It has a reverse_proxy with a doors_upstream
// source for each Handler that its requests can pass.
type Proxy struct {
	members map[string]json.RawMessage // of its JSON
	proxies map[*Handler]caddyhttp.MiddlewareHandler
}

// sourceMember is the member with the source in the JSON of a reverse_proxy.
const sourceMember = "dynamic_upstreams"

// NewProxy parses the JSON of a reverse_proxy with this source.
func NewProxy(text []byte) (*Proxy, error) {
	members, err := config.Members(text)
	if err != nil {
		return nil, err
	}
	key, _ := config.MemberKey(members, sourceMember) // regardless of case
	if options, _ := config.Members(members[key]); len(options) > 1 {
		return nil, fmt.Errorf("%s: %s takes no options; they belong in %s", key, SourceName, HandlerName)
	}
	delete(members, key)
	return &Proxy{members, make(map[*Handler]caddyhttp.MiddlewareHandler)}, nil
}

// Provision loads a reverse_proxy for each handler.
func (p *Proxy) Provision(ctx caddy.Context) error {
	for _, handler := range handlersBefore(ctx) {
		var err error
		if p.members[sourceMember], err = handler.source(); err != nil {
			return err
		}
		text, err := json.Marshal(p.members)
		if err != nil {
			return err
		}
		loaded, err := ctx.LoadModuleByID("http.handlers."+config.Directive, text)
		if err != nil {
			return err
		}
		p.proxies[handler] = loaded.(caddyhttp.MiddlewareHandler)
	}
	p.members = nil // they may contain the secret
	if len(p.proxies) == 0 {
		return errors.New(SourceName + ": no request passes a " + HandlerName + " before this " + config.Directive + "; put one before it, with the secret and the upstreams")
	}
	return nil
}

// ServeHTTP proxies the request with the options of the last handler that it has passed.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	handler, _ := caddyhttp.GetVar(r.Context(), passed).(*Handler)
	if proxy := p.proxies[handler]; proxy != nil {
		return proxy.ServeHTTP(w, r, next)
	}
	if isChallenge(r) {
		return caddyhttp.Error(http.StatusNotFound, errors.New("nothing answers this ACME challenge"))
	}
	return caddyhttp.Error(http.StatusServiceUnavailable,
		errors.New(SourceName+": the request has passed no "+HandlerName+" before this "+config.Directive))
}
