// In: Caddy's handler, provisioned with a doors_upstream source.
// Out: the handlers that proxy its requests: one as the user set it up, and one for requests that belong to a pod.

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

// Handler is Caddy's reverse proxy, and nothing else without a doors_upstream source. With one it asks for a decision about each request, once and before
// the proxy loop begins, and answers what an upstream source alone cannot answer: 410 for a page whose pod is gone.
type Handler struct {
	reverseproxy.Handler

	// source is nil for any other source of upstreams. Then the others are not used either.
	source *Source

	// pods serves the requests that belong to one pod. It is a copy of the provisioned handler with the same transport
	// and without load balancing, retries, health checks and circuit breaker: there is nothing to choose from, and
	// each of these options could delay or refuse a request that only this pod can answer.
	pods *reverseproxy.Handler
}

// Provision provisions Caddy's handler, which loads the source, and then what the source needs from the handler.
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
	warnings := advice.About(ctx, &h.Handler, transport.HTTPTransport, source.loaded, source.around)
	advice.Log(source.logger, warnings, source.around)
	more, err := source.around.CheckListeners(ctx, source.loaded, source.logger)
	if err != nil {
		return err
	}
	h.source, h.Transport = source, transport
	h.HandleResponse = append([]caddyhttp.ResponseHandler{endOfRefused}, h.HandleResponse...)
	encodeLogsLazily(&h.Handler)
	pods := h.Handler // the set of open connections is shared, so that Cleanup of the original is enough
	pods.LoadBalancing, pods.HealthChecks, pods.CB = new(reverseproxy.LoadBalancing), nil, nil
	source.balance(pods.LoadBalancing)
	source.balance(h.LoadBalancing)
	h.pods = &pods
	if Inspected != nil {
		Inspected(h, append(warnings, more...))
	}
	return nil
}

// Cleanup lets go of what the handler holds. Caddy's default transport is no module, so that nobody else closes its connections, and they would keep the
// source and its router for two minutes.
func (h *Handler) Cleanup() error {
	if h.source != nil {
		h.source.closeIdle()
	}
	return h.Handler.Cleanup()
}

// ReverseProxy is Caddy's own handler. The source knows by it whose it is.
func (h *Handler) ReverseProxy() *reverseproxy.Handler { return &h.Handler }

// Source is the source of the handler.
func (h *Handler) Source() *Source { return h.source }

// DialTimeout is that of the transport.
func (h *Handler) DialTimeout() time.Duration {
	return time.Duration(h.Transport.(transport).DialTimeout)
}

// ServePod proxies a request to one pod of an upstream, as one of a page of that pod. The library is not asked, and counts nothing.
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

// maxDials bounds how many addresses one request tries.
const maxDials = 8

// saysHowToRetry tells whether the user said how to retry.
func saysHowToRetry(lb *reverseproxy.LoadBalancing) bool {
	return lb != nil && (lb.Retries != 0 || lb.TryDuration != 0)
}

// balance puts the choices of the library, and of the user's policy if there is one, into a handler's load balancing. A request whose dial failed goes to
// another pod, unless the user said how to retry.
func (s *Source) balance(lb *reverseproxy.LoadBalancing) {
	lb.SelectionPolicy = choice{lb.SelectionPolicy, s}
	if !saysHowToRetry(lb) {
		lb.Retries = maxDials - 1
		// A failed dial is always retried. The matcher, which matches nothing, decides about failures after that, when the pod may have seen the
		// request already: those are never repeated.
		lb.RetryMatch = caddyhttp.MatcherSets{{caddyhttp.MatchMethod{}}}
	}
}

// GetUpstreams gets the next step of a request. It returns the pods that the user's policy may choose from, in a stable order. Where the library has
// chosen there are none, so that no pool has to be built.
func (s *Source) GetUpstreams(r *http.Request) ([]*reverseproxy.Upstream, error) {
	serving := s.requestOf(r.Context())
	if serving == nil { // it came through the stock handler, which adds the header to the answer when there is one
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
	for i, place := range serving.places { // Caddy writes into every one that it is given
		upstreams[i] = &reverseproxy.Upstream{Dial: place.Pod.String()}
	}
	return upstreams, nil
}

// choice is the selection policy of our handlers.
type choice struct {
	policy reverseproxy.Selector // the user's, or Caddy's default, which is never asked
	source *Source
}

// Select returns the pod that the request is to try next, nil if there is none: then the step says what to do instead. If the user's policy takes none,
// because all are full or marked as down, the request is offered others next time.
func (c choice) Select(pool reverseproxy.UpstreamPool, r *http.Request, w http.ResponseWriter) (chosen *reverseproxy.Upstream) {
	serving := c.source.requestOf(r.Context())
	if serving == nil {
		return nil
	}
	switch serving.step.Kind {
	case routing.StepChoose:
		if chosen = c.policy.Select(pool, r, w); chosen == nil {
			serving.took(c.source.core.ChoseNone(&serving.flow, c.source.process.Now(), rand.Uint64()))
			return nil
		}
		place := serving.places[slices.Index(pool, chosen)]
		serving.took(c.source.core.Chose(&serving.flow, place.Upstream, place.Pod, c.source.process.Now()))
	case routing.StepDial:
		chosen = c.source.process.forCaddy.of(serving.step.Pod)
	default:
		if c.source.underStockHandler {
			chosen = nowhere
		}
		return chosen
	}
	serving.goesTo(target{Upstream: serving.step.Upstream, Pod: serving.step.Pod})
	return chosen
}

// forCaddy remembers what Caddy dials, by pod: to make it anew costs allocations. It is for choices of the library: one for all requests, and not
// in Caddy's own table of upstreams, which would cost each request a global lock. Each pod has one slot, where the last one of those that share it stays.
type forCaddy [4096]atomic.Pointer[dialable]

// dialable is a pod as Caddy knows it.
type dialable struct {
	pod netip.AddrPort
	reverseproxy.Upstream
}

var slots = maphash.MakeSeed()

func (f *forCaddy) of(pod netip.AddrPort) *reverseproxy.Upstream {
	slot := &f[maphash.Comparable(slots, pod)%uint64(len(f))]
	found := slot.Load()
	if found == nil || found.pod != pod {
		found = &dialable{pod, reverseproxy.Upstream{Host: new(reverseproxy.Host), Dial: pod.String()}}
		slot.Store(found)
	}
	return &found.Upstream
}

// leavesChoice tells whether a handler that is being provisioned leaves the choice of a pod to us, and has nothing that keeps count of
// upstreams.
func leavesChoice(h *reverseproxy.Handler) bool {
	lb := h.LoadBalancing
	hasPolicy := lb != nil && (lb.SelectionPolicyRaw != nil || lb.SelectionPolicy != nil) // the default comes later
	return !hasPolicy && h.HealthChecks == nil && h.CBRaw == nil && h.CB == nil
}
