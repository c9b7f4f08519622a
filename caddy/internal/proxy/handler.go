// In: Caddy's handler, provisioned with a doors_upstream source.
// Out: the handlers that proxy its requests: one as the user set it up, and one for requests that belong to a pod.

package proxy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
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
}

// NewHandler makes the handler of a source out of Caddy's own, which it changes.
func NewHandler(ctx caddy.Context, provisioned *reverseproxy.Handler) (*Handler, error) {
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
	h.pods = podHandler(provisioned, source)
	failOverByDefault(provisioned.LoadBalancing)
	if source.userChooses {
		provisioned.LoadBalancing.SelectionPolicy = chooser{provisioned.LoadBalancing.SelectionPolicy, source}
	} else {
		provisioned.LoadBalancing.SelectionPolicy = ownChoice{source}
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
	return dns.LookUp(ctx, h.source.loaded.Lookups, h.source.upstreams[upstream].name)
}

// ServePod proxies a request to one pod of an upstream, as one of a page of that pod.
func (h *Handler) ServePod(w http.ResponseWriter, r *http.Request, upstream int, address netip.Addr) error {
	port := h.source.upstreams[upstream].port
	serving := &request{
		source:   h.source,
		decision: doors.Decision{Kind: doors.Pod, Upstream: upstream, Addr: address, Port: port, Path: doors.PathOther},
		fixed:    target{Upstream: upstream, Pod: netip.AddrPortFrom(address, port)},
	}
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, serving))
	return h.pods.ServeHTTP(w, r, caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil }))
}

// podHandler copies a provisioned handler. The copy shares the transport and the set of open connections, so that
// Cleanup of the original is enough. It goes on to another pod where a dial failed, if the library says so.
func podHandler(provisioned *reverseproxy.Handler, source *Source) *reverseproxy.Handler {
	pods := *provisioned
	pods.LoadBalancing = &reverseproxy.LoadBalancing{SelectionPolicy: ownChoice{source}}
	failOverByDefault(pods.LoadBalancing)
	pods.HealthChecks = nil
	pods.CB = nil
	return &pods
}

// maxDials bounds how many addresses one request tries.
const maxDials = 8

// saysHowToRetry tells whether the user said how to retry.
func saysHowToRetry(lb *reverseproxy.LoadBalancing) bool {
	return lb != nil && (lb.Retries != 0 || lb.TryDuration != 0)
}

// failOverByDefault lets a request whose dial failed go to another address, unless the user said how to retry.
func failOverByDefault(lb *reverseproxy.LoadBalancing) {
	if saysHowToRetry(lb) {
		return
	}
	lb.Retries = maxDials - 1
	// A failed dial is always retried. The matcher decides about failures after that, when the pod may have seen the
	// request already: those are never repeated.
	lb.RetryMatch = caddyhttp.MatcherSets{{never{}}}
}

// never is a matcher that matches no request.
type never struct{}

// MatchWithError returns false.
func (never) MatchWithError(*http.Request) (bool, error) { return false, nil }

// GetUpstreams returns the pods that the user's policy may choose from, in a stable order. Where there is no policy, ownChoice has the one pod.
func (s *Source) GetUpstreams(r *http.Request) ([]*reverseproxy.Upstream, error) {
	serving, ok := s.requestOf(r.Context())
	if !ok {
		if !s.underStockHandler {
			return nil, fmt.Errorf("%s was asked for upstreams by something that is not its handler", config.SourceName)
		}
		var err error
		if serving, err = s.beginUnderStockHandler(r); err != nil {
			return nil, err
		}
	}
	if !s.userChooses || serving.ofPage() && !s.underStockHandler {
		return nil, nil
	}
	return serving.choices(r.Context()), nil
}

// ResetCache does nothing: each question is answered anew.
func (s *Source) ResetCache(*http.Request) error { return nil }

// choices are the pods of the step.
func (q *request) choices(ctx context.Context) []*reverseproxy.Upstream {
	q.proceed(ctx)
	q.offered = q.offered[:0]
	switch q.step.Kind {
	case doors.StepChoose:
		places, report, err := q.source.core.Choices(&q.flow, nil, q.source.process.Now())
		q.source.learn(q, report, err)
		for _, place := range places {
			q.offered = append(q.offered, offer{target{Upstream: place.Upstream, Pod: place.Pod}, nil})
		}
	case doors.StepDial: // of one that belongs to a pod, under the stock handler
		q.offered = append(q.offered, offer{target{Upstream: q.step.Upstream, Pod: q.step.Pod}, nil})
	}
	if q.source.underStockHandler && q.ofPage() && len(q.offered) == 0 {
		return []*reverseproxy.Upstream{{Dial: nowhere}}
	}
	upstreams := make([]*reverseproxy.Upstream, len(q.offered))
	for i := range q.offered { // Caddy writes into every one that it is given
		upstreams[i] = &reverseproxy.Upstream{Dial: q.offered[i].Pod.String()}
		q.offered[i].upstream = upstreams[i]
	}
	return upstreams
}

// chooser is the user's selection policy, whose choices are noted.
type chooser struct {
	policy reverseproxy.Selector
	source *Source
}

// Select lets the policy choose. If it takes none, because all are full or marked as down, the request is offered others next time.
func (c chooser) Select(pool reverseproxy.UpstreamPool, r *http.Request, w http.ResponseWriter) *reverseproxy.Upstream {
	chosen := c.policy.Select(pool, r, w)
	if serving, ok := c.source.requestOf(r.Context()); ok {
		serving.userChose(chosen)
	}
	return chosen
}

// userChose takes note of what the user's policy has chosen; nil for none.
func (q *request) userChose(upstream *reverseproxy.Upstream) {
	if q.step.Kind == doors.StepChoose {
		now := q.source.process.Now()
		at := slices.IndexFunc(q.offered, func(offer offer) bool { return offer.upstream == upstream })
		if at < 0 {
			q.took(q.source.core.ChoseNone(&q.flow, now, rand.Uint64()))
			return
		}
		q.took(q.source.core.Chose(&q.flow, q.offered[at].Upstream, q.offered[at].Pod, now))
	}
	if q.step.Kind == doors.StepDial && upstream != nil {
		q.chose(target{Upstream: q.step.Upstream, Pod: q.step.Pod})
	}
}

// ownChoice is the selection policy where the user has none: the library has chosen. It takes no pool, so that none has to be built.
type ownChoice struct{ source *Source }

// Select returns the pod that the request is to try.
func (c ownChoice) Select(_ reverseproxy.UpstreamPool, r *http.Request, _ http.ResponseWriter) *reverseproxy.Upstream {
	serving, ok := c.source.requestOf(r.Context())
	if !ok {
		return nil
	}
	return serving.nextPod(r.Context())
}

// leavesChoice tells whether a handler that is being provisioned leaves the choice of a pod to us, and has nothing that keeps count of
// upstreams.
func leavesChoice(h *reverseproxy.Handler) bool {
	lb := h.LoadBalancing
	hasPolicy := lb != nil && (lb.SelectionPolicyRaw != nil || lb.SelectionPolicy != nil) // the default comes later
	return !hasPolicy && h.HealthChecks == nil && h.CBRaw == nil && h.CB == nil
}

// Interface guards
var (
	_ caddyhttp.MiddlewareHandler       = (*Handler)(nil)
	_ caddyhttp.RequestMatcherWithError = never{}
	_ reverseproxy.Selector             = chooser{}
	_ reverseproxy.Selector             = ownChoice{}
)
