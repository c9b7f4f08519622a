package proxy

import (
	"hash/maphash"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/advice"
	"github.com/doors-dev/doors-caddy/routing"
)

// Handler is Caddy's reverse proxy. With a doors_upstream source it also gets the decision about
// each request before the proxy loop begins, and writes the answers that an upstream source cannot
// give, such as 410 for a page whose pod is gone. Without one it is Caddy's handler and nothing
// else.
type Handler struct {
	reverseproxy.Handler

	// source is nil without a doors_upstream source. Then pods is nil too.
	source *Source

	// pods serves the requests that belong to one pod. It is a copy of the provisioned handler with
	// the same transport, without load balancing, retries, health checks and circuit breaker. There
	// is no choice to make, and each of these could delay or refuse a request that only this pod
	// can answer.
	pods *reverseproxy.Handler
}

// Provision provisions Caddy's handler, which loads the source, and then connects the source to it.
func (h *Handler) Provision(ctx caddy.Context) error {
	if err := h.Handler.Provision(ctx); err != nil {
		return err
	}
	source, ours := h.DynamicUpstreams.(*Source)
	if !ours {
		return nil
	}
	transport, err := newTransport(h.Transport, source)
	if err != nil {
		return err
	}
	warnings := advice.About(ctx, &h.Handler, transport.HTTPTransport, source.loaded, source.shared)
	advice.Log(source.logger, warnings, source.shared)
	more, err := source.shared.CheckListeners(ctx, source.loaded, source.logger)
	if err != nil {
		return err
	}
	h.source, h.Transport = source, transport
	h.HandleResponse = append([]caddyhttp.ResponseHandler{endOfRefused}, h.HandleResponse...)
	encodeLogsLazily(&h.Handler)
	pods := h.Handler // shares the set of open connections, so it needs no Cleanup of its own
	pods.LoadBalancing, pods.HealthChecks, pods.CB = new(reverseproxy.LoadBalancing), nil, nil
	source.balance(pods.LoadBalancing)
	source.balance(h.LoadBalancing)
	h.pods = &pods
	if Inspected != nil {
		Inspected(h, append(warnings, more...))
	}
	return nil
}

// Cleanup closes idle connections. Caddy's default transport is not a module, so nothing else
// closes them, and they would keep the source and its router for two minutes.
func (h *Handler) Cleanup() error {
	if h.source != nil {
		h.source.closeIdle()
	}
	return h.Handler.Cleanup()
}

// ReverseProxy returns Caddy's own handler. The source identifies its handler by it.
func (h *Handler) ReverseProxy() *reverseproxy.Handler { return &h.Handler }

// Source returns the source of the handler, or nil.
func (h *Handler) Source() *Source { return h.source }

// DialTimeout returns the transport's dial timeout.
func (h *Handler) DialTimeout() time.Duration {
	return time.Duration(h.Transport.(transport).DialTimeout)
}

// ServePod proxies a request to the given pod of an upstream, like a request of one of its pages.
// The library neither decides about it nor counts it.
func (h *Handler) ServePod(w http.ResponseWriter, r *http.Request, upstream int, address netip.Addr) error {
	port := h.source.upstreams[upstream].Port
	serving := &request{
		ctx:      r.Context(),
		source:   h.source,
		decision: routing.Decision{Kind: routing.Pod, Upstream: upstream, Addr: address, Port: port, Path: routing.PathOther},
		step:     routing.Step{Kind: routing.StepDial, Upstream: upstream, Pod: netip.AddrPortFrom(address, port), LastChoice: true},
	}
	return h.pods.ServeHTTP(w, r.WithContext(serving.inContext()), caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil }))
}

// maxDials is the largest number of addresses that one request tries.
const maxDials = 8

// hasRetryOptions reports whether the user has configured retries.
func hasRetryOptions(lb *reverseproxy.LoadBalancing) bool {
	return lb != nil && (lb.Retries != 0 || lb.TryDuration != 0)
}

// balance sets up load balancing so that the library chooses the pod, together with the user's
// policy if there is one. A request whose dial failed goes to another pod, unless the user has
// configured retries.
func (s *Source) balance(lb *reverseproxy.LoadBalancing) {
	lb.SelectionPolicy = choice{lb.SelectionPolicy, s}
	if !hasRetryOptions(lb) {
		lb.Retries = maxDials - 1
		// Caddy retries failed dials in any case. The matcher is for later failures, when the pod
		// may have seen the request. It matches nothing, so those are not retried.
		lb.RetryMatch = caddyhttp.MatcherSets{{caddyhttp.MatchMethod{}}}
	}
}

// GetUpstreams gets the next step of a request. It returns the pods that the user's policy may
// choose from, in a stable order, or none if the library has chosen the pod: Caddy then builds no
// pool.
func (s *Source) GetUpstreams(r *http.Request) ([]*reverseproxy.Upstream, error) {
	serving := s.requestOf(r.Context())
	if serving == nil { // under the stock handler; the header is added to the answer later
		var err error
		if serving, err = s.begin(r, make(http.Header)); err != nil {
			return nil, err
		}
	}
	serving.proceed()
	if serving.step.Kind != routing.StepChoose {
		return nil, nil
	}
	serving.places = serving.choices()
	upstreams := make([]*reverseproxy.Upstream, len(serving.places))
	for i, place := range serving.places { // new ones: Caddy writes to them
		upstreams[i] = &reverseproxy.Upstream{Dial: place.Pod.String()}
	}
	return upstreams, nil
}

// choice is the selection policy of our handlers.
type choice struct {
	policy reverseproxy.Selector // the user's, or Caddy's default, which is never called
	source *Source
}

// Select returns the pod to try next, or nil if there is none; the step then says what to do. If
// the user's policy takes no pod, because all are full or marked as down, the library offers others
// next time.
func (c choice) Select(pool reverseproxy.UpstreamPool, r *http.Request, w http.ResponseWriter) (chosen *reverseproxy.Upstream) {
	serving := c.source.requestOf(r.Context())
	if serving == nil {
		return nil
	}
	switch serving.step.Kind {
	case routing.StepChoose:
		if chosen = c.policy.Select(pool, r, w); chosen == nil {
			serving.setStep(c.source.core.ChoseNone(&serving.flow, c.source.process.Now(), rand.Uint64()))
			return nil
		}
		place := serving.places[slices.Index(pool, chosen)]
		serving.setStep(c.source.core.Chose(&serving.flow, place.Upstream, place.Pod, c.source.process.Now()))
	case routing.StepDial:
		chosen = c.source.process.upstreamCache.of(serving.step.Pod)
	default:
		if c.source.underStockHandler {
			chosen = nowhere
		}
		return chosen
	}
	serving.setPod(target{Upstream: serving.step.Upstream, Pod: serving.step.Pod})
	return chosen
}

// upstreamCache caches the upstreams that Caddy dials, by pod, to avoid allocations. It is for pods that
// the library has chosen. Each pod has one slot; pods that share a slot replace each other. Caddy's
// own table of upstreams would take a global lock for each request.
type upstreamCache [4096]atomic.Pointer[dialable]

// dialable is a pod in the form that Caddy dials.
type dialable struct {
	pod netip.AddrPort
	reverseproxy.Upstream
}

// slotSeed spreads pods over the slots.
var slotSeed = maphash.MakeSeed()

func (c *upstreamCache) of(pod netip.AddrPort) *reverseproxy.Upstream {
	slot := &c[maphash.Comparable(slotSeed, pod)%uint64(len(c))]
	found := slot.Load()
	if found == nil || found.pod != pod {
		found = &dialable{pod, reverseproxy.Upstream{Host: new(reverseproxy.Host), Dial: pod.String()}}
		slot.Store(found)
	}
	return &found.Upstream
}

// libraryChooses reports whether a handler that is being provisioned leaves the choice of a pod to
// the library, and counts nothing per upstream.
func libraryChooses(h *reverseproxy.Handler) bool {
	lb := h.LoadBalancing
	hasPolicy := lb != nil && (lb.SelectionPolicyRaw != nil || lb.SelectionPolicy != nil) // the default is set later
	return !hasPolicy && h.HealthChecks == nil && h.CBRaw == nil && h.CB == nil
}
