//! The calls of `doors_pods` as C makes them, in virtual time.

use std::mem::MaybeUninit;
use std::ptr::null_mut;

use crate::numbers::*;
use crate::pods::*;
use crate::pods_state::*;
use crate::tests::{GROUP, Handles, POD};
use crate::types::*;

const SECOND: u64 = 1_000_000_000;

#[test]
pub(crate) fn pods_are_followed() {
    let handles = Handles::new();
    let pods = handles.pods;
    let mut answer =
        doors_answer { action: 77, retry_after: 77, verdict: 77, flags: 77, suppressed: 77, reserved: 77, until: 77 };
    let nowhere = doors_pod { addr: doors_addr { bytes: [0; 16], len: 0 }, ..POD };
    let too_long = doors_pod { addr: doors_addr { bytes: [0; 16], len: u32::MAX }, ..POD };
    unsafe {
        assert_eq!(doors_pods_began(pods, &GROUP, &nowhere, 1, 0, &mut answer), DOORS_STATUS_ADDRESS);
        assert_eq!(doors_pods_began(pods, &GROUP, &too_long, 1, 0, &mut answer), DOORS_STATUS_ADDRESS);
        assert_eq!(doors_pods_began(pods, &GROUP, &POD, 6, 0, &mut answer), DOORS_STATUS_NO_MATCH);
        assert_eq!(doors_pods_ended(pods, &GROUP, &POD, 1, 8, 0, &mut answer), DOORS_STATUS_NO_MATCH);
        assert_eq!(doors_pods_refused_token(pods, &GROUP, 16, 1, 0, &mut answer), DOORS_STATUS_NO_MATCH);
        assert_eq!((answer.action, answer.flags), (77, 77));
        assert_eq!(doors_pods_began(pods, &GROUP, &POD, 1, 0, &mut answer), DOORS_STATUS_OK);
        assert_eq!((answer.action, answer.flags, answer.suppressed, answer.reserved), (DOORS_ACTION_DIAL, 0, 0, 0));
        // Another pod works, so that a page may be told to reload.
        let well = doors_pod { port: 2, ..POD };
        let connected = DOORS_OUTCOME_CONNECTED;
        assert_eq!(doors_pods_ended(pods, &GROUP, &well, 0, connected, 0, &mut answer), DOORS_STATUS_OK);
        let refused = DOORS_OUTCOME_REFUSED;
        assert_eq!(doors_pods_ended(pods, &GROUP, &POD, 1, refused, 0, &mut answer), DOORS_STATUS_OK);
        assert_eq!((answer.action, answer.retry_after), (DOORS_ACTION_GONE, 0));
        assert_eq!((answer.verdict, answer.flags), (DOORS_VERDICT_GONE, DOORS_ANSWER_CHANGED));
        let mut failed = [7; 3];
        let other = doors_pod { port: 1, ..POD };
        let list = [other, POD];
        let bad = [POD, nowhere];
        assert_eq!(doors_pods_failed_recently(pods, bad.as_ptr(), 2, 1, failed.as_mut_ptr()), DOORS_STATUS_ADDRESS);
        assert_eq!(failed, [7; 3]);
        assert_eq!(doors_pods_failed_recently(pods, list.as_ptr(), 2, 1, failed.as_mut_ptr()), DOORS_STATUS_OK);
        assert_eq!(failed, [0, 1, 7]);
        let late = 11 * SECOND;
        assert_eq!(doors_pods_failed_recently(pods, list.as_ptr(), 2, late, failed.as_mut_ptr()), DOORS_STATUS_OK);
        assert_eq!(failed, [0, 0, 7]);
        assert_eq!(doors_pods_resolved(pods, 1, bad.as_ptr(), 2), DOORS_STATUS_ADDRESS);
        let mut verdict = 77;
        assert_eq!(doors_pods_verdict(pods, &POD, &mut verdict), DOORS_STATUS_OK);
        assert_eq!(verdict, DOORS_VERDICT_GONE);
        assert_eq!(doors_pods_resolved(pods, 1, list.as_ptr(), 2), DOORS_STATUS_OK);
        assert_eq!(doors_pods_verdict(pods, &POD, &mut verdict), DOORS_STATUS_OK);
        assert_eq!(verdict, DOORS_VERDICT_NONE);
        // A token of the first source opened already.
        let group = doors_group { source: 2, gone_rate: 1, ..GROUP };
        assert_eq!(doors_pods_ended(pods, &group, &list[0], 0, connected, 0, &mut answer), DOORS_STATUS_OK);
        let mut answers = Vec::new();
        for _ in 0..21 {
            assert_eq!(doors_pods_refused_token(pods, &group, 2, 1, 0, &mut answer), DOORS_STATUS_OK);
            answers.push((answer.action, answer.retry_after, answer.flags));
        }
        assert_eq!(answers[0], (DOORS_ACTION_GONE, 0, DOORS_ANSWER_LOG));
        assert_eq!(answers[18], (DOORS_ACTION_UNAVAILABLE, 1, 0));
        assert_eq!(answers[19], (DOORS_ACTION_UNAVAILABLE, 1, DOORS_ANSWER_NOTHING_OPENS));
        assert_eq!(answers[20], (DOORS_ACTION_UNAVAILABLE, 1, 0));
        assert_eq!(doors_pods_refused_token(pods, &group, 2, 1, 10 * SECOND, &mut answer), DOORS_STATUS_OK);
        assert_eq!((answer.flags, answer.suppressed), (DOORS_ANSWER_LOG, 20));
    }
}

#[test]
pub(crate) fn traffic_is_counted() {
    let handles = Handles::new();
    let pods = handles.pods;
    let nowhere = doors_pod { addr: doors_addr { bytes: [0; 16], len: 5 }, ..POD };
    let second = doors_pod { port: 1, ..POD };
    unsafe {
        assert_eq!(doors_pods_entered(pods, &GROUP, &nowhere, 0, 0), DOORS_STATUS_ADDRESS);
        assert_eq!(doors_pods_left(pods, &nowhere, 0, 0), DOORS_STATUS_ADDRESS);
        assert_eq!(doors_pods_left(pods, &POD, 1, 5), DOORS_STATUS_OK);
        let mut count = 77;
        assert_eq!(doors_pods_list(pods, null_mut(), 0, &mut count), DOORS_STATUS_OK);
        assert_eq!(count, 0);
        assert_eq!(doors_pods_entered(pods, &GROUP, &POD, 1, 10), DOORS_STATUS_OK);
        assert_eq!(doors_pods_entered(pods, &GROUP, &second, 0, 20), DOORS_STATUS_OK);
        assert_eq!(doors_pods_resolved(pods, GROUP.server, &second, 1), DOORS_STATUS_OK);
        let mut list = [const { MaybeUninit::<doors_pod_state>::uninit() }; 3];
        let room = list.as_mut_ptr().cast::<doors_pod_state>();
        assert_eq!(doors_pods_list(pods, room, 1, &mut count), DOORS_STATUS_OK);
        assert_eq!((count, list[0].assume_init().pod.port), (2, 1));
        assert_eq!(doors_pods_list(pods, room, 3, &mut count), DOORS_STATUS_OK);
        let (first, last) = (list[0].assume_init(), list[1].assume_init());
        assert_eq!((first.fresh, first.in_flight, first.streams, first.first_seen), (1, 1, 0, 20));
        assert_eq!((last.fresh, last.in_flight, last.streams, last.last_seen), (0, 1, 1, 10));
        assert_eq!((last.source, last.server, last.verdict, last.unreachable_since), (1, 1, 0, 0));
        assert_eq!((last.pod.addr.bytes, last.pod.addr.len, last.pod.port), (POD.addr.bytes, 4, 8080));
        assert_eq!((last.reserved, last.pod.reserved), ([0; 4], 0));
        let mut idle = doors_idle { answer: 77, in_flight: 77, streams: 77, used: 77, last_seen: 77, wait: 77 };
        assert_eq!(doors_pods_idle(pods, &nowhere.addr, 10, 0, 30, &mut idle), DOORS_STATUS_ADDRESS);
        assert_eq!((idle.answer, idle.wait), (77, 77));
        let mut ask = |idle_for, started, now| {
            assert_eq!(doors_pods_idle(pods, &POD.addr, idle_for, started, now, &mut idle), DOORS_STATUS_OK);
            (idle.answer, idle.in_flight, idle.streams, idle.used, idle.last_seen, idle.wait)
        };
        assert_eq!(ask(10, 0, 30), (DOORS_IDLE_BUSY, 2, 1, 1, 20, 0));
        for pod in [&POD, &second] {
            assert_eq!(doors_pods_left(pods, pod, u32::from(pod.port == 8080) * 9, 30), DOORS_STATUS_OK);
        }
        assert_eq!(ask(10, 0, 33), (DOORS_IDLE_BUSY, 0, 0, 1, 30, 7));
        assert_eq!(ask(10, 25, 33), (DOORS_IDLE_JUST_STARTED, 0, 0, 1, 30, 7));
        assert_eq!(ask(10, 30, 40), (DOORS_IDLE_YES, 0, 0, 1, 30, 0));
    }
}

/// A later version may give them a meaning, so today nobody may pass what is left on the stack.
#[test]
pub(crate) fn reserved_members_must_be_zero() {
    let handles = Handles::new();
    let pods = handles.pods;
    let odd = doors_pod { reserved: 1, ..POD };
    let mut answer = MaybeUninit::<doors_answer>::uninit();
    let (answer, mut failed, mut verdict) = (answer.as_mut_ptr(), 7, 7);
    let both = [POD, odd];
    unsafe {
        for status in [
            doors_pods_began(pods, &GROUP, &odd, DOORS_PATH_SYNC, 0, answer),
            doors_pods_ended(pods, &GROUP, &odd, DOORS_PATH_SYNC, DOORS_OUTCOME_REFUSED, 0, answer),
            doors_pods_entered(pods, &GROUP, &odd, 0, 0),
            doors_pods_left(pods, &odd, 0, 0),
            doors_pods_resolved(pods, 1, both.as_ptr(), 2),
            doors_pods_failed_recently(pods, both.as_ptr(), 2, 0, &mut failed),
            doors_pods_verdict(pods, &odd, &mut verdict),
        ] {
            assert_eq!(status, DOORS_STATUS_RANGE);
        }
        let mut count = 77;
        assert_eq!(doors_pods_list(pods, null_mut(), 0, &mut count), DOORS_STATUS_OK);
        assert_eq!((count, failed, verdict), (0, 7, 7));
    }
}
