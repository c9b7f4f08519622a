//! Tests of evictions and events through the C API.

use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};

use crate::evictions::*;
use crate::numbers::*;
use crate::source::*;
use crate::state::*;
use crate::step::*;
use crate::tests::POD;
use crate::tests::flow::{Flow, SECOND, none};
use crate::types::*;

/// A pod whose address ends in this byte.
fn pod(last: u8) -> doors_pod {
    let mut pod = doors_pod { port: 8080, ..POD };
    pod.addr = Some([10, 0, 0, last].into()).into();
    pod
}

pub(crate) fn eviction(last: u8) -> doors_eviction {
    let addr = Some([10, 0, 0, last].into()).into();
    doors_eviction { addr, bits: 32, upstream: 0, rate: 3, flags: 0, since: 77, told: 77, reserved: [0; 2] }
}

#[test]
pub(crate) fn pods_are_evicted() {
    let flow = Flow::new();
    let Flow { state, source } = flow;
    flow.begin("/", 0, &mut none());
    flow.resolve(&[7, 8], SECOND);
    let (mut report, mut number) = (MaybeUninit::<doors_report>::uninit(), 0);
    let mut known = [MaybeUninit::<doors_known_pod>::uninit(); 2];
    let mut list = [eviction(0); 2];
    let mut events = [MaybeUninit::<doors_event>::uninit(); 4];
    let (mut count, mut all) = (77, 77);
    unsafe {
        for last in [7, 8] {
            let connected = DOORS_OUTCOME_CONNECTED;
            doors_source_dialled(source, 0, &pod(last), connected, 2 * SECOND, 1, report.as_mut_ptr());
        }
        assert_eq!(doors_source_upstream(source, 0, &mut 0, &mut number), DOORS_STATUS_OK);
        assert_eq!(doors_state_undo(state, &eviction(7), 0), DOORS_STATUS_NO_MATCH);
        assert_eq!(doors_state_evict(state, &eviction(7), 3 * SECOND), DOORS_STATUS_OK);
        let flags = DOORS_EVICT_IDLE_FIRST;
        let of_all = doors_eviction {
            addr: doors_addr { bytes: [0; 16], len: 0 },
            bits: 0,
            upstream: number,
            rate: 0,
            flags,
            ..eviction(0)
        };
        assert_eq!(doors_state_evict(state, &of_all, 4 * SECOND), DOORS_STATUS_OK);
        assert_eq!(doors_state_evictions(state, list.as_mut_ptr(), 2, &mut count), DOORS_STATUS_OK);
        let told = list.map(|one| (one.addr.len, one.bits, one.upstream, one.rate, one.flags, one.since, one.told));
        let expected = [(4, 32, 0, 3, 0, 3 * SECOND, 0), (0, 0, number, 0, flags, 4 * SECOND, 0)];
        assert_eq!((count, told), (2, expected));
        assert_eq!(doors_state_undo(state, &of_all, 5 * SECOND), DOORS_STATUS_OK);
        assert_eq!(doors_state_evictions(state, null_mut(), 0, &mut count), DOORS_STATUS_OK);
        assert_eq!(count, 1);
        let room = known.as_mut_ptr().cast();
        assert_eq!(doors_state_pods(state, null(), room, 2, &mut count, &mut all), DOORS_STATUS_OK);
        let known = known.map(|known| known.assume_init());
        assert_eq!(known.map(|known| known.evicted_since), [3 * SECOND, 0]);
        assert_eq!(known.map(|known| known.draining_since), [3 * SECOND, 0]);
        assert_eq!(known.map(|known| known.drained_since), [22 * SECOND, 0]);
        let (room, rest) = (events.as_mut_ptr().cast(), MaybeUninit::<doors_event>::uninit());
        assert_eq!(doors_state_events(state, 0, room, 4, &mut count), DOORS_STATUS_OK);
        assert_eq!(count, 3);
        events[3] = rest;
        let told = [0, 1, 2].map(|at| {
            let event: doors_event = events[at].assume_init();
            assert_eq!((event.pod.port, event.pages, event.reserved), (0, 0, 0));
            (event.number, event.at, event.upstream, event.pod.addr.len, event.bits, event.kind)
        });
        let expected = [
            (1, 3 * SECOND, 0, 4, 32, DOORS_EVENT_EVICTED),
            (2, 4 * SECOND, number, 0, 0, DOORS_EVENT_EVICTED),
            (3, 5 * SECOND, number, 0, 0, DOORS_EVENT_UNDONE),
        ];
        assert_eq!(told, expected);
        assert_eq!(doors_state_events(state, 2, room, 4, &mut count), DOORS_STATUS_OK);
        assert_eq!((count, events[0].assume_init().number), (1, 3));
        for last in 0..255 {
            let other = doors_eviction { addr: Some([10, 0, 1, last].into()).into(), ..eviction(0) };
            assert_eq!(doors_state_evict(state, &other, 0), DOORS_STATUS_OK);
        }
        assert_eq!(doors_state_evict(state, &of_all, 0), DOORS_STATUS_TOO_MANY);
        assert_eq!(doors_state_evict(state, &eviction(7), 0), DOORS_STATUS_OK, "the eviction is changed");
    }
}

#[test]
pub(crate) fn evictions_without_a_valid_target_are_refused() {
    let flow = Flow::new();
    let long = doors_addr { bytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 0], len: 16 };
    let none = doors_addr { bytes: [0; 16], len: 0 };
    for (wrong, status) in [
        (doors_eviction { bits: 24, ..eviction(7) }, DOORS_STATUS_CIDR),
        (doors_eviction { bits: 33, ..eviction(7) }, DOORS_STATUS_CIDR),
        (doors_eviction { bits: 288, ..eviction(7) }, DOORS_STATUS_CIDR),
        (doors_eviction { addr: long, bits: 95, ..eviction(7) }, DOORS_STATUS_CIDR),
        (doors_eviction { addr: none, bits: 0, ..eviction(7) }, DOORS_STATUS_ADDRESS),
        (doors_eviction { addr: none, bits: 8, upstream: 1, ..eviction(7) }, DOORS_STATUS_ADDRESS),
        (doors_eviction { addr: doors_addr { len: 5, ..long }, upstream: 1, ..eviction(7) }, DOORS_STATUS_ADDRESS),
        (doors_eviction { flags: 2, ..eviction(7) }, DOORS_STATUS_RANGE),
        (doors_eviction { reserved: [0, 1], ..eviction(7) }, DOORS_STATUS_RANGE),
    ] {
        unsafe {
            assert_eq!(doors_state_evict(flow.state, &wrong, 0), status);
            assert_eq!(doors_state_undo(flow.state, &wrong, 0), status);
        }
    }
    // An IPv4-mapped network equals the IPv4 one.
    let mapped = doors_eviction { addr: long, bits: 120, ..eviction(7) };
    unsafe {
        assert_eq!(doors_state_evict(flow.state, &mapped, 0), DOORS_STATUS_OK);
        assert_eq!(doors_state_undo(flow.state, &doors_eviction { bits: 24, ..eviction(0) }, 0), DOORS_STATUS_OK);
    }
}
