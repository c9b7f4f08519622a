// In: a provisioned handler with a doors_upstream source, and the app it belongs to.
// Out: a warning for each option that would break Doors pages, and an error where Caddy would proxy to itself.

package config

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"go.uber.org/zap"
)

// longestSilence is how long a page's stream may be open without a byte (20 s), with some room: any timeout under this
// cuts streams that are well.
const longestSilence = 25 * time.Second

// Warning is an option that works against Doors, and why.
type Warning struct{ Option, Reason string }

// Around is what the sources of one configuration share while it is provisioned, by one goroutine.
type Around struct {
	App       *caddyhttp.App // nil if there is none
	said      map[string]bool
	listeners *listeners // nil until somebody asks
}

// NewAround is that of an app.
func NewAround(app *caddyhttp.App) *Around { return &Around{App: app, said: make(map[string]bool)} }

// Once tells whether this is the first time that something is to be said of the configuration.
func (a *Around) Once(text string) bool {
	first := !a.said[text]
	a.said[text] = true
	return first
}

// Check looks at a provisioned handler, whose selection policy is still the user's, and at what is around it. It logs each warning, and what is
// the same for several sources once.
func (a *Around) Check(ctx caddy.Context, h *reverseproxy.Handler, transport *reverseproxy.HTTPTransport, source *Loaded, logger *zap.Logger) ([]Warning, error) {
	warnings := append(handlerWarnings(h, transport, source), middlewareWarnings(ctx, ctx.Modules())...)
	logWarnings(logger, warnings)
	if a.App == nil {
		return warnings, nil
	}
	if a.listeners == nil {
		a.listeners = listenersOf(a.App)
	}
	if err := a.listeners.checkNotItself(source.Router); err != nil {
		return nil, err
	}
	around := appWarnings(a.App)
	if server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok {
		around = append(around, serverWarnings(server)...)
	}
	warnings = append(warnings, around...)
	logWarnings(logger, slices.DeleteFunc(around, func(w Warning) bool { return !a.Once(w.Option) }))
	return warnings, nil
}

// timeoutWarnings returns a warning for each timeout that is set and shorter than a stream may be silent.
func timeoutWarnings(timeouts map[string]caddy.Duration) (warnings []Warning) {
	for option, timeout := range timeouts {
		if timeout > 0 && time.Duration(timeout) < longestSilence {
			warnings = append(warnings, Warning{option, fmt.Sprintf(
				"%v is less than %v: a page's stream may be silent for 20 s, and would be cut", time.Duration(timeout), longestSilence)})
		}
	}
	return warnings
}

// handlerWarnings looks at a provisioned handler, whose selection policy is still the user's, and its transport.
func handlerWarnings(h *reverseproxy.Handler, transport *reverseproxy.HTTPTransport, source *Loaded) []Warning {
	warnings := timeoutWarnings(map[string]caddy.Duration{
		"transport http: response_header_timeout": transport.ResponseHeaderTimeout,
		"transport http: read_timeout":            transport.ReadTimeout,
		"transport http: write_timeout":           transport.WriteTimeout,
	})
	warn := func(bad bool, option, reason string) {
		if bad {
			warnings = append(warnings, Warning{option, reason})
		}
	}
	warn(h.RequestBuffers != 0, "request_buffers", "a page's reports are one long streamed body, and would wait for its end")
	warn(h.ResponseBuffers != 0, "response_buffers", "a page's updates are one long streamed answer, and would wait for its end")
	warn(transport.MaxConnsPerHost > 0, "transport http: max_conns_per_host", "every open page holds a connection to its pod; pages over the limit would wait")
	warn(transport.Resolver != nil, "transport http: resolvers", "has no effect on `host`, which is resolved before the transport dials; set resolvers in "+SourceName)
	warn(h.HealthChecks != nil && h.HealthChecks.Active != nil, "health_uri", "active health checks do nothing for dynamic upstreams")
	_, weighted := h.LoadBalancing.SelectionPolicy.(*reverseproxy.WeightedRoundRobinSelection)
	warn(weighted, "lb_policy weighted_round_robin", "its weights go by position, and pods come and go")
	warn(UsesForwardProxy(transport, source), "HTTP_PROXY", "requests to pods go through a forward proxy, so that nothing is known about a pod that cannot be reached")
	return warnings
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

// appWarnings looks at the options of the app, which are the same for all of its sources.
func appWarnings(app *caddyhttp.App) []Warning {
	return timeoutWarnings(map[string]caddy.Duration{"grace_period": app.GracePeriod})
}

// serverWarnings looks at the options of the server that the handler is part of.
func serverWarnings(server *caddyhttp.Server) []Warning {
	name := "server " + server.Name() + ": "
	return timeoutWarnings(map[string]caddy.Duration{
		name + "read_timeout":       server.ReadTimeout,
		name + "write_timeout":      server.WriteTimeout,
		name + "read_idle_timeout":  server.ReadIdleTimeout,
		name + "write_idle_timeout": server.WriteIdleTimeout,
	})
}

// logWarnings writes each warning once, in a stable order.
func logWarnings(logger *zap.Logger, warnings []Warning) {
	slices.SortFunc(warnings, func(a, b Warning) int { return strings.Compare(a.Option, b.Option) })
	for _, w := range warnings {
		logger.Warn("this option works against Doors pages", zap.String("option", w.Option), zap.String("reason", w.Reason))
	}
}

// AppOf finds the app in the lineage of a module, nil if there is none.
func AppOf(lineage []caddy.Module) *caddyhttp.App {
	for _, module := range lineage {
		if app, ok := module.(*caddyhttp.App); ok {
			return app
		}
	}
	return nil
}
