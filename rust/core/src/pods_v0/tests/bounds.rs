//! More pods than are remembered.

use super::*;

fn bounded(most: u32) -> Pods {
    Pods::bounded(NonZeroU32::new(most).unwrap())
}

fn known(pods: &Pods) -> Vec<u8> {
    let last = |known: &KnownPod| match known.pod.address() {
        IpAddr::V4(address) => address.octets()[3],
        IpAddr::V6(_) => panic!("{known:?}"),
    };
    pods.list().iter().map(last).collect()
}

#[test]
fn pods_in_use_are_forgotten_last() {
    let pods = bounded(3);
    pods.entered(&GROUP, pod(1), true, 100 * SECOND);
    began(&pods, 2, 200 * SECOND);
    began(&pods, 3, 300 * SECOND);
    began(&pods, 4, 400 * SECOND);
    assert_eq!(known(&pods), [1, 3, 4]);
    // It is forgotten, but not that it was used at 200 s.
    assert_eq!(idle(&pods, 2, 259 * SECOND), (IdleAnswer::Busy, 1));
    assert_eq!(idle(&pods, 2, 260 * SECOND), (IdleAnswer::Yes, 0));
}

#[test]
fn a_request_of_a_forgotten_pod_is_not_lost() {
    let pods = bounded(2);
    for last in 1..=3 {
        pods.entered(&GROUP, pod(last), false, u64::from(last) * SECOND);
    }
    // The first is forgotten, but its request is not. An address that was never used is what it is.
    assert_eq!(idle(&pods, 1, 1000 * SECOND), (IdleAnswer::Busy, 0));
    assert_eq!(idle(&pods, 9, 1000 * SECOND), (IdleAnswer::Yes, 0));
    pods.left(pod(1), false, 1000 * SECOND);
    assert_eq!(idle(&pods, 1, 1001 * SECOND), (IdleAnswer::Busy, 59));
    assert_eq!(idle(&pods, 1, 1060 * SECOND), (IdleAnswer::Yes, 0));
    // Its other ends count as nothing.
    pods.left(pod(1), false, 1060 * SECOND);
    assert_eq!(idle(&pods, 1, 1060 * SECOND), (IdleAnswer::Yes, 0));
    assert_eq!(pods.list().iter().map(|known| known.in_flight).sum::<u32>(), 2);
}

#[test]
fn what_is_held_against_a_pod_outlives_what_is_not() {
    let pods = bounded(4);
    ended(&pods, 1, Outcome::Refused, 0);
    ended(&pods, 2, Outcome::Dropped, 0);
    pods.entered(&GROUP, pod(3), false, 1);
    for last in 4..9 {
        began(&pods, last, u64::from(last));
    }
    assert_eq!(known(&pods), [1, 2, 3, 8]);
    // One that works is forgotten before the others even while it has requests.
    ended(&pods, 10, Outcome::Unreachable, 10);
    ended(&pods, 11, Outcome::Unreachable, 11);
    assert_eq!(known(&pods), [1, 2, 10, 11]);
    pods.entered(&GROUP, pod(1), false, 12);
    began(&pods, 12, 13);
    // If need be, so are those against which something is held: without requests first.
    assert_eq!(known(&pods), [1, 10, 11, 12]);
    for last in 13..=15 {
        ended(&pods, last, Outcome::Refused, u64::from(last));
    }
    assert_eq!(known(&pods), [1, 13, 14, 15]);
    pods.entered(&GROUP, pod(13), false, 16);
    pods.entered(&GROUP, pod(14), false, 17);
    pods.entered(&GROUP, pod(15), false, 18);
    began(&pods, 16, 19);
    assert_eq!(known(&pods), [13, 14, 15, 16]);
    assert_eq!(pods.verdict(pod(13)), Verdict::Gone);
}

#[test]
fn what_is_held_against_a_pod_that_nobody_wants_ends_after_an_hour() {
    let pods = bounded(3);
    ended(&pods, 1, Outcome::Refused, 0);
    for last in 2..6 {
        began(&pods, last, 3600 * SECOND);
    }
    assert_eq!(known(&pods), [1, 4, 5]);
    began(&pods, 6, 3600 * SECOND + 1);
    assert_eq!(known(&pods), [4, 5, 6]);
}

#[test]
fn the_bound_may_change() {
    let pods = bounded(200);
    for last in 0..=199 {
        began(&pods, last, u64::from(last));
    }
    ended(&pods, 7, Outcome::Refused, 200);
    pods.limit(NonZeroU32::new(300).unwrap());
    began(&pods, 250, 201);
    assert_eq!(pods.known(), 201);
    // More at once than are forgotten under one lock.
    pods.limit(NonZeroU32::new(3).unwrap());
    assert_eq!(known(&pods), [7, 199, 250]);
    began(&pods, 1, 202);
    assert_eq!(pods.known(), 3);
}

/// A million addresses: the tenth of a second of one pod's life is told for each of `live` pods, every two seconds.
fn a_dead_pod_among(live: u32) {
    let pods = Pods::new();
    let at = |number: u32| Pod::new(IpAddr::from((0x0a00_0000 + number).to_be_bytes()), 8080);
    let dead = Pod::new(IpAddr::from([9, 0, 0, 1]), 8080);
    let mut gone = None;
    'time: for second in 0..30 {
        for number in (second % 2..live).step_by(2) {
            let now = u64::from(second) * SECOND + u64::from(number);
            pods.ended(&GROUP, at(number), PathKind::Page, Outcome::Answered, now);
            // Its page asks a few times a second.
            if number / 2 % (live / 8) == 0 {
                let mut answer = pods.began(&GROUP, dead, PathKind::Sync, now);
                if matches!(answer.action, Action::Dial | Action::Probe) {
                    answer = pods.ended(&GROUP, dead, PathKind::Sync, Outcome::Unreachable, now);
                }
                if answer.action == Action::Gone {
                    gone = Some(now);
                    break 'time;
                }
            }
        }
    }
    let gone = gone.expect("it is found dead") / SECOND;
    assert!((10..=11).contains(&gone), "after {gone} s");
    assert_eq!(pods.known(), 10_000);
    // Whoever was never used is idle, but for the few that are taken for others; whoever is used is not.
    let now = (gone + 1) * SECOND;
    let idle = |address: IpAddr, now| pods.idle(address, 60 * SECOND, 0, now).answer;
    let unused = (0..1000u16).filter(|number| {
        let [high, low] = number.to_be_bytes();
        idle([11, 0, high, low].into(), now + 60 * SECOND - SECOND * 2) == IdleAnswer::Yes
    });
    let unused = unused.count();
    assert!(unused >= 900, "{unused} of 1000");
    assert!((0..live).all(|number| idle(at(number).address(), now + 50 * SECOND) == IdleAnswer::Busy));
    assert!((0..live).all(|number| idle(at(number).address(), now + 60 * SECOND) == IdleAnswer::Yes));
}

#[test]
fn a_dead_pod_among_30_000_live_ones_is_found() {
    a_dead_pod_among(30_000);
}

#[test]
fn a_dead_pod_among_50_000_live_ones_is_found() {
    a_dead_pod_among(50_000);
}

#[test]
fn the_requests_of_many_forgotten_pods_are_not_lost() {
    let pods = bounded(100);
    let at = |number: u32| Pod::new(IpAddr::from((0x0a00_0000 + number).to_be_bytes()), 8080);
    for number in 0..20_000 {
        pods.entered(&GROUP, at(number), true, SECOND);
    }
    let idle = |number: u32| pods.idle(at(number).address(), SECOND, 0, 10 * SECOND).answer;
    assert!((0..20_000).all(|number| idle(number) == IdleAnswer::Busy));
    assert!((20_000..40_000).filter(|number| idle(*number) == IdleAnswer::Busy).count() < 600);
    (0..20_000).for_each(|number| pods.left(at(number), true, 2 * SECOND));
    assert!((0..40_000).all(|number| idle(number) == IdleAnswer::Yes));
}

#[test]
fn pods_of_many_addresses_in_dns_are_cleared() {
    let pods = Pods::new();
    for last in 0..200 {
        ended(&pods, last, Outcome::Refused, 0);
    }
    let all: Vec<Pod> = (0..=255).map(pod).collect();
    pods.resolved(1, &all[..10]);
    assert_eq!(pods.list().iter().filter(|known| known.verdict == Verdict::None).count(), 10);
    (0..10).for_each(|last| {
        ended(&pods, last, Outcome::Refused, 1);
    });
    pods.resolved(1, &all);
    let gone: Vec<bool> = pods.list().iter().map(|known| known.verdict == Verdict::Gone).collect();
    assert_eq!(gone, (0..200).map(|last| last < 10).collect::<Vec<_>>());
    assert!(pods.list().iter().all(|known| known.fresh));
}

#[test]
fn two_upstreams_with_the_same_pods_do_not_take_turns() {
    let pods = Pods::new();
    let other = Group { source: 2, server: 2, ..GROUP };
    pods.resolved(2, &[pod(1)]);
    for second in 0..300 {
        let group = if second % 2 == 0 { GROUP } else { other };
        pods.began(&group, pod(1), PathKind::Sync, second * SECOND);
        let [known] = pods.list()[..] else { panic!("{:?}", pods.list()) };
        assert_eq!((known.source, known.server, known.fresh), (1, 1, second > 0), "second {second}");
    }
    // The configuration knows the first no more.
    for second in 299..=359 {
        let [known] = pods.list()[..] else { panic!("{:?}", pods.list()) };
        assert_eq!((known.source, known.server, known.fresh), (1, 1, true), "second {second}");
        pods.began(&other, pod(1), PathKind::Sync, second * SECOND);
    }
    let [known] = pods.list()[..] else { panic!("{:?}", pods.list()) };
    assert_eq!((known.source, known.server, known.fresh), (2, 2, true));
}
