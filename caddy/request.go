// In: the decision about a request, the upstreams it was offered, the dials made for it.
// Out: what the next step of serving it needs to know.

package caddydoors

import (
	"context"
	"net/netip"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/go"
)

// hostPlaceholder holds the host:port of the server whose pod was chosen, as configured.
// TLS upstreams are verified against it and get it as their Host.
const (
	hostPlaceholder     = "http.doors.host"
	hostportPlaceholder = "http.doors.hostport"
)

// request is what a source knows about one request while it is served. It travels in the request's context under the
// source that made it, because several reverse_proxy handlers may see one request.
type request struct {
	decision doors.Decision

	// Both belong to the proxy loop, which runs in one goroutine.
	resets  int
	offered []offer

	// The transport dials in goroutines of its own, and may go on with a dial after the request has ended.
	mutex  sync.Mutex
	chosen *server
	failed map[netip.AddrPort]dialOutcome
}

// offer is one upstream of the pool that the load balancer last chose from.
type offer struct {
	pod      pod
	upstream *reverseproxy.Upstream
}

type requestKey struct{ source *Source }

func (s *Source) requestOf(ctx context.Context) (*request, bool) {
	if s.underStockHandler {
		found, ok := caddyhttp.GetVar(ctx, s.requestVariable()).(*request)
		return found, ok
	}
	found, ok := ctx.Value(requestKey{s}).(*request)
	return found, ok
}

// offer makes fresh upstreams of the pods: Caddy writes into every one that it is given.
func (q *request) offer(pods []pod) []*reverseproxy.Upstream {
	upstreams := make([]*reverseproxy.Upstream, len(pods))
	q.offered = q.offered[:0]
	for i, pod := range pods {
		upstreams[i] = &reverseproxy.Upstream{Dial: pod.dial}
		q.offered = append(q.offered, offer{pod, upstreams[i]})
	}
	return upstreams
}

// choose notes whose pod the load balancer chose and tells the placeholders.
func (q *request) choose(upstream *reverseproxy.Upstream, replacer *caddy.Replacer) {
	for _, offer := range q.offered {
		if offer.upstream == upstream {
			q.mutex.Lock()
			q.chosen = offer.pod.server
			q.mutex.Unlock()
			replacer.Set(hostPlaceholder, offer.pod.server.name)
			replacer.Set(hostportPlaceholder, offer.pod.server.hostport)
			return
		}
	}
}

// server returns the server whose pod was chosen last.
func (q *request) server() *server {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return q.chosen
}

// dialled notes how the last dial of an address ended.
func (q *request) dialled(address netip.AddrPort, outcome dialOutcome) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if outcome == dialNone {
		delete(q.failed, address)
		return
	}
	if q.failed == nil {
		q.failed = make(map[netip.AddrPort]dialOutcome)
	}
	q.failed[address] = outcome
}

// outcome returns how the last dial of the address ended. A request that failed without a failed dial of the address
// itself (a forward proxy stood before it, say) says nothing about the pod.
func (q *request) outcome(address netip.AddrPort) dialOutcome {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return q.failed[address]
}

// untried leaves out the pods whose dial failed for this request.
func (q *request) untried(pods []pod) []pod {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if len(q.failed) == 0 {
		return pods
	}
	var rest []pod
	for _, pod := range pods {
		if q.failed[pod.address] == dialNone {
			rest = append(rest, pod)
		}
	}
	return rest
}

// startOver makes every address eligible again, for those who want to go on trying.
func (q *request) startOver() {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	clear(q.failed)
}
