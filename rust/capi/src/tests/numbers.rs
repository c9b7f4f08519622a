//! Tests that the constants of the C API match the core, that each has a name, and that the version is the
//! same everywhere.

use std::ffi::{CStr, c_char};

use crate::numbers::*;
use crate::text::*;

#[test]
fn numbers_have_names_and_match_the_core() {
    use doors_routing::{Field, Kind, PathKind, Reason, Status};
    for status in [
        Status::Random,
        Status::Secret,
        Status::Cidr,
        Status::Config,
        Status::TooLarge,
        Status::TokenFormat,
        Status::TokenRefused,
    ] {
        assert_eq!(status as i32, crate::status::Status::from(status) as i32);
    }
    assert_eq!(
        [Kind::Pod as u32, Kind::Gone as u32, Kind::Upstream as u32, Kind::Any as u32],
        [DOORS_DECISION_POD, DOORS_DECISION_GONE, DOORS_DECISION_UPSTREAM, DOORS_DECISION_ANY]
    );
    for (reason, number) in [
        (Reason::None, DOORS_REASON_NONE),
        (Reason::Malformed, DOORS_REASON_MALFORMED),
        (Reason::Refused, DOORS_REASON_REFUSED),
        (Reason::NoCidr, DOORS_REASON_NO_CIDR),
        (Reason::OnlyUpstream, DOORS_REASON_ONLY_UPSTREAM),
        (Reason::Cookie, DOORS_REASON_COOKIE),
        (Reason::NoCookie, DOORS_REASON_NO_COOKIE),
        (Reason::CookieUnusable, DOORS_REASON_COOKIE_UNUSABLE),
    ] {
        assert_eq!(reason as u32, number);
    }
    for (path, number) in [
        (PathKind::Page, DOORS_PATH_PAGE),
        (PathKind::Sync, DOORS_PATH_SYNC),
        (PathKind::Hook, DOORS_PATH_HOOK),
        (PathKind::History, DOORS_PATH_HISTORY),
        (PathKind::Resource, DOORS_PATH_RESOURCE),
        (PathKind::Other, DOORS_PATH_OTHER),
    ] {
        assert_eq!(path as u32, number);
    }
    for (field, number) in [
        (Field::Secret, DOORS_FIELD_SECRET),
        (Field::CookieName, DOORS_FIELD_COOKIE_NAME),
        (Field::Cidr, DOORS_FIELD_CIDR),
        (Field::Host, DOORS_FIELD_HOST),
        (Field::Port, DOORS_FIELD_PORT),
    ] {
        assert_eq!(field as u32, number);
    }
    assert_eq!(
        [doors_routing::TOKEN_IPV4, doors_routing::TOKEN_IPV6].map(|length| length as u32),
        [DOORS_TOKEN_IPV4, DOORS_TOKEN_IPV6]
    );
    assert_eq!(DOORS_TOKEN_SIZE, DOORS_TOKEN_IPV4.max(DOORS_TOKEN_IPV6) + 1);
    // At most 253 characters, a final dot and a NUL.
    assert_eq!(DOORS_HOST_SIZE, 253 + 3);
    let known = |text: *const c_char| unsafe { CStr::from_ptr(text) } != c"unknown";
    assert_eq!(doors_routing::KEY_ID as u32 + 1, DOORS_KEY_ID_SIZE);
    let count = |known: &dyn Fn(u32) -> bool| (0..100).filter(|number| known(*number)).count();
    assert_eq!(count(&|number| known(doors_status_str(number as i32))), 15);
    assert_eq!(count(&|number| known(doors_decision_str(number))), 4);
    assert_eq!(count(&|number| known(doors_reason_str(number))), 8);
    assert_eq!(count(&|number| known(doors_path_str(number))), 6);
    assert_eq!(count(&|number| known(doors_outcome_str(number))), 7);
    assert_eq!(count(&|number| known(doors_verdict_str(number))), 3);
    assert_eq!(count(&|number| known(doors_idle_str(number))), 3);
    assert!(!known(doors_status_str(-1)) && !known(doors_status_str(i32::MIN)) && !known(doors_path_str(u32::MAX)));
}

#[test]
fn numbers_of_the_flow_match_the_core() {
    use doors_routing::{
        AnswerStatus, Cause, EventKind, HostChange, IdleAnswer, LookupFailure, Method, Outcome, Reason, Verdict,
    };
    let text = |text: *const c_char| unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned();
    for cause in Cause::ALL {
        assert_eq!(text(doors_cause_str(cause as u32)), cause.name());
    }
    for (cause, number) in Cause::ALL.into_iter().zip([
        DOORS_CAUSE_TOKEN_MALFORMED,
        DOORS_CAUSE_TOKEN_REFUSED,
        DOORS_CAUSE_NO_CIDR,
        DOORS_CAUSE_POD_GONE,
        DOORS_CAUSE_POD_UNREACHABLE,
        DOORS_CAUSE_POD_DROPPED,
        DOORS_CAUSE_NO_POD,
        DOORS_CAUSE_NO_FRESH_POD,
        DOORS_CAUSE_OWN_FAULT,
        DOORS_CAUSE_EVICTED,
        DOORS_CAUSE_DRAIN_MAX,
    ]) {
        assert_eq!(cause as u32, number);
    }
    for (kind, number) in EventKind::ALL.into_iter().zip([
        DOORS_EVENT_APPEARED,
        DOORS_EVENT_MARKED,
        DOORS_EVENT_LEFT,
        DOORS_EVENT_EVICTED,
        DOORS_EVENT_UNDONE,
        DOORS_EVENT_LAST_PAGE,
        DOORS_EVENT_ENDED,
        DOORS_EVENT_FAILED,
        DOORS_EVENT_ALIVE,
    ]) {
        assert_eq!((kind as u32, text(doors_event_str(number))), (number, kind.name().to_owned()));
    }
    for (failure, number) in [
        (LookupFailure::NotFound, DOORS_LOOKUP_NOT_FOUND),
        (LookupFailure::Timeout, DOORS_LOOKUP_TIMEOUT),
        (LookupFailure::ServerFailure, DOORS_LOOKUP_SERVER_FAILURE),
        (LookupFailure::Failed, DOORS_LOOKUP_FAILED),
    ] {
        assert_eq!((failure as u32, text(doors_lookup_str(number))), (number, failure.name().to_owned()));
    }
    for (change, number) in [
        (HostChange::None, DOORS_HOST_UNCHANGED),
        (HostChange::Resolved, DOORS_HOST_RESOLVED),
        (HostChange::Changed, DOORS_HOST_CHANGED),
        (HostChange::Failing, DOORS_HOST_FAILING),
        (HostChange::Recovered, DOORS_HOST_RECOVERED),
        (HostChange::Dropped, DOORS_HOST_DROPPED),
        (HostChange::Partial, DOORS_HOST_PARTIAL),
        (HostChange::Whole, DOORS_HOST_WHOLE),
    ] {
        assert_eq!((change as u32, text(doors_host_str(number))), (number, change.name().to_owned()));
    }
    for (reason, number) in [
        (Reason::None, DOORS_REASON_NONE),
        (Reason::Malformed, DOORS_REASON_MALFORMED),
        (Reason::Refused, DOORS_REASON_REFUSED),
        (Reason::NoCidr, DOORS_REASON_NO_CIDR),
        (Reason::OnlyUpstream, DOORS_REASON_ONLY_UPSTREAM),
        (Reason::Cookie, DOORS_REASON_COOKIE),
        (Reason::NoCookie, DOORS_REASON_NO_COOKIE),
        (Reason::CookieUnusable, DOORS_REASON_COOKIE_UNUSABLE),
    ] {
        assert_eq!((reason as u32, text(doors_reason_str(number))), (number, reason.name().to_owned()));
    }
    for (method, number) in
        [(Method::Get, DOORS_METHOD_GET), (Method::Head, DOORS_METHOD_HEAD), (Method::Other, DOORS_METHOD_OTHER)]
    {
        assert_eq!(method as u32, number);
    }
    for (outcome, number) in [
        (Outcome::Connected, DOORS_OUTCOME_CONNECTED),
        (Outcome::Refused, DOORS_OUTCOME_REFUSED),
        (Outcome::Unreachable, DOORS_OUTCOME_UNREACHABLE),
        (Outcome::OwnFault, DOORS_OUTCOME_OWN_FAULT),
        (Outcome::Cancelled, DOORS_OUTCOME_CANCELLED),
        (Outcome::Answered, DOORS_OUTCOME_ANSWERED),
        (Outcome::Dropped, DOORS_OUTCOME_DROPPED),
    ] {
        assert_eq!((outcome as u32, crate::source::outcome_of(number)), (number, Ok(outcome)));
    }
    assert_eq!(
        [Verdict::None as u32, Verdict::Unreachable as u32, Verdict::Gone as u32],
        [DOORS_VERDICT_NONE, DOORS_VERDICT_UNREACHABLE, DOORS_VERDICT_GONE]
    );
    assert_eq!(
        [IdleAnswer::Yes as u32, IdleAnswer::Busy as u32, IdleAnswer::JustStarted as u32],
        [DOORS_IDLE_YES, DOORS_IDLE_BUSY, DOORS_IDLE_JUST_STARTED]
    );
    assert_eq!([AnswerStatus::Gone as u32, AnswerStatus::Unavailable as u32], [410, 503]);
    let count = |known: &dyn Fn(u32) -> String| (0..100).filter(|number| known(*number) != "unknown").count();
    assert_eq!(count(&|number| text(doors_step_str(number))), 5);
    assert_eq!(count(&|number| text(doors_cause_str(number))), 11);
    assert_eq!(count(&|number| text(doors_event_str(number))), 9);
    assert_eq!(count(&|number| text(doors_lookup_str(number))), 4);
    assert_eq!(count(&|number| text(doors_host_str(number))), 8);
}

/// Names are labels of metrics: nothing in them comes from a sentence.
#[test]
fn names_are_identifiers() {
    let names: [extern "C" fn(u32) -> *const c_char; 11] = [
        doors_decision_str,
        doors_reason_str,
        doors_path_str,
        doors_step_str,
        doors_cause_str,
        doors_event_str,
        doors_lookup_str,
        doors_host_str,
        doors_outcome_str,
        doors_verdict_str,
        doors_idle_str,
    ];
    for name in names {
        for number in 0..100 {
            let name = unsafe { CStr::from_ptr(name(number)) }.to_str().unwrap();
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        }
    }
}

#[test]
fn one_version_everywhere() {
    let header = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/include/doors_caddy.h"));
    let version = unsafe { CStr::from_ptr(doors_version()) }.to_str().unwrap();
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    for line in [
        format!("#define DOORS_VERSION \"{version}\"\n"),
        format!("#define DOORS_VERSION_MAJOR {}\n", env!("CARGO_PKG_VERSION_MAJOR")),
        format!("#define DOORS_VERSION_MINOR {}\n", env!("CARGO_PKG_VERSION_MINOR")),
        format!("#define DOORS_VERSION_PATCH {}\n", env!("CARGO_PKG_VERSION_PATCH")),
        format!("#define DOORS_VERSION_NUMBER {}\n", version_number(version)),
        format!("#define DOORS_ABI {}\n", doors_abi()),
    ] {
        assert!(header.contains(&line), "{line}");
    }
}

/// Three digits for each part except the first.
fn version_number(version: &str) -> u64 {
    let parts = version.split('.').map(|part| part.parse::<u64>().unwrap());
    parts.inspect(|part| assert!(*part < 1000)).fold(0, |number, part| number * 1000 + part)
}
