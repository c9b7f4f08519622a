// In: the decision about a request, and what its hosts resolve to now.
// Out: the upstreams that Caddy's proxy loop may choose from.

package proxy

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/go"
)

// GetUpstreams returns the pods that may serve the request, in a stable order: the one pod that owns its page, or fresh ones.
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
	if s.choosesItself || serving.anyPod {
		return nil, nil // ownChoice does it
	}
	return serving.offer(s.podsFor(r.Context(), serving)), nil
}

// podsFor returns the pods that may serve the request.
func (s *Source) podsFor(ctx context.Context, serving *request) []pod {
	switch kind := serving.decision.Kind; {
	case kind == doors.Gone:
		return []pod{gonePod}
	case kind == doors.Pod && !serving.anyPod:
		return serving.pod[:]
	default:
		return s.candidates(ctx, serving)
	}
}

// ResetCache is called by the proxy loop before it asks again for upstreams after a failure.
func (s *Source) ResetCache(r *http.Request) error {
	if serving, ok := s.requestOf(r.Context()); ok {
		serving.resets++
	}
	return nil
}

// candidates are the pods to choose from: the cookie's own pod first, then the rest of its upstream, then all others, then
// those that could not be reached a moment ago, and last of all those outside their upstream's networks. Pods that this request could not reach are left out.
func (s *Source) candidates(ctx context.Context, serving *request) []pod {
	var own *upstream
	var ownFailing []pod
	if serving.decision.Kind != doors.Any {
		own = s.upstreams[serving.decision.Upstream]
		well, failing := s.ofOwn(serving, s.freshOfOwn(ctx, serving, own))
		if serving.anyPod && len(well)+len(failing) == 0 {
			s.awaitPods(ctx, serving, []*upstream{own})
			well, failing = s.ofOwn(serving, own.latest())
		}
		if len(well) > 0 {
			return well
		}
		if serving.anyPod { // other upstreams do not have its resource
			return failing
		}
		ownFailing = failing
	}
	if s.choosesItself && s.turns != nil {
		if drawn, ok := s.draw(serving); ok {
			return []pod{drawn}
		}
	}
	// A policy of the user is to see all upstreams; where there is none, those that are drawn are looked up.
	lookUp := !s.choosesItself
	all := knownOf(s.upstreams, lookUp)
	rest, outside := insideOf(serving.untried(all))
	if len(rest) == 0 { // only now is it worth to wait for hosts that are not known yet, or not lately
		s.awaitPods(ctx, serving, s.upstreams)
		if own != nil {
			if well, _ := s.ofOwn(serving, own.latest()); len(well) > 0 {
				return well
			}
		}
		all = knownOf(s.upstreams, lookUp)
		rest, outside = insideOf(serving.untried(all))
	}
	well, failing := s.split(rest)
	outside, outsideFailing := s.split(outside)
	switch {
	case len(well) > 0:
		return well
	case len(ownFailing) > 0:
		return ownFailing
	case len(failing) > 0:
		return failing
	case len(outside) > 0:
		return outside
	case len(outsideFailing) > 0:
		return outsideFailing
	case s.triesAgain:
		serving.startOver()
		if inside, _ := insideOf(all); len(inside) > 0 {
			return inside
		}
		return all
	default:
		return nil
	}
}

// ofOwn splits the untried pods of the request's own upstream into those that are well, of which only the cookie's own pod counts if it is
// one of them, and those that could not be reached a moment ago. Pods outside the upstream's networks are none of them, except for a resource,
// which needs no token.
func (s *Source) ofOwn(serving *request, pods []pod) (well, failing []pod) {
	if !serving.anyPod {
		pods, _ = insideOf(pods)
	}
	well, failing = s.split(serving.untried(pods))
	if sticky, ok := podIn(well, serving.decision.Addr); ok && serving.resets == 0 && !serving.anyPod {
		well = sticky
	}
	return well, failing
}

// lookAroundAfter is for how long DNS may be silent about a server until others are looked up as well: a name server that is well
// answers sooner, and then nobody uses the others.
const lookAroundAfter = 100 * time.Millisecond

// freshOfOwn returns the fresh pods of the request's own upstream. If it has to wait for them for long, others are known when it gives up.
func (s *Source) freshOfOwn(ctx context.Context, serving *request, own *upstream) []pod {
	if s.turns != nil && own.latest() == nil {
		defer time.AfterFunc(lookAroundAfter, s.lookAround).Stop()
	}
	return own.fresh(ctx, &serving.patience)
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
