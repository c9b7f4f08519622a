//! The flow of requests as C calls it: NULL, panics, values out of range, and one request from its beginning to its end.

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};

use crate::lookups::*;
use crate::numbers::*;
use crate::options::*;
use crate::request::*;
use crate::router::*;
use crate::source::*;
use crate::state::*;
use crate::step::*;
use crate::tests::{POD, SECRET, chars, plant};
use crate::text::*;
use crate::types::*;

const SECOND: i64 = 1_000_000_000;
const GET: u32 = DOORS_METHOD_GET;
const REFUSED: u32 = DOORS_OUTCOME_REFUSED;

/// A state and a source whose only upstream is the host `svc`.
struct Flow {
    state: *mut doors_state,
    source: *mut doors_source,
}

impl Flow {
    fn new() -> Self {
        Flow::with(null())
    }

    fn with(options: *const doors_options) -> Self {
        let config = format!(
            r#"{{"secret": "{SECRET}", "upstreams": [{{"cidr": "10.0.0.0/8", "host": "Svc.", "port": 8080}}]}}"#
        );
        let (mut state, mut source) = (null_mut(), null_mut());
        let (json, len) = chars(&config);
        unsafe {
            assert_eq!(doors_state_new(null(), &mut state), DOORS_STATUS_OK);
            assert_eq!(doors_source_new(state, json, len, options, &mut source, null_mut()), DOORS_STATUS_OK);
        }
        Flow { state, source }
    }

    /// Looks `svc` up with this answer.
    fn resolve(&self, last: &[u8], now: i64) -> doors_host_report {
        let (mut list, mut count, mut next) = (lookup(), 77, 77);
        let mut report = doors_host_report { change: 77, flags: 77 };
        let addresses: Vec<doors_addr> = last.iter().map(|last| Some([10, 0, 0, *last].into()).into()).collect();
        unsafe {
            assert_eq!(doors_state_due(self.state, now, 1, &mut list, 1, &mut count, &mut next), DOORS_STATUS_OK);
            assert_eq!(count, 1);
            assert_eq!(CStr::from_ptr(list.name.as_ptr()), c"svc.");
            assert_eq!((list.name_len, list.resolver, list.reserved), (4, 0, 0));
            let (start, len) = (addresses.as_ptr(), addresses.len());
            let status = doors_state_resolved(self.state, list.host, start, len, 0, 0, now, 1, &mut report);
            assert_eq!(status, DOORS_STATUS_OK);
        }
        report
    }

    fn begin(&self, path: &str, now: i64, request: &mut doors_request) -> doors_step {
        let (start, len) = chars(path);
        let mut step = MaybeUninit::uninit();
        unsafe {
            let out = step.as_mut_ptr();
            let status = doors_request_begin(self.source, GET, 0, start, len, null(), 0, now, 1, request, out);
            assert_eq!(status, DOORS_STATUS_OK);
            step.assume_init()
        }
    }

    /// A call that returns a step.
    fn step(&self, call: impl FnOnce(*mut doors_source, *mut doors_step) -> i32) -> doors_step {
        let mut step = MaybeUninit::uninit();
        assert_eq!(call(self.source, step.as_mut_ptr()), DOORS_STATUS_OK);
        unsafe { step.assume_init() }
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        unsafe {
            // In this order: a source keeps what it needs.
            doors_state_free(self.state);
            doors_source_free(self.source);
        }
    }
}

fn lookup() -> doors_lookup {
    unsafe { MaybeUninit::zeroed().assume_init() }
}

fn none() -> doors_request {
    doors_request { opaque: [0; 40] }
}

/// Whatever was on the stack.
fn garbage() -> doors_request {
    doors_request { opaque: [0x5a5a_5a5a_5a5a_5a5a; 40] }
}

#[test]
pub(crate) fn a_request_goes_its_way() {
    let flow = Flow::new();
    let mut request = garbage();
    // Nothing is known: it waits for DNS.
    let step = flow.begin("/", 0, &mut request);
    assert_eq!((step.kind, step.last_choice), (DOORS_STEP_WAIT, 0));
    assert!(step.until > 0 && step.until <= 3 * SECOND);
    assert_eq!(step.report.flags & DOORS_REPORT_LOOKUPS_DUE, DOORS_REPORT_LOOKUPS_DUE);
    let report = flow.resolve(&[7, 8], SECOND);
    assert_eq!((report.change, report.flags & DOORS_REPORT_WAKE), (DOORS_HOST_RESOLVED, DOORS_REPORT_WAKE));
    let step = flow.step(|source, step| unsafe { doors_request_resume(source, &mut request, SECOND, 1, step) });
    assert_eq!((step.kind, step.upstream, step.pod.port, step.pod.addr.len), (DOORS_STEP_DIAL, 0, 8080, 4));
    let first = step.pod;
    // Its own host refuses the connection: the other pod.
    let step =
        flow.step(|source, step| unsafe { doors_request_failed(source, &mut request, REFUSED, SECOND, 1, step) });
    assert_eq!((step.kind, step.probe), (DOORS_STEP_DIAL, 0));
    assert_ne!(step.pod.addr.bytes, first.addr.bytes);
    assert_eq!(step.report.flags & DOORS_REPORT_CHANGED, DOORS_REPORT_CHANGED);
    assert_eq!(
        (step.report.changed_pod.addr.bytes, step.report.changed_verdict),
        (first.addr.bytes, DOORS_VERDICT_GONE)
    );
    let (pod, connected) = (step.pod, DOORS_OUTCOME_CONNECTED);
    let mut report = MaybeUninit::<doors_report>::uninit();
    unsafe {
        let out = report.as_mut_ptr();
        assert_eq!(doors_source_dialled(flow.source, 0, &pod, connected, SECOND, 1, out), DOORS_STATUS_OK);
        assert_eq!((*out).reserved, [0, 0]);
        let step = flow.step(|source, step| doors_request_answered(source, &mut request, 0, SECOND, 1, step));
        assert_eq!(step.kind, DOORS_STEP_DONE);
        let mut decision = MaybeUninit::<doors_decision>::uninit();
        assert_eq!(doors_request_decision(flow.source, &request, decision.as_mut_ptr()), DOORS_STATUS_OK);
        assert_eq!(decision.assume_init().kind, DOORS_DECISION_UPSTREAM);
        let mut verdict = 77;
        assert_eq!(doors_state_verdict(flow.state, &first, &mut verdict), DOORS_STATUS_OK);
        assert_eq!(verdict, DOORS_VERDICT_GONE);
        // Known pods, one at a time.
        let (mut list, mut count, mut known) = ([MaybeUninit::<doors_known_pod>::uninit(); 2], 77, 77);
        let room = list.as_mut_ptr().cast();
        assert_eq!(doors_state_pods(flow.state, null(), room, 1, &mut count, &mut known), DOORS_STATUS_OK);
        assert_eq!((count, known), (1, 2));
        let seven = list[0].assume_init();
        assert_eq!((seven.pod.addr.bytes[3], seven.marked, seven.reserved), (7, 0, [0; 3]));
        assert_eq!(doors_state_pods(flow.state, &seven.pod, room, 2, &mut count, &mut known), DOORS_STATUS_OK);
        let eight = list[0].assume_init();
        assert_eq!((count, eight.pod.addr.bytes[3], seven.in_flight + eight.in_flight), (1, 8, 1));
        let mut idle = MaybeUninit::<doors_idle>::uninit();
        assert_eq!(doors_state_idle(flow.state, &pod.addr, 1, 0, 9 * SECOND, idle.as_mut_ptr()), DOORS_STATUS_OK);
        assert_eq!(idle.assume_init().answer, DOORS_IDLE_BUSY);
        let copy = request;
        assert_eq!(doors_request_ended(flow.source, &mut request, SECOND), DOORS_STATUS_OK);
        assert_eq!((copy.opaque[0] == 0, request.opaque[0]), (false, 0), "a request starts with the tag of its source");
        assert_eq!(doors_request_decision(flow.source, &request, decision.as_mut_ptr()), DOORS_STATUS_NO_MATCH);
        assert_eq!(doors_state_idle(flow.state, &pod.addr, 1, 0, 9 * SECOND, idle.as_mut_ptr()), DOORS_STATUS_OK);
        assert_eq!(idle.assume_init().answer, DOORS_IDLE_YES);
    }
}

/// A request that has ended, was never begun, or belongs to another source: nothing of it is looked at but its first 8 bytes.
#[test]
pub(crate) fn strangers_are_done() {
    let (flow, other) = (Flow::new(), Flow::new());
    let mut begun = none();
    let _ = other.begin("/", 0, &mut begun);
    let mut ended = none();
    let _ = flow.begin("/", 0, &mut ended);
    unsafe {
        assert_eq!(doors_request_ended(flow.source, &mut ended, 0), DOORS_STATUS_OK);
        assert_eq!(doors_request_ended(flow.source, &mut ended, 0), DOORS_STATUS_OK);
    }
    let mut stranger = garbage();
    stranger.opaque[0] = 0;
    for mut request in [none(), stranger, begun, ended] {
        let before = request.opaque;
        let request = &mut request;
        let (mut count, mut report) = (77, MaybeUninit::<doors_report>::uninit());
        let report = report.as_mut_ptr();
        let steps = unsafe {
            [
                flow.step(|source, step| doors_request_next(source, request, REFUSED, 0, 1, step)),
                flow.step(|source, step| doors_request_failed(source, request, REFUSED, 0, 1, step)),
                flow.step(|source, step| doors_request_resume(source, request, 0, 1, step)),
                flow.step(|source, step| doors_request_chose(source, request, 0, &POD, 0, step)),
                flow.step(|source, step| doors_request_chose_none(source, request, 0, 1, step)),
                flow.step(|source, step| doors_request_give_up(source, request, 0, 0, 1, step)),
                flow.step(|source, step| doors_request_answered(source, request, DOORS_MARK_REFUSED, 0, 1, step)),
            ]
        };
        assert!(steps.iter().all(|step| step.kind == DOORS_STEP_DONE && step.report.flags == 0));
        unsafe {
            let choices = doors_request_choices(flow.source, request, 0, null_mut(), 0, &mut count, report);
            assert_eq!((choices, count, (*report).flags), (DOORS_STATUS_OK, 0, 0));
            assert_eq!(doors_request_ended(flow.source, request, 0), DOORS_STATUS_OK);
        }
        assert_eq!(request.opaque, before);
    }
}

#[test]
pub(crate) fn the_user_chooses() {
    let mut options = MaybeUninit::<doors_options>::uninit();
    let options = unsafe {
        assert_eq!(doors_options_init(options.as_mut_ptr()), DOORS_STATUS_OK);
        doors_options { flags: DOORS_OPTION_USER_CHOOSES | DOORS_OPTION_USER_RETRIES, ..options.assume_init() }
    };
    let flow = Flow::with(&options);
    let mut request = none();
    let _ = flow.begin("/", 0, &mut request);
    flow.resolve(&[9, 8, 7], 0);
    let step = flow.step(|source, step| unsafe { doors_request_resume(source, &mut request, 0, 1, step) });
    assert_eq!(step.kind, DOORS_STEP_CHOOSE);
    let (mut places, mut count) = ([MaybeUninit::<doors_place>::uninit(); 3], 77);
    let mut report = MaybeUninit::<doors_report>::uninit();
    let (room, out) = (places.as_mut_ptr().cast(), report.as_mut_ptr());
    unsafe {
        assert_eq!(doors_request_choices(flow.source, &mut request, 0, room, 3, &mut count, out), DOORS_STATUS_OK);
        let seven = places[0].assume_init();
        assert_eq!((count, seven.upstream, seven.pod.addr.bytes[3], seven.pod.port), (3, 0, 7, 8080));
        let step = flow.step(|source, step| doors_request_chose(source, &mut request, 0, &seven.pod, 0, step));
        assert_eq!((step.kind, step.pod.addr.bytes[3]), (DOORS_STEP_DIAL, 7));
        let unreachable = DOORS_OUTCOME_UNREACHABLE;
        let step = flow.step(|source, step| doors_request_failed(source, &mut request, unreachable, 0, 1, step));
        assert_eq!(step.kind, DOORS_STEP_CHOOSE);
        let step = flow.step(|source, step| doors_request_chose_none(source, &mut request, 0, 1, step));
        assert_ne!(step.kind, DOORS_STEP_DIAL);
        let step = flow.step(|source, step| doors_request_give_up(source, &mut request, 0, 0, 1, step));
        assert_ne!(step.kind, DOORS_STEP_CHOOSE);
        assert_eq!(doors_request_ended(flow.source, &mut request, 0), DOORS_STATUS_OK);
    }
}

#[test]
pub(crate) fn a_source_has_a_router_and_upstreams() {
    let flow = Flow::new();
    for (index, wanted) in [(1, 0), (0, DOORS_REPORT_LOOKUPS_DUE)] {
        let mut report = MaybeUninit::<doors_report>::uninit();
        unsafe {
            assert_eq!(doors_source_use(flow.source, index, 0, report.as_mut_ptr()), DOORS_STATUS_OK);
            assert_eq!(report.assume_init().flags, wanted);
        }
    }
    flow.begin("/", 0, &mut none());
    flow.resolve(&[7], 0);
    unsafe {
        let router = doors_source_router(flow.source);
        let (mut host, mut port) = ([0; DOORS_HOST_SIZE as usize], 0);
        assert_eq!(doors_router_upstream(router, 0, host.as_mut_ptr(), &mut port), DOORS_STATUS_OK);
        assert_eq!((CStr::from_ptr(host.as_ptr()), port), (c"Svc.", 8080));
        assert!(doors_source_router(null()).is_null());
        let (mut host, mut number) = (77, 77);
        assert_eq!(doors_source_upstream(flow.source, 0, &mut host, &mut number), DOORS_STATUS_OK);
        assert_eq!(doors_source_upstream(flow.source, 1, &mut host, &mut number), DOORS_STATUS_NO_MATCH);
        let (mut pod, mut inside, mut count) = (POD, 77, 77);
        assert_eq!(doors_source_fresh(flow.source, 0, &mut pod, 1, &mut inside, &mut count), DOORS_STATUS_OK);
        assert_eq!((pod.addr.bytes[3], inside, count), (7, 1, 1));
        let missing = doors_source_fresh(flow.source, 1, null_mut(), 0, &mut inside, &mut count);
        assert_eq!(missing, DOORS_STATUS_NO_MATCH);
        let (mut known, mut address, mut count) = (MaybeUninit::<doors_host_state>::uninit(), POD.addr, 77);
        let (room, later) = (known.as_mut_ptr(), 5 * SECOND);
        assert_eq!(doors_state_host(flow.state, host, later, room, &mut address, 1, &mut count), DOORS_STATUS_OK);
        let known = known.assume_init();
        assert_eq!((known.age, known.generation, known.failure, known.users), (later, 1, 0, 1));
        assert_eq!((CStr::from_ptr(known.name.as_ptr()), address.bytes[3], count), (c"svc.", 7, 1));
        let unknown = doors_state_host(flow.state, 77, 0, room, null_mut(), 0, &mut count);
        assert_eq!(unknown, DOORS_STATUS_NO_MATCH);
        // What comes late is looked up again.
        let (mut report, late) = (doors_host_report { change: 77, flags: 77 }, Some([10, 0, 0, 8].into()).into());
        assert_eq!(doors_state_resolved_late(flow.state, host, &late, 1, SECOND / 2, &mut report), DOORS_STATUS_OK);
        assert_eq!((report.change, report.flags), (DOORS_HOST_UNCHANGED, DOORS_REPORT_LOOKUPS_DUE));
        let (mut list, mut count, mut next) = (lookup(), 77, 77);
        let due = doors_state_due(flow.state, SECOND / 2, 1, &mut list, 1, &mut count, &mut next);
        assert_eq!((due, count, list.host), (DOORS_STATUS_OK, 1, host));
        let timeout = DOORS_LOOKUP_TIMEOUT;
        assert_eq!(doors_state_lookup_failed(flow.state, host, timeout, SECOND, 1, &mut report), DOORS_STATUS_OK);
        assert_eq!(report.change, DOORS_HOST_FAILING);
    }
}

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
pub(crate) const PANICS: [&str; 35] = [
    "doors_limits_init",
    "doors_options_init",
    "doors_state_new",
    "doors_state_limit",
    "doors_state_pods",
    "doors_state_verdict",
    "doors_state_idle",
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
];

#[test]
pub(crate) fn null_and_panics() {
    let flow = std::mem::ManuallyDrop::new(Flow::new());
    let Flow { state, source } = *flow;
    let mut called = Vec::new();
    // Each is called with live handles, with a panic planted; then with every pointer that is required as NULL.
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
        for text in [doors_step_str, doors_cause_str, doors_lookup_str, doors_host_str] {
            plant();
            assert_eq!(CStr::from_ptr(text(1)), c"unknown");
        }
        // A free that panics leaks; the second one frees.
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
    called.extend(["doors_step_str", "doors_cause_str", "doors_lookup_str", "doors_host_str"]);
    let mut expected = PANICS.to_vec();
    expected.sort();
    called.sort();
    assert_eq!(called, expected);
}

/// The statuses that the tests above have no use for.
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
