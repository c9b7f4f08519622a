// In: Caddy's handler, provisioned with a doors_upstream source.
// Out: the handlers that proxy its requests: one as the user set it up, one for requests that belong to a pod, one for those that any pod of an upstream can answer.

package proxy

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
	"github.com/doors-dev/doors-caddy/caddy/internal/hosts"
	"github.com/doors-dev/doors-caddy/go"
)

// Handler serves the requests of a source. It asks for a decision about each, once and before the proxy loop begins, and answers
// what an upstream source alone cannot answer: 410 for a page whose pod is gone.
type Handler struct {
	*reverseproxy.Handler

	source    *Source
	transport transport

	// pods serves the requests that belong to one pod. It is a copy of the provisioned handler with the same transport
	// and without load balancing, retries, health checks and circuit breaker: there is nothing to choose from, and
	// each of these options could delay or refuse a request that only this pod can answer.
	pods *reverseproxy.Handler

	// anyPod serves what any pod of an upstream has, when the one that it was asked of is gone. It is like pods, but goes on to another pod
	// where a dial failed.
	anyPod *reverseproxy.Handler
}

// NewHandler makes the handler of a source out of Caddy's own, which it changes. left tells that the user has left the choice of a pod to us: LeavesChoice
// said so before it was provisioned.
func NewHandler(ctx caddy.Context, provisioned *reverseproxy.Handler, left bool) (*Handler, error) {
	source := provisioned.DynamicUpstreams.(*Source)
	transport, err := newTransport(provisioned.Transport, source)
	if err != nil {
		return nil, err
	}
	warnings, err := source.around.Check(ctx, provisioned, transport.HTTPTransport, source.loaded, source.logger)
	if err != nil {
		return nil, err
	}
	provisioned.Transport = transport
	encodeLogsLazily(provisioned)
	h := &Handler{Handler: provisioned, source: source, transport: transport}
	h.pods = podHandler(provisioned, chooser{onlyUpstream{}, source})
	h.anyPod = podHandler(provisioned, ownChoice{source})
	failOverByDefault(h.anyPod.LoadBalancing)
	source.triesAgain = !failOverByDefault(provisioned.LoadBalancing)
	if source.choosesItself = left; left {
		provisioned.LoadBalancing.SelectionPolicy, h.pods.LoadBalancing.SelectionPolicy = ownChoice{source}, ownChoice{source}
	} else {
		provisioned.LoadBalancing.SelectionPolicy = chooser{provisioned.LoadBalancing.SelectionPolicy, source}
	}
	if Inspected != nil {
		Inspected(h, warnings)
	}
	return h, nil
}

// CloseIdleConnections closes those of the transport. Caddy's default transport is no module, so that nobody else does, and they would
// keep the source and its router for two minutes.
func (h *Handler) CloseIdleConnections() { h.transport.Transport.CloseIdleConnections() }

// Source is the source of the handler.
func (h *Handler) Source() *Source { return h.source }

// DialTimeout is that of the transport.
func (h *Handler) DialTimeout() time.Duration { return time.Duration(h.transport.DialTimeout) }

// Resolve looks up the host of an upstream, for as long as the context lasts.
func (h *Handler) Resolve(ctx context.Context, upstream int) ([]netip.Addr, error) {
	for {
		addresses, err := h.source.upstreams[upstream].host.Addresses(ctx)
		var failure *hosts.Error
		pending := errors.As(err, &failure) && failure.Kind == dns.Pending
		if !pending || ctx.Err() != nil {
			return addresses, err
		}
	}
}

// ServePod proxies a request to one pod of an upstream, as one of a page of that pod.
func (h *Handler) ServePod(w http.ResponseWriter, r *http.Request, upstream int, address netip.Addr) error {
	at := h.source.upstreams[upstream]
	serving := &request{
		source:   h.source,
		decision: doors.Decision{Kind: doors.Pod, Upstream: upstream, Addr: address, Port: at.port, Path: doors.PathOther},
		pod:      [1]pod{at.podAt(address)},
	}
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, serving))
	return h.pods.ServeHTTP(w, r, caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil }))
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

// chooser is the user's selection policy, whose choices are noted.
type chooser struct {
	policy reverseproxy.Selector
	source *Source
}

// Select lets the policy choose. If it takes none, because all are full or marked as down, the request is offered others next time.
func (c chooser) Select(pool reverseproxy.UpstreamPool, r *http.Request, w http.ResponseWriter) *reverseproxy.Upstream {
	chosen := c.policy.Select(pool, r, w)
	if serving, ok := c.source.requestOf(r.Context()); ok {
		if chosen == nil {
			serving.foundNothing()
			serving.passOver()
		} else {
			c.source.choose(serving, chosen)
		}
	}
	return chosen
}

// choose sends the request to the pod that was offered as this upstream.
func (s *Source) choose(serving *request, upstream *reverseproxy.Upstream) {
	if chosen, ok := serving.offeredAs(upstream); ok {
		s.sendTo(serving, chosen)
	}
}

// sendTo notes that the request goes to a pod.
func (s *Source) sendTo(serving *request, chosen pod) {
	s.enter(serving, chosen)
	serving.chose(chosen)
}

// onlyUpstream is the selection policy for a pool of one: it takes it without asking whether it is available,
// because only the pod itself can say that.
type onlyUpstream struct{}

// Select returns the only upstream.
func (onlyUpstream) Select(pool reverseproxy.UpstreamPool, _ *http.Request, _ http.ResponseWriter) *reverseproxy.Upstream {
	if len(pool) == 0 {
		return nil
	}
	return pool[0]
}

// ownChoice is the selection policy where the user has none: a pod at random, which is Caddy's default too, or with several
// upstreams the one whose turn it is. It takes no pool, so that none has to be built: with a thousand upstreams that would cost more than
// the rest of the request.
type ownChoice struct{ source *Source }

// Select chooses among the pods that may serve the request, with equal chances.
func (c ownChoice) Select(_ reverseproxy.UpstreamPool, r *http.Request, _ http.ResponseWriter) *reverseproxy.Upstream {
	serving, ok := c.source.requestOf(r.Context())
	if !ok {
		return nil
	}
	pods := c.source.podsFor(r.Context(), serving)
	if len(pods) == 0 {
		serving.foundNothing()
		return nil
	}
	chosen := pods[0]
	if len(pods) > 1 {
		chosen = pods[rand.IntN(len(pods))]
	}
	c.source.sendTo(serving, chosen)
	return chosen.forCaddy
}

// LeavesChoice tells whether a handler that is not provisioned yet leaves the choice of a pod to us, and has nothing that keeps count of
// upstreams.
func LeavesChoice(h *reverseproxy.Handler) bool {
	lb := h.LoadBalancing
	hasPolicy := lb != nil && (lb.SelectionPolicyRaw != nil || lb.SelectionPolicy != nil)
	return !hasPolicy && h.HealthChecks == nil && h.CBRaw == nil && h.CB == nil
}

// Interface guards
var (
	_ caddyhttp.MiddlewareHandler       = (*Handler)(nil)
	_ caddyhttp.RequestMatcherWithError = never{}
	_ reverseproxy.Selector             = chooser{}
	_ reverseproxy.Selector             = onlyUpstream{}
	_ reverseproxy.Selector             = ownChoice{}
)
