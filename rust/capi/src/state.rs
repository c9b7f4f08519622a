//! What a process knows about hosts and pods: `doors_state`. The calls about lookups are in `lookups`.

use std::num::NonZeroU32;

use doors_routing::{KnownPod, Limits, State};

use crate::options::doors_limits;
use crate::status::Status;
use crate::types::{doors_addr, doors_idle, doors_pod};
use crate::{guard, memory};

/// What a process knows about hosts and pods. A process needs only one state, and it outlives configurations.
/// Created by doors_state_new(), freed by doors_state_free(). Its sources keep working after that.
///
/// It is mutable. Its calls take locks for well under a microsecond, unless stated otherwise, and calls about
/// different pods rarely wait for each other. If calls arrive with times out of order, an earlier time counts
/// as the later one wherever the calls touch the same data. `random` is any number, different for each call.
pub struct doors_state(pub(crate) State);

/// A snapshot of one pod. Times are in nanoseconds of the caller's clock.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_known_pod {
    /// The address and port.
    pub pod: doors_pod,
    /// The ID of the upstream under which the pod is listed, see doors_source_upstream(). If several
    /// upstreams use the pod, it stays under this one until this one has not used it for a minute.
    pub upstream: u64,
    /// When the pod was first used: a request began or ended, or a dial ended.
    pub first_seen: i64,
    /// When the pod was last used.
    pub last_seen: i64,
    /// When the verdict became other than DOORS_VERDICT_NONE; 0 while it is DOORS_VERDICT_NONE.
    pub unreachable_since: i64,
    /// If `marked` is 1: when the pod's responses began to signal that it is draining; otherwise 0.
    pub marked_since: i64,
    /// When the pod stopped getting new pages: it signals that it is draining, DNS does not list it, or it is
    /// evicted. 0 while it gets new pages.
    pub draining_since: i64,
    /// When the pod ran out of work: it is gone, or it is draining and had no request for 4/3 of its
    /// upstream's `roll_time`. Lies in the future until that time has passed. 0 while the pod is not draining
    /// or has requests in flight.
    pub drained_since: i64,
    /// When the pod was evicted; 0 while it is not.
    pub evicted_since: i64,
    /// The number of refused dials.
    pub refused: u64,
    /// The number of requests in flight at the pod.
    pub in_flight: u32,
    /// How many of the requests in flight are receiver streams: about one per open page.
    pub streams: u32,
    /// DOORS_VERDICT_*.
    pub verdict: u32,
    /// 1 while DNS lists the pod for an upstream that used it in the minute before `last_seen`, otherwise 0.
    pub fresh: u32,
    /// 1 while the pod's responses signal that it is draining, otherwise 0.
    pub marked: u32,
    /// Always 0.
    pub reserved: [u32; 3],
}

impl From<&KnownPod> for doors_known_pod {
    fn from(known: &KnownPod) -> Self {
        doors_known_pod {
            pod: known.pod.into(),
            upstream: known.upstream,
            first_seen: memory::at(known.first_seen),
            last_seen: memory::at(known.last_seen),
            unreachable_since: known.unreachable_since.map_or(0, memory::at),
            marked_since: known.marked_since.map_or(0, memory::at),
            draining_since: known.draining_since.map_or(0, memory::at),
            drained_since: known.drained_since.map_or(0, memory::at),
            evicted_since: known.evicted_since.map_or(0, memory::at),
            refused: known.refused,
            in_flight: known.in_flight,
            streams: known.streams,
            verdict: known.verdict as u32,
            fresh: known.fresh.into(),
            marked: known.marked_since.is_some().into(),
            reserved: [0; 3],
        }
    }
}

/// Creates an empty state. `limits` may be NULL for the values of doors_limits_init(). Sets `*out` to the
/// state.
///
/// Returns DOORS_STATUS_OK, _RANGE (a limit of 0) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_state_new(limits: *const doors_limits, out: *mut *mut doors_state) -> i32 {
    guard::status(|| unsafe {
        let out = memory::output(out)?;
        let limits = limits.as_ref().map_or(Ok(Limits::default()), doors_limits::read)?;
        out.write(Box::into_raw(Box::new(doors_state(State::new(limits)))));
        Ok(())
    })
}

/// Changes the maximum number of remembered pods. Excess pods are forgotten a few at a time, so that other
/// calls wait only briefly. Pods without a fault are forgotten first, those without requests in flight before
/// others, and the least recently used first; then pods with a fault.
///
/// Returns DOORS_STATUS_OK, _RANGE (`max_pods` is 0) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_state_limit(state: *mut doors_state, max_pods: u32) -> i32 {
    guard::status(|| unsafe {
        memory::handle(state)?.0.limit(NonZeroU32::new(max_pods).ok_or(Status::Range)?);
        Ok(())
    })
}

/// Lists known pods, ordered by address (IPv4 first) and port. Starts after the pod `after`, or with the
/// first pod if `after` is NULL. Writes at most `cap` pods to `list`, and sets `*count` to the number
/// written. A count below `cap` means that no more follow. Sets `*known` to the total number of known pods.
/// Each entry is consistent; the list as a whole is not a snapshot. The duration of the call grows with the
/// number of known pods, but it delays other calls only briefly.
///
/// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_state_pods(
    state: *const doors_state,
    after: *const doors_pod,
    list: *mut doors_known_pod,
    cap: usize,
    count: *mut usize,
    known: *mut usize,
) -> i32 {
    guard::status(|| unsafe {
        let (state, count, known) = (memory::handle(state)?, memory::output(count)?, memory::output(known)?);
        let (room, after) = (memory::room(list, cap)?, after.as_ref().map(doors_pod::read).transpose()?);
        let pods = if cap == 0 { Vec::new() } else { state.0.pods(after, cap) };
        memory::fill(room, cap, pods.iter().map(Into::into));
        count.write(pods.len());
        known.write(state.0.known_pods());
        Ok(())
    })
}

/// Sets `*verdict` to the DOORS_VERDICT_* of a pod. Does not count as a use of the pod.
///
/// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_state_verdict(
    state: *const doors_state,
    pod: *const doors_pod,
    verdict: *mut u32,
) -> i32 {
    guard::status(|| unsafe {
        let (state, pod, verdict) = (memory::handle(state)?, memory::handle(pod)?, memory::output(verdict)?);
        verdict.write(state.0.verdict(pod.read()?) as u32);
        Ok(())
    })
}

/// Checks whether the pods at an address, on all ports together, had no request for `idle` nanoseconds, so
/// that they can be stopped. `started` is when the caller began to report requests. An unknown address counts
/// as idle. A forgotten pod is never reported as idle too early. But once pods have been forgotten, an
/// unknown address may be mistaken for that of a forgotten pod: one in fifty with 20,000 forgotten pods in
/// use.
///
/// Sets `*out` to DOORS_IDLE_YES if no request is in flight and none was for `idle`; to _JUST_STARTED if none
/// is in flight but `now - started` is less than `idle`; otherwise to _BUSY. An idle pod can still have
/// pages: a browser disconnects a hidden page and may come back to it. Only the app knows its pages.
///
/// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_state_idle(
    state: *const doors_state,
    addr: *const doors_addr,
    idle: i64,
    started: i64,
    now: i64,
    out: *mut doors_idle,
) -> i32 {
    guard::status(|| unsafe {
        let (state, addr, out) = (memory::handle(state)?, memory::handle(addr)?, memory::output(out)?);
        let address = addr.address().ok_or(Status::Address)?;
        let (idle, started, now) = (memory::duration(idle)?, memory::clock(started), memory::clock(now));
        out.write(state.0.idle(address, idle, started, now).into());
        Ok(())
    })
}

/// Frees a state. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_state_free(state: *mut doors_state) {
    guard::value((), || unsafe { memory::free(state) })
}
