//! Tests of the flow of requests through the C API: a request from beginning to end, and what is known
//! afterwards.

use std::ffi::CStr;
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
use crate::tests::{POD, SECRET, chars};
use crate::types::*;

pub(crate) const SECOND: i64 = 1_000_000_000;
pub(crate) const GET: u32 = DOORS_METHOD_GET;
pub(crate) const REFUSED: u32 = DOORS_OUTCOME_REFUSED;

/// A state, and a source whose only upstream is the host `svc`.
pub(crate) struct Flow {
    pub(crate) state: *mut doors_state,
    pub(crate) source: *mut doors_source,
}

impl Flow {
    pub(crate) fn new() -> Self {
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

    /// Looks up `svc` with this answer.
    pub(crate) fn resolve(&self, last: &[u8], now: i64) -> doors_host_report {
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

    pub(crate) fn begin(&self, path: &str, now: i64, request: &mut doors_request) -> doors_step {
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
            // The state can be freed first, because a source keeps alive what it needs.
            doors_state_free(self.state);
            doors_source_free(self.source);
        }
    }
}

pub(crate) fn lookup() -> doors_lookup {
    unsafe { MaybeUninit::zeroed().assume_init() }
}

pub(crate) fn none() -> doors_request {
    doors_request { opaque: [0; 40] }
}

/// A request struct with arbitrary content, as on the stack.
fn garbage() -> doors_request {
    doors_request { opaque: [0x5a5a_5a5a_5a5a_5a5a; 40] }
}

#[test]
pub(crate) fn a_request_goes_its_way() {
    let flow = Flow::new();
    let mut request = garbage();
    // Nothing is known yet, so the request waits for DNS.
    let step = flow.begin("/", 0, &mut request);
    assert_eq!((step.kind, step.last_choice), (DOORS_STEP_WAIT, 0));
    assert!(step.until > 0 && step.until <= 3 * SECOND);
    assert_eq!(step.report.flags & DOORS_REPORT_LOOKUPS_DUE, DOORS_REPORT_LOOKUPS_DUE);
    let report = flow.resolve(&[7, 8], SECOND);
    assert_eq!((report.change, report.flags & DOORS_REPORT_WAKE), (DOORS_HOST_RESOLVED, DOORS_REPORT_WAKE));
    let step = flow.step(|source, step| unsafe { doors_request_resume(source, &mut request, SECOND, 1, step) });
    assert_eq!((step.kind, step.upstream, step.pod.port, step.pod.addr.len), (DOORS_STEP_DIAL, 0, 8080, 4));
    let first = step.pod;
    // The pod refuses the connection, so the next step is the other pod.
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
        // Lists the known pods one at a time.
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

/// For a request that has ended, was never begun or belongs to another source, only the first 8 bytes are
/// read.
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
        // A late address is looked up again.
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
