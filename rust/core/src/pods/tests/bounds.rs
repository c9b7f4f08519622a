//! More pods than are remembered.

use super::*;

fn known(world: &World) -> Vec<u8> {
    let last = |known: &KnownPod| match known.pod.address() {
        IpAddr::V4(address) => address.octets()[3],
        IpAddr::V6(_) => panic!("{known:?}"),
    };
    world.list().iter().map(last).collect()
}

#[test]
fn pods_in_use_are_forgotten_last() {
    let world = World::bounded(3);
    world.enter(1, true, 100 * SECOND);
    world.began(2, 200 * SECOND);
    world.began(3, 300 * SECOND);
    world.began(4, 400 * SECOND);
    assert_eq!(known(&world), [1, 3, 4]);
    // The pod is forgotten, but not its use at 200 s.
    assert_eq!(world.idle(2, 259 * SECOND), (IdleAnswer::Busy, 1));
    assert_eq!(world.idle(2, 260 * SECOND), (IdleAnswer::Yes, 0));
}

#[test]
fn a_request_of_a_forgotten_pod_is_not_lost() {
    let world = World::bounded(2);
    for last in 1..=3 {
        world.enter(last, false, u64::from(last) * SECOND);
    }
    // The first pod is forgotten, but not its request. An unused address is not affected.
    assert_eq!(world.idle(1, 1000 * SECOND), (IdleAnswer::Busy, 0));
    assert_eq!(world.idle(9, 1000 * SECOND), (IdleAnswer::Yes, 0));
    world.pods.left(pod(1), false, 1000 * SECOND);
    assert_eq!(world.idle(1, 1001 * SECOND), (IdleAnswer::Busy, 59));
    assert_eq!(world.idle(1, 1060 * SECOND), (IdleAnswer::Yes, 0));
    // Further calls that end its requests are ignored.
    world.pods.left(pod(1), false, 1060 * SECOND);
    assert_eq!(world.idle(1, 1060 * SECOND), (IdleAnswer::Yes, 0));
    assert_eq!(world.list().iter().map(|known| known.in_flight).sum::<u32>(), 2);
}

#[test]
fn pods_without_a_fault_are_forgotten_first() {
    let world = World::bounded(4);
    world.ended(1, Outcome::Refused, 0);
    world.ended(2, Outcome::Dropped, 0);
    world.enter(3, false, 1);
    for last in 4..9 {
        world.began(last, u64::from(last));
    }
    assert_eq!(known(&world), [1, 2, 3, 8]);
    // A working pod is forgotten before the others even if it has requests.
    world.ended(10, Outcome::Unreachable, 10);
    world.ended(11, Outcome::Unreachable, 11);
    assert_eq!(known(&world), [1, 2, 10, 11]);
    world.enter(1, false, 12);
    world.began(12, 13);
    // If necessary, pods with a fault are forgotten too: those without requests first.
    assert_eq!(known(&world), [1, 10, 11, 12]);
    for last in 13..=15 {
        world.ended(last, Outcome::Refused, u64::from(last));
    }
    assert_eq!(known(&world), [1, 13, 14, 15]);
    world.enter(13, false, 16);
    world.enter(14, false, 17);
    world.enter(15, false, 18);
    world.began(16, 19);
    assert_eq!(known(&world), [13, 14, 15, 16]);
    assert_eq!(world.pods.verdict(pod(13)), Verdict::Gone);
}

#[test]
fn an_unused_pod_with_a_fault_is_forgotten_after_an_hour() {
    let world = World::bounded(3);
    world.ended(1, Outcome::Refused, 0);
    for last in 2..6 {
        world.began(last, 3600 * SECOND);
    }
    assert_eq!(known(&world), [1, 4, 5]);
    world.began(6, 3600 * SECOND + 1);
    assert_eq!(known(&world), [4, 5, 6]);
}

#[test]
fn the_limit_may_change() {
    let world = World::with(Pods::sharded(NonZeroU32::new(200).unwrap(), 1));
    for last in 0..=199 {
        world.began(last, u64::from(last));
    }
    world.ended(7, Outcome::Refused, 200);
    world.pods.limit(NonZeroU32::new(300).unwrap());
    world.began(250, 201);
    assert_eq!(world.pods.known(), 201);
    // More at once than are forgotten under one lock.
    world.pods.limit(NonZeroU32::new(3).unwrap());
    assert_eq!(known(&world), [7, 199, 250]);
    world.began(1, 202);
    assert_eq!(world.pods.known(), 3);
}

/// A million addresses. Each of `live` pods gets a tenth of a second of a pod's life every two seconds.
fn a_dead_pod_among(live: u32) {
    let world = World::new();
    let at = |number: u32| Pod::new(IpAddr::from((0x0a00_0000 + number).to_be_bytes()), 8080);
    let dead = Pod::new(IpAddr::from([9, 0, 0, 1]), 8080);
    let mut gone = None;
    'time: for second in 0..30 {
        for number in (second % 2..live).step_by(2) {
            let now = u64::from(second) * SECOND + u64::from(number);
            world.pods.learn(&world.group(), at(number), Outcome::Answered, now);
            // Its page makes a few requests per second.
            if number / 2 % (live / 8) == 0 {
                let mut answer = world.begin(dead, PathKind::Sync, now);
                if matches!(answer.action, Action::Dial | Action::Probe) {
                    answer = world.end_of(&world.group(), dead, PathKind::Sync, Outcome::Unreachable, now);
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
    assert_eq!(world.pods.known(), 10_000);
    // Unused addresses are idle, except for a few that are mistaken for others; used ones are not.
    let now = (gone + 1) * SECOND;
    let idle = |address: IpAddr, now| world.pods.idle(address, 60 * SECOND, 0, now).answer;
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
    let world = World::bounded(100);
    let at = |number: u32| Pod::new(IpAddr::from((0x0a00_0000 + number).to_be_bytes()), 8080);
    for number in 0..20_000 {
        world.pods.began(&world.group(), at(number), PathKind::Sync, true, b"", SECOND);
    }
    let idle = |number: u32| world.pods.idle(at(number).address(), SECOND, 0, 10 * SECOND).answer;
    assert!((0..20_000).all(|number| idle(number) == IdleAnswer::Busy));
    assert!((20_000..40_000).filter(|number| idle(*number) == IdleAnswer::Busy).count() < 600);
    (0..20_000).for_each(|number| world.pods.left(at(number), true, 2 * SECOND));
    assert!((0..40_000).all(|number| idle(number) == IdleAnswer::Yes));
}

#[test]
fn pods_of_many_addresses_in_dns_are_cleared() {
    let world = World::new();
    for last in 0..200 {
        world.ended(last, Outcome::Refused, 0);
    }
    let all: Vec<Pod> = (0..=255).map(pod).collect();
    world.resolved(1, &all[..10]);
    assert_eq!(world.list().iter().filter(|known| known.verdict == Verdict::None).count(), 10);
    (0..10).for_each(|last| {
        world.ended(last, Outcome::Refused, 1);
    });
    world.resolved(1, &all);
    let gone: Vec<bool> = world.list().iter().map(|known| known.verdict == Verdict::Gone).collect();
    assert_eq!(gone, (0..200).map(|last| last < 10).collect::<Vec<_>>());
    assert!(world.list().iter().all(|known| known.fresh));
}

#[test]
fn two_upstreams_with_the_same_pods_do_not_take_turns() {
    let world = World::new();
    let (source, second_upstream) = (SourceHealth::new(2), upstream(&world.dns, 2));
    let other = Group { source: &source, upstream: &second_upstream, ..world.group() };
    let listed = || match world.list()[..] {
        [known] => (known.upstream, known.fresh),
        ref list => panic!("{list:?}"),
    };
    world.resolved(2, &[pod(1)]);
    for second in 0..300 {
        let group = if second % 2 == 0 { world.group() } else { other };
        world.begin_of(&group, pod(1), PathKind::Sync, second * SECOND);
        assert_eq!(listed(), (1, second > 0), "second {second}");
    }
    // The configuration no longer contains the first one.
    for second in 299..=359 {
        assert_eq!(listed(), (1, true), "second {second}");
        world.begin_of(&other, pod(1), PathKind::Sync, second * SECOND);
    }
    assert_eq!(listed(), (2, true));
}
