package proxy

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/show"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/routing"
)

// request is the state of one request while it is served. It is in the request's context. Several
// reverse_proxy handlers may serve one request, and each source finds its own. A page keeps it as
// long as it is open, so it holds nothing that few requests need.
type request struct {
	ctx    context.Context // the request's original context
	source *Source

	flow     routing.Request
	decision routing.Decision

	// step is the last step. taken is set while the proxy loop has the pod of the step. An error
	// from the loop is then not about the pod, since user handlers run after the round trip too.
	// mayRestart is set when an attempt has failed and the loop may start again.
	step              routing.Step
	taken, mayRestart bool

	// result is what the handler returns: why no pod has answered, or nil.
	result error

	// shown is what logs, placeholders and headers show of the request.
	shown show.Request

	// places are the pods that the user's policy chooses from.
	places []routing.Place

	// mutex guards last: the transport dials in its own goroutines, which may outlive the request.
	mutex sync.Mutex
	last  dial
}

// target is a pod and the index of its upstream.
type target = routing.UpstreamPod

// dial is the pod that was chosen last, and the outcome of its last dial.
type dial struct {
	target
	outcome routing.Outcome
	fault   error // the error, if the fault is on this machine
}

type requestKey struct{}

// inContext returns the request's context with q in it.
func (q *request) inContext() context.Context { return context.WithValue(q.ctx, requestKey{}, q) }

// lastRequest returns the request that the innermost source put into the context, or nil.
func lastRequest(ctx context.Context) *request {
	found, _ := ctx.Value(requestKey{}).(*request)
	return found
}

// requestOf returns the request that this source put into the context, or nil.
func (s *Source) requestOf(ctx context.Context) *request {
	found := lastRequest(ctx)
	for found != nil && found.source != s {
		found = lastRequest(found.ctx)
	}
	return found
}

// hasToken reports whether the request has a token and so belongs to one pod.
func (q *request) hasToken() bool {
	return q.decision.Kind == routing.Pod || q.decision.Kind == routing.Gone
}

// setStep stores a step and carries out its report.
func (q *request) setStep(step routing.Step, err error) {
	q.step, q.taken, q.mayRestart = step, false, false
	q.source.learn(q, step.Report, err)
}

// proceed gets a step that the proxy loop can carry out, or the last step.
func (q *request) proceed() {
	if q.taken { // answered, but the user's options make the loop try again
		q.failed(routing.OutcomeCancelled)
	}
	if q.source.userRetries && !q.hasToken() && (q.step.Kind == routing.StepAnswer || q.step.Kind == routing.StepDone) {
		q.setStep(q.source.core.Resume(&q.flow, q.source.process.Now(), rand.Uint64()))
	}
	if q.step.Kind == routing.StepWait {
		q.wait()
	}
}

// wait waits until the step changes or the client has gone.
func (q *request) wait() {
	news := q.source.process.news.next()
	timer := time.NewTimer(0) // resume once at first: news may have come since the step
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-news:
		case <-q.ctx.Done():
			return
		}
		news = q.source.process.news.next()
		q.setStep(q.source.core.Resume(&q.flow, q.source.process.Now(), rand.Uint64()))
		if q.step.Kind != routing.StepWait {
			return
		}
		timer.Reset(q.step.Until - q.source.process.Now())
	}
}

// failed gets the step after a failed attempt.
func (q *request) failed(outcome routing.Outcome) {
	q.setStep(q.source.core.Next(&q.flow, outcome, q.source.process.Now(), rand.Uint64()))
	q.mayRestart = q.hasToken()
}

// answered reports an answer to the library. It returns whether the client gets the answer; if not,
// there is another step.
func (q *request) answered(response *http.Response) bool {
	var marks routing.Marks
	if slices.Equal(response.Header[markHeader], headerTrue) {
		marks = routing.MarkDraining
		if response.StatusCode == http.StatusServiceUnavailable {
			marks |= routing.MarkRefused
		}
	}
	delete(response.Header, markHeader)
	step, err := q.source.core.Answered(&q.flow, marks, q.source.process.Now(), rand.Uint64())
	if step.Kind == routing.StepDone {
		q.source.learn(q, step.Report, err)
		return true
	}
	q.setStep(step, err)
	return false
}

// refusedStatus marks an answer that no client gets; no real answer has this status. An error from
// the transport would count as a failure of the pod and cause the user's retries.
const refusedStatus = 1099

// endOfRefused ends the proxy loop with errRefused after such an answer.
var endOfRefused = caddyhttp.ResponseHandler{
	Match:  &caddyhttp.ResponseMatcher{StatusCode: []int{refusedStatus}},
	Routes: caddyhttp.RouteList{{MatcherSets: caddyhttp.MatcherSets{{refusal{}}}}},
}

var errRefused = errors.New("the pod is draining and takes no new pages")

// refusal is a route matcher. Its error stops the handling of routes.
type refusal struct{}

// MatchWithError always returns errRefused.
func (refusal) MatchWithError(*http.Request) (bool, error) { return false, errRefused }

// staysWith reports whether a request goes back to the pod that refused it. The user's policy is
// not asked again: it chose this pod a moment ago.
func (q *request) staysWith(pod target) bool {
	if q.step.Kind == routing.StepChoose && slices.ContainsFunc(q.choices(), func(place routing.Place) bool { return place.Upstream == pod.Upstream && place.Pod == pod.Pod }) {
		q.setStep(q.source.core.Chose(&q.flow, pod.Upstream, pod.Pod, q.source.process.Now()))
	}
	return q.step.Kind == routing.StepDial && q.step.Pod == pod.Pod
}

// choices returns the pods that the user's policy may choose from.
func (q *request) choices() []routing.Place {
	places, report, err := q.source.core.Choices(&q.flow, nil, q.source.process.Now())
	q.source.learn(q, report, err)
	return places
}

// gaveUp gets the step after the proxy loop has ended with an error.
func (q *request) gaveUp() {
	if !q.mayRestart && q.step.Kind != routing.StepAnswer && q.step.Kind != routing.StepDone {
		q.setStep(q.source.core.GiveUp(&q.flow, 0, q.source.process.Now(), rand.Uint64()))
	}
}

// end reports the end of the request.
func (q *request) end() {
	q.source.logRejected(q.source.core.Ended(&q.flow, q.source.process.Now()))
	if q.source.retired.Load() != 0 {
		q.source.closeIdle() // this request's connection is idle only now, after Cleanup
	}
}

// setPod records the pod that the proxy loop dials.
func (q *request) setPod(next target) {
	q.taken = true
	q.mutex.Lock()
	again := q.last.Pod.IsValid()
	q.last = dial{next, routing.OutcomeOwnFault, nil}
	q.mutex.Unlock()
	if again || q.decision.Kind == routing.Pod && next.Pod.Addr() != q.decision.Addr {
		metrics.FailedOver()
	}
	q.source.upstreams[next.Upstream].Label() // creates the metrics with the first request
}

// dialled records the outcome of a dial.
func (q *request) dialled(outcome routing.Outcome, failure error) {
	if outcome != routing.OutcomeOwnFault {
		failure = nil
	}
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.last.outcome, q.last.fault = outcome, failure
}

// lastDial returns the pod that was chosen last and the outcome of its dial. The pod is invalid if
// none was chosen.
func (q *request) lastDial() dial {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return q.last
}

// show sets up what is shown of the request.
func (q *request) show(answer http.Header) {
	q.shown.Facts = q
	var outer *show.Request
	if before := lastRequest(q.ctx); before != nil {
		outer = &before.shown
	}
	q.shown.Show(q.ctx, answer, outer, q.source.underStockHandler)
}

// Decided returns the decision.
func (q *request) Decided() routing.Decision { return q.decision }

// Header returns the name of the decision header.
func (q *request) Header() string { return q.source.DecisionHeader }

// Cause returns why Caddy itself answered.
func (q *request) Cause() routing.Cause { return q.step.Cause }

// Chosen returns the pod that was chosen last.
func (q *request) Chosen() routing.UpstreamPod { return q.lastDial().target }

// Upstream returns an upstream of the source.
func (q *request) Upstream(index int) *show.Upstream { return q.source.upstreams[index] }
