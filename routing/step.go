package routing

// In:  a doors_step or a doors_report.
// Out: a Step or a Report.

// #include "doors_caddy.h"
import "C"

import (
	"net/netip"
	"time"
)

// Step is what to do next for a request.
type Step struct {
	// Kind is what to do. The members that it does not name are zero.
	Kind StepKind
	// Upstream and Pod are, for [StepDial], the pod to dial, or to use an open
	// connection to, and the index of its upstream in the configuration. Probe is
	// whether this request finds out whether the pod is back, and LastChoice whether
	// the pod drains and there is no other: send Doors-Last-Choice: ?1 with the
	// request, so that it is served.
	Probe, LastChoice bool
	Upstream          int
	Pod               netip.AddrPort
	// Status is, for [StepAnswer], 410 or 503; always with Cache-Control: no-store.
	Status int
	// RetryAfter is, for [StepAnswer], the Retry-After in seconds; 0 with 410, which
	// has none.
	RetryAfter int
	// Cause is, for [StepAnswer], why, and Page whether it is a page load: a browser
	// may be shown a text that loads the page again after RetryAfter.
	Cause Cause
	Page  bool
	// Until is, for [StepWait], when to call [Source.Resume] at the latest.
	Until time.Duration
	// Report is what was learned besides, nil for nothing.
	Report *Report
}

// UpstreamPod is a pod and the index of its upstream in the configuration.
type UpstreamPod struct {
	Upstream int
	Pod      netip.AddrPort
}

// Report is what was learned besides. Any of it may be set in any step and any
// report; a pod or an address that is not valid says nothing.
type Report struct {
	// Wake says to resume all requests that wait, of all sources.
	Wake bool
	// LookupsDue says to call [State.Due] now.
	LookupsDue bool
	// NothingOpens says, once a minute, that many tokens came and none has ever
	// opened: the secret is probably wrong.
	NothingOpens bool
	// RefusedToken says that a line about a refused token is due in the log, without
	// the token, and Suppressed how many more there were since the last time.
	RefusedToken bool
	Suppressed   int
	// Background is a pod to dial in the background: close the connection at once,
	// and report the dial to [Source.Dialled].
	Background UpstreamPod
	// Changed is a pod against which something else is held now: Verdict.
	Changed UpstreamPod
	Verdict Verdict
	// Marked is a pod that says that it drains, or no longer says so: Draining.
	Marked   UpstreamPod
	Draining bool
	// DroppedHost is the number of a host that gave up the address Dropped, which
	// refused a connection, since DNS does not name it.
	DroppedHost uint64
	Dropped     netip.Addr
	// Outside is an address to which the host of OutsideUpstream resolves, outside of
	// the upstream's networks. Once a minute.
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
