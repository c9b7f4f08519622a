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

// Shared is the state that the sources of one configuration share while Caddy provisions it. It is
// for one goroutine.
type Shared struct {
	App       *caddyhttp.App // nil without an http app
	said      map[string]bool
	listeners []listener // nil until first used
}

// NewShared returns the shared state for the sources of an app, which may be nil.
func NewShared(app *caddyhttp.App) *Shared { return &Shared{App: app, said: make(map[string]bool)} }

// FirstTime reports whether it is called with text for the first time. With it a message is logged
// only once for a configuration.
func (s *Shared) FirstTime(text string) bool {
	first := !s.said[text]
	s.said[text] = true
	return first
}

// CheckListeners returns an error if a pod of the source can have the address and port of one of
// this Caddy's servers: Caddy would proxy to itself. If a pod can have those of the admin endpoint,
// it returns a warning.
func (s *Shared) CheckListeners(ctx caddy.Context, source *Loaded, logger *zap.Logger) (warnings []Warning, err error) {
	if s.App == nil {
		return nil, nil
	}
	if s.listeners == nil {
		s.listeners = listenersOf(ctx, s.App)
	}
	for _, listener := range s.listeners {
		switch found := listener.takenFor(source); {
		case found == "":
		case listener.name != adminEndpoint:
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
		for _, cidr := range cidrs {
			first, _, _ := strings.Cut(cidr, "/")
			request.URL.Host = net.JoinHostPort(first, strconv.Itoa(source.Ports[i]))
			if proxy, err := transport.Transport.Proxy(request); err != nil || proxy != nil {
				return err == nil // an error means that the proxy depends on the request: assume one for all
			}
		}
	}
	return false
}
