// In: a request, and what became of its last step.
// Out: its next step.

package proxy

import (
	"net/http"

	"github.com/doors-dev/doors-caddy/go"
)

// step is what is to be done next for a request.
type step struct {
	action action
	verdict
}

type action uint8

const (
	dial   action = iota // have it proxied
	wait                 // for a pod
	answer               // the verdict
	giveUp               // its client has gone
	done                 // what became of the dial is the answer
)

// ofPage tells whether the request has a token, so that it belongs to one pod.
func (q *request) ofPage() bool { return q.decision.Kind == doors.Pod || q.decision.Kind == doors.Gone }

// first is the first step, and the one after a wait.
func (q *request) first(r *http.Request) step {
	if q.ofPage() {
		if verdict := q.source.verdictBefore(q); verdict.final() {
			return q.refused(r, verdict)
		}
	}
	return step{action: dial}
}

// after is the step after a dial or a round trip that has failed.
func (q *request) after(r *http.Request, failure error) step {
	if q.ofPage() && !q.anyPod {
		if verdict := q.source.verdictAfter(q, failure); verdict.final() {
			return q.refused(r, verdict)
		}
		return step{action: done}
	}
	switch verdict := q.source.verdictOfLoad(q, failure, q.anyPod || q.mayWait(r)); {
	case !verdict.final():
		return step{action: done}
	case verdict.holds && q.mayWait(r):
		return step{wait, verdict}
	default:
		return step{answer, verdict}
	}
}

// refused is the step for a request whose pod cannot take it. While the page has nothing to reload onto, its receiver stream is held.
func (q *request) refused(r *http.Request, verdict verdict) step {
	if verdict.holds && q.isReceiver(r) {
		return step{wait, verdict}
	}
	return q.settled(r, verdict)
}

// settled answers the request, unless it asks for a resource of a pod that is gone or drops connections: any pod of the upstream has it.
func (q *request) settled(r *http.Request, verdict verdict) step {
	q.cause = verdict.cause
	elsewhere := verdict.status == http.StatusGone || q.attempt == podDropped && r.ContentLength == 0
	if elsewhere && q.decision.Kind == doors.Pod && q.decision.Path == doors.PathResource && reads(r) {
		q.anyPod, q.attempt = true, noAttempt
		return step{action: dial}
	}
	return step{answer, verdict}
}

// waited waits for a pod, and is the step after that.
func (q *request) waited(r *http.Request, verdict verdict) step {
	answered, again := q.source.waitForPod(r.Context(), q)
	switch {
	case again:
		q.tryAgain()
		return q.first(r)
	case r.Context().Err() != nil:
		return step{action: giveUp}
	case q.ofPage():
		return q.settled(r, verdict)
	default:
		verdict.retryAfter = answered.RetryAfter
		return step{answer, verdict}
	}
}
