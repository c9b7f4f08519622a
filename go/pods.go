package doors

// In:  what happened to requests and dials, with the time it happened at.
// Out: what to do: dial, probe, wait, answer 410 or answer 503.

/*
#cgo noescape doors_pods_began
#cgo nocallback doors_pods_began
#cgo noescape doors_pods_refused_token
#cgo nocallback doors_pods_refused_token
#cgo noescape doors_pods_ended
#cgo nocallback doors_pods_ended
#cgo noescape doors_pods_wait
#cgo nocallback doors_pods_wait
#cgo noescape doors_pods_entered
#cgo nocallback doors_pods_entered
#cgo noescape doors_pods_left
#cgo nocallback doors_pods_left
#cgo noescape doors_pods_failed_recently
#cgo nocallback doors_pods_failed_recently
#cgo noescape doors_pods_verdict
#cgo nocallback doors_pods_verdict
#include "doors_caddy.h"
*/
import "C"

import (
	"math"
	"net/netip"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"
)

// Pods remembers which pods are dead, how often they may be dialled, and how
// many pages may be told to reload. One serves the whole process, beside all
// routers, and outlives changes of the configuration.
//
// It does change, but any number of goroutines may use it at the same time. Its
// memory is freed as that of the others; see the package.
//
// Each now is the time since any fixed start by a monotonic clock: time.Since
// of one [time.Time] that was taken when the process began. The error of every
// call is [StatusRange] for a time or duration below 0.
type Pods struct {
	handle *C.doors_pods
	_      unshared
}

var livePods atomic.Int64

// NewPods makes one that knows nothing. It remembers at most maxPods pods; 10,000
// is a good value. Then it forgets pods with which nothing is wrong, those without
// requests in flight first, and then those against which something is held; of
// several the one that was not used for longest. The error is [StatusRange] unless
// maxPods is 1 to 4,294,967,295.
func NewPods(maxPods int) (*Pods, error) {
	if abiProblem != nil {
		return nil, abiProblem
	}
	bound, err := boundOf(maxPods)
	if err != nil {
		return nil, err
	}
	var handle *C.doors_pods
	if err := statusOf(C.doors_pods_new(bound, &handle)); err != nil {
		return nil, err
	}
	pods := &Pods{handle: handle}
	livePods.Add(1)
	runtime.AddCleanup(pods, freePods, handle)
	return pods, nil
}

// Limit changes how many pods are remembered. Those that are too many are
// forgotten. The error is that of [NewPods].
func (p *Pods) Limit(maxPods int) error {
	bound, err := boundOf(maxPods)
	if err != nil {
		return err
	}
	status := C.doors_pods_limit(p.handle, bound)
	runtime.KeepAlive(p)
	return statusOf(status)
}

// boundOf leaves 0 to the library, which refuses it.
func boundOf(maxPods int) (C.uint32_t, error) {
	if maxPods < 0 || int64(maxPods) > math.MaxUint32 {
		return 0, StatusRange
	}
	return C.uint32_t(maxPods), nil
}

func freePods(handle *C.doors_pods) {
	C.doors_pods_free(handle)
	livePods.Add(-1)
}

// Group is what a request belongs to, with the options that apply to it. The
// numbers are the caller's own.
type Group struct {
	// Source stands for the secret and the set of servers: a page can only reload
	// onto a pod of one of them. The same source has the same number after a change
	// of the configuration.
	Source uint64
	// Server stands for one host and port. The same server has the same number
	// after a change of the configuration.
	Server uint64
	// GoneAfter is for how long a pod must be unreachable until it is gone.
	GoneAfter time.Duration
	// PageWait is for how long a request may wait for a pod ([Pods.Wait]); 0 for
	// not at all.
	PageWait time.Duration
	// GoneRate is how many requests a second of [PathSync] get [ActionGone], for
	// each server (each source, for tokens that do not open); 0 for no limit.
	GoneRate uint32
	// MaxWaiting is how many requests may wait for a pod at once.
	MaxWaiting uint32
}

// Answer is what to do after an event, and what was learned from it.
type Answer struct {
	// Action is what to do.
	Action Action
	// RetryAfter is the Retry-After of [ActionUnavailable] in seconds, else 0.
	RetryAfter int
	// Verdict is what is held against the pod now.
	Verdict Verdict
	// Changed is whether this event changed the verdict.
	Changed bool
	// NothingOpens says, once a minute, that many tokens came to this source
	// and none ever opened: its secret is probably wrong.
	NothingOpens bool
	// Log says, once for each source, reason and 10 seconds, that a line about
	// this refused token is due in the log, without the token.
	Log bool
	// Suppressed is, with Log, how many other tokens of the source were refused
	// for the same reason since the last time; else 0.
	Suppressed int
	// NoPod says that no pod is known that would take a page of this source, so
	// nobody is told to reload.
	NoPod bool
	// FindPod asks, once a second for each source, to find out whether a pod takes
	// pages: dial fresh pods in the background, in the order of a page load, at most
	// 8, until one connects, and report each to [Pods.Ended] with [PathOther].
	FindPod bool
	// FindWitness asks, once a second for each server, to find out whether the pod is
	// dead or the fault is on our side: dial one other fresh pod of the server in the
	// background, and report it to [Pods.Ended] with [PathOther].
	FindWitness bool
	// Until is when to ask again, with [ActionWait]; else 0.
	Until time.Duration
}

// Began asks what to do with a request that has to reach one pod ([Pod]), before
// any dial. [ActionDial] and [ActionProbe] mean to go on and to report to
// [Pods.Ended]; [ActionGone] and [ActionUnavailable] to answer at once. A
// request of [PathResource] may go to another pod of the server instead of being
// answered [ActionGone]. The error is [StatusAddress] or [StatusNoMatch] for a
// pod or path that is none.
//
// A page that gets [ActionGone] reloads, so that needs a pod onto which it can: one
// that worked for this source in the last minute and is fresh. As long as none is
// known the answer is [ActionUnavailable] with NoPod instead, here and for every
// other call, but for [PathResource].
func (p *Pods) Began(group Group, pod netip.AddrPort, path Path, now time.Duration) (Answer, error) {
	cGroup, cPod := groupOf(group), podOf(pod)
	var out C.doors_answer
	status := C.doors_pods_began(p.handle, &cGroup, &cPod, C.uint32_t(path), C.uint64_t(now), &out)
	runtime.KeepAlive(p)
	return answerOf(&out, status)
}

// RefusedToken asks what to answer to a request that no pod can serve ([Gone]),
// with the reason and the path of its decision: [ActionGone] or
// [ActionUnavailable]. Of the group, Source and GoneRate count.
func (p *Pods) RefusedToken(group Group, reason Reason, path Path, now time.Duration) (Answer, error) {
	cGroup := groupOf(group)
	var out C.doors_answer
	status := C.doors_pods_refused_token(p.handle, &cGroup, C.uint32_t(reason), C.uint32_t(path), C.uint64_t(now), &out)
	runtime.KeepAlive(p)
	return answerOf(&out, status)
}

// Ended reports how a dial ended, for every kind of request and as soon as that
// is known; and, with [OutcomeAnswered], that a pod answered over a connection
// that was open already (once every few seconds for a pod is enough). The answer
// to a failure is what a request gets that has to reach this pod: [ActionGone] or
// [ActionUnavailable]; else [ActionNone].
func (p *Pods) Ended(group Group, pod netip.AddrPort, path Path, outcome Outcome, now time.Duration) (Answer, error) {
	cGroup, cPod := groupOf(group), podOf(pod)
	var out C.doors_answer
	status := C.doors_pods_ended(p.handle, &cGroup, &cPod, C.uint32_t(path), C.uint32_t(outcome), C.uint64_t(now), &out)
	runtime.KeepAlive(p)
	return answerOf(&out, status)
}

// Wait asks what to do with a request that no pod could take: a page load (GET or
// HEAD without a token) that failed everywhere, or a receiver stream (GET of
// [PathSync]) whose answer had NoPod; only those whose failures were reported to
// [Pods.Ended]. since is when the request began, waiting how many requests the
// caller holds already.
//
// [ActionDial] means to try again now, a stream with [Pods.Began], since a pod is
// known that would take a page; [ActionWait] to hold the request and ask again at
// Until, or earlier when a dial succeeded or addresses changed; and
// [ActionUnavailable] to give up: PageWait is over, or MaxWaiting requests wait
// already. A call more than needed does no harm.
func (p *Pods) Wait(group Group, since time.Duration, waiting uint32, now time.Duration) (Answer, error) {
	cGroup := groupOf(group)
	var out C.doors_answer
	status := C.doors_pods_wait(p.handle, &cGroup, C.uint64_t(since), C.uint32_t(waiting), C.uint64_t(now), &out)
	runtime.KeepAlive(p)
	return answerOf(&out, status)
}

// Entered reports that a request of any kind, with a token or without, is sent
// to a pod. It is in flight until [Pods.Left]. stream says that it is a receiver
// stream (GET of [PathSync]), of which each open page has one. Of the group,
// Source and Server count. The error is [StatusAddress].
func (p *Pods) Entered(group Group, pod netip.AddrPort, stream bool, now time.Duration) error {
	cGroup, cPod := groupOf(group), podOf(pod)
	status := C.doors_pods_entered(p.handle, &cGroup, &cPod, flagOf(stream), C.uint64_t(now))
	runtime.KeepAlive(p)
	return statusOf(status)
}

// Left reports, once for each [Pods.Entered] and with the same pod and stream,
// that the request has ended, whatever became of it, or goes to another pod.
// Without a request in flight it counts as nothing. The error is
// [StatusAddress].
func (p *Pods) Left(pod netip.AddrPort, stream bool, now time.Duration) error {
	cPod := podOf(pod)
	status := C.doors_pods_left(p.handle, &cPod, flagOf(stream), C.uint64_t(now))
	runtime.KeepAlive(p)
	return statusOf(status)
}

// Resolved reports that the addresses of a server in DNS have changed; pods are
// all of them now. What is held against those that were not among them before is
// forgotten: a new pod may have the address of a dead one. On an error
// ([StatusAddress]) nothing is changed.
func (p *Pods) Resolved(server uint64, pods []netip.AddrPort) error {
	list := make([]C.doors_pod, len(pods))
	for i, pod := range pods {
		list[i] = podOf(pod)
	}
	status := C.doors_pods_resolved(p.handle, C.uint64_t(server), unsafe.SliceData(list), C.size_t(len(list)))
	runtime.KeepAlive(p)
	return statusOf(status)
}

// FailedRecently reports for each pod whether to try it last, since its last
// dial failed less than 10 seconds ago. From then on, until a dial succeeds or
// the failure is a minute old, it is false once a second: this caller finds out
// whether the pod is back. failed must be as long as pods; on an error
// ([StatusAddress]) a part of it may be written.
func (p *Pods) FailedRecently(pods []netip.AddrPort, now time.Duration, failed []bool) error {
	failed = failed[:len(pods)]
	const room = 32 // on the stack, to allocate nothing
	var list [room]C.doors_pod
	var flags [room]C.uint8_t
	for start := 0; start < len(pods); start += room {
		part := pods[start:min(start+room, len(pods))]
		for i, pod := range part {
			list[i] = podOf(pod)
		}
		status := C.doors_pods_failed_recently(p.handle, &list[0], C.size_t(len(part)), C.uint64_t(now), &flags[0])
		if err := statusOf(status); err != nil {
			runtime.KeepAlive(p)
			return err
		}
		for i := range part {
			failed[start+i] = flags[i] != 0
		}
	}
	runtime.KeepAlive(p)
	return nil
}

// Verdict returns what is held against a pod. The error is [StatusAddress].
func (p *Pods) Verdict(pod netip.AddrPort) (Verdict, error) {
	cPod := podOf(pod)
	var out C.uint32_t
	status := C.doors_pods_verdict(p.handle, &cPod, &out)
	runtime.KeepAlive(p)
	return Verdict(out), statusOf(status)
}

func groupOf(group Group) C.doors_group {
	return C.doors_group{
		source:      C.uint64_t(group.Source),
		server:      C.uint64_t(group.Server),
		gone_after:  C.uint64_t(group.GoneAfter),
		page_wait:   C.uint64_t(group.PageWait),
		gone_rate:   C.uint32_t(group.GoneRate),
		max_waiting: C.uint32_t(group.MaxWaiting),
	}
}

func podOf(pod netip.AddrPort) (out C.doors_pod) {
	out.addr = flatAddr(pod.Addr())
	out.port = C.uint16_t(pod.Port())
	return out
}

func flagOf(set bool) C.uint32_t {
	if set {
		return 1
	}
	return 0
}

func answerOf(answer *C.doors_answer, status C.int32_t) (Answer, error) {
	if status != C.DOORS_STATUS_OK {
		return Answer{}, Status(status)
	}
	return Answer{
		Action:       Action(answer.action),
		RetryAfter:   int(answer.retry_after),
		Verdict:      Verdict(answer.verdict),
		Changed:      answer.flags&C.DOORS_ANSWER_CHANGED != 0,
		NothingOpens: answer.flags&C.DOORS_ANSWER_NOTHING_OPENS != 0,
		Log:          answer.flags&C.DOORS_ANSWER_LOG != 0,
		Suppressed:   int(answer.suppressed),
		NoPod:        answer.flags&C.DOORS_ANSWER_NO_POD != 0,
		FindPod:      answer.flags&C.DOORS_ANSWER_FIND_POD != 0,
		FindWitness:  answer.flags&C.DOORS_ANSWER_FIND_WITNESS != 0,
		Until:        time.Duration(answer.until),
	}, nil
}
