package routing

// In:  one request, then what became of each attempt.
// Out: what to do next for it.

/*
#cgo noescape begin
#cgo nocallback begin
#cgo noescape doors_request_next
#cgo nocallback doors_request_next
#cgo noescape doors_request_failed
#cgo nocallback doors_request_failed
#cgo noescape doors_request_resume
#cgo nocallback doors_request_resume
#cgo noescape doors_request_choices
#cgo nocallback doors_request_choices
#cgo noescape doors_request_chose
#cgo nocallback doors_request_chose
#cgo noescape doors_request_chose_none
#cgo nocallback doors_request_chose_none
#cgo noescape doors_request_give_up
#cgo nocallback doors_request_give_up
#cgo noescape doors_request_answered
#cgo nocallback doors_request_answered
#cgo noescape doors_request_ended
#cgo nocallback doors_request_ended
#include "doors_caddy.h"

// Each crossing from Go costs more than the decision itself.
static int32_t begin(doors_source *source, uint32_t method, uint32_t has_body, const char *path, size_t path_len, const char *cookies,
	size_t cookies_len, int64_t now, uint64_t random, doors_request *request, doors_step *step, doors_decision *decision) {
	int32_t status = doors_request_begin(source, method, has_body, path, path_len, cookies, cookies_len, now, random, request, step);
	return status != DOORS_STATUS_OK ? status : doors_request_decision(source, request, decision);
}
*/
import "C"

import (
	"net/netip"
	"runtime"
	"time"
	"unsafe"
)

// Request is one request on its way, in the caller's memory. The zero value is
// none. [Source.Begin] fills it; one goroutine at a time may use it, and no copy
// of it.
//
// For each request: obey the step; report each dial with [Source.Dialled] and
// each attempt that has ended without an answer with [Source.Next], which returns
// the next step; or both with [Source.Failed]. Say with [Source.Answered] that
// the pod has begun to answer, and in every case with [Source.Ended] that the
// request is over. A call about a request that another source began, or none, or
// that has ended, returns [StepDone] and changes nothing.
type Request struct {
	opaque [40]uint64
}

// The library's own size is the same.
var _ [0]byte = [unsafe.Sizeof(Request{}) - unsafe.Sizeof(C.doors_request{})]byte{}

func (r *Request) c() *C.doors_request { return (*C.doors_request)(unsafe.Pointer(r)) }

// Incoming is a request as it comes in.
type Incoming struct {
	// Method is its method.
	Method Method
	// HasBody is whether it has a body, or may have one: its length is not known
	// to be 0.
	HasBody bool
	// Path and Cookies are as in [Router.Decide].
	Path, Cookies string
}

// Begin begins a request, which is overwritten. The decision is what its token or
// its cookie means. It allocates nothing.
func (s *Source) Begin(request *Request, incoming Incoming, now time.Duration, random uint64) (Step, Decision, error) {
	path, pathLength := flat(incoming.Path)
	cookies, cookiesLength := flat(incoming.Cookies)
	var out C.doors_step
	var decision C.doors_decision
	status := C.begin(s.handle, C.uint32_t(incoming.Method), flagOf(incoming.HasBody), path, pathLength,
		cookies, cookiesLength, C.int64_t(now), C.uint64_t(random), request.c(), &out, &decision)
	runtime.KeepAlive(s)
	step, err := stepOf(&out, status)
	if err != nil {
		return step, Decision{Upstream: none, Key: none}, err
	}
	return step, decisionOf(&decision), nil
}

// Next reports that the attempt that the last step asked for has ended without
// an answer, after its dial was told to [Source.Dialled]. [OutcomeRefused],
// [OutcomeUnreachable] and [OutcomeOwnFault] mean that no connection was made;
// [OutcomeDropped] that the connection ended before a byte of an answer, which
// this call counts for the pod; [OutcomeCancelled], and any other, that the client
// has gone or the answer has begun.
func (s *Source) Next(request *Request, outcome Outcome, now time.Duration, random uint64) (Step, error) {
	var out C.doors_step
	status := C.doors_request_next(s.handle, request.c(), C.uint32_t(outcome), C.int64_t(now), C.uint64_t(random), &out)
	runtime.KeepAlive(s)
	return stepOf(&out, status)
}

// Failed is [Source.Dialled] and [Source.Next] in one, for callers whose dials
// belong to one request each.
func (s *Source) Failed(request *Request, outcome Outcome, now time.Duration, random uint64) (Step, error) {
	var out C.doors_step
	status := C.doors_request_failed(s.handle, request.c(), C.uint32_t(outcome), C.int64_t(now), C.uint64_t(random), &out)
	runtime.KeepAlive(s)
	return stepOf(&out, status)
}

// Resume goes on with a request that waits: at the Until of its step, or when a
// report says Wake. A call more than needed repeats the last step. With
// UserRetries a request that was answered tries again, if it may.
func (s *Source) Resume(request *Request, now time.Duration, random uint64) (Step, error) {
	var out C.doors_step
	status := C.doors_request_resume(s.handle, request.c(), C.int64_t(now), C.uint64_t(random), &out)
	runtime.KeepAlive(s)
	return stepOf(&out, status)
}

// Place is a pod to choose from.
type Place struct {
	// Upstream is the index of its upstream in the configuration.
	Upstream int
	// Pod is where it is dialled.
	Pod netip.AddrPort
	// Tier is how good it is for the request; lower is better.
	Tier int
}

// Choices returns, after [StepChoose], the pods that may take the request: only
// the best ones, in the order of the configuration and of their addresses. There
// may be none: then call [Source.ChoseNone]. They are appended to places.
func (s *Source) Choices(request *Request, places []Place, now time.Duration) ([]Place, *Report, error) {
	defer runtime.KeepAlive(s)
	list := make([]C.doors_place, 8)
	for {
		var count C.size_t
		var out C.doors_report
		status := C.doors_request_choices(s.handle, request.c(), C.int64_t(now), &list[0], C.size_t(len(list)), &count, &out)
		if status == C.DOORS_STATUS_OK && int(count) > len(list) {
			list = make([]C.doors_place, count)
			continue
		}
		report, err := reportOf(&out, status)
		for i := range list[:count] {
			place := &list[i]
			places = append(places, Place{int(place.upstream), addrPortOf(&place.pod), int(place.tier)})
		}
		return places, report, err
	}
}

// Chose reports that the user's policy has chosen this pod of this upstream. The
// step is to dial it.
func (s *Source) Chose(request *Request, upstream int, pod netip.AddrPort, now time.Duration) (Step, error) {
	cPod := podOf(pod)
	var out C.doors_step
	status := C.doors_request_chose(s.handle, request.c(), C.uint32_t(upstream), &cPod, C.int64_t(now), &out)
	runtime.KeepAlive(s)
	return stepOf(&out, status)
}

// ChoseNone reports that the user's policy has chosen none. The next step offers
// those that are less good, or is as if none could be reached.
func (s *Source) ChoseNone(request *Request, now time.Duration, random uint64) (Step, error) {
	var out C.doors_step
	status := C.doors_request_chose_none(s.handle, request.c(), C.int64_t(now), C.uint64_t(random), &out)
	runtime.KeepAlive(s)
	return stepOf(&out, status)
}

// GiveUp reports, with UserRetries, that the user's retries are over. The outcome
// is that of the last attempt, or 0 if it was told to [Source.Next]. The step is
// [StepAnswer], [StepWait] or [StepDone].
func (s *Source) GiveUp(request *Request, outcome Outcome, now time.Duration, random uint64) (Step, error) {
	var out C.doors_step
	status := C.doors_request_give_up(s.handle, request.c(), C.uint32_t(outcome), C.int64_t(now), C.uint64_t(random), &out)
	runtime.KeepAlive(s)
	return stepOf(&out, status)
}

// Marks is what an answer of a pod says about the pod: any of these, or 0.
type Marks uint32

const (
	// MarkDraining: it carries Doors-Draining: ?1. The pod drains from now on,
	// whatever DNS says.
	MarkDraining Marks = C.DOORS_MARK_DRAINING
	// MarkRefused: it is a 503 with Doors-Draining: ?1, and nothing of it was sent
	// to the client. If the request loads a page it can be taken back. Says
	// MarkDraining as well.
	MarkRefused Marks = C.DOORS_MARK_REFUSED
)

// Answered reports that the pod has begun to answer. [StepDone] says to pass the
// answer on. Any other step, which only [MarkRefused] leads to, says to drop the
// answer, of which the client sees nothing, and to obey. The error is
// [StatusRange] for other marks.
func (s *Source) Answered(request *Request, marks Marks, now time.Duration, random uint64) (Step, error) {
	var out C.doors_step
	status := C.doors_request_answered(s.handle, request.c(), C.uint32_t(marks), C.int64_t(now), C.uint64_t(random), &out)
	runtime.KeepAlive(s)
	return stepOf(&out, status)
}

// Ended reports that the request has ended, however. Call it once after each
// [Source.Begin]: until then the request counts as in flight at its pod, or as
// waiting. A second call does nothing.
func (s *Source) Ended(request *Request, now time.Duration) error {
	status := C.doors_request_ended(s.handle, request.c(), C.int64_t(now))
	runtime.KeepAlive(s)
	return statusOf(status)
}
