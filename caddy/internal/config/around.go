package config

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"go.uber.org/zap"
)

// Warning names an option of Caddy that breaks Doors pages, and says why. A shared warning is the
// same for all sources of a configuration.
type Warning struct {
	Option, Reason string
	Shared         bool
}

// Around is the state that the sources of one configuration share while Caddy provisions it. It is
// for one goroutine.
type Around struct {
	App       *caddyhttp.App // nil without an http app
	said      map[string]bool
	listeners []listener // nil until first used
}

// NewAround returns the shared state for the sources of an app, which may be nil.
func NewAround(app *caddyhttp.App) *Around { return &Around{App: app, said: make(map[string]bool)} }

// Once reports whether text is new, so that each message is logged once for a configuration.
func (a *Around) Once(text string) bool {
	first := !a.said[text]
	a.said[text] = true
	return first
}

// CheckListeners returns an error if a pod of the source can have the address and port of one of
// this Caddy's servers: Caddy would proxy to itself. If a pod can have those of the admin endpoint,
// it returns a warning.
func (a *Around) CheckListeners(ctx caddy.Context, source *Loaded, logger *zap.Logger) (warnings []Warning, err error) {
	if a.App == nil {
		return nil, nil
	}
	if a.listeners == nil {
		a.listeners = listenersOf(ctx, a.App)
	}
	for _, listener := range a.listeners {
		switch found := listener.takenFor(source); {
		case found == "":
		case listener.name != "":
			return nil, errors.New(found + ": Caddy would proxy to itself; use a narrower network or another port")
		default:
			warnings = append(warnings, Warning{Option: "upstream_port", Reason: found})
			logger.Warn("anyone with the secret can make this Caddy connect to its own admin endpoint", zap.String("reason", found))
		}
	}
	return warnings, nil
}

// UsesForwardProxy reports whether the transport reaches pods through a proxy. It tries the first
// address of each network. Pods are dialled by address, so host names in NO_PROXY have no effect.
func UsesForwardProxy(transport *reverseproxy.HTTPTransport, source *Loaded) bool {
	scheme := "http"
	if transport.TLSEnabled() {
		scheme = "https"
	}
	request := &http.Request{URL: &url.URL{Scheme: scheme, Path: "/"}}
	for i, cidrs := range source.CIDRs {
		_, port := source.Router.Upstream(i)
		for _, cidr := range cidrs {
			first, _, _ := strings.Cut(cidr, "/")
			request.URL.Host = net.JoinHostPort(first, strconv.Itoa(int(port)))
			if proxy, err := transport.Transport.Proxy(request); err != nil || proxy != nil {
				return err == nil // an error means that the proxy depends on the request: assume one for all
			}
		}
	}
	return false
}
