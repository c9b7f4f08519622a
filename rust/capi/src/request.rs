//! The way of one request: `doors_request`. Each call says what to do next.

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
/// `request` is NULL or valid for reading and writing, and its first 8 bytes are 0 or those that `doors_request_begin`
/// wrote with the rest.
unsafe fn begun<'a>(source: &doors_source, request: *mut doors_request) -> Result<Option<&'a mut Request>, Status> {
    let request = memory::output(request)?.cast::<Request>();
    // SAFETY: valid for reading by contract. What follows the tag may be anything unless the tag is that of a source.
    let tag = unsafe { request.cast::<u64>().read() };
    // SAFETY: only `doors_request_begin` writes the tag of a source, with a whole request.
    Ok(if tag == source.0.tag() { Some(unsafe { &mut *request }) } else { None })
}

/// Runs a call about a request. For one that the source did not begin it runs with none, which changes nothing.
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

/// A request begins. `method` is DOORS_METHOD_*; `has_body` is 1 if it has a body, or may have one since its length is
/// not known to be 0, else 0. `path` and `cookies` are as in doors_router_decide(). `*request` is overwritten, `*step` gets what
/// to do. Allocates nothing in the usual case.
///
/// For each request: obey the step; report each dial with doors_source_dialled() and each attempt that has ended without an
/// answer with doors_request_next(), which gives the next step; or both with doors_request_failed(). Say with
/// doors_request_answered() that the pod has begun to answer, and in every case with doors_request_ended() that the request is
/// over. A call about a request that another source began, or none, or that has ended, says DOORS_STEP_DONE and
/// changes nothing.
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
        // What was there is overwritten and not dropped: it may be anything.
        request.cast::<Request>().write(fresh);
        step.write(next.into());
        Ok(())
    })
}

/// The attempt that the last step asked for has ended without an answer, and its dial was told by doors_source_dialled().
/// `outcome` is DOORS_OUTCOME_REFUSED, _UNREACHABLE or _OWN_FAULT when no connection was made; _DROPPED when the connection
/// ended before a byte of an answer, which this call counts for the pod; _CANCELLED, and any other, when the client has gone
/// or the answer has begun. `*step` gets what to do next.
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

/// doors_source_dialled() and doors_request_next() in one, for callers whose dials belong to one request each.
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

/// A request that waits goes on: call it at the `until` of its step, or when a report says DOORS_REPORT_WAKE. A call more
/// than needed repeats the last step. With DOORS_OPTION_USER_RETRIES a request that was answered tries again, if it may.
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

/// After DOORS_STEP_CHOOSE: tells the pods that may take the request, only the best ones. `list` gets at most `cap` of them
/// (NULL with 0 for none), in the order of the configuration and of their addresses, `*count` how many there are, which may be
/// none: then call doors_request_chose_none(). `*report` gets what was learned.
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

/// The user's policy has chosen this pod of this upstream. `*step` gets that it is to be dialled.
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

/// The user's policy has chosen none. `*step` offers those that are less good, or is as if none could be reached.
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

/// With DOORS_OPTION_USER_RETRIES: the user's retries are over. `outcome` is that of the last attempt, or 0 if it was told to
/// doors_request_next(). `*step` gets DOORS_STEP_ANSWER, _WAIT or _DONE.
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

/// The pod has begun to answer. `marks` is DOORS_MARK_*, added up, or 0: what the answer says about the pod. Usually takes no
/// lock. `*step` gets DOORS_STEP_DONE: pass the answer on. Any other step, which only DOORS_MARK_REFUSED leads to: drop the answer,
/// of which the client sees nothing, and obey.
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

/// The request has ended, however. Call it once after each doors_request_begin(): until then the request counts as in
/// flight at its pod, or as waiting. A second call does nothing.
///
/// Returns DOORS_STATUS_OK or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_request_ended(source: *mut doors_source, request: *mut doors_request, now: i64) -> i32 {
    guard::status(|| unsafe {
        let (source, now) = (memory::handle(source)?, memory::clock(now));
        about(source, request, |request| source.0.ended(request, now))
    })
}

/// What the token or the cookie of a request means: `*out` gets what doors_router_decide() says.
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
