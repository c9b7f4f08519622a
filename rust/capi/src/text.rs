//! Names of numbers, and the version.

use std::ffi::{CStr, c_char};

use crate::guard;
use crate::numbers::*;

const UNKNOWN: &CStr = c"unknown";
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");

pub(crate) fn status(number: i32) -> &'static CStr {
    match number {
        DOORS_STATUS_OK => c"ok",
        DOORS_STATUS_NULL_POINTER => c"a required pointer is NULL",
        DOORS_STATUS_PANIC => c"internal error: the library panicked",
        DOORS_STATUS_BUFFER => c"the output buffer is too small",
        DOORS_STATUS_ADDRESS => c"an address must be 4 or 16 bytes long",
        DOORS_STATUS_NO_MATCH => c"nothing matches",
        DOORS_STATUS_RANDOM => c"the operating system returned no random bytes",
        DOORS_STATUS_RANGE => c"a number is out of range",
        DOORS_STATUS_TOO_MANY => c"the limit is reached",
        DOORS_STATUS_SECRET => c"invalid secret",
        DOORS_STATUS_CIDR => c"invalid CIDR",
        DOORS_STATUS_CONFIG => c"invalid configuration",
        DOORS_STATUS_TOO_LARGE => c"the input is larger than 64 MiB",
        DOORS_STATUS_TOKEN_FORMAT => c"the token is not canonical base64url without padding",
        DOORS_STATUS_TOKEN_REFUSED => c"no key opens the token",
        _ => UNKNOWN,
    }
}

fn decision(number: u32) -> &'static CStr {
    match number {
        DOORS_DECISION_POD => c"pod",
        DOORS_DECISION_GONE => c"gone",
        DOORS_DECISION_UPSTREAM => c"upstream",
        DOORS_DECISION_ANY => c"any",
        _ => UNKNOWN,
    }
}

fn reason(number: u32) -> &'static CStr {
    match number {
        DOORS_REASON_NONE => c"none",
        DOORS_REASON_MALFORMED => c"token_malformed",
        DOORS_REASON_REFUSED => c"token_refused",
        DOORS_REASON_NO_CIDR => c"no_cidr",
        DOORS_REASON_ONLY_UPSTREAM => c"only_upstream",
        DOORS_REASON_COOKIE => c"cookie",
        DOORS_REASON_NO_COOKIE => c"no_cookie",
        DOORS_REASON_COOKIE_UNUSABLE => c"cookie_unusable",
        _ => UNKNOWN,
    }
}

fn path(number: u32) -> &'static CStr {
    match number {
        DOORS_PATH_PAGE => c"page",
        DOORS_PATH_SYNC => c"sync",
        DOORS_PATH_HOOK => c"hook",
        DOORS_PATH_HISTORY => c"history",
        DOORS_PATH_RESOURCE => c"resource",
        DOORS_PATH_OTHER => c"other",
        _ => UNKNOWN,
    }
}

fn outcome(number: u32) -> &'static CStr {
    match number {
        DOORS_OUTCOME_CONNECTED => c"connected",
        DOORS_OUTCOME_REFUSED => c"refused",
        DOORS_OUTCOME_UNREACHABLE => c"unreachable",
        DOORS_OUTCOME_OWN_FAULT => c"own_fault",
        DOORS_OUTCOME_CANCELLED => c"cancelled",
        DOORS_OUTCOME_ANSWERED => c"answered",
        DOORS_OUTCOME_DROPPED => c"dropped",
        _ => UNKNOWN,
    }
}

fn verdict(number: u32) -> &'static CStr {
    match number {
        DOORS_VERDICT_NONE => c"none",
        DOORS_VERDICT_UNREACHABLE => c"unreachable",
        DOORS_VERDICT_GONE => c"gone",
        _ => UNKNOWN,
    }
}

fn idle(number: u32) -> &'static CStr {
    match number {
        DOORS_IDLE_YES => c"idle",
        DOORS_IDLE_BUSY => c"busy",
        DOORS_IDLE_JUST_STARTED => c"just_started",
        _ => UNKNOWN,
    }
}

fn step(number: u32) -> &'static CStr {
    match number {
        DOORS_STEP_DIAL => c"dial",
        DOORS_STEP_WAIT => c"wait",
        DOORS_STEP_ANSWER => c"answer",
        DOORS_STEP_DONE => c"done",
        DOORS_STEP_CHOOSE => c"choose",
        _ => UNKNOWN,
    }
}

fn cause(number: u32) -> &'static CStr {
    match number {
        DOORS_CAUSE_TOKEN_MALFORMED => c"token_malformed",
        DOORS_CAUSE_TOKEN_REFUSED => c"token_refused",
        DOORS_CAUSE_NO_CIDR => c"no_cidr",
        DOORS_CAUSE_POD_GONE => c"pod_gone",
        DOORS_CAUSE_POD_UNREACHABLE => c"pod_unreachable",
        DOORS_CAUSE_POD_DROPPED => c"pod_dropped",
        DOORS_CAUSE_NO_POD => c"no_pod",
        DOORS_CAUSE_NO_FRESH_POD => c"no_fresh_pod",
        DOORS_CAUSE_OWN_FAULT => c"own_fault",
        DOORS_CAUSE_EVICTED => c"evicted",
        DOORS_CAUSE_DRAIN_MAX => c"drain_max",
        _ => UNKNOWN,
    }
}

fn event(number: u32) -> &'static CStr {
    match number {
        DOORS_EVENT_APPEARED => c"appeared",
        DOORS_EVENT_MARKED => c"marked",
        DOORS_EVENT_LEFT => c"left_dns",
        DOORS_EVENT_EVICTED => c"evicted",
        DOORS_EVENT_UNDONE => c"eviction_undone",
        DOORS_EVENT_LAST_PAGE => c"last_page",
        DOORS_EVENT_ENDED => c"ended",
        DOORS_EVENT_FAILED => c"failed",
        DOORS_EVENT_ALIVE => c"alive",
        _ => UNKNOWN,
    }
}

fn lookup(number: u32) -> &'static CStr {
    match number {
        DOORS_LOOKUP_NOT_FOUND => c"not_found",
        DOORS_LOOKUP_TIMEOUT => c"timeout",
        DOORS_LOOKUP_SERVER_FAILURE => c"server_failure",
        DOORS_LOOKUP_FAILED => c"failed",
        _ => UNKNOWN,
    }
}

fn host(number: u32) -> &'static CStr {
    match number {
        DOORS_HOST_UNCHANGED => c"unchanged",
        DOORS_HOST_RESOLVED => c"resolved",
        DOORS_HOST_CHANGED => c"changed",
        DOORS_HOST_FAILING => c"failing",
        DOORS_HOST_RECOVERED => c"recovered",
        DOORS_HOST_DROPPED => c"dropped",
        DOORS_HOST_PARTIAL => c"partial",
        DOORS_HOST_WHOLE => c"whole",
        _ => UNKNOWN,
    }
}

/// A short English text for DOORS_STATUS_*. Static, never NULL; "unknown" for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn doors_status_str(number: i32) -> *const c_char {
    guard::value(UNKNOWN.as_ptr(), || status(number).as_ptr())
}

/// An identifier for DOORS_DECISION_*, usable as a metric label. Static, never NULL; "unknown" for any other
/// number.
#[unsafe(no_mangle)]
pub extern "C" fn doors_decision_str(number: u32) -> *const c_char {
    guard::value(UNKNOWN.as_ptr(), || decision(number).as_ptr())
}

/// An identifier for DOORS_REASON_*, usable as a metric label. Static, never NULL; "unknown" for any other
/// number.
#[unsafe(no_mangle)]
pub extern "C" fn doors_reason_str(number: u32) -> *const c_char {
    guard::value(UNKNOWN.as_ptr(), || reason(number).as_ptr())
}

/// An identifier for DOORS_PATH_*, usable as a metric label. Static, never NULL; "unknown" for any other
/// number.
#[unsafe(no_mangle)]
pub extern "C" fn doors_path_str(number: u32) -> *const c_char {
    guard::value(UNKNOWN.as_ptr(), || path(number).as_ptr())
}

/// An identifier for DOORS_STEP_*, usable as a metric label. Static, never NULL; "unknown" for any other
/// number.
#[unsafe(no_mangle)]
pub extern "C" fn doors_step_str(number: u32) -> *const c_char {
    guard::value(UNKNOWN.as_ptr(), || step(number).as_ptr())
}

/// An identifier for DOORS_CAUSE_*, usable as a metric label. Static, never NULL; "unknown" for any other
/// number.
#[unsafe(no_mangle)]
pub extern "C" fn doors_cause_str(number: u32) -> *const c_char {
    guard::value(UNKNOWN.as_ptr(), || cause(number).as_ptr())
}

/// An identifier for DOORS_EVENT_*, usable in JSON. Static, never NULL; "unknown" for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn doors_event_str(number: u32) -> *const c_char {
    guard::value(UNKNOWN.as_ptr(), || event(number).as_ptr())
}

/// An identifier for DOORS_LOOKUP_*, usable as a metric label. Static, never NULL; "unknown" for any other
/// number.
#[unsafe(no_mangle)]
pub extern "C" fn doors_lookup_str(number: u32) -> *const c_char {
    guard::value(UNKNOWN.as_ptr(), || lookup(number).as_ptr())
}

/// An identifier for DOORS_HOST_*, usable as a metric label. Static, never NULL; "unknown" for any other
/// number.
#[unsafe(no_mangle)]
pub extern "C" fn doors_host_str(number: u32) -> *const c_char {
    guard::value(UNKNOWN.as_ptr(), || host(number).as_ptr())
}

/// An identifier for DOORS_OUTCOME_*, usable as a metric label. Static, never NULL; "unknown" for any other
/// number.
#[unsafe(no_mangle)]
pub extern "C" fn doors_outcome_str(number: u32) -> *const c_char {
    guard::value(UNKNOWN.as_ptr(), || outcome(number).as_ptr())
}

/// An identifier for DOORS_VERDICT_*, usable as a metric label. Static, never NULL; "unknown" for any other
/// number.
#[unsafe(no_mangle)]
pub extern "C" fn doors_verdict_str(number: u32) -> *const c_char {
    guard::value(UNKNOWN.as_ptr(), || verdict(number).as_ptr())
}

/// An identifier for DOORS_IDLE_*, usable as a metric label. Static, never NULL; "unknown" for any other
/// number.
#[unsafe(no_mangle)]
pub extern "C" fn doors_idle_str(number: u32) -> *const c_char {
    guard::value(UNKNOWN.as_ptr(), || idle(number).as_ptr())
}

/// The version of the linked library, such as "0.2.0". Static, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn doors_version() -> *const c_char {
    guard::value(UNKNOWN.as_ptr(), || VERSION.as_ptr().cast())
}

/// The interface version of the linked library. Compare it with DOORS_ABI, the version that the program was
/// compiled for.
#[unsafe(no_mangle)]
pub extern "C" fn doors_abi() -> u32 {
    guard::value(0, || DOORS_ABI)
}
