//! The lookups of a `doors_state`: which are due, their results, and what is known about a host.

use std::ffi::c_char;
use std::net::IpAddr;

use doors_routing::{HostId, HostReport, KnownHost, Lookup, LookupFailure, Missing};

use crate::numbers::*;
use crate::state::doors_state;
use crate::status::Status;
use crate::types::doors_addr;
use crate::{guard, memory};

const NAME: usize = DOORS_HOST_SIZE as usize;

/// A lookup to start now.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_lookup {
    /// The host to pass to the report. Unique within a state.
    pub host: u64,
    /// The resolver to use: `resolver` in the options of the sources that use the host.
    pub resolver: u64,
    /// The length of the name in bytes.
    pub name_len: u32,
    /// The name in lower case, NUL-terminated. May have a final dot.
    pub name: [c_char; 256],
    /// Always 0.
    pub reserved: u32,
}

/// What the end of a lookup has changed, and what to do now.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_host_report {
    /// DOORS_HOST_*: the change to report to an operator. Unchanged results are not reported.
    pub change: u32,
    /// DOORS_REPORT_WAKE and DOORS_REPORT_LOOKUPS_DUE, combined with `|`.
    pub flags: u32,
}

/// What is known about a host. Durations are in nanoseconds.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_host_state {
    /// The resolver, as in doors_options; 0 for an address.
    pub resolver: u64,
    /// The number of changes of the addresses; 0 before the first.
    pub generation: u64,
    /// The time since the last answer with addresses; DOORS_NEVER before the first, and for an address.
    pub age: i64,
    /// The time since the first failure of the current series; 0 while `failure` is 0.
    pub failing_for: i64,
    /// The interval between lookups: the smallest of its users; 0 without users.
    pub refresh: i64,
    /// DOORS_LOOKUP_*: why the last lookup failed; 0 if it succeeded or none has ended.
    pub failure: u32,
    /// The number of sources that use the host.
    pub users: u32,
    /// 1 while lookups continue.
    pub active: u32,
    /// 1 while answers count as partial, see DOORS_HOST_PARTIAL.
    pub partial: u32,
    /// Always 0.
    pub reserved: u32,
    /// The length of the name in bytes.
    pub name_len: u32,
    /// The name in lower case, or an address, NUL-terminated.
    pub name: [c_char; 256],
}

fn failure_of(number: u32) -> Result<LookupFailure, Status> {
    Ok(match number {
        DOORS_LOOKUP_NOT_FOUND => LookupFailure::NotFound,
        DOORS_LOOKUP_TIMEOUT => LookupFailure::Timeout,
        DOORS_LOOKUP_SERVER_FAILURE => LookupFailure::ServerFailure,
        DOORS_LOOKUP_FAILED => LookupFailure::Failed,
        _ => return Err(Status::Range),
    })
}

/// Copies a name. All names that satisfy DOORS_FIELD_HOST fit.
fn name_of(text: &str) -> (u32, [c_char; NAME]) {
    let mut name = [0; NAME];
    let mut len = 0;
    for (to, from) in name[..NAME - 1].iter_mut().zip(text.bytes()) {
        (*to, len) = (from as c_char, len + 1);
    }
    (len, name)
}

impl From<Lookup<'_>> for doors_lookup {
    fn from(lookup: Lookup<'_>) -> Self {
        let (name_len, name) = name_of(lookup.name);
        doors_lookup { host: lookup.host.number(), resolver: lookup.resolver, name_len, name, reserved: 0 }
    }
}

impl From<HostReport> for doors_host_report {
    fn from(report: HostReport) -> Self {
        let flag = |set, flag| if set { flag } else { 0 };
        let flags = flag(report.wake, DOORS_REPORT_WAKE) | flag(report.lookups_due, DOORS_REPORT_LOOKUPS_DUE);
        doors_host_report { change: report.change as u32, flags }
    }
}

impl From<&KnownHost> for doors_host_state {
    fn from(known: &KnownHost) -> Self {
        let (name_len, name) = name_of(&known.name);
        doors_host_state {
            resolver: known.resolver,
            generation: known.generation,
            age: known.age.map_or(DOORS_NEVER, memory::lasted),
            failing_for: known.failing_for.map_or(0, memory::lasted),
            refresh: memory::lasted(known.refresh),
            failure: known.failure.map_or(0, |failure| failure as u32),
            users: known.users,
            active: known.active.into(),
            partial: known.partial.into(),
            reserved: 0,
            name_len,
            name,
        }
    }
}

/// The addresses of a lookup.
///
/// # Safety
/// As for [`memory::items`].
unsafe fn addresses(list: *const doors_addr, count: usize) -> Result<Vec<IpAddr>, Status> {
    // SAFETY: the contract of this function.
    let list = unsafe { memory::items(list, count) }?;
    list.iter().map(|addr| addr.address().ok_or(Status::Address)).collect()
}

/// Lists the hosts to look up now. Writes at most `cap` lookups (at least 1) to `list`, and sets `*count` to
/// their number. Start each of them and always report its end: without a report, it counts as
/// DOORS_LOOKUP_TIMEOUT after 60 s. Sets `*next` to the time of the next call: `now` if more than `cap`
/// lookups are due, or DOORS_NEVER if nothing is planned. Call at once after a report with
/// DOORS_REPORT_LOOKUPS_DUE. Extra calls do nothing. Call this function from a single loop that waits for
/// `*next`.
///
/// Returns DOORS_STATUS_OK, _RANGE (including a `cap` of 0) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_state_due(
    state: *mut doors_state,
    now: i64,
    random: u64,
    list: *mut doors_lookup,
    cap: usize,
    count: *mut usize,
    next: *mut i64,
) -> i32 {
    guard::status(|| unsafe {
        let (state, list, now) = (memory::handle(state)?, memory::output(list)?, memory::clock(now));
        let (count, next) = (memory::output(count)?, memory::output(next)?);
        if cap == 0 {
            return Err(Status::Range);
        }
        let mut begun = 0;
        let again = state.0.due_at_most(cap, now, random, |lookup| {
            list.add(begun).write(lookup.into());
            begun += 1;
        });
        count.write(begun);
        next.write(again.map_or(DOORS_NEVER, memory::at));
        Ok(())
    })
}

/// Reports the addresses found by a lookup, in any order. Addresses that no pod can have are ignored.
/// `missing` combines DOORS_MISSING_IPV4 and DOORS_MISSING_IPV6: the IP versions with a missing or partial
/// answer. `failure` is the reason (DOORS_LOOKUP_*), or 0 if the answer is only late. If no address remains
/// and something is missing, the lookup counts as failed. Ignores a lookup that was not started. Sets `*out`
/// to the changes.
///
/// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE, _TOO_LARGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_state_resolved(
    state: *mut doors_state,
    host: u64,
    list: *const doors_addr,
    count: usize,
    missing: u32,
    failure: u32,
    now: i64,
    random: u64,
    out: *mut doors_host_report,
) -> i32 {
    guard::status(|| unsafe {
        let (state, out, now) = (memory::handle(state)?, memory::output(out)?, memory::clock(now));
        if missing & !(DOORS_MISSING_IPV4 | DOORS_MISSING_IPV6) != 0 {
            return Err(Status::Range);
        }
        let missing = Missing {
            v4: missing & DOORS_MISSING_IPV4 != 0,
            v6: missing & DOORS_MISSING_IPV6 != 0,
            failure: if failure == 0 { None } else { Some(failure_of(failure)?) },
        };
        let addresses = addresses(list, count)?;
        out.write(state.0.resolved(HostId::new(host), &addresses, missing, now, random).into());
        Ok(())
    })
}

/// Reports addresses that arrived after the end of their lookup was reported. If one of them is new, the next
/// lookup is due at once. Sets `*out` to what to do.
///
/// Returns DOORS_STATUS_OK, _ADDRESS, _TOO_LARGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_state_resolved_late(
    state: *mut doors_state,
    host: u64,
    list: *const doors_addr,
    count: usize,
    now: i64,
    out: *mut doors_host_report,
) -> i32 {
    guard::status(|| unsafe {
        let (state, out, now) = (memory::handle(state)?, memory::output(out)?, memory::clock(now));
        let addresses = addresses(list, count)?;
        out.write(state.0.resolved_late(HostId::new(host), &addresses, now).into());
        Ok(())
    })
}

/// Reports a lookup that found no addresses. `failure` is DOORS_LOOKUP_*. Sets `*out` to the changes.
///
/// Returns DOORS_STATUS_OK, _RANGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_state_lookup_failed(
    state: *mut doors_state,
    host: u64,
    failure: u32,
    now: i64,
    random: u64,
    out: *mut doors_host_report,
) -> i32 {
    guard::status(|| unsafe {
        let (state, out, now) = (memory::handle(state)?, memory::output(out)?, memory::clock(now));
        out.write(state.0.lookup_failed(HostId::new(host), failure_of(failure)?, now, random).into());
        Ok(())
    })
}

/// Gets what is known about a host, in `*out`. Several hosts of one upstream count as one host: its name
/// lists all their names, truncated to fit, and the other members combine all addresses, the oldest answer
/// and the longest failure. Writes at most `cap` of its addresses to `list` (may be NULL if `cap` is 0), and
/// sets `*count` to their total number.
///
/// Returns DOORS_STATUS_OK, _NO_MATCH (no such host, or it was forgotten) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_state_host(
    state: *const doors_state,
    host: u64,
    now: i64,
    out: *mut doors_host_state,
    list: *mut doors_addr,
    cap: usize,
    count: *mut usize,
) -> i32 {
    guard::status(|| unsafe {
        let (state, out, count) = (memory::handle(state)?, memory::output(out)?, memory::output(count)?);
        let (room, now) = (memory::room(list, cap)?, memory::clock(now));
        let known = state.0.host(HostId::new(host), now).ok_or(Status::NoMatch)?;
        let all = known.addresses.as_ref().map_or(&[][..], |addresses| addresses.list());
        memory::fill(room, cap, all.iter().map(|address| Some(*address).into()));
        count.write(all.len());
        out.write((&known).into());
        Ok(())
    })
}
