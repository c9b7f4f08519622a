// In: the pods that may serve a request.
// Out: the one that it is proxied to, noted in the request.

package caddydoors

import (
	"math/rand/v2"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

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
// servers the one whose turn it is. It takes no pool, so that none has to be built: with a thousand servers that would cost more than
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
	return chosen.upstream
}

// leavesChoice tells whether a handler that is not provisioned yet leaves the choice of a pod to us, and has nothing that keeps count of
// upstreams.
func leavesChoice(h *reverseproxy.Handler) bool {
	lb := h.LoadBalancing
	hasPolicy := lb != nil && (lb.SelectionPolicyRaw != nil || lb.SelectionPolicy != nil)
	return !hasPolicy && h.HealthChecks == nil && h.CBRaw == nil && h.CB == nil
}

// Interface guards
var (
	_ reverseproxy.Selector = chooser{}
	_ reverseproxy.Selector = onlyUpstream{}
	_ reverseproxy.Selector = ownChoice{}
)
