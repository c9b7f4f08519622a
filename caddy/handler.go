// In: the JSON of a reverse_proxy handler.
// Out: Caddy's own handler, provisioned, with the two additions that a doors_upstream source needs.

package caddydoors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/redact"
)

// Handler is Caddy's reverse proxy. Without a doors_upstream source it is Caddy's reverse proxy and nothing else.
// With one it asks the source for a decision about each request, once and before the proxy loop begins, and answers
// what an upstream source alone cannot answer: 410 for a page whose pod is gone.
type Handler struct {
	reverseproxy.Handler

	source *Source

	// suspects are texts of the JSON that may be a key in a wrong place. Errors must not show them. nil when provisioned.
	suspects []string

	// pods serves the requests that belong to one pod. It is a copy of the provisioned handler with the same transport
	// and without load balancing, retries, health checks and circuit breaker: there is nothing to choose from, and
	// each of these options could delay or refuse a request that only this pod can answer.
	pods *reverseproxy.Handler

	// anyPod serves what any pod of a server has, when the one that it was asked of is gone. It is like pods, but goes on to another pod
	// where a dial failed.
	anyPod *reverseproxy.Handler
}

// CaddyModule returns the module's registration. It has the ID of Caddy's own handler, which it replaces.
func (Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  handlerID,
		New: func() caddy.Module { return new(Handler) },
	}
}

// UnmarshalJSON decodes as strictly as Caddy does for the handlers it loads, after it has moved a documented source
// from "upstreams" to "dynamic_upstreams". All that can be wrong before Caddy's handler is provisioned is found here: Caddy calls
// Cleanup also after a Provision that failed, and the Cleanup of its handler panics if its Provision was not called.
func (h *Handler) UnmarshalJSON(config []byte) error {
	config, err := moveDocumentedSource(config)
	if err != nil {
		return err
	}
	if bytes.Contains(config, []byte(sourceName)) {
		h.suspects = redact.Texts(config)
	}
	if err := redact.Error(caddy.StrictUnmarshalJSON(config, &h.Handler), h.suspects); err != nil {
		return err
	}
	if sourceOf(h.DynamicUpstreamsRaw) != sourceName {
		return nil
	}
	return redact.Error(keepHostNames(&h.Handler), h.suspects)
}

// moveDocumentedSource turns {"upstreams": {"source": "doors_upstream", ...}} into {"dynamic_upstreams": {...}}.
// Everything else comes back as it was, so that Caddy's own errors stay Caddy's own.
func moveDocumentedSource(config []byte) ([]byte, error) {
	members, err := jsonMembers(config)
	if err != nil {
		return config, nil
	}
	other, hasOther := memberKey(members, "dynamic_upstreams")
	if err := checkSource(other, members[other]); err != nil {
		return nil, err
	}
	key, found := memberKey(members, "upstreams")
	if !found || sourceOf(members[key]) != sourceName {
		return config, checkSource(key, members[key])
	}
	if hasOther {
		return nil, fmt.Errorf("both %q and %q name a source of upstreams: with %s there can be no other", key, other, sourceName)
	}
	members["dynamic_upstreams"] = members[key]
	delete(members, key)
	return json.Marshal(members)
}

// sourceOf returns the name of the upstream source that a JSON object configures, "" if it is no such object. It looks for the
// very member that Caddy looks for, in lower case.
func sourceOf(config json.RawMessage) (name string) {
	members, err := jsonMembers(config)
	if err != nil || json.Unmarshal(members["source"], &name) != nil {
		return ""
	}
	return name
}

// Provision provisions Caddy's handler, which loads the source, and then what the source needs from the handler.
func (h *Handler) Provision(ctx caddy.Context) error {
	leavesChoice := leavesChoice(&h.Handler)
	err := redact.Error(h.Handler.Provision(ctx), h.suspects)
	if h.suspects = nil; err != nil {
		return err
	}
	source, ok := h.DynamicUpstreams.(*Source)
	if !ok {
		return nil
	}
	transport, err := newTransport(h.Transport, source)
	if err != nil {
		return err
	}
	h.Transport = transport
	h.source = source
	encodeLogsLazily(&h.Handler)
	h.pods = podHandler(&h.Handler, chooser{onlyUpstream{}, source})
	h.anyPod = podHandler(&h.Handler, ownChoice{source})
	failOverByDefault(h.anyPod.LoadBalancing)
	source.triesAgain = !failOverByDefault(h.LoadBalancing)
	if source.choosesItself = leavesChoice; leavesChoice {
		h.LoadBalancing.SelectionPolicy, h.pods.LoadBalancing.SelectionPolicy = ownChoice{source}, ownChoice{source}
	} else {
		h.LoadBalancing.SelectionPolicy = chooser{h.LoadBalancing.SelectionPolicy, source}
	}

	warnings := append(handlerWarnings(&h.Handler, transport.HTTPTransport, source), middlewareWarnings(ctx, ctx.Modules())...)
	logWarnings(source.logger, warnings)
	if app := httpApp(ctx.Modules()); app != nil {
		if err := source.checkNotItself(source.configuration.listening()); err != nil {
			return err
		}
		around := appWarnings(app)
		if server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok {
			around = append(around, serverWarnings(server)...)
		}
		warnings = append(warnings, around...)
		logWarnings(source.logger, slices.DeleteFunc(around, func(w warning) bool { return !source.configuration.once(w.option) }))
	}
	if provisioned != nil {
		provisioned(h, warnings)
	}
	return nil
}

// Cleanup lets go of what the handler holds.
func (h *Handler) Cleanup() error {
	h.closeIdleConnections()
	return h.Handler.Cleanup()
}

// closeIdleConnections closes those of the transport. Caddy's default transport is no module, so that nobody else does, and they would
// keep the source and its router for two minutes.
func (h *Handler) closeIdleConnections() {
	if transport, ok := h.Transport.(transport); ok {
		transport.Transport.CloseIdleConnections()
	}
}

// podHandler copies a provisioned handler. The copy shares the transport and the set of open connections, so that
// Cleanup of the original is enough.
func podHandler(provisioned *reverseproxy.Handler, policy reverseproxy.Selector) *reverseproxy.Handler {
	pods := *provisioned
	pods.LoadBalancing = &reverseproxy.LoadBalancing{SelectionPolicy: policy}
	pods.HealthChecks = nil
	pods.CB = nil
	return &pods
}

// maxDials bounds how many addresses one request tries.
const maxDials = 8

// failOverByDefault lets a request whose dial failed go to another address, unless the user said how to retry. It returns
// whether it did.
func failOverByDefault(lb *reverseproxy.LoadBalancing) bool {
	if lb.Retries != 0 || lb.TryDuration != 0 {
		return false
	}
	lb.Retries = maxDials - 1
	// A failed dial is always retried. The matcher decides about failures after that, when the pod may have seen the
	// request already: those are never repeated.
	lb.RetryMatch = caddyhttp.MatcherSets{{never{}}}
	return true
}

// never is a matcher that matches no request.
type never struct{}

// MatchWithError returns false.
func (never) MatchWithError(*http.Request) (bool, error) { return false, nil }

// Interface guards
var (
	_ caddy.Provisioner                 = (*Handler)(nil)
	_ caddy.CleanerUpper                = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler       = (*Handler)(nil)
	_ json.Unmarshaler                  = (*Handler)(nil)
	_ caddyhttp.RequestMatcherWithError = never{}
)
