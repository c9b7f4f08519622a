//! The part of the target `c_api` about the flow of requests: a state, a source, and requests. A request may
//! belong to the source, to another source, or to none.

use std::ffi::CStr;
use std::ptr::{null, null_mut};

use doors_caddy::evictions::*;
use doors_caddy::lookups::*;
use doors_caddy::numbers::*;
use doors_caddy::options::*;
use doors_caddy::request::*;
use doors_caddy::router::doors_router_upstreams;
use doors_caddy::source::*;
use doors_caddy::state::*;
use doors_caddy::step::*;
use doors_caddy::text::*;
use doors_caddy::types::*;

use crate::Reader;
use crate::c_api::{CONFIG, Handle, Input, Output, address, check_error, pod};

pub(crate) struct Flow {
    state: Handle<doors_state>,
    source: Handle<doors_source>,
    requests: [doors_request; 2],
    /// The host of the last lookup.
    host: u64,
    /// The pod of the last step.
    pod: Option<(u32, doors_pod)>,
}

impl Flow {
    pub(crate) fn new() -> Self {
        Flow {
            state: Handle(null_mut(), doors_state_free),
            source: Handle(null_mut(), doors_source_free),
            requests: [doors_request { opaque: [0; 40] }; 2],
            host: 0,
            pod: None,
        }
    }

    /// Makes one call. Returns whether its step says to dial a pod.
    pub(crate) fn call(&mut self, reader: &mut Reader, now: u64, token: &[u8]) -> bool {
        let (now, random) = (now as i64, u64::from(reader.byte()));
        let (state, source) = (self.state.0, self.source.0);
        let request = &raw mut self.requests[usize::from(reader.byte() % 2)];
        let (mut step, mut report) = (Output::<doors_step>::new(), Output::<doors_report>::new());
        let (mut count, mut host_report) = (Output::<usize>::new(), Output::<doors_host_report>::new());
        let outcome = u32::from(reader.byte() % 9);
        let told = step.pointer();
        unsafe {
            let status = match reader.byte() % 20 {
                0 => {
                    self.start(reader);
                    return false;
                }
                1..=4 => {
                    let rest = reader.bytes(3);
                    let path = Input::read(reader, &[b"/~/", token, rest].concat());
                    let cookies = Input::read(reader, &[b"up=", token].concat());
                    let (method, body) = (u32::from(reader.byte() % 5), u32::from(reader.byte() % 2));
                    let (path_start, cookies_start) = (path.chars(), cookies.chars());
                    doors_request_begin(
                        source,
                        method,
                        body,
                        path_start,
                        path.1,
                        cookies_start,
                        cookies.1,
                        now,
                        random,
                        request,
                        told,
                    )
                }
                5 => doors_request_next(source, request, outcome, now, random, told),
                6 => doors_request_failed(source, request, outcome, now, random, told),
                7 => doors_request_resume(source, request, now, random, told),
                8 => {
                    let mut places = [Output::<doors_place>::new(), Output::new()];
                    let room = usize::from(reader.byte() % 3);
                    let list = places.as_mut_ptr().cast();
                    let (all, learned) = (count.pointer(), report.pointer());
                    let status = doors_request_choices(source, request, now, list, room, all, learned);
                    let found = count.after(status).copied().unwrap_or_default();
                    for (index, place) in places.iter().enumerate() {
                        let written = index < found.min(room);
                        place.after(if written { DOORS_STATUS_OK } else { DOORS_STATUS_NO_MATCH });
                    }
                    check_report(report.after(status));
                    return false;
                }
                9 => {
                    let (upstream, one) = self.pod.unwrap_or((0, pod(reader)));
                    doors_request_chose(source, request, upstream, &one, now, told)
                }
                10 => doors_request_chose_none(source, request, now, random, told),
                11 => doors_request_give_up(source, request, outcome, now, random, told),
                12 => doors_request_answered(source, request, outcome % 5, now, random, told),
                13 => {
                    let mut decision = Output::<doors_decision>::new();
                    let status = doors_request_decision(source, request, decision.pointer());
                    decision.after(status);
                    assert_ne!(doors_request_ended(source, request, now), DOORS_STATUS_PANIC);
                    return false;
                }
                14 => {
                    let (upstream, one) = self.pod.unwrap_or((u32::from(random as u8), pod(reader)));
                    let out = report.pointer();
                    let status = doors_source_dialled(source, upstream, &one, outcome, now, random, out);
                    check_report(report.after(status));
                    return false;
                }
                15 | 16 => {
                    let (mut lookup, mut next) = (Output::<doors_lookup>::new(), Output::<i64>::new());
                    let (all, again) = (count.pointer(), next.pointer());
                    let status = doors_state_due(state, now, random, lookup.pointer(), 1, all, again);
                    next.after(status);
                    let found = count.after(status).copied().unwrap_or_default();
                    if let Some(lookup) = lookup.after(if found == 1 { DOORS_STATUS_OK } else { DOORS_STATUS_NO_MATCH })
                    {
                        let name = CStr::from_ptr(lookup.name.as_ptr()).to_bytes();
                        assert!(name.len() == lookup.name_len as usize && !name.is_empty());
                        self.host = lookup.host;
                    }
                    return false;
                }
                17 => {
                    let list: Box<[doors_addr]> = (0..reader.byte() % 4).map(|_| address(reader)).collect();
                    let (start, len, out) = (list.as_ptr(), list.len(), host_report.pointer());
                    let missing = u32::from(reader.byte() % 5);
                    let status = match reader.byte() % 3 {
                        0 => doors_state_resolved_late(state, self.host, start, len, now, out),
                        1 => doors_state_lookup_failed(state, self.host, missing, now, random, out),
                        _ => doors_state_resolved(state, self.host, start, len, missing, outcome % 6, now, random, out),
                    };
                    if let Some(report) = host_report.after(status) {
                        assert!(report.change <= DOORS_HOST_WHOLE);
                        assert!(report.flags <= DOORS_REPORT_WAKE | DOORS_REPORT_LOOKUPS_DUE);
                    }
                    return false;
                }
                _ => {
                    self.look(reader, now);
                    return false;
                }
            };
            let Some(step) = step.after(status) else { return false };
            assert!(step.last_choice <= u32::from(step.kind == DOORS_STEP_DIAL));
            assert_ne!(CStr::from_ptr(doors_step_str(step.kind)), c"unknown");
            assert_eq!(step.kind == DOORS_STEP_DIAL, step.pod.port != 0);
            assert_eq!(step.kind == DOORS_STEP_ANSWER, matches!(step.status, 410 | 503));
            assert_eq!(step.status == 503, step.retry_after != 0);
            assert!(step.until > now || now == i64::MAX || step.kind != DOORS_STEP_WAIT);
            check_report(Some(&step.report));
            if step.kind == DOORS_STEP_DIAL {
                self.pod = Some((step.upstream, step.pod));
            }
            step.kind == DOORS_STEP_DIAL
        }
    }

    /// Replaces the state or the source.
    unsafe fn start(&mut self, reader: &mut Reader) {
        let (mut limits, mut options) = (Output::<doors_limits>::new(), Output::<doors_options>::new());
        unsafe {
            let status = doors_limits_init(limits.pointer());
            let mut limits = *limits.after(status).unwrap();
            let status = doors_options_init(options.pointer());
            let mut options = *options.after(status).unwrap();
            limits.max_pods = u32::from(reader.byte() % 8);
            limits.reserved[0] = u32::from(reader.byte() == 255);
            options.flags = u32::from(reader.byte() % 5);
            options.page_wait = i64::from(reader.byte()) << 28;
            options.drain_max = i64::from(reader.byte()) << 28;
            options.roll_time = i64::from(reader.byte()) << 28;
            if reader.byte().is_multiple_of(4) {
                let mut out = Output::new();
                let chosen = if reader.byte().is_multiple_of(2) { null() } else { &raw const limits };
                let status = doors_state_new(chosen, out.pointer());
                out.after(status).map(|new| self.state.replace(*new)).unwrap_or_default();
            }
            let json = Input::read(reader, CONFIG.as_bytes());
            let (mut out, mut error) = (Output::new(), Output::new());
            let (to, err) = (out.pointer(), error.pointer());
            let status = doors_source_new(self.state.0, json.chars(), json.1, &options, to, err);
            check_error(&error, status);
            out.after(status).map(|new| self.source.replace(*new)).unwrap_or_default();
            assert_ne!(doors_state_limit(self.state.0, limits.max_pods), DOORS_STATUS_PANIC);
        }
    }

    /// Starts and cancels evictions, and lists events.
    unsafe fn evict(&mut self, reader: &mut Reader, now: i64) {
        let (state, addr) = (self.state.0, pod(reader).addr);
        let [bits, upstream, rate, flags] = [reader.byte(), reader.byte(), reader.byte(), reader.byte()];
        let one = doors_eviction {
            addr,
            bits: bits.into(),
            upstream: u64::from(upstream % 3) << 15,
            rate: rate.into(),
            flags: u32::from(flags % 3),
            since: now,
            told: 0,
            reserved: [u64::from(flags == 255), 0],
        };
        let (mut list, mut count) = (Output::<doors_eviction>::new(), Output::<usize>::new());
        let (mut event, mut events) = (Output::<doors_event>::new(), Output::<usize>::new());
        unsafe {
            let call = if rate.is_multiple_of(2) { doors_state_evict } else { doors_state_undo };
            assert_ne!(call(state, &one, now), DOORS_STATUS_PANIC);
            let status = doors_state_evictions(state, list.pointer(), 1, count.pointer());
            let known = count.after(status).copied().unwrap_or_default();
            assert!(known <= 256);
            if let Some(first) = list.after(if known > 0 { DOORS_STATUS_OK } else { DOORS_STATUS_NO_MATCH }) {
                assert!(first.addr.len != 0 || first.upstream != 0);
            }
            let status = doors_state_events(state, u64::from(bits), event.pointer(), 1, events.pointer());
            let told = events.after(status).copied().unwrap_or_default();
            assert!(told <= 256);
            if let Some(event) = event.after(if told > 0 { DOORS_STATUS_OK } else { DOORS_STATUS_NO_MATCH }) {
                assert!(event.number > bits.into());
                assert_ne!(CStr::from_ptr(doors_event_str(event.kind)), c"unknown");
            }
        }
    }

    /// Calls the functions that only read.
    unsafe fn look(&mut self, reader: &mut Reader, now: i64) {
        let (state, source, one) = (self.state.0, self.source.0, pod(reader));
        let (mut count, mut known) = (Output::<usize>::new(), Output::<usize>::new());
        let (mut verdict, mut idle) = (Output::<u32>::new(), Output::<doors_idle>::new());
        let (mut host, mut number) = (Output::<u64>::new(), Output::<u64>::new());
        let (mut found, mut upstreams) = (Output::<doors_host_state>::new(), Output::<u32>::new());
        let mut list = Output::<doors_known_pod>::new();
        let room = usize::from(reader.byte() % 2);
        unsafe {
            let after = if reader.byte().is_multiple_of(2) { null() } else { &raw const one };
            let status = doors_state_pods(state, after, list.pointer(), room, count.pointer(), known.pointer());
            let written = count.after(status).copied().unwrap_or_default();
            assert!(written <= room && written <= known.after(status).copied().unwrap_or_default());
            if let Some(pod) = list.after(if written == 1 { DOORS_STATUS_OK } else { DOORS_STATUS_NO_MATCH }) {
                assert!(pod.streams <= pod.in_flight && pod.verdict <= DOORS_VERDICT_GONE && pod.fresh <= 1);
                assert!(pod.marked == 1 || pod.marked == 0 && pod.marked_since == 0);
            }
            let status = doors_state_verdict(state, &one, verdict.pointer());
            verdict.after(status);
            let status = doors_state_idle(state, &one.addr, 1, 0, now, idle.pointer());
            idle.after(status);
            self.evict(reader, now);
            let index = u32::from(reader.byte() % 3);
            let mut report = Output::<doors_report>::new();
            let status = doors_source_use(source, index, now, report.pointer());
            check_report(report.after(status));
            let status = doors_source_upstream(source, index, host.pointer(), number.pointer());
            let host = host.after(status).copied().unwrap_or_default();
            let (mut inside, mut all) = (Output::<usize>::new(), Output::<usize>::new());
            let status = doors_source_fresh(source, index, null_mut(), 0, inside.pointer(), all.pointer());
            assert!(inside.after(status) <= all.after(status));
            let mut all = Output::<usize>::new();
            let status = doors_state_host(state, host, now, found.pointer(), null_mut(), 0, all.pointer());
            if let Some(host) = found.after(status) {
                assert_eq!(CStr::from_ptr(host.name.as_ptr()).to_bytes().len(), host.name_len as usize);
                assert!(host.failure == 0 || CStr::from_ptr(doors_lookup_str(host.failure)) != c"unknown");
            }
            let status = doors_router_upstreams(doors_source_router(source), upstreams.pointer());
            upstreams.after(status);
            for text in [doors_step_str, doors_cause_str, doors_lookup_str, doors_host_str, doors_event_str] {
                assert!(!CStr::from_ptr(text(index)).is_empty());
            }
        }
    }
}

fn check_report(report: Option<&doors_report>) {
    let Some(report) = report else { return };
    assert_eq!(report.reserved, [0; 2]);
    assert!(report.flags < 2 * DOORS_REPORT_DRAINING);
    assert_eq!(report.flags & DOORS_REPORT_CHANGED != 0, report.changed_pod.addr.len != 0);
    assert_eq!(report.flags & DOORS_REPORT_DRAINING != 0, report.draining_pod.addr.len != 0);
    assert_eq!(report.flags & DOORS_REPORT_BACKGROUND != 0, report.background_pod.addr.len != 0);
    assert_eq!(report.flags & DOORS_REPORT_DROPPED != 0, report.dropped_addr.len != 0);
    assert_eq!(report.flags & DOORS_REPORT_OUTSIDE != 0, report.outside_addr.len != 0);
}
