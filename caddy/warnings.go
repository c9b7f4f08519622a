// In: a provisioned handler with a doors_upstream source, and the app it belongs to.
// Out: a warning for each option that would break Doors pages.

package caddydoors

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

// warning is an option that works against Doors, and why.
type warning struct{ option, reason string }

// timeoutWarnings returns a warning for each timeout that is set and shorter than a stream may be silent.
func timeoutWarnings(timeouts map[string]caddy.Duration) (warnings []warning) {
	for option, timeout := range timeouts {
		if timeout > 0 && time.Duration(timeout) < longestSilence {
			warnings = append(warnings, warning{option, fmt.Sprintf(
				"%v is less than %v: a page's stream may be silent for 20 s, and would be cut", time.Duration(timeout), longestSilence)})
		}
	}
	return warnings
}

// handlerWarnings looks at the handler and its transport.
func handlerWarnings(h *reverseproxy.Handler, transport *reverseproxy.HTTPTransport, source *Source) []warning {
	warnings := timeoutWarnings(map[string]caddy.Duration{
		"transport http: response_header_timeout": transport.ResponseHeaderTimeout,
		"transport http: read_timeout":            transport.ReadTimeout,
		"transport http: write_timeout":           transport.WriteTimeout,
	})
	warn := func(bad bool, option, reason string) {
		if bad {
			warnings = append(warnings, warning{option, reason})
		}
	}
	warn(h.RequestBuffers != 0, "request_buffers", "a page's reports are one long streamed body, and would wait for its end")
	warn(h.ResponseBuffers != 0, "response_buffers", "a page's updates are one long streamed answer, and would wait for its end")
	warn(transport.MaxConnsPerHost > 0, "transport http: max_conns_per_host", "every open page holds a connection to its pod; pages over the limit would wait")
	warn(transport.Resolver != nil, "transport http: resolvers", "has no effect on `host`, which is resolved before the transport dials; set resolvers in "+sourceName)
	warn(h.HealthChecks != nil && h.HealthChecks.Active != nil, "health_uri", "active health checks do nothing for dynamic upstreams")
	if policy, ok := h.LoadBalancing.SelectionPolicy.(chooser); ok {
		_, weighted := policy.policy.(*reverseproxy.WeightedRoundRobinSelection)
		warn(weighted, "lb_policy weighted_round_robin", "its weights go by position, and pods come and go")
	}
	warn(usesForwardProxy(transport, source), "HTTP_PROXY", "requests to pods go through a forward proxy, so that nothing is known about a pod that cannot be reached")
	return warnings
}

// usesForwardProxy asks the transport whether it would reach pods through a proxy. They are dialled by address, so that what NO_PROXY says
// about names does not count. Of each network the first address stands for all.
func usesForwardProxy(transport *reverseproxy.HTTPTransport, source *Source) bool {
	scheme := "http"
	if transport.TLSEnabled() {
		scheme = "https"
	}
	request := &http.Request{URL: &url.URL{Scheme: scheme, Path: "/"}}
	for i, server := range source.servers {
		for _, cidr := range source.identity.cidrs[i] {
			first, _, _ := strings.Cut(cidr, "/")
			request.URL.Host = net.JoinHostPort(first, strconv.Itoa(int(server.port)))
			if proxy, err := transport.Transport.Proxy(request); err != nil || proxy != nil {
				return err == nil // what needs a real request fails for all
			}
		}
	}
	return false
}

// appWarnings looks at the options of the app, which are the same for all of its sources.
func appWarnings(app *caddyhttp.App) []warning {
	return timeoutWarnings(map[string]caddy.Duration{"grace_period": app.GracePeriod})
}

// serverWarnings looks at the options of the server that the handler is part of.
func serverWarnings(server *caddyhttp.Server) []warning {
	name := "server " + server.Name() + ": "
	return timeoutWarnings(map[string]caddy.Duration{
		name + "read_timeout":       server.ReadTimeout,
		name + "write_timeout":      server.WriteTimeout,
		name + "read_idle_timeout":  server.ReadIdleTimeout,
		name + "write_idle_timeout": server.WriteIdleTimeout,
	})
}

// logWarnings writes each warning once, in a stable order.
func logWarnings(logger *zap.Logger, warnings []warning) {
	slices.SortFunc(warnings, func(a, b warning) int { return strings.Compare(a.option, b.option) })
	for _, w := range warnings {
		logger.Warn("this option works against Doors pages", zap.String("option", w.option), zap.String("reason", w.reason))
	}
}

// httpApp finds the app in the lineage of a module, nil if there is none.
func httpApp(lineage []caddy.Module) *caddyhttp.App {
	for _, module := range lineage {
		if app, ok := module.(*caddyhttp.App); ok {
			return app
		}
	}
	return nil
}
