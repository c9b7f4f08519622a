//! The lookups of a `doors_state`: which are due, how they ended, and what is known about a host.

use std::ffi::c_char;
use std::net::IpAddr;

use doors_routing::{HostId, HostReport, KnownHost, Lookup, LookupFailure, Missing};

use crate::numbers::*;
use crate::state::doors_state;
use crate::status::Status;
use crate::types::doors_addr;
use crate::{guard, memory};

const NAME: usize = DOORS_HOST_SIZE as usize;

/// A lookup to begin now.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_lookup {
    /// What to report the end for. No other host of the same state ever has this number.
    pub host: u64,
    /// The number for the way to look it up, as in the options of the sources that use it.
    pub resolver: u64,
    /// Characters in the name.
    pub name_len: u32,
    /// The name in lower case, perhaps with a final dot, NUL-terminated.
    pub name: [c_char; 256],
    /// Zero.
    pub reserved: u32,
}

/// What the end of a lookup has changed, and what to do now.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_host_report {
    /// DOORS_HOST_*: one for each change that an operator would call one, never one for each lookup.
    pub change: u32,
    /// DOORS_REPORT_WAKE and _LOOKUPS_DUE, added up.
    pub flags: u32,
}

/// What is known about a host. Durations are nanoseconds.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_host_state {
    /// The number for the way to look it up; 0 for an address.
    pub resolver: u64,
    /// Counts the changes of the addresses; 0 before the first.
    pub generation: u64,
    /// Since the last answer with addresses; DOORS_NEVER before the first, and for an address.
    pub age: i64,
    /// Since the first of the failures in a row; 0 while `failure` is 0.
    pub failing_for: i64,
    /// The time between two lookups: the smallest that its users ask for; 0 without users.
    pub refresh: i64,
    /// DOORS_LOOKUP_*: why the last lookup failed; 0 if it did not or none has ended.
    pub failure: u32,
    /// How many sources use it.
    pub users: u32,
    /// 1 while lookups go on.
    pub active: u32,
    /// 1 while answers are taken for parts of the truth.
    pub partial: u32,
    /// Zero.
    pub reserved: u32,
    /// Characters in the name.
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

/// A name that fits, as all names that the rules of DOORS_FIELD_HOST let pass.
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

/// Says which hosts are to be looked up now: `list` gets at most `cap` lookups (at least 1), `*count` how many. Begin each,
/// and report its end, whatever it is: one that is not reported counts as DOORS_LOOKUP_TIMEOUT after 60 s. `*next` gets when
/// to call again, unless a report says so before (DOORS_REPORT_LOOKUPS_DUE); DOORS_NEVER for not before. With more lookups than
/// `cap` that is now. A call more than needed does nothing. Call it from one place: a loop that this number drives.
///
/// Returns DOORS_STATUS_OK, _RANGE (a `cap` of 0 too) or _NULL_POINTER.
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

/// A lookup has ended with these addresses, in any order; those that no pod can have are left out, and what is left may be
/// nothing. `missing` is DOORS_MISSING_IPV4 and _IPV6, added up: the IP versions about which nothing was learned, or only a
/// part; `failure` is why (DOORS_LOOKUP_*), or 0 if they are only late. Nothing left, and something missing, is a failed lookup.
/// A lookup that was not begun changes nothing. `*out` gets what has changed.
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

/// Addresses came after the lookup they belong to was reported. If one of them is new, the next lookup is due at once, which
/// will see it. `*out` gets what to do.
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

/// A lookup has ended without addresses. `failure` is DOORS_LOOKUP_*. `*out` gets what has changed.
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

/// Tells what is known about a host: `*out` gets it; for several hosts of one upstream, whose name is all their names, cut at its room,
/// it is what is known about all together: all addresses, the oldest answer, and the failure that has lasted for longest. `list` at most `cap` of its addresses (NULL with 0 for none), and
/// `*count` how many it has.
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
