//! What a process knows about hosts and pods: `doors_state`. Its lookups are in `lookups`.

use std::num::NonZeroU32;

use doors_routing::{KnownPod, Limits, State};

use crate::options::doors_limits;
use crate::status::Status;
use crate::types::{doors_addr, doors_idle, doors_pod};
use crate::{guard, memory};

/// What a process knows about hosts and pods. One is enough for a process; it outlives configurations. From
/// doors_state_new() to doors_state_free(), after which the sources made with it still work.
///
/// It changes: its calls take locks for well under a microsecond, unless they say more; calls about different pods mostly do
/// not wait for each other. A time that is earlier than that of another call counts as the later one wherever both meet.
/// `random` is any number, another one for each call.
pub struct doors_state(pub(crate) State);

/// What is known about one pod, at one moment. Times are those of the caller's clock, in nanoseconds.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_known_pod {
    /// Where it is dialled.
    pub pod: doors_pod,
    /// The number of its upstream, see doors_source_upstream(). Where several use it, it stays the same until that one has
    /// not used it for a minute.
    pub upstream: u64,
    /// When it was first used: a request for it began or ended, or a dial ended.
    pub first_seen: i64,
    /// When it was last used.
    pub last_seen: i64,
    /// Since when something is held against it; 0 while `verdict` is DOORS_VERDICT_NONE.
    pub unreachable_since: i64,
    /// With `marked`: since when its answers say that it drains; else 0.
    pub marked_since: i64,
    /// Since when it gets no new pages: it says that it drains, DNS does not name it, or it is evicted; 0 while it gets some.
    pub draining_since: i64,
    /// Since when it has nothing left to do: it is gone, or it drains and had no request for 4/3 of `roll_time` of its upstream. A time to
    /// come, later than now, while that is not over yet; 0 while it does not drain, or has requests in flight.
    pub drained_since: i64,
    /// Since when it is evicted; 0 while it is not.
    pub evicted_since: i64,
    /// How many dials its host has refused.
    pub refused: u64,
    /// Requests that were sent to it and have not ended.
    pub in_flight: u32,
    /// Those of them that are receiver streams: about one for each open page.
    pub streams: u32,
    /// DOORS_VERDICT_*: what is held against it.
    pub verdict: u32,
    /// 1 while an upstream that used it in the last minute of its use has it in DNS, else 0.
    pub fresh: u32,
    /// 1 while its answers say that it drains, else 0.
    pub marked: u32,
    /// Zero.
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

/// Makes one that knows nothing. `limits` may be NULL for the values of doors_limits_init(). `*out` gets it.
///
/// Returns DOORS_STATUS_OK, _RANGE (a bound of 0) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_state_new(limits: *const doors_limits, out: *mut *mut doors_state) -> i32 {
    guard::status(|| unsafe {
        let out = memory::output(out)?;
        let limits = limits.as_ref().map_or(Ok(Limits::default()), doors_limits::read)?;
        out.write(Box::into_raw(Box::new(doors_state(State::new(limits)))));
        Ok(())
    })
}

/// Changes how many pods are remembered. Those that are too many are forgotten, a few at a time: no other call waits for
/// all of them. Forgotten are pods with which nothing is wrong, those without requests in flight first, and then those against
/// which something is held; of several the one not used for longest.
///
/// Returns DOORS_STATUS_OK, _RANGE (`max_pods` is 0) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_state_limit(state: *mut doors_state, max_pods: u32) -> i32 {
    guard::status(|| unsafe {
        memory::handle(state)?.0.limit(NonZeroU32::new(max_pods).ok_or(Status::Range)?);
        Ok(())
    })
}

/// Tells about pods, by address (IPv4 first) and port, from the first one after `after` on, or from the first if that is
/// NULL. `list` gets at most `cap` of them, `*count` how many it got; fewer than `cap` are all that follow. `*known` gets how
/// many are known in all. Each is what it was at one moment, all together are not. The time it takes grows with the number
/// of known pods; no other call waits for all of it.
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

/// Tells what is held against a pod: `*verdict` gets DOORS_VERDICT_*. It does not count as a use of the pod.
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

/// Tells whether the pods at an address, on all ports together, had no request for `idle` nanoseconds, so that they may be
/// stopped. `started` is when the caller began to report requests. An address that is not known had none. A pod that the
/// table had to forget is not called idle too early. For that, once pods were forgotten, an address in many is taken for
/// one of them: with 20,000 forgotten pods in use, one in fifty.
///
/// `*out` gets DOORS_IDLE_YES: none is in flight, and none was for `idle`; _JUST_STARTED: none is in flight, but
/// `now - started` is less than `idle`; or _BUSY. No request does not mean no page: a browser disconnects a hidden page, and
/// comes back to it. Only the app knows its pages.
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

/// Frees it. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_state_free(state: *mut doors_state) {
    guard::value((), || unsafe { memory::free(state) })
}
