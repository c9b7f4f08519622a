//! One request, step by step: `doors_request`.

use std::ffi::c_char;

use doors_routing::{Incoming, Marks, Method, Request};

use crate::numbers::*;
use crate::source::{doors_source, outcome_of};
use crate::status::Status;
use crate::step::{doors_place, doors_report, doors_request, doors_step};
use crate::types::{doors_decision, doors_pod};
use crate::{guard, memory};

fn method_of(number: u32) -> Result<Method, Status> {
    Ok(match number {
        DOORS_METHOD_GET => Method::Get,
        DOORS_METHOD_HEAD => Method::Head,
        DOORS_METHOD_OTHER => Method::Other,
        _ => return Err(Status::Range),
    })
}

fn marks_of(flags: u32) -> Result<Marks, Status> {
    if flags & !(DOORS_MARK_DRAINING | DOORS_MARK_REFUSED) != 0 {
        return Err(Status::Range);
    }
    Ok(Marks { draining: flags & DOORS_MARK_DRAINING != 0, refused: flags & DOORS_MARK_REFUSED != 0 })
}

/// The request that this source began in the caller's memory.
///
/// # Safety
/// `request` is NULL or valid for reading and writing. Its first 8 bytes are 0, or `doors_request_begin`
/// wrote them together with the rest.
unsafe fn begun<'a>(source: &doors_source, request: *mut doors_request) -> Result<Option<&'a mut Request>, Status> {
    let request = memory::output(request)?.cast::<Request>();
    // SAFETY: valid for reading by contract. The rest may be uninitialised unless the tag is that of a
    // source.
    let tag = unsafe { request.cast::<u64>().read() };
    // SAFETY: only `doors_request_begin` writes the tag of a source, together with a whole request.
    Ok(if tag == source.0.tag() { Some(unsafe { &mut *request }) } else { None })
}

/// Runs a call about a request. If the source did not begin it, runs the call with an unused request, which
/// changes nothing.
///
/// # Safety
/// As for [`begun`].
unsafe fn about<T>(
    source: &doors_source,
    request: *mut doors_request,
    call: impl FnOnce(&mut Request) -> T,
) -> Result<T, Status> {
    // SAFETY: the contract of this function.
    Ok(match unsafe { begun(source, request) }? {
        Some(request) => call(request),
        None => call(&mut Request::new()),
    })
}

/// Begins a request. `method` is DOORS_METHOD_*. `has_body` is 1 if the request may have a body, and 0 only
/// if the length is known to be 0. `path` and `cookies` are as for doors_router_decide(). Overwrites
/// `*request` and sets `*step` to what to do. Usually allocates nothing.
///
/// For each request, follow the step. Report each dial to doors_source_dialled(). Report each attempt that
/// ends without a response to doors_request_next(), which returns the next step; doors_request_failed()
/// combines both. Call doors_request_answered() when the pod begins to respond, and always
/// doors_request_ended() when the request is over. A call with a request that has ended or was not begun by
/// this source gives DOORS_STEP_DONE and changes nothing.
///
/// Returns DOORS_STATUS_OK, _RANGE, _TOO_LARGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_request_begin(
    source: *mut doors_source,
    method: u32,
    has_body: u32,
    path: *const c_char,
    path_len: usize,
    cookies: *const c_char,
    cookies_len: usize,
    now: i64,
    random: u64,
    request: *mut doors_request,
    step: *mut doors_step,
) -> i32 {
    guard::status(|| unsafe {
        let (source, request, step) = (memory::handle(source)?, memory::output(request)?, memory::output(step)?);
        let (path, cookies) = (memory::bytes(path, path_len)?, memory::bytes(cookies, cookies_len)?);
        let incoming = Incoming { method: method_of(method)?, has_body: memory::flag(has_body)?, path, cookies };
        let now = memory::clock(now);
        let mut fresh = Request::new();
        let next = source.0.begin(&incoming, now, random, &mut fresh);
        // The old content may be anything, so it is overwritten without being dropped.
        request.cast::<Request>().write(fresh);
        step.write(next.into());
        Ok(())
    })
}

/// Ends the current attempt, which got no response. Its dial must have been reported to
/// doors_source_dialled(). `outcome` is DOORS_OUTCOME_REFUSED, _UNREACHABLE or _OWN_FAULT if no connection
/// was made. It is _DROPPED if the connection ended before the first byte of a response; this call also
/// records that for the pod. Any other outcome, such as _CANCELLED, means that the client is gone or that the
/// response has begun. Sets `*step` to what to do next.
///
/// Returns DOORS_STATUS_OK, _RANGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_request_next(
    source: *mut doors_source,
    request: *mut doors_request,
    outcome: u32,
    now: i64,
    random: u64,
    step: *mut doors_step,
) -> i32 {
    guard::status(|| unsafe {
        let (source, step) = (memory::handle(source)?, memory::output(step)?);
        let (outcome, now) = (outcome_of(outcome)?, memory::clock(now));
        step.write(about(source, request, |request| source.0.next(request, outcome, now, random))?.into());
        Ok(())
    })
}

/// Combines doors_source_dialled() and doors_request_next(), for callers whose dials each serve a single
/// request.
///
/// Returns DOORS_STATUS_OK, _RANGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_request_failed(
    source: *mut doors_source,
    request: *mut doors_request,
    outcome: u32,
    now: i64,
    random: u64,
    step: *mut doors_step,
) -> i32 {
    guard::status(|| unsafe {
        let (source, step) = (memory::handle(source)?, memory::output(step)?);
        let (outcome, now) = (outcome_of(outcome)?, memory::clock(now));
        step.write(about(source, request, |request| source.0.failed(request, outcome, now, random))?.into());
        Ok(())
    })
}

/// Resumes a waiting request. Call it at the time `until` of its step, or when a report has
/// DOORS_REPORT_WAKE. Extra calls repeat the last step. With DOORS_OPTION_USER_RETRIES, a request that was
/// answered is tried again if it may be.
///
/// Returns DOORS_STATUS_OK or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_request_resume(
    source: *mut doors_source,
    request: *mut doors_request,
    now: i64,
    random: u64,
    step: *mut doors_step,
) -> i32 {
    guard::status(|| unsafe {
        let (source, step, now) = (memory::handle(source)?, memory::output(step)?, memory::clock(now));
        step.write(about(source, request, |request| source.0.resume(request, now, random))?.into());
        Ok(())
    })
}

/// Lists the pods that may serve the request, after DOORS_STEP_CHOOSE. Writes at most `cap` pods of the best
/// tier to `list` (may be NULL if `cap` is 0), ordered by upstream and address, and sets `*count` to their
/// total number. If it is 0, call doors_request_chose_none(). Sets `*report` to what was learned.
///
/// Returns DOORS_STATUS_OK or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_request_choices(
    source: *mut doors_source,
    request: *mut doors_request,
    now: i64,
    list: *mut doors_place,
    cap: usize,
    count: *mut usize,
    report: *mut doors_report,
) -> i32 {
    guard::status(|| unsafe {
        let (source, count, report) = (memory::handle(source)?, memory::output(count)?, memory::output(report)?);
        let (room, now) = (memory::room(list, cap)?, memory::clock(now));
        let mut places = Vec::new();
        let learned = about(source, request, |request| source.0.choices(request, now, &mut places))?;
        memory::fill(room, cap, places.iter().map(Into::into));
        count.write(places.len());
        report.write(learned.into());
        Ok(())
    })
}

/// Reports the pod chosen by the user's policy. Sets `*step` to dial it.
///
/// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_request_chose(
    source: *mut doors_source,
    request: *mut doors_request,
    upstream: u32,
    pod: *const doors_pod,
    now: i64,
    step: *mut doors_step,
) -> i32 {
    guard::status(|| unsafe {
        let (source, pod, step) = (memory::handle(source)?, memory::handle(pod)?, memory::output(step)?);
        let (pod, now) = (pod.read()?, memory::clock(now));
        step.write(about(source, request, |request| source.0.chose(request, upstream, pod, now))?.into());
        Ok(())
    })
}

/// Reports that the user's policy chose no pod. The next step, in `*step`, offers the next tier, or is the
/// same as if no pod had been reachable.
///
/// Returns DOORS_STATUS_OK or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_request_chose_none(
    source: *mut doors_source,
    request: *mut doors_request,
    now: i64,
    random: u64,
    step: *mut doors_step,
) -> i32 {
    guard::status(|| unsafe {
        let (source, step, now) = (memory::handle(source)?, memory::output(step)?, memory::clock(now));
        step.write(about(source, request, |request| source.0.chose_none(request, now, random))?.into());
        Ok(())
    })
}

/// Ends the retries of a source with DOORS_OPTION_USER_RETRIES. `outcome` is the outcome of the last attempt,
/// or 0 if doors_request_next() has already reported it. Sets `*step` to DOORS_STEP_ANSWER, _WAIT or _DONE.
///
/// Returns DOORS_STATUS_OK, _RANGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_request_give_up(
    source: *mut doors_source,
    request: *mut doors_request,
    outcome: u32,
    now: i64,
    random: u64,
    step: *mut doors_step,
) -> i32 {
    guard::status(|| unsafe {
        let (source, step, now) = (memory::handle(source)?, memory::output(step)?, memory::clock(now));
        let outcome = if outcome == 0 { None } else { Some(outcome_of(outcome)?) };
        step.write(about(source, request, |request| source.0.give_up(request, outcome, now, random))?.into());
        Ok(())
    })
}

/// Reports that the pod has begun to respond. `marks` combines DOORS_MARK_* or is 0: what the response says
/// about the pod. Usually takes no lock. If `*step` becomes DOORS_STEP_DONE, forward the response. Any other
/// step occurs only with DOORS_MARK_REFUSED: discard the whole response and follow the step.
///
/// Returns DOORS_STATUS_OK, _RANGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_request_answered(
    source: *mut doors_source,
    request: *mut doors_request,
    marks: u32,
    now: i64,
    random: u64,
    step: *mut doors_step,
) -> i32 {
    guard::status(|| unsafe {
        let (source, step, now) = (memory::handle(source)?, memory::output(step)?, memory::clock(now));
        let marks = marks_of(marks)?;
        step.write(about(source, request, |request| source.0.answered(request, marks, now, random))?.into());
        Ok(())
    })
}

/// Ends a request. Call it once after each doors_request_begin(), whatever the result: until then the request
/// counts as in flight at its pod, or as waiting. A second call does nothing.
///
/// Returns DOORS_STATUS_OK or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_request_ended(source: *mut doors_source, request: *mut doors_request, now: i64) -> i32 {
    guard::status(|| unsafe {
        let (source, now) = (memory::handle(source)?, memory::clock(now));
        about(source, request, |request| source.0.ended(request, now))
    })
}

/// Gets the meaning of a request's token or cookie. Sets `*out` to the decision of doors_router_decide().
///
/// Returns DOORS_STATUS_OK, _NO_MATCH (this source did not begin it, or it has ended) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_request_decision(
    source: *const doors_source,
    request: *const doors_request,
    out: *mut doors_decision,
) -> i32 {
    guard::status(|| unsafe {
        let (source, out) = (memory::handle(source)?, memory::output(out)?);
        let request = begun(source, request.cast_mut())?.ok_or(Status::NoMatch)?;
        out.write(source.0.decision(request).into());
        Ok(())
    })
}
