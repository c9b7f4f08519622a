//! Tests of misuse of the flow of requests: NULL, values out of range, and panics.

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};

use crate::evictions::*;
use crate::lookups::*;
use crate::numbers::*;
use crate::options::*;
use crate::request::*;
use crate::source::*;
use crate::state::*;
use crate::step::*;
use crate::tests::evictions::eviction;
use crate::tests::flow::{Flow, GET, REFUSED, lookup, none};
use crate::tests::{POD, SECRET, chars, plant};
use crate::text::*;
use crate::types::*;

#[test]
pub(crate) fn values_outside_their_range_are_refused() {
    let flow = Flow::new();
    let Flow { state, source } = flow;
    let odd = doors_pod { reserved: 1, ..POD };
    let nowhere = doors_addr { bytes: [0; 16], len: 5 };
    let (mut request, mut index, mut count, mut number) = (none(), 0, 0, 0);
    let mut step = MaybeUninit::<doors_step>::uninit();
    let mut report = MaybeUninit::<doors_report>::uninit();
    let mut host_report = doors_host_report { change: 77, flags: 77 };
    let (step, report) = (step.as_mut_ptr(), report.as_mut_ptr());
    let (json, len) = chars("{}");
    let (mut limits, mut options) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    let (mut new_state, mut new_source) = (null_mut(), null_mut());
    unsafe {
        assert_eq!(doors_limits_init(limits.as_mut_ptr()), DOORS_STATUS_OK);
        assert_eq!(doors_options_init(options.as_mut_ptr()), DOORS_STATUS_OK);
        let (limits, options): (doors_limits, doors_options) = (limits.assume_init(), options.assume_init());
        for limits in [
            doors_limits { max_pods: 0, ..limits },
            doors_limits { max_lookups: 0, ..limits },
            doors_limits { refreshes_per_second: 0, ..limits },
            doors_limits { reserved: [0, 0, 1], ..limits },
        ] {
            assert_eq!(doors_state_new(&limits, &mut new_state), DOORS_STATUS_RANGE);
        }
        for options in [
            doors_options { gone_after: -1, ..options },
            doors_options { drain_max: -1, ..options },
            doors_options { roll_time: -1, ..options },
            doors_options { page_wait: -1, ..options },
            doors_options { refresh: -1, ..options },
            doors_options { stale_max: -1, ..options },
            doors_options { first_lookup: -1, ..options },
            doors_options { flags: 4, ..options },
            doors_options { reserved: [0, 1], ..options },
        ] {
            let status = doors_source_new(state, json, len, &options, &mut new_source, null_mut());
            assert_eq!(status, DOORS_STATUS_RANGE);
        }
        let (list, next) = (&mut lookup(), &mut 0);
        let path = null::<c_char>();
        for status in [
            doors_state_limit(state, 0),
            doors_state_due(state, 0, 1, list, 0, &mut count, next),
            doors_state_resolved(state, 1, &POD.addr, 1, 4, 0, 0, 1, &mut host_report),
            doors_state_verdict(state, &odd, &mut index),
            doors_state_pods(state, &odd, null_mut(), 0, &mut count, &mut number),
            doors_source_dialled(source, 0, &odd, REFUSED, 0, 1, report),
            doors_request_chose(source, &mut request, 0, &odd, 0, step),
        ] {
            assert_eq!(status, DOORS_STATUS_RANGE);
        }
        for status in [
            doors_request_begin(source, 0, 0, path, 0, path, 0, 0, 1, &mut request, step),
            doors_request_begin(source, 4, 0, path, 0, path, 0, 0, 1, &mut request, step),
            doors_request_begin(source, GET, 2, path, 0, path, 0, 0, 1, &mut request, step),
            doors_request_next(source, &mut request, 0, 0, 1, step),
            doors_request_failed(source, &mut request, 8, 0, 1, step),
            doors_request_give_up(source, &mut request, 8, 0, 1, step),
            doors_request_answered(source, &mut request, 4, 0, 1, step),
            doors_source_dialled(source, 0, &POD, 8, 0, 1, report),
            doors_state_resolved(state, 1, &POD.addr, 1, 0, 5, 0, 1, &mut host_report),
            doors_state_lookup_failed(state, 1, 0, 0, 1, &mut host_report),
        ] {
            assert_eq!(status, DOORS_STATUS_RANGE);
        }
        let lost = doors_pod { addr: nowhere, ..POD };
        for status in [
            doors_state_resolved(state, 1, &nowhere, 1, 0, 0, 0, 1, &mut host_report),
            doors_state_resolved_late(state, 1, &nowhere, 1, 0, &mut host_report),
            doors_state_verdict(state, &lost, &mut index),
            doors_source_dialled(source, 0, &lost, REFUSED, 0, 1, report),
            doors_request_chose(source, &mut request, 0, &lost, 0, step),
        ] {
            assert_eq!(status, DOORS_STATUS_ADDRESS);
        }
        let mut idle = MaybeUninit::<doors_idle>::uninit();
        assert_eq!(doors_state_idle(state, &nowhere, 0, 0, 0, idle.as_mut_ptr()), DOORS_STATUS_ADDRESS);
        assert_eq!(doors_state_idle(state, &POD.addr, -1, 0, 0, idle.as_mut_ptr()), DOORS_STATUS_RANGE);
    }
    assert_eq!((host_report.change, request.opaque), (77, [0; 40]));
    assert!(new_state.is_null() && new_source.is_null());
}

/// The exports that [`null_and_panics`] calls.
pub(crate) const PANICS: [&str; 40] = [
    "doors_limits_init",
    "doors_options_init",
    "doors_state_new",
    "doors_state_limit",
    "doors_state_pods",
    "doors_state_verdict",
    "doors_state_idle",
    "doors_state_evict",
    "doors_state_undo",
    "doors_state_evictions",
    "doors_state_events",
    "doors_state_due",
    "doors_state_resolved",
    "doors_state_resolved_late",
    "doors_state_lookup_failed",
    "doors_state_host",
    "doors_state_free",
    "doors_source_new",
    "doors_source_router",
    "doors_source_dialled",
    "doors_source_use",
    "doors_source_upstream",
    "doors_source_fresh",
    "doors_source_free",
    "doors_request_begin",
    "doors_request_next",
    "doors_request_failed",
    "doors_request_resume",
    "doors_request_choices",
    "doors_request_chose",
    "doors_request_chose_none",
    "doors_request_give_up",
    "doors_request_answered",
    "doors_request_ended",
    "doors_request_decision",
    "doors_step_str",
    "doors_cause_str",
    "doors_lookup_str",
    "doors_host_str",
    "doors_event_str",
];

#[test]
pub(crate) fn null_and_panics() {
    let flow = std::mem::ManuallyDrop::new(Flow::new());
    let Flow { state, source } = *flow;
    let mut called = Vec::new();
    // Calls each export with live handles and a planted panic, then with NULL for each required pointer.
    macro_rules! calls {
        ($($export:ident($($argument:expr),*) or $(($($null:expr),*)),*;)*) => {
            $(
                plant();
                called.push(stringify!($export));
                assert_eq!(unsafe { $export($($argument),*) }, DOORS_STATUS_PANIC, stringify!($export));
                $(
                    let status = unsafe { $export($($null),*) };
                    assert_eq!(status, DOORS_STATUS_NULL_POINTER, stringify!($export($($null),*)));
                )*
            )*
        };
    }
    let (json, len) = chars("{}");
    let mut error = MaybeUninit::<doors_error>::uninit();
    let err = error.as_mut_ptr();
    let (mut limits, mut options) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    let (limits, options): (*mut doors_limits, *mut doors_options) = (limits.as_mut_ptr(), options.as_mut_ptr());
    let (mut new_state, mut new_source) = (null_mut(), null_mut());
    let (new_state, new_source) = (&raw mut new_state, &raw mut new_source);
    let (mut count, mut known, mut verdict, mut number) = (0, 0, 0, 0u64);
    let (count, known, verdict, number) = (&raw mut count, &raw mut known, &raw mut verdict, &raw mut number);
    let (mut idle, mut found) = (MaybeUninit::<doors_idle>::uninit(), MaybeUninit::<doors_host_state>::uninit());
    let (idle, found) = (idle.as_mut_ptr(), found.as_mut_ptr());
    let (mut list, mut changed) = (lookup(), doors_host_report { change: 0, flags: 0 });
    let (list, changed) = (&raw mut list, &raw mut changed);
    let (mut request, mut step, mut report) = (none(), MaybeUninit::uninit(), MaybeUninit::uninit());
    let r = &raw mut request;
    let (step, report): (*mut doors_step, *mut doors_report) = (step.as_mut_ptr(), report.as_mut_ptr());
    let mut decision = MaybeUninit::<doors_decision>::uninit();
    let out = decision.as_mut_ptr();
    let s = source;
    let (pod, addr): (*const doors_pod, *const doors_addr) = (&POD, &POD.addr);
    let again: *mut i64 = &mut 0;
    let evicted: *const doors_eviction = &eviction(7);
    calls! {
        doors_limits_init(limits) or (null_mut());
        doors_options_init(options) or (null_mut());
        doors_state_new(null_mut(), new_state) or (null_mut(), null_mut());
        doors_state_limit(state, 1) or (null_mut(), 1);
        doors_state_pods(state, null_mut(), null_mut(), 0, count, known) or
            (null_mut(), null_mut(), null_mut(), 0, count, known), (state, null_mut(), null_mut(), 1, count, known), (state, null_mut(), null_mut(), 0, null_mut(), known), (state, null_mut(), null_mut(), 0, count, null_mut());
        doors_state_verdict(state, pod, verdict) or (null_mut(), pod, verdict), (state, null_mut(), verdict), (state, pod, null_mut());
        doors_state_idle(state, addr, 1, 1, 1, idle) or
            (null_mut(), addr, 1, 1, 1, idle), (state, null_mut(), 1, 1, 1, idle), (state, addr, 1, 1, 1, null_mut());
        doors_state_evict(state, evicted, 0) or (null_mut(), evicted, 0), (state, null_mut(), 0);
        doors_state_undo(state, evicted, 0) or (null_mut(), evicted, 0), (state, null_mut(), 0);
        doors_state_evictions(state, null_mut(), 0, count) or
            (null_mut(), null_mut(), 0, count), (state, null_mut(), 1, count), (state, null_mut(), 0, null_mut());
        doors_state_events(state, 0, null_mut(), 0, count) or
            (null_mut(), 0, null_mut(), 0, count), (state, 0, null_mut(), 1, count), (state, 0, null_mut(), 0, null_mut());
        doors_state_due(state, 0, 1, list, 1, count, again) or
            (null_mut(), 0, 1, list, 1, count, again), (state, 0, 1, null_mut(), 1, count, again), (state, 0, 1, list, 1, null_mut(), again),
            (state, 0, 1, list, 1, count, null_mut());
        doors_state_resolved(state, 1, addr, 1, 0, 0, 0, 1, changed) or
            (null_mut(), 1, addr, 1, 0, 0, 0, 1, changed), (state, 1, null_mut(), 1, 0, 0, 0, 1, changed),
            (state, 1, addr, 1, 0, 0, 0, 1, null_mut());
        doors_state_resolved_late(state, 1, addr, 1, 0, changed) or
            (null_mut(), 1, addr, 1, 0, changed), (state, 1, null_mut(), 1, 0, changed), (state, 1, addr, 1, 0, null_mut());
        doors_state_lookup_failed(state, 1, 1, 0, 1, changed) or (null_mut(), 1, 1, 0, 1, changed), (state, 1, 1, 0, 1, null_mut());
        doors_state_host(state, 1, 0, found, null_mut(), 0, count) or
            (null_mut(), 1, 0, found, null_mut(), 0, count), (state, 1, 0, null_mut(), null_mut(), 0, count), (state, 1, 0, found, null_mut(), 1, count),
            (state, 1, 0, found, null_mut(), 0, null_mut());
        doors_source_new(state, json, len, null_mut(), new_source, err) or
            (null_mut(), json, len, null_mut(), new_source, err), (state, null_mut(), len, null_mut(), new_source, err),
            (state, json, len, null_mut(), null_mut(), err), (state, json, len, null_mut(), null_mut(), null_mut());
        doors_source_dialled(s, 0, pod, 1, 0, 1, report) or
            (null_mut(), 0, pod, 1, 0, 1, report), (s, 0, null_mut(), 1, 0, 1, report), (s, 0, pod, 1, 0, 1, null_mut());
        doors_source_use(s, 0, 0, report) or (null_mut(), 0, 0, report), (s, 0, 0, null_mut());
        doors_source_upstream(s, 0, number, number) or
            (null_mut(), 0, number, number), (s, 0, null_mut(), number), (s, 0, number, null_mut());
        doors_source_fresh(s, 0, null_mut(), 0, count, known) or
            (null_mut(), 0, null_mut(), 0, count, known), (s, 0, null_mut(), 1, count, known), (s, 0, null_mut(), 0, null_mut(), known), (s, 0, null_mut(), 0, count, null_mut());
        doors_request_begin(s, GET, 0, null_mut(), 0, null_mut(), 0, 0, 1, r, step) or
            (null_mut(), GET, 0, null_mut(), 0, null_mut(), 0, 0, 1, r, step), (s, GET, 0, null_mut(), 1, null_mut(), 0, 0, 1, r, step),
            (s, GET, 0, null_mut(), 0, null_mut(), 1, 0, 1, r, step), (s, GET, 0, null_mut(), 0, null_mut(), 0, 0, 1, null_mut(), step),
            (s, GET, 0, null_mut(), 0, null_mut(), 0, 0, 1, r, null_mut());
        doors_request_next(s, r, 1, 0, 1, step) or (null_mut(), r, 1, 0, 1, step), (s, null_mut(), 1, 0, 1, step), (s, r, 1, 0, 1, null_mut());
        doors_request_failed(s, r, 1, 0, 1, step) or (null_mut(), r, 1, 0, 1, step), (s, null_mut(), 1, 0, 1, step), (s, r, 1, 0, 1, null_mut());
        doors_request_resume(s, r, 0, 1, step) or (null_mut(), r, 0, 1, step), (s, null_mut(), 0, 1, step), (s, r, 0, 1, null_mut());
        doors_request_choices(s, r, 0, null_mut(), 0, count, report) or
            (null_mut(), r, 0, null_mut(), 0, count, report), (s, null_mut(), 0, null_mut(), 0, count, report), (s, r, 0, null_mut(), 1, count, report),
            (s, r, 0, null_mut(), 0, null_mut(), report), (s, r, 0, null_mut(), 0, count, null_mut());
        doors_request_chose(s, r, 0, pod, 0, step) or
            (null_mut(), r, 0, pod, 0, step), (s, null_mut(), 0, pod, 0, step), (s, r, 0, null_mut(), 0, step), (s, r, 0, pod, 0, null_mut());
        doors_request_chose_none(s, r, 0, 1, step) or (null_mut(), r, 0, 1, step), (s, null_mut(), 0, 1, step), (s, r, 0, 1, null_mut());
        doors_request_give_up(s, r, 0, 0, 1, step) or (null_mut(), r, 0, 0, 1, step), (s, null_mut(), 0, 0, 1, step), (s, r, 0, 0, 1, null_mut());
        doors_request_answered(s, r, 0, 0, 1, step) or (null_mut(), r, 0, 0, 1, step), (s, null_mut(), 0, 0, 1, step), (s, r, 0, 0, 1, null_mut());
        doors_request_ended(s, r, 0) or (null_mut(), r, 0), (s, null_mut(), 0);
        doors_request_decision(s, r, out) or (null_mut(), r, out), (s, null_mut(), out), (s, r, null_mut());
    }
    unsafe {
        plant();
        assert!(doors_source_router(source).is_null());
        for text in [doors_step_str, doors_cause_str, doors_lookup_str, doors_host_str, doors_event_str] {
            plant();
            assert_eq!(CStr::from_ptr(text(1)), c"unknown");
        }
        // A _free that panics leaks its handle. The second call frees it.
        plant();
        doors_source_free(source);
        plant();
        doors_state_free(state);
        doors_source_free(source);
        doors_state_free(state);
        doors_source_free(null_mut());
        doors_state_free(null_mut());
    }
    called.extend(["doors_source_router", "doors_source_free", "doors_state_free"]);
    called.extend(["doors_step_str", "doors_cause_str", "doors_lookup_str", "doors_host_str", "doors_event_str"]);
    let mut expected = PANICS.to_vec();
    expected.sort();
    called.sort();
    assert_eq!(called, expected);
}

/// The statuses that the tests above do not cover.
pub(crate) fn rest() {
    let flow = Flow::new();
    let Flow { state, source } = flow;
    let (mut new, mut request, mut step) = (null_mut(), none(), MaybeUninit::<doors_step>::uninit());
    let mut report = doors_host_report { change: 0, flags: 0 };
    let lists = ["x", "127.0.0.0/8", "10.0.0.0/33"].map(|cidr| {
        format!(r#"{{"secret": "{SECRET}", "upstreams": [{{"cidr": "{cidr}", "host": "a", "port": 0}}]}}"#)
    });
    let (x, many) = (chars("x").0, usize::MAX);
    unsafe {
        for json in [lists[0].as_str(), lists[1].as_str(), lists[2].as_str(), r#"{"secret": "x"}"#] {
            let (json, len) = chars(json);
            doors_source_new(state, json, len, null(), &mut new, null_mut());
        }
        doors_source_new(state, x, many, null(), &mut new, null_mut());
        doors_request_begin(source, GET, 0, x, many, null(), 0, 0, 1, &mut request, step.as_mut_ptr());
        doors_state_resolved(state, 1, &POD.addr, many, 0, 0, 0, 1, &mut report);
        doors_state_resolved_late(state, 1, &POD.addr, many, 0, &mut report);
        doors_state_limit(state, 1);
        doors_state_pods(
            state,
            &doors_pod { addr: doors_addr { len: 5, ..POD.addr }, ..POD },
            null_mut(),
            0,
            &mut 0,
            &mut 0,
        );
        doors_state_host(state, 1, 0, MaybeUninit::uninit().as_mut_ptr(), null_mut(), 0, &mut 0);
    }
    assert!(new.is_null());
}
