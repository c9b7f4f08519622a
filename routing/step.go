package routing

// #include "doors_caddy.h"
import "C"

import (
	"net/netip"
	"time"
)

// Step is what to do next for a request.
type Step struct {
	// Kind is the kind of step. Fields that do not belong to it are zero.
	Kind StepKind
	// Upstream and Pod are, for [StepDial], the index of the upstream in the
	// configuration and the pod to dial, or to use an open connection to. Probe
	// is set if the request tests whether the pod works again. LastChoice is
	// set if the pod is draining and there is no other: add the header
	// Doors-Last-Choice: ?1 to the request, so that the pod serves it.
	Probe, LastChoice bool
	Upstream          int
	Pod               netip.AddrPort
	// Status is, for [StepAnswer], 410 or 503. Always add Cache-Control:
	// no-store.
	Status int
	// RetryAfter is, for [StepAnswer], the Retry-After in seconds, or 0 for a
	// 410, which has none.
	RetryAfter int
	// Cause says, for [StepAnswer], why. Page is set for a page load: the
	// answer may have a body that reloads the page after RetryAfter.
	Cause Cause
	Page  bool
	// Until is, for [StepWait], when to call [Source.Resume] at the latest.
	Until time.Duration
	// Report is what the library has learned, or nil.
	Report *Report
}

// UpstreamPod is a pod and the index of its upstream in the configuration.
type UpstreamPod struct {
	Upstream int
	Pod      netip.AddrPort
}

// Report is what the library has learned, or wants done. Every step and every
// report may set any of the fields. An invalid pod or address means none.
type Report struct {
	// Wake is set if all waiting requests of all sources must be resumed.
	Wake bool
	// LookupsDue is set if [State.Due] must be called.
	LookupsDue bool
	// NothingOpens is set, at most once a minute, if there were many tokens and
	// no key has ever opened one: the secret is probably wrong.
	NothingOpens bool
	// RefusedToken is set if a rejected token should be logged, without the
	// token. Suppressed is the number of rejected tokens since the last time.
	RefusedToken bool
	Suppressed   int
	// Background is a pod to dial in the background. Close the connection at
	// once, and report the outcome to [Source.Dialled].
	Background UpstreamPod
	// Changed is a pod whose verdict has changed, to Verdict.
	Changed UpstreamPod
	Verdict Verdict
	// Marked is a pod whose mark has changed. Draining is set if it now says
	// that it is draining.
	Marked   UpstreamPod
	Draining bool
	// DroppedHost is the number of a host that has lost the address Dropped,
	// because a connection was refused and the address is not in DNS.
	DroppedHost uint64
	Dropped     netip.Addr
	// Outside is an address of OutsideUpstream's host that is outside the
	// upstream's networks. It is set at most once a minute.
	OutsideUpstream int
	Outside         netip.Addr
}

func stepOf(step *C.doors_step, status C.int32_t) (Step, error) {
	if status != C.DOORS_STATUS_OK {
		return Step{Kind: StepDone}, Status(status)
	}
	out := Step{Kind: StepKind(step.kind)}
	switch out.Kind {
	case StepDial:
		out.Upstream, out.Pod = int(step.upstream), addrPortOf(&step.pod)
		out.Probe, out.LastChoice = step.probe != 0, step.last_choice != 0
	case StepAnswer:
		out.Status, out.RetryAfter = int(step.status), int(step.retry_after)
		out.Cause, out.Page = Cause(step.cause), step.page != 0
	case StepWait:
		out.Until = time.Duration(step.until)
	}
	out.Report = learned(&step.report)
	return out, nil
}

func reportOf(report *C.doors_report, status C.int32_t) (*Report, error) {
	if status != C.DOORS_STATUS_OK {
		return nil, Status(status)
	}
	return learned(report), nil
}

func learned(report *C.doors_report) *Report {
	flags := report.flags
	if flags == 0 {
		return nil
	}
	return &Report{
		Wake:            flags&C.DOORS_REPORT_WAKE != 0,
		LookupsDue:      flags&C.DOORS_REPORT_LOOKUPS_DUE != 0,
		NothingOpens:    flags&C.DOORS_REPORT_NOTHING_OPENS != 0,
		RefusedToken:    flags&C.DOORS_REPORT_REFUSED_TOKEN != 0,
		Suppressed:      int(report.suppressed),
		Background:      UpstreamPod{int(report.background_upstream), addrPortOf(&report.background_pod)},
		Changed:         UpstreamPod{int(report.changed_upstream), addrPortOf(&report.changed_pod)},
		Verdict:         Verdict(report.changed_verdict),
		Marked:          UpstreamPod{int(report.draining_upstream), addrPortOf(&report.draining_pod)},
		Draining:        report.draining != 0,
		DroppedHost:     uint64(report.dropped_host),
		Dropped:         addressOf(&report.dropped_addr),
		OutsideUpstream: int(report.outside_upstream),
		Outside:         addressOf(&report.outside_addr),
	}
}
