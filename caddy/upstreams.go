// In: the decision about a request, and what its hosts resolve to now.
// Out: the upstreams that Caddy's proxy loop may choose from.

package caddydoors

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/go"
)

// GetUpstreams returns the pods that may serve the request, in a stable order: the one pod that owns its page, or fresh ones.
func (s *Source) GetUpstreams(r *http.Request) ([]*reverseproxy.Upstream, error) {
	serving, ok := s.requestOf(r.Context())
	if !ok {
		if !s.underStockHandler {
			return nil, fmt.Errorf("%s was asked for upstreams by something that is not its handler", sourceName)
		}
		var err error
		if serving, err = s.beginUnderStockHandler(r); err != nil {
			return nil, err
		}
	}
	switch kind := serving.decision.Kind; {
	case kind == doors.Gone:
		return serving.offer([]pod{gonePod}), nil
	case kind == doors.Pod && !serving.anyPod:
		return serving.offer([]pod{s.podOf(serving.decision)}), nil
	default:
		return serving.offer(s.candidates(r.Context(), serving)), nil
	}
}

// ResetCache is called by the proxy loop before it asks again for upstreams after a failure.
func (s *Source) ResetCache(r *http.Request) error {
	if serving, ok := s.requestOf(r.Context()); ok {
		serving.resets++
	}
	return nil
}

// candidates are the pods to choose from: the cookie's own pod first, then the rest of its server, then all others, and last
// of all those that could not be reached a moment ago. Pods that this request could not reach are left out.
func (s *Source) candidates(ctx context.Context, serving *request) []pod {
	var ownFailing []pod
	if serving.decision.Kind != doors.Any {
		own := s.servers[serving.decision.Upstream]
		well, failing := s.split(serving.untried(own.fresh(ctx)))
		if sticky, ok := podIn(well, serving.decision.Addr); ok && serving.resets == 0 && !serving.anyPod {
			return sticky
		}
		if len(well) > 0 {
			return well
		}
		if serving.anyPod { // other servers do not have its resource
			return failing
		}
		ownFailing = failing
	}
	all := knownOf(ctx, s.servers)
	rest := serving.untried(all)
	if len(rest) == 0 { // only now is it worth to wait for hosts that are not known yet
		all = freshOf(ctx, s.servers)
		rest = serving.untried(all)
	}
	well, failing := s.split(rest)
	switch {
	case len(well) > 0:
		return well
	case len(ownFailing) > 0:
		return ownFailing
	case len(failing) > 0:
		return failing
	case s.triesAgain:
		serving.startOver()
		return all
	default:
		return nil
	}
}

// podIn returns the part of the pods that is at the address.
func podIn(pods []pod, address netip.Addr) ([]pod, bool) {
	for i := range pods {
		if pods[i].address.Addr() == address {
			return pods[i : i+1 : i+1], true
		}
	}
	return nil, false
}

// podOf returns the pod that a Pod decision names.
func (s *Source) podOf(decision doors.Decision) pod {
	return s.servers[decision.Upstream].podAt(decision.Addr)
}

// chooser is a selection policy whose choices are noted.
type chooser struct {
	policy reverseproxy.Selector
	source *Source
}

// Select lets the policy choose.
func (c chooser) Select(pool reverseproxy.UpstreamPool, r *http.Request, w http.ResponseWriter) *reverseproxy.Upstream {
	chosen := c.policy.Select(pool, r, w)
	if serving, ok := c.source.requestOf(r.Context()); ok && chosen != nil {
		serving.choose(chosen, r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer))
	}
	return chosen
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
