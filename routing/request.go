package routing

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

// Request is a request under way, in the caller's memory. [Source.Begin]
// initializes it. Only one goroutine at a time may use it, and it must not be
// copied.
//
// Carry out each step, and report the result. Report each dial with
// [Source.Dialled]. Report an attempt that ended without an answer with
// [Source.Next], which returns the next step, or report both with
// [Source.Failed]. Report the beginning of an answer with [Source.Answered].
// Report the end of the request with [Source.Ended] in all cases. A call with a
// request that has ended, or that another source or none has begun, returns
// [StepDone] and has no effect.
type Request struct {
	opaque [40]uint64
}

// The library's type has the same size.
var _ [0]byte = [unsafe.Sizeof(Request{}) - unsafe.Sizeof(C.doors_request{})]byte{}

func (r *Request) c() *C.doors_request { return (*C.doors_request)(unsafe.Pointer(r)) }

// Incoming is a request from a client.
type Incoming struct {
	// Method is its method.
	Method Method
	// HasBody is set unless the length of the body is known to be 0.
	HasBody bool
	// Path and Cookies are as in [Router.Decide].
	Path, Cookies string
}

// Begin begins a request, which it overwrites. The decision is what the token
// or cookie means. It does not allocate.
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

// Next reports that an attempt ended without an answer. If it dialled, report
// the dial to [Source.Dialled] first. [OutcomeRefused], [OutcomeUnreachable]
// and [OutcomeOwnFault] mean that no connection was made. [OutcomeDropped]
// means that the connection ended before the first byte of an answer, which
// counts against the pod. [OutcomeCancelled] and all others mean that the
// client has gone or the answer has begun.
func (s *Source) Next(request *Request, outcome Outcome, now time.Duration, random uint64) (Step, error) {
	var out C.doors_step
	status := C.doors_request_next(s.handle, request.c(), C.uint32_t(outcome), C.int64_t(now), C.uint64_t(random), &out)
	runtime.KeepAlive(s)
	return stepOf(&out, status)
}

// Failed is [Source.Dialled] and [Source.Next] in one call, for callers whose
// dials belong to a single request.
func (s *Source) Failed(request *Request, outcome Outcome, now time.Duration, random uint64) (Step, error) {
	var out C.doors_step
	status := C.doors_request_failed(s.handle, request.c(), C.uint32_t(outcome), C.int64_t(now), C.uint64_t(random), &out)
	runtime.KeepAlive(s)
	return stepOf(&out, status)
}

// Resume continues a waiting request. Call it at the Until of its step, and
// whenever a report sets Wake. Additional calls repeat the last step. With
// UserRetries it also retries a request that was answered, if possible.
func (s *Source) Resume(request *Request, now time.Duration, random uint64) (Step, error) {
	var out C.doors_step
	status := C.doors_request_resume(s.handle, request.c(), C.int64_t(now), C.uint64_t(random), &out)
	runtime.KeepAlive(s)
	return stepOf(&out, status)
}

// Place is a pod to choose from.
type Place struct {
	// Upstream is the index of the upstream in the configuration.
	Upstream int
	// Pod is the address and port to dial.
	Pod netip.AddrPort
	// Tier ranks the pod for this request. Lower is better.
	Tier int
}

// Choices returns, after [StepChoose], the pods that may take the request. It
// appends them to places. They are the best available, in the order of the
// configuration and then of addresses. If there are none, call
// [Source.ChoseNone].
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

// Chose reports that the user's policy has chosen a pod. The step is to dial
// it.
func (s *Source) Chose(request *Request, upstream int, pod netip.AddrPort, now time.Duration) (Step, error) {
	cPod := podOf(pod)
	var out C.doors_step
	status := C.doors_request_chose(s.handle, request.c(), C.uint32_t(upstream), &cPod, C.int64_t(now), &out)
	runtime.KeepAlive(s)
	return stepOf(&out, status)
}

// ChoseNone reports that the user's policy has chosen no pod. The next step
// offers pods of a lower tier, or is the same as if none could be reached.
func (s *Source) ChoseNone(request *Request, now time.Duration, random uint64) (Step, error) {
	var out C.doors_step
	status := C.doors_request_chose_none(s.handle, request.c(), C.int64_t(now), C.uint64_t(random), &out)
	runtime.KeepAlive(s)
	return stepOf(&out, status)
}

// GiveUp reports, with UserRetries, that the user's retries are used up.
// outcome is that of the last attempt, or 0 if it was reported to
// [Source.Next]. The step is [StepAnswer], [StepWait] or [StepDone].
func (s *Source) GiveUp(request *Request, outcome Outcome, now time.Duration, random uint64) (Step, error) {
	var out C.doors_step
	status := C.doors_request_give_up(s.handle, request.c(), C.uint32_t(outcome), C.int64_t(now), C.uint64_t(random), &out)
	runtime.KeepAlive(s)
	return stepOf(&out, status)
}

// Marks say what a pod's answer tells about the pod. They can be combined; 0 is
// none.
type Marks uint32

const (
	// MarkDraining is set for an answer with Doors-Draining: ?1. The pod is
	// draining from now on, whatever DNS says.
	MarkDraining Marks = C.DOORS_MARK_DRAINING
	// MarkRefused is set for a 503 with Doors-Draining: ?1 of which nothing was
	// sent to the client. A page load can then go to another pod. It implies
	// MarkDraining.
	MarkRefused Marks = C.DOORS_MARK_REFUSED
)

// Answered reports that a pod has begun to answer. If the step is [StepDone],
// pass the answer on. Any other step, which only [MarkRefused] causes, means to
// drop the answer and carry out the step. The error is [StatusRange] for
// unknown marks.
func (s *Source) Answered(request *Request, marks Marks, now time.Duration, random uint64) (Step, error) {
	var out C.doors_step
	status := C.doors_request_answered(s.handle, request.c(), C.uint32_t(marks), C.int64_t(now), C.uint64_t(random), &out)
	runtime.KeepAlive(s)
	return stepOf(&out, status)
}

// Ended reports that the request has ended, for whatever reason. Call it once
// after each [Source.Begin]: until then the request counts as in flight or as
// waiting. A second call has no effect.
func (s *Source) Ended(request *Request, now time.Duration) error {
	status := C.doors_request_ended(s.handle, request.c(), C.int64_t(now))
	runtime.KeepAlive(s)
	return statusOf(status)
}
