// In: the configuration that a source belongs to.
// Out: what its sources share, and where this Caddy could take itself for a pod.

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

// Warning is an option of Caddy that works against Doors, and why. One that is shared is the same for all sources of a configuration.
type Warning struct {
	Option, Reason string
	Shared         bool
}

// Around is what the sources of one configuration share while it is provisioned, by one goroutine.
type Around struct {
	App       *caddyhttp.App // nil if there is none
	said      map[string]bool
	listeners []listener // nil until somebody asks
}

// NewAround is that of an app.
func NewAround(app *caddyhttp.App) *Around { return &Around{App: app, said: make(map[string]bool)} }

// Once tells whether this is the first time that something is to be said of the configuration.
func (a *Around) Once(text string) bool {
	first := !a.said[text]
	a.said[text] = true
	return first
}

// CheckListeners refuses a configuration in which a pod's address and port can be those of a server of this Caddy: a request would go round
// in circles. If they can be those of the admin endpoint, it warns.
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
			return nil, errors.New(found + ": it would proxy to itself")
		default:
			warnings = append(warnings, Warning{Option: "upstream_port", Reason: found})
			logger.Warn("whoever has the secret can make this Caddy dial its own admin endpoint", zap.String("reason", found))
		}
	}
	return warnings, nil
}

// UsesForwardProxy asks the transport whether it would reach pods through a proxy. They are dialled by address, so that what NO_PROXY says
// about names does not count. Of each network the first address stands for all.
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
				return err == nil // what needs a real request fails for all
			}
		}
	}
	return false
}
