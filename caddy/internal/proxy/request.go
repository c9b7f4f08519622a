// In: the steps of a request, the dials made for it.
// Out: the pod that it goes to next, and what became of the last one.

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

// request is what a source knows about one request while it is served. It travels in the request's context, where each source finds its own, because
// several reverse_proxy handlers may see one request. A page keeps it for as long as it is open: it holds nothing that only a few need.
type request struct {
	ctx    context.Context // as the request came with it
	source *Source

	flow     routing.Request
	decision routing.Decision

	// step is the last one. taken is set while the proxy loop has the pod of the step: an error that comes out of the loop then is not about the
	// pod, since handlers of the user run after the round trip too. goesOn is set when an attempt has failed and the loop may begin anew.
	step          routing.Step
	taken, goesOn bool

	// result is what the handler returns: why no pod has answered, nil if one has.
	result error

	// shown is what people see of it.
	shown show.Request

	// places are the pods that the user's policy chooses from.
	places []routing.Place

	// The transport dials in goroutines of its own, and may go on with a dial after the request has ended.
	mutex sync.Mutex
	last  dial
}

// target is a pod and the index of its upstream.
type target = routing.UpstreamPod

// dial is the pod that was chosen last, and how its last dial ended.
type dial struct {
	target
	outcome routing.Outcome
	fault   error // why it failed for a reason on this machine, nil if it did not
}

type requestKey struct{}

// inContext is the context of a request that is served.
func (q *request) inContext() context.Context { return context.WithValue(q.ctx, requestKey{}, q) }

// lastRequest returns what the last source knows about the request with this context, nil for nothing.
func lastRequest(ctx context.Context) *request {
	found, _ := ctx.Value(requestKey{}).(*request)
	return found
}

// requestOf returns what this source knows.
func (s *Source) requestOf(ctx context.Context) *request {
	found := lastRequest(ctx)
	for found != nil && found.source != s {
		found = lastRequest(found.ctx)
	}
	return found
}

// ofPage tells whether the request has a token, so that it belongs to one pod.
func (q *request) ofPage() bool {
	return q.decision.Kind == routing.Pod || q.decision.Kind == routing.Gone
}

// took takes a step of the library, and obeys what came with it.
func (q *request) took(step routing.Step, err error) {
	q.step, q.taken, q.goesOn = step, false, false
	q.source.learn(q, step.Report, err)
}

// proceed gets a step that the proxy loop can obey, or the last one of all.
func (q *request) proceed() {
	if q.taken { // and answered, but the user has the loop try again
		q.failed(routing.OutcomeCancelled)
	}
	if q.source.userRetries && !q.ofPage() && (q.step.Kind == routing.StepAnswer || q.step.Kind == routing.StepDone) {
		q.took(q.source.core.Resume(&q.flow, q.source.process.Now(), rand.Uint64()))
	}
	if q.step.Kind == routing.StepWait {
		q.wait()
	}
}

// wait obeys steps to wait, until there is another one or the client has given up.
func (q *request) wait() {
	news := q.source.process.news.next()
	timer := time.NewTimer(0) // what has happened since the step would be missed
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-news:
		case <-q.ctx.Done():
			return
		}
		news = q.source.process.news.next()
		q.took(q.source.core.Resume(&q.flow, q.source.process.Now(), rand.Uint64()))
		if q.step.Kind != routing.StepWait {
			return
		}
		timer.Reset(q.step.Until - q.source.process.Now())
	}
}

// failed gets the step after an attempt that has ended without an answer.
func (q *request) failed(outcome routing.Outcome) {
	q.took(q.source.core.Next(&q.flow, outcome, q.source.process.Now(), rand.Uint64()))
	q.goesOn = q.ofPage()
}

// answered takes note of an answer, and tells whether the client gets it. If not there is another step.
func (q *request) answered(response *http.Response) bool {
	var marks routing.Marks
	if slices.Equal(response.Header[markHeader], isSet) {
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
	q.took(step, err)
	return false
}

// refusedStatus stands for an answer that nobody gets: no real one has this status. As an error of the transport it would be held against the pod where
// the user has failures counted, and retried as the user says.
const refusedStatus = 1099

// endOfRefused makes the proxy loop end with errRefused then.
var endOfRefused = caddyhttp.ResponseHandler{
	Match:  &caddyhttp.ResponseMatcher{StatusCode: []int{refusedStatus}},
	Routes: caddyhttp.RouteList{{MatcherSets: caddyhttp.MatcherSets{{refusal{}}}}},
}

var errRefused = errors.New("the pod drains and takes no new pages")

// refusal is the matcher of a route. Its error ends the request's way through the routes.
type refusal struct{}

// MatchWithError matches nothing.
func (refusal) MatchWithError(*http.Request) (bool, error) { return false, errRefused }

// staysWith tells whether a request that a pod has refused goes there again. The user's policy is not asked then: it has chosen the pod a moment ago.
func (q *request) staysWith(pod target) bool {
	if q.step.Kind == routing.StepChoose && slices.ContainsFunc(q.choices(), func(place routing.Place) bool { return place.Upstream == pod.Upstream && place.Pod == pod.Pod }) {
		q.took(q.source.core.Chose(&q.flow, pod.Upstream, pod.Pod, q.source.process.Now()))
	}
	return q.step.Kind == routing.StepDial && q.step.Pod == pod.Pod
}

// choices are the pods that the user's policy may choose from.
func (q *request) choices() []routing.Place {
	places, report, err := q.source.core.Choices(&q.flow, nil, q.source.process.Now())
	q.source.learn(q, report, err)
	return places
}

// gaveUp gets the step after the proxy loop has ended with an error.
func (q *request) gaveUp() {
	if !q.goesOn && q.step.Kind != routing.StepAnswer && q.step.Kind != routing.StepDone {
		q.took(q.source.core.GiveUp(&q.flow, 0, q.source.process.Now(), rand.Uint64()))
	}
}

// leave tells the library that the request is over.
func (q *request) leave() {
	q.source.isWrong(q.source.core.Ended(&q.flow, q.source.process.Now()))
	if q.source.retired.Load() != 0 {
		q.source.closeIdle() // the connection of this request is idle now, and Cleanup has been
	}
}

// goesTo notes the pod that the proxy loop takes.
func (q *request) goesTo(next target) {
	q.taken = true
	q.mutex.Lock()
	again := q.last.Pod.IsValid()
	q.last = dial{next, routing.OutcomeOwnFault, nil}
	q.mutex.Unlock()
	if again || q.decision.Kind == routing.Pod && next.Pod.Addr() != q.decision.Addr {
		metrics.FailedOver()
	}
	q.source.upstreams[next.Upstream].Label() // from its first request on
}

// dialled notes how a dial ended.
func (q *request) dialled(outcome routing.Outcome, failure error) {
	if outcome != routing.OutcomeOwnFault {
		failure = nil
	}
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.last.outcome, q.last.fault = outcome, failure
}

// lastDial returns the pod that was chosen last and how its last dial ended. The pod is not valid before one was chosen.
func (q *request) lastDial() dial {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return q.last
}

// show makes the request visible.
func (q *request) show(answer http.Header) {
	q.shown.Facts = q
	var outer *show.Request
	if before := lastRequest(q.ctx); before != nil {
		outer = &before.shown
	}
	q.shown.Show(q.ctx, answer, outer, q.source.underStockHandler)
}

// Decided is the decision.
func (q *request) Decided() routing.Decision { return q.decision }

// Header is the name of the header that tells about the decision.
func (q *request) Header() string { return q.source.DecisionHeader }

// Cause is why Caddy itself answered.
func (q *request) Cause() routing.Cause { return q.step.Cause }

// Chosen is the pod that was chosen last.
func (q *request) Chosen() routing.UpstreamPod { return q.lastDial().target }

// Upstream is one of the source's.
func (q *request) Upstream(index int) *show.Upstream { return q.source.upstreams[index] }
