// In: the decision about a request, the upstreams it was offered, the dials made for it.
// Out: what the next step of serving it needs to know.

package proxy

import (
	"context"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/hosts"
	"github.com/doors-dev/doors-caddy/caddy/internal/show"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/go"
)

// request is what a source knows about one request while it is served. It travels in the request's context under the
// source that made it, because several reverse_proxy handlers may see one request.
type request struct {
	source   *Source
	decision doors.Decision

	// cause is why the decision could not be carried out, nil while nothing stands in the way.
	cause *metrics.Cause

	// outer is a request that another source made before for the same one.
	outer *request

	// shown is what people see of it.
	shown show.Request

	// probes is set for the one request in a second that finds out whether its pod is back, anyPod for one whose
	// pod is gone and that any pod of the upstream can answer.
	probes, anyPod bool

	// pod is the one that owns the page, if the decision is for a pod.
	pod [1]pod

	// stream is set for a page's receiver stream.
	stream bool

	// patience is how long the request waits for DNS.
	patience hosts.Patience

	// These belong to the proxy loop, which runs in one goroutine.
	at      netip.AddrPort // the pod at which the request is counted; noPod if there is none
	resets  int
	offered []offer
	attempt attempt
	drop    doors.Answer // what a dropped connection means, with podDropped

	// began is when the request began, 0 until that is needed.
	began time.Duration

	// background is set for a dial that no request waits for.
	background bool

	// body is the request's, as the transport gets it first.
	body watchedBody

	// The transport dials in goroutines of its own, and may go on with a dial after the request has ended.
	mutex  sync.Mutex
	chosen pod
	failed map[netip.AddrPort]doors.Answer
	fault  error // why the last dial failed for a reason on this machine, nil if it did not
}

// attempt is how far the proxy loop has got with its last attempt. An error that comes out of the loop is about a pod only if
// the pod's own round trip failed: handlers of the user that run after the round trip return errors too.
type attempt uint8

const (
	noAttempt attempt = iota
	nothingToChoose
	underway
	roundTripFailed
	podDropped
	podAnswered
)

// noPod is the address of no pod.
var noPod netip.AddrPort

// offer is one upstream of the pool that the load balancer last chose from.
type offer struct {
	pod      pod
	upstream *reverseproxy.Upstream
}

type requestKey struct{}

func (s *Source) requestOf(ctx context.Context) (*request, bool) {
	found, _ := ctx.Value(requestKey{}).(*request)
	for found != nil && found.source != s {
		found = found.outer
	}
	if found == nil && s.underStockHandler {
		found, _ = caddyhttp.GetVar(ctx, s.requestVariable()).(*request)
	}
	return found, found != nil
}

// offer makes fresh upstreams of the pods: Caddy writes into every one that it is given.
func (q *request) offer(pods []pod) []*reverseproxy.Upstream {
	upstreams := make([]*reverseproxy.Upstream, len(pods))
	q.offered = q.offered[:0]
	for i, pod := range pods {
		upstreams[i] = &reverseproxy.Upstream{Dial: pod.forCaddy.Dial}
		q.offered = append(q.offered, offer{pod, upstreams[i]})
	}
	return upstreams
}

// offeredAs returns the pod that was offered as this upstream.
func (q *request) offeredAs(upstream *reverseproxy.Upstream) (pod, bool) {
	for _, offer := range q.offered {
		if offer.upstream == upstream {
			return offer.pod, true
		}
	}
	return pod{}, false
}

// chose notes the pod that was chosen.
func (q *request) chose(pod pod) {
	q.attempt = underway
	if q.chosen.upstream != nil || q.anyPod {
		metrics.FailedOver()
	}
	if q.decision.Kind != doors.Gone {
		pod.upstream.label() // from its first request on
	}
	q.mutex.Lock()
	q.chosen = pod
	q.mutex.Unlock()
}

// foundNothing notes that there was no pod to choose. If there was one before, its failure is what the loop will end with.
func (q *request) foundNothing() {
	if q.attempt == noAttempt {
		q.attempt = nothingToChoose
	}
}

// chosenPod returns the pod that was chosen last.
func (q *request) chosenPod() (pod, bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return q.chosen, q.chosen.upstream != nil
}

// passOver leaves out the pods that were offered and not taken.
func (q *request) passOver() {
	for _, offer := range q.offered {
		q.failedToReach(offer.pod.address, doors.Answer{})
	}
}

// failedToReach notes what the failed dial of an address means for a request that has to reach it.
func (q *request) failedToReach(address netip.AddrPort, answer doors.Answer) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.failed == nil {
		q.failed = make(map[netip.AddrPort]doors.Answer)
	}
	q.failed[address] = answer
}

// failedHere notes why a dial failed for a reason on this machine; nil for any other end of a dial.
func (q *request) failedHere(fault error) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.fault = fault
}

// faultHere is what was noted last.
func (q *request) faultHere() error {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return q.fault
}

// reached notes that the last dial of an address succeeded.
func (q *request) reached(address netip.AddrPort) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	delete(q.failed, address)
}

// failedAt returns what the last dial of the address means, if it failed.
func (q *request) failedAt(address netip.AddrPort) (doors.Answer, bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	answer, failed := q.failed[address]
	return answer, failed
}

// untried leaves out the pods whose dial failed for this request, and those that were passed over.
func (q *request) untried(pods []pod) []pod {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if len(q.failed) == 0 {
		return pods
	}
	var rest []pod
	for _, pod := range pods {
		if _, failed := q.failed[pod.address]; !failed {
			rest = append(rest, pod)
		}
	}
	return rest
}

// tryAgain forgets what the request has tried, except when it began.
func (q *request) tryAgain() {
	q.startOver()
	q.mutex.Lock()
	q.chosen = pod{}
	q.mutex.Unlock()
	q.attempt, q.resets, q.patience = noAttempt, 0, hosts.Patience{}
}

// startOver makes every address eligible again, for those who want to go on trying.
func (q *request) startOver() {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	clear(q.failed)
}

// show makes the request visible.
func (q *request) show(ctx context.Context, answer http.Header) {
	q.shown.Facts, q.shown.Header = q, q.source.DecisionHeader
	var outer *show.Request
	if q.outer != nil {
		outer = &q.outer.shown
	}
	q.shown.Show(ctx, answer, outer, q.source.underStockHandler)
}

// Decided is the decision.
func (q *request) Decided() doors.Decision { return q.decision }

// Cause is why it could not be carried out.
func (q *request) Cause() *metrics.Cause { return q.cause }

// Target is the pod that was chosen last, or that the token names, and its upstream as host:port; "" for what is not known.
func (q *request) Target() (pod, upstream string) {
	if chosen, ok := q.chosenPod(); ok {
		return chosen.forCaddy.Dial, chosen.upstream.hostport
	}
	if q.decision.Upstream < 0 {
		return "", ""
	}
	if q.decision.Kind == doors.Pod {
		pod = q.pod[0].forCaddy.Dial
	}
	return pod, q.source.upstreams[q.decision.Upstream].hostport
}

// Host is the host of the pod that was chosen last.
func (q *request) Host() (name, hostport string, ok bool) {
	chosen, ok := q.chosenPod()
	if !ok {
		return "", "", false
	}
	return chosen.upstream.forApp.name, chosen.upstream.forApp.hostport, true
}
