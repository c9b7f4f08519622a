//! Scenarios in virtual time.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::events::RefusedToken;
use super::*;
use crate::{PathKind, Reason, Router};

mod alone;
mod bounds;
mod drops;
mod leaving;
mod model;
mod pages;
mod slow;
mod threads;
mod witnesses;
mod world;

pub(super) use world::anywhere;
use world::*;

fn pod(last: u8) -> Pod {
    Pod::new(IpAddr::from([10, 0, 0, last]), 8080)
}

#[test]
fn a_refusal_is_gone_at_once_and_a_success_clears_it() {
    let world = World::new();
    world.ended(2, Outcome::Answered, 0);
    assert_eq!(world.began(1, 0), Action::Dial);
    let answer = world.end(1, Outcome::Refused, 5);
    assert_eq!((answer.action, answer.learned.verdict, answer.learned.changed), (Action::Gone, Verdict::Gone, true));
    assert_eq!(world.began(1, 10), Action::Gone);
    assert_eq!(world.began(1, SECOND + 5), Action::Probe);
    assert_eq!(world.began(1, SECOND + 6), Action::Gone);
    let answer = world.end(1, Outcome::Connected, SECOND + 7);
    assert_eq!((answer.action, answer.learned.verdict, answer.learned.changed), (Action::None, Verdict::None, true));
    assert_eq!(world.began(1, SECOND + 8), Action::Dial);
}

#[test]
fn unreachable_is_temporary_until_it_lasts() {
    let world = World::new();
    for second in 1..=10 {
        assert_eq!(world.ended(1, Outcome::Unreachable, second * SECOND), Action::Unavailable);
        world.ended(2, Outcome::Connected, second * SECOND);
    }
    assert_eq!(world.ended(1, Outcome::Unreachable, 11 * SECOND), Action::Gone);
    // A success in between starts the count again.
    let world = World::new();
    for second in 1..=18 {
        world.ended(2, Outcome::Connected, second * SECOND);
        let outcome = if second == 8 { Outcome::Answered } else { Outcome::Unreachable };
        assert_ne!(world.ended(1, outcome, second * SECOND), Action::Gone, "second {second}");
    }
    assert_eq!(world.ended(1, Outcome::Unreachable, 19 * SECOND), Action::Gone);
}

#[test]
fn a_dead_pod_is_dialled_once_a_second() {
    let world = World::new();
    world.ended(1, Outcome::Refused, 0);
    let dials = (0..10_000).filter(|millisecond| world.began(1, millisecond * 1_000_000) == Action::Probe).count();
    assert_eq!(dials, 9);
}

#[test]
fn own_faults_and_cancelled_requests_change_nothing() {
    let world = World::new();
    assert_eq!(world.ended(1, Outcome::OwnFault, 0), Action::Unavailable);
    assert_eq!(world.ended(1, Outcome::Cancelled, 0), Action::None);
    assert_eq!(world.began(1, 0), Action::Dial);
    assert_eq!(world.failed_recently(1..=1, 0), [false]);
}

#[test]
fn coming_back_in_dns_clears_and_staying_there_does_not() {
    let world = World::new();
    world.resolved(1, &[pod(1), pod(2)]);
    world.ended(1, Outcome::Refused, 0);
    world.resolved(1, &[pod(1), pod(2)]);
    assert_eq!(world.pods.verdict(pod(1)), Verdict::Gone);
    world.resolved(1, &[pod(2)]);
    assert_eq!(world.pods.verdict(pod(1)), Verdict::Gone);
    world.resolved(1, &[pod(2), pod(1)]);
    assert_eq!(world.pods.verdict(pod(1)), Verdict::None);
    assert_eq!(world.began(1, 1), Action::Dial);
}

#[test]
fn only_the_sync_path_is_rate_limited() {
    let world = World { gone_rate: 2, ..World::new() };
    world.ended(2, Outcome::Connected, 0);
    world.pods.learn(&world.group(), pod(1), Outcome::Refused, 0);
    let action = |path| world.begin(pod(1), path, 1).action;
    let sync: Vec<_> = (0..4).map(|_| action(PathKind::Sync)).collect();
    assert_eq!(sync, [Action::Gone, Action::Gone, Action::Unavailable, Action::Unavailable]);
    for path in [PathKind::Hook, PathKind::History, PathKind::Resource, PathKind::Other] {
        assert_eq!(action(path), Action::Gone);
    }
    let token = |path| world.refused_token(Reason::Refused, path, 1).told;
    let [gone, later] = [Told::Gone, Told::Unavailable { no_pod: false }];
    assert_eq!([PathKind::Sync; 3].map(token), [gone, gone, later]);
    assert_eq!(token(PathKind::Hook), gone);
}

#[test]
fn a_wrong_key_is_noticed() {
    let world = World::new();
    let token = |reason, now| world.refused_token(reason, PathKind::Sync, now).nothing_opens;
    assert!((0..19).all(|_| !token(Reason::Refused, 0)));
    assert!(token(Reason::Malformed, 0));
    assert!(!token(Reason::Refused, 59 * SECOND));
    assert!(token(Reason::Refused, 60 * SECOND));
    // A token whose address is in no CIDR was still decrypted.
    assert!(!token(Reason::NoCidr, 61 * SECOND));
    assert!(!token(Reason::Refused, 200 * SECOND));
}

#[test]
fn failed_pods_are_tried_last_for_ten_seconds() {
    let world = World::new();
    world.ended(2, Outcome::Unreachable, SECOND);
    world.ended(3, Outcome::Refused, SECOND);
    world.ended(4, Outcome::Refused, SECOND);
    world.ended(4, Outcome::Connected, SECOND);
    let failed = |now| world.failed_recently(1..=4, now);
    assert_eq!(failed(11 * SECOND - 1), [false, true, true, false]);
    assert_eq!(failed(11 * SECOND), [false; 4]);
}

#[test]
fn after_ten_seconds_one_request_a_second_tests_a_failed_pod() {
    let world = World::new();
    world.ended(1, Outcome::Unreachable, SECOND);
    let tried = |milliseconds: std::ops::Range<u64>| {
        milliseconds.filter(|at| !world.pods.failed_recently(pod(1), at * SECOND / 1000)).count()
    };
    assert_eq!(tried(1_000..11_000), 0);
    assert_eq!(tried(11_000..14_000), 3);
    // A request that needs this pod tests it for the others and need not wait for them.
    assert_eq!(world.began(1, 14 * SECOND), Action::Probe);
    assert_eq!(tried(14_000..15_000), 0);
    assert_eq!(tried(15_000..15_001), 1);
    assert_eq!(world.began(1, 15 * SECOND), Action::Probe);
    // The first of them failed: ten seconds more.
    world.ended(1, Outcome::Unreachable, 16 * SECOND);
    assert_eq!(tried(16_000..26_000), 0);
    assert_eq!(tried(26_000..27_000), 1);
    world.ended(1, Outcome::Connected, 27 * SECOND);
    assert_eq!(tried(27_000..28_000), 1_000);
    // Nothing was observed for a minute.
    world.ended(1, Outcome::Refused, 30 * SECOND);
    assert_eq!(tried(90_000..91_000), 1_000);
}

#[test]
fn traffic_continues_whatever_the_verdict() {
    let world = World::new();
    world.enter(1, true, SECOND);
    world.ended(1, Outcome::Unreachable, 2 * SECOND);
    world.ended(1, Outcome::Refused, 3 * SECOND);
    world.ended(1, Outcome::Connected, 4 * SECOND);
    world.ended(1, Outcome::Refused, 5 * SECOND);
    world.resolved(1, &[pod(1)]);
    world.ended(1, Outcome::Unreachable, 6 * SECOND);
    world.ended(1, Outcome::Refused, 7 * SECOND);
    let [known] = world.list()[..] else { panic!("{:?}", world.list()) };
    assert_eq!((known.first_seen, known.last_seen), (SECOND, 7 * SECOND));
    assert_eq!((known.in_flight, known.streams, known.refused, known.fresh), (1, 1, 3, true));
    assert_eq!((known.verdict, known.unreachable_since), (Verdict::Gone, Some(6 * SECOND)));
    assert_eq!(world.idle(1, 1000 * SECOND), (IdleAnswer::Busy, 0));
    world.pods.left(pod(1), true, 8 * SECOND);
    assert_eq!(world.idle(1, 9 * SECOND), (IdleAnswer::JustStarted, 59));
    assert_eq!(world.idle(1, 61 * SECOND), (IdleAnswer::Busy, 7));
    assert_eq!(world.idle(1, 68 * SECOND), (IdleAnswer::Yes, 0));
}

/// One response per second, all responses while the pod has a fault, and those of probes.
#[test]
fn which_responses_are_reported() {
    let world = World::new();
    let (group, other) = (world.group(), upstream(&world.dns, 2));
    let at = |milliseconds: u64| milliseconds * SECOND / 1000;
    let wanted = |milliseconds| world.pods.entered(&group, pod(1), false, at(milliseconds));
    let tell = |outcome, milliseconds| _ = world.pods.learn(&group, pod(1), outcome, at(milliseconds));
    assert!(wanted(0) && wanted(1));
    tell(Outcome::Answered, 2);
    assert_eq!([3, 1001, 1002].map(wanted), [false, false, true]);
    // Another upstream has not learned this.
    assert!(world.pods.entered(&Group { upstream: &other, ..group }, pod(1), false, at(3)));
    tell(Outcome::Answered, 2000);
    tell(Outcome::Dropped, 2100);
    assert!(wanted(2200));
    tell(Outcome::Answered, 2300);
    assert!(!wanted(2400));
    tell(Outcome::Unreachable, 2500);
    let began = |milliseconds| world.pods.began(&group, pod(1), PathKind::Sync, true, b"", at(milliseconds)).0;
    assert_eq!(began(2600), Began::Told(Told::Unavailable { no_pod: false }));
    assert_eq!(began(3500), Began::Dial { probe: true, report: true });
    tell(Outcome::Answered, 3600);
    assert_eq!(began(3700), Began::Dial { probe: false, report: false });
}

#[test]
fn the_list_is_sorted() {
    let world = World::new();
    // More than are copied at once.
    let mut listed: Vec<IpAddr> = (0..200).map(|last| IpAddr::from([9, 0, 0, last])).collect();
    listed.extend(["10.0.0.2", "10.0.0.10", "2001:db8::1"].map(|address| address.parse::<IpAddr>().unwrap()));
    for address in listed.iter().rev() {
        for port in [9000, 80] {
            world.pods.entered(&world.group(), Pod::new(*address, port), false, 0);
        }
    }
    let found: Vec<_> = world.list().iter().map(|known| (known.pod.address(), known.pod.port())).collect();
    assert_eq!(found, listed.iter().flat_map(|one| [(*one, 80), (*one, 9000)]).collect::<Vec<_>>());
    assert_eq!(world.pods.known(), 406);
}
