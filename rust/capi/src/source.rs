//! One configuration in use: `doors_source`. The calls about its requests are in `request`.

use std::ffi::c_char;

use doors_routing::{Options, Outcome, Router, Source};

use crate::numbers::*;
use crate::options::doors_options;
use crate::router::doors_router;
use crate::state::doors_state;
use crate::status::Status;
use crate::step::doors_report;
use crate::types::{doors_error, doors_pod};
use crate::{guard, memory};

/// One configuration in use: a router, its options, and access to a doors_state. Created by
/// doors_source_new(), freed by doors_source_free(). Immutable. Keeps the state alive, even after
/// doors_state_free().
pub struct doors_source(pub(crate) Source);

pub(crate) fn outcome_of(number: u32) -> Result<Outcome, Status> {
    Ok(match number {
        DOORS_OUTCOME_CONNECTED => Outcome::Connected,
        DOORS_OUTCOME_REFUSED => Outcome::Refused,
        DOORS_OUTCOME_UNREACHABLE => Outcome::Unreachable,
        DOORS_OUTCOME_OWN_FAULT => Outcome::OwnFault,
        DOORS_OUTCOME_CANCELLED => Outcome::Cancelled,
        DOORS_OUTCOME_ANSWERED => Outcome::Answered,
        DOORS_OUTCOME_DROPPED => Outcome::Dropped,
        _ => return Err(Status::Range),
    })
}

/// Starts using a configuration. `json` is as for doors_router_new(). `options` may be NULL for the values of
/// doors_options_init(). Looks up no host until a request needs it. Sets `*out` to the source. Call
/// doors_state_due() afterwards.
///
/// Returns DOORS_STATUS_OK, _SECRET, _CIDR, _CONFIG, _TOO_LARGE, _RANGE (an option) or _NULL_POINTER; see
/// doors_router_new().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_source_new(
    state: *mut doors_state,
    json: *const c_char,
    len: usize,
    options: *const doors_options,
    out: *mut *mut doors_source,
    err: *mut doors_error,
) -> i32 {
    unsafe {
        guard::error(err, || {
            let (state, out) = (memory::handle(state)?, memory::output(out)?);
            let options = options.as_ref().map_or(Ok(Options::default()), doors_options::read)?;
            let router = Router::from_json(memory::bytes(json, len)?)?;
            out.write(Box::into_raw(Box::new(doors_source(Source::new(&state.0, router, options)))));
            Ok(())
        })
    }
}

/// The router of a source, for all doors_router functions except doors_router_free(). The source owns it: it
/// is valid until doors_source_free(). Returns NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_source_router(source: *const doors_source) -> *const doors_router {
    guard::value(std::ptr::null(), || unsafe {
        source.as_ref().map_or(std::ptr::null(), |source| doors_router::of(source.0.router()))
    })
}

/// Reports the outcome of a dial. Call it as soon as the outcome is known, from any thread. Report background
/// dials (DOORS_REPORT_BACKGROUND) too, and dials of requests that have ended. Updates the pod, not a
/// request. `upstream` and `pod` are those of the step or the report. `outcome` is DOORS_OUTCOME_CONNECTED,
/// _REFUSED, _UNREACHABLE, _OWN_FAULT or _CANCELLED; the others are not dial outcomes and change nothing.
/// Sets `*out` to what was learned.
///
/// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_source_dialled(
    source: *mut doors_source,
    upstream: u32,
    pod: *const doors_pod,
    outcome: u32,
    now: i64,
    random: u64,
    out: *mut doors_report,
) -> i32 {
    guard::status(|| unsafe {
        let (source, pod, out) = (memory::handle(source)?, memory::handle(pod)?, memory::output(out)?);
        let (pod, outcome, now) = (pod.read()?, outcome_of(outcome)?, memory::clock(now));
        out.write(source.0.dialled(upstream, pod, outcome, now, random).into());
        Ok(())
    })
}

/// Starts the lookups of one upstream's host or keeps them going, as a request does. Use it to show the
/// upstream's pods. Sets `*out` to what was learned. Ignores an index outside the configuration.
///
/// Returns DOORS_STATUS_OK or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_source_use(
    source: *mut doors_source,
    upstream: u32,
    now: i64,
    out: *mut doors_report,
) -> i32 {
    guard::status(|| unsafe {
        let (source, out) = (memory::handle(source)?, memory::output(out)?);
        out.write(source.0.use_upstream(upstream, memory::clock(now)).into());
        Ok(())
    })
}

/// Gets the IDs of one upstream, by its index in the configuration. Sets `*host` to the ID of its host as in
/// doors_lookup, or to one ID for all its hosts together, and `*number` to the ID of the upstream as in
/// doors_known_pod. Upstreams with the same host, port and resolver share both, even across sources.
///
/// Returns DOORS_STATUS_OK, _NO_MATCH (no such upstream) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_source_upstream(
    source: *const doors_source,
    upstream: u32,
    host: *mut u64,
    number: *mut u64,
) -> i32 {
    guard::status(|| unsafe {
        let (source, host, number) = (memory::handle(source)?, memory::output(host)?, memory::output(number)?);
        let found = source.0.upstream_host(upstream).zip(source.0.upstream_id(upstream));
        let (found_host, found_number) = found.ok_or(Status::NoMatch)?;
        host.write(found_host.number());
        number.write(found_number);
        Ok(())
    })
}

/// Lists the fresh pods of an upstream, first those inside its networks. Writes at most `cap` of them to
/// `list` (may be NULL if `cap` is 0), and sets `*inside` to the number of pods inside and `*count` to the
/// total number.
///
/// Returns DOORS_STATUS_OK, _NO_MATCH (no such upstream) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_source_fresh(
    source: *const doors_source,
    upstream: u32,
    list: *mut doors_pod,
    cap: usize,
    inside: *mut usize,
    count: *mut usize,
) -> i32 {
    guard::status(|| unsafe {
        let (source, inside, count) = (memory::handle(source)?, memory::output(inside)?, memory::output(count)?);
        let room = memory::room(list, cap)?;
        source.0.upstream_id(upstream).ok_or(Status::NoMatch)?;
        let fresh = source.0.fresh(upstream);
        let all = fresh.as_ref().map_or(&[][..], |fresh| fresh.all());
        memory::fill(room, cap, all.iter().map(|pod| (*pod).into()));
        inside.write(fresh.as_ref().map_or(0, |fresh| fresh.inside().len()));
        count.write(all.len());
        Ok(())
    })
}

/// Frees a source. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_source_free(source: *mut doors_source) {
    guard::value((), || unsafe { memory::free(source) })
}
