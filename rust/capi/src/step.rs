//! The results of a call about a request: the next step, and what was learned on the way.

use doors_routing::{Action, Place, Report, Request, Step};

use crate::memory;
use crate::numbers::*;
use crate::types::{doors_addr, doors_pod};

/// One request, in the caller's memory. Plain data that owns nothing, so there is nothing to free. For use by
/// one thread at a time. Filled by doors_request_begin(). Before that, and after doors_request_ended(), its
/// first 8 bytes must be 0 if it is passed to any function other than doors_request_begin().
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_request {
    /// Private to the library.
    pub opaque: [u64; 40],
}

const _: () = assert!(size_of::<Request>() <= size_of::<doors_request>(), "doors_request is too small");
const _: () = assert!(align_of::<Request>() <= align_of::<doors_request>(), "doors_request has too small an alignment");
const _: () = assert!(!std::mem::needs_drop::<Request>(), "a request must not need to be dropped");

/// What was learned during a call. Any flag may be set with any step or report. Members without their flag
/// are 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_report {
    /// DOORS_REPORT_*, combined with `|`: what to do, and which of the other members are set.
    pub flags: u32,
    /// With DOORS_REPORT_REFUSED_TOKEN: how many more tokens were refused for the same reason since the last
    /// report.
    pub suppressed: u32,
    /// With DOORS_REPORT_DROPPED: the ID of the host.
    pub dropped_host: u64,
    /// With DOORS_REPORT_DROPPED: the address that it dropped.
    pub dropped_addr: doors_addr,
    /// With DOORS_REPORT_CHANGED: the index of the upstream that reported it.
    pub changed_upstream: u32,
    /// With DOORS_REPORT_CHANGED: the pod.
    pub changed_pod: doors_pod,
    /// DOORS_VERDICT_*: with DOORS_REPORT_CHANGED, the new verdict.
    pub changed_verdict: u32,
    /// With DOORS_REPORT_DRAINING: the index of the upstream that reported it.
    pub draining_upstream: u32,
    /// With DOORS_REPORT_DRAINING: the pod.
    pub draining_pod: doors_pod,
    /// With DOORS_REPORT_DRAINING: 1 if the pod signals that it is draining, 0 if it no longer does.
    pub draining: u32,
    /// With DOORS_REPORT_BACKGROUND: the index of the pod's upstream.
    pub background_upstream: u32,
    /// With DOORS_REPORT_BACKGROUND: the pod to dial.
    pub background_pod: doors_pod,
    /// With DOORS_REPORT_OUTSIDE: the index of the upstream.
    pub outside_upstream: u32,
    /// With DOORS_REPORT_OUTSIDE: the address.
    pub outside_addr: doors_addr,
    /// Always 0.
    pub reserved: [u32; 2],
}

/// What to do next for a request. Members that do not apply to its kind are 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_step {
    /// DOORS_STEP_*.
    pub kind: u32,
    /// DIAL: the index of the pod's upstream in the configuration.
    pub upstream: u32,
    /// DIAL: the pod to dial, unless a connection to it is open.
    pub pod: doors_pod,
    /// DIAL: 1 if this request tests whether the pod is back. At most one does so per second and pod.
    pub probe: u32,
    /// ANSWER: the HTTP status, 410 or 503. Always with `Cache-Control: no-store`.
    pub status: u32,
    /// ANSWER: the value of `Retry-After` in seconds. 0 with 410: send no such header.
    pub retry_after: u32,
    /// DOORS_CAUSE_*: the reason for ANSWER.
    pub cause: u32,
    /// ANSWER: 1 for a page load. The answer may then contain a page that reloads itself after `retry_after`.
    pub page: u32,
    /// DIAL: 1 if the pod is draining and no other pod is available. Send `Doors-Last-Choice: ?1` with the
    /// request, so that the pod serves it.
    pub last_choice: u32,
    /// WAIT: the latest time to call doors_request_resume(), in nanoseconds of the caller's clock.
    pub until: i64,
    /// What was learned during the call.
    pub report: doors_report,
}

/// A pod that a policy may choose.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_place {
    /// The index of the upstream in the configuration.
    pub upstream: u32,
    /// How well the pod suits the request; lower is better.
    pub tier: u32,
    /// The pod.
    pub pod: doors_pod,
}

const NOWHERE: doors_addr = doors_addr { bytes: [0; 16], len: 0 };
const NO_POD: doors_pod = doors_pod { addr: NOWHERE, port: 0, reserved: 0 };

const NOTHING: doors_report = doors_report {
    flags: 0,
    suppressed: 0,
    dropped_host: 0,
    dropped_addr: NOWHERE,
    changed_upstream: 0,
    changed_pod: NO_POD,
    changed_verdict: 0,
    draining_upstream: 0,
    draining_pod: NO_POD,
    draining: 0,
    background_upstream: 0,
    background_pod: NO_POD,
    outside_upstream: 0,
    outside_addr: NOWHERE,
    reserved: [0; 2],
};

impl From<Report> for doors_report {
    fn from(report: Report) -> Self {
        let Report { changed, draining, background, wake, lookups_due, dropped, outside, refused_token, nothing_opens } =
            report;
        let flags = [
            (wake, DOORS_REPORT_WAKE),
            (lookups_due, DOORS_REPORT_LOOKUPS_DUE),
            (background.is_some(), DOORS_REPORT_BACKGROUND),
            (changed.is_some(), DOORS_REPORT_CHANGED),
            (draining.is_some(), DOORS_REPORT_DRAINING),
            (dropped.is_some(), DOORS_REPORT_DROPPED),
            (outside.is_some(), DOORS_REPORT_OUTSIDE),
            (refused_token.is_some(), DOORS_REPORT_REFUSED_TOKEN),
            (nothing_opens, DOORS_REPORT_NOTHING_OPENS),
        ];
        let mut out =
            doors_report { flags: flags.iter().map(|(set, flag)| if *set { *flag } else { 0 }).sum(), ..NOTHING };
        if let Some((upstream, pod, verdict)) = changed {
            (out.changed_upstream, out.changed_pod, out.changed_verdict) = (upstream, pod.into(), verdict as u32);
        }
        if let Some((upstream, pod, drains)) = draining {
            (out.draining_upstream, out.draining_pod, out.draining) = (upstream, pod.into(), drains.into());
        }
        if let Some((upstream, pod)) = background {
            (out.background_upstream, out.background_pod) = (upstream, pod.into());
        }
        if let Some((host, address)) = dropped {
            (out.dropped_host, out.dropped_addr) = (host.number(), Some(address).into());
        }
        if let Some((upstream, address)) = outside {
            (out.outside_upstream, out.outside_addr) = (upstream, Some(address).into());
        }
        out.suppressed = refused_token.unwrap_or(0);
        out
    }
}

impl From<Step> for doors_step {
    fn from(step: Step) -> Self {
        let mut out = doors_step {
            kind: DOORS_STEP_DONE,
            upstream: 0,
            pod: NO_POD,
            probe: 0,
            status: 0,
            retry_after: 0,
            cause: 0,
            page: 0,
            last_choice: 0,
            until: 0,
            report: step.report.into(),
        };
        match step.action {
            Action::Dial { upstream, pod, probe, last_choice } => {
                (out.kind, out.upstream, out.pod) = (DOORS_STEP_DIAL, upstream, pod.into());
                (out.probe, out.last_choice) = (probe.into(), last_choice.into());
            }
            Action::Wait { until } => (out.kind, out.until) = (DOORS_STEP_WAIT, memory::at(until)),
            Action::Answer { status, retry_after, cause, page } => {
                (out.kind, out.status, out.retry_after) = (DOORS_STEP_ANSWER, status as u32, retry_after);
                (out.cause, out.page) = (cause as u32, page.into());
            }
            Action::Done => {}
            Action::Choose => out.kind = DOORS_STEP_CHOOSE,
        }
        out
    }
}

impl From<&Place> for doors_place {
    fn from(place: &Place) -> Self {
        doors_place { upstream: place.upstream, tier: place.tier.into(), pod: place.pod.into() }
    }
}
