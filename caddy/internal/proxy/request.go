// In: the steps of a request, the dials made for it.
// Out: the pod that it goes to next, and what became of the last one.

package proxy

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/show"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/go"
)

// request is what a source knows about one request while it is served. It travels in the request's context under the
// source that made it, because several reverse_proxy handlers may see one request.
type request struct {
	source   *Source
	flow     doors.Request
	decision doors.Decision

	// step is the last one. begun is set once the proxy loop has got the pod of the step, so that its next question means that the attempt failed.
	step  doors.Step
	begun bool

	// cause is why the request was answered by Caddy itself, 0 if it was not.
	cause doors.Cause

	// outer is a request that another source made before for the same one.
	outer *request

	// shown is what people see of it.
	shown show.Request

	// fixed is the pod of a request that goes to no other, and about which the library is not asked; and of a dial in the background.
	fixed target

	// These belong to the proxy loop, which runs in one goroutine.
	offered []offer
	attempt attempt

	// body is the request's, as the transport gets it first.
	body watchedBody

	// The transport dials in goroutines of its own, and may go on with a dial after the request has ended.
	mutex   sync.Mutex
	chosen  target
	outcome doors.Outcome // of the last dial of the chosen pod
	fault   error         // why the last dial failed for a reason on this machine, nil if it did not
}

// target is a pod and the index of its upstream.
type target = doors.UpstreamPod

// attempt is how far the proxy loop has got with its last attempt. An error that comes out of the loop is about a pod only if
// the pod's own round trip failed: handlers of the user that run after the round trip return errors too.
type attempt uint8

const (
	underway attempt = iota
	notReached
	podDropped
	cutByAnother // the connection was closed by another request
	podAnswered
)

// offer is one upstream of the pool that the user's policy chooses from.
type offer struct {
	target
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

// ofPage tells whether the request has a token, so that it belongs to one pod.
func (q *request) ofPage() bool { return q.decision.Kind == doors.Pod || q.decision.Kind == doors.Gone }

// took takes a step of the library, and obeys what came with it.
func (q *request) took(step doors.Step, err error) {
	q.step, q.begun = step, false
	q.source.learn(q, step.Report, err)
}

// nextPod is the upstream that the proxy loop is to try next, nil if there is none: then the step says what to do instead. If it has tried
// one already, that attempt has failed.
func (q *request) nextPod(ctx context.Context) *reverseproxy.Upstream {
	if q.fixed.Pod.IsValid() {
		q.chose(q.fixed)
		return q.source.forCaddy.of(q.fixed.Pod)
	}
	q.proceed(ctx)
	if q.step.Kind != doors.StepDial {
		return nil
	}
	next := target{Upstream: q.step.Upstream, Pod: q.step.Pod}
	q.chose(next)
	return q.source.forCaddy.of(next.Pod)
}

// proceed gets a step that the proxy loop can obey, or the last one of all.
func (q *request) proceed(ctx context.Context) {
	if q.begun {
		q.took(q.source.core.Next(&q.flow, q.failure(), q.source.process.Now(), rand.Uint64()))
	}
	if q.source.userRetries && !q.ofPage() && (q.step.Kind == doors.StepAnswer || q.step.Kind == doors.StepDone) {
		q.took(q.source.core.Resume(&q.flow, q.source.process.Now(), rand.Uint64()))
	}
	if q.step.Kind == doors.StepWait {
		q.wait(ctx)
	}
}

// wait obeys steps to wait, until there is another one or the client has given up.
func (q *request) wait(ctx context.Context) {
	news := q.source.process.news.next()
	timer := time.NewTimer(0) // what has happened since the step would be missed
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-news:
		case <-ctx.Done():
			return
		}
		news = q.source.process.news.next()
		q.took(q.source.core.Resume(&q.flow, q.source.process.Now(), rand.Uint64()))
		if q.step.Kind != doors.StepWait {
			return
		}
		timer.Reset(q.step.Until - q.source.process.Now())
	}
}

// ended gets the step after the proxy loop has ended with an error.
func (q *request) ended() {
	var outcome doors.Outcome
	switch {
	case q.fixed.Pod.IsValid() || q.begun && q.attempt == podAnswered:
		q.step = doors.Step{Kind: doors.StepDone}
		return
	case q.begun:
		outcome = q.failure()
	case q.step.Kind != doors.StepDial && q.step.Kind != doors.StepChoose:
		return
	}
	q.took(q.source.core.GiveUp(&q.flow, outcome, q.source.process.Now(), rand.Uint64()))
}

// leave tells the library that the request is over.
func (q *request) leave() {
	q.source.learn(q, doors.Report{}, q.source.core.Ended(&q.flow, q.source.process.Now()))
}

// failure is what became of an attempt that has failed.
func (q *request) failure() doors.Outcome {
	switch q.attempt {
	case podDropped:
		return doors.OutcomeDropped
	case cutByAnother:
		return doors.OutcomeOwnFault
	case notReached:
		q.mutex.Lock()
		defer q.mutex.Unlock()
		if q.outcome == doors.OutcomeConnected { // and then something else, such as TLS
			return doors.OutcomeOwnFault
		}
		return q.outcome
	default:
		return doors.OutcomeCancelled
	}
}

// chose notes the pod that the request goes to.
func (q *request) chose(next target) {
	q.begun, q.attempt = true, underway
	q.mutex.Lock()
	again := q.chosen.Pod.IsValid()
	q.chosen, q.outcome, q.fault = next, doors.OutcomeOwnFault, nil
	q.mutex.Unlock()
	if again || q.decision.Kind == doors.Pod && next.Pod.Addr() != q.decision.Addr {
		metrics.FailedOver()
	}
	q.source.upstreams[next.Upstream].label() // from its first request on
}

// chosenPod returns the pod that was chosen last.
func (q *request) chosenPod() (target, bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return q.chosen, q.chosen.Pod.IsValid()
}

// dialled notes how a dial ended.
func (q *request) dialled(outcome doors.Outcome, failure error) {
	if outcome != doors.OutcomeOwnFault {
		failure = nil
	}
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.outcome, q.fault = outcome, failure
}

// faultHere is why the last dial failed, if that was for a reason on this machine.
func (q *request) faultHere() error {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return q.fault
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

// Cause is why Caddy itself answered.
func (q *request) Cause() doors.Cause { return q.cause }

// Target is the pod that was chosen last, or that the token names, and its upstream as host:port; "" for what is not known.
func (q *request) Target() (pod, upstream string) {
	if chosen, ok := q.chosenPod(); ok {
		return chosen.Pod.String(), q.source.upstreams[chosen.Upstream].hostport
	}
	if q.decision.Upstream < 0 {
		return "", ""
	}
	if q.decision.Kind == doors.Pod {
		pod = netip.AddrPortFrom(q.decision.Addr, q.decision.Port).String()
	}
	return pod, q.source.upstreams[q.decision.Upstream].hostport
}

// Host is the host of the pod that was chosen last.
func (q *request) Host() (name, hostport string, ok bool) {
	chosen, ok := q.chosenPod()
	if !ok {
		return "", "", false
	}
	name, hostport = q.source.upstreams[chosen.Upstream].forApp()
	return name, hostport, true
}
