//! Witnesses: which pods prove that another pod is dead and the fault is not on our side.

use super::super::events::judge;
use super::*;

#[test]
fn when_all_pods_fail_none_is_gone() {
    let world = World::new();
    world.ended(1, Outcome::Connected, 0);
    world.ended(2, Outcome::Connected, 0);
    for second in 1..=40 {
        assert_eq!(world.ended(1, Outcome::Unreachable, second * SECOND), Action::Unavailable);
        assert_eq!(world.ended(2, Outcome::Unreachable, second * SECOND), Action::Unavailable);
    }
    // One pod is back. If the other keeps failing, the fault is not on our side.
    world.ended(2, Outcome::Connected, 41 * SECOND);
    assert_eq!(world.ended(1, Outcome::Unreachable, 43 * SECOND), Action::Unavailable);
    world.ended(2, Outcome::Connected, 43 * SECOND);
    assert_eq!(world.ended(1, Outcome::Unreachable, 44 * SECOND), Action::Unavailable);
    assert_eq!(world.ended(1, Outcome::Unreachable, 45 * SECOND), Action::Gone);
    // Pods of other upstreams prove nothing.
    let world = World::new();
    let other = upstream(&world.dns, 2);
    for second in 1..=20 {
        world.pods.learn(&Group { upstream: &other, ..world.group() }, pod(9), Outcome::Connected, second * SECOND);
        assert_eq!(world.ended(1, Outcome::Unreachable, second * SECOND), Action::Unavailable);
    }
}

/// Our own network was down, and one pod responds before the others do. Dials that began before that still
/// fail.
#[test]
fn what_fails_while_nothing_works_does_not_count() {
    for (fault, sign) in [(Outcome::Unreachable, Outcome::Connected), (Outcome::Dropped, Outcome::Answered)] {
        let world = World::new();
        world.ended(2, sign, 0);
        for half in 1..=40 {
            world.ended(1, fault, half * SECOND / 2);
            world.ended(2, fault, half * SECOND / 2);
        }
        world.ended(2, sign, 20 * SECOND + 1);
        assert_ne!(world.began(1, 20 * SECOND + 2), Action::Gone, "{fault:?}");
        assert_eq!(world.ended(1, fault, 22 * SECOND), Action::Unavailable, "{fault:?}");
        // This one failed beside a witness.
        let told = world.ended(1, fault, 22 * SECOND + 1);
        if fault == Outcome::Unreachable {
            assert_eq!(told, Action::Unavailable);
            world.ended(2, sign, 23 * SECOND);
            assert_eq!(world.ended(1, fault, 25 * SECOND), Action::Gone);
        } else {
            assert_eq!(told, Action::Gone);
        }
    }
}

/// The pod could not be reached for a moment, while others worked. Nobody asks it until our own network is
/// down, and then nobody has asked the others yet.
#[test]
fn a_witness_must_work_near_the_end_too() {
    let world = World::new();
    for second in 0..=3 {
        world.ended(1, Outcome::Unreachable, second * SECOND);
        world.ended(2, Outcome::Connected, second * SECOND);
    }
    (4..=11).for_each(|second| _ = world.ended(2, Outcome::Answered, second * SECOND));
    let answer = world.end(1, Outcome::Unreachable, 12 * SECOND);
    assert_eq!((answer.action, answer.learned.find_witness), (Action::Unavailable, true));
    // What worked before this dial failed proves nothing, until the other pod is found to fail as well.
    for second in 13..=30 {
        assert_eq!(world.ended(1, Outcome::Unreachable, second * SECOND), Action::Unavailable, "second {second}");
        if second > 14 {
            world.ended(2, Outcome::Unreachable, second * SECOND);
        }
    }
    // The network is back, but the pod is not.
    world.ended(2, Outcome::Connected, 31 * SECOND);
    assert_eq!(world.ended(1, Outcome::Unreachable, 32 * SECOND), Action::Unavailable);
    assert_eq!(world.ended(1, Outcome::Unreachable, 33 * SECOND), Action::Gone);
}

/// Our own network fails again and again, and nobody asks the pod while it is back.
#[test]
fn two_failures_of_our_own_network_do_not_count() {
    let world = World::new();
    for start in [0, 20] {
        (start..=start + 10).for_each(|second| _ = world.ended(1, Outcome::Unreachable, second * SECOND));
        assert_eq!(world.pods.verdict(pod(1)), Verdict::Unreachable, "from {start}");
        (start + 11..start + 15).for_each(|second| _ = world.ended(2, Outcome::Answered, second * SECOND));
    }
}

/// The network fails just after another visitor has left: what that visitor's pod did before proves nothing
/// about now.
#[test]
fn a_pod_that_worked_before_the_failures_is_not_a_witness() {
    let world = World::new();
    world.ended(2, Outcome::Answered, 9 * SECOND);
    for second in 10..=30 {
        assert_eq!(world.ended(1, Outcome::Unreachable, second * SECOND), Action::Unavailable, "second {second}");
    }
    world.ended(2, Outcome::Connected, 10 * SECOND);
    assert_eq!(world.ended(1, Outcome::Unreachable, 31 * SECOND), Action::Unavailable);
    world.ended(2, Outcome::Connected, 31 * SECOND);
    assert_eq!(world.ended(1, Outcome::Unreachable, 33 * SECOND), Action::Gone);
}

#[test]
fn a_witness_is_another_fresh_pod_that_is_not_dialled_already() {
    let world = World::new();
    let fresh: Vec<IpAddr> = (1..=4).map(|last| pod(last).address()).collect();
    let witness = |missing, now, random| world.pods.witness(&world.upstream, pod(missing), (&fresh, 8080), now, random);
    // The missing pod is never its own witness, whichever pods are drawn.
    assert_eq!(witness(1, 0, 0), Some(pod(2)));
    assert_eq!(witness(1, 0, u64::MAX), Some(pod(4)));
    assert_eq!(witness(4, SECOND, u64::MAX), Some(pod(1)));
    assert_eq!(witness(1, SECOND, u64::MAX / 2), Some(pod(3)));
    assert_eq!(witness(1, SECOND, 0), None);
    // After a report or three seconds it may be chosen again.
    world.ended(3, Outcome::Connected, SECOND);
    assert_eq!(witness(1, 2 * SECOND, 0), Some(pod(3)));
    assert_eq!(witness(1, 3 * SECOND, 0), Some(pod(2)));
    // A recently failed pod is chosen if there is no other.
    world.ended(2, Outcome::Unreachable, 10 * SECOND);
    world.ended(3, Outcome::Refused, 10 * SECOND);
    let named = [0; 4].map(|random| witness(1, 10 * SECOND, random));
    assert_eq!(named, [Some(pod(4)), Some(pod(3)), Some(pod(2)), None]);
    assert_eq!(world.pods.witness(&world.upstream, pod(1), (&[], 8080), 0, 7), None);
}

/// A pod that drops connections can be reached each time but is never a witness: whichever pods are drawn,
/// the others come first.
#[test]
fn a_failed_witness_is_tried_again_after_the_others() {
    let world = World { gone_after: 0, ..World::new() };
    let fresh: Vec<IpAddr> = (1..=4).map(|last| pod(last).address()).collect();
    let next = |now: u64| world.pods.witness(&world.upstream, pod(1), (&fresh, 8080), now, 0);
    world.ended(2, Outcome::Dropped, 0);
    for (second, named) in (20..).zip([2, 3, 4, 2, 3]) {
        assert_eq!(next(second * SECOND), Some(pod(named)), "second {second}");
        world.ended(named, if named == 2 { Outcome::Connected } else { Outcome::Unreachable }, second * SECOND);
        world.pods.appeared(1, [pod(3), pod(4)], false, 0);
    }
    // Only the last twelve are remembered.
    let fresh: Vec<IpAddr> = (1..=200).map(|last| pod(last).address()).collect();
    let random = |now: u64| now.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let named: Vec<Pod> = (100..112)
        .filter_map(|now| world.pods.witness(&world.upstream, pod(1), (&fresh, 8080), now * SECOND, random(now)))
        .collect();
    assert_eq!(named.iter().collect::<std::collections::BTreeSet<_>>().len(), 12, "{named:?}");
}

#[test]
fn a_witness_is_sought_once_a_second_per_upstream() {
    let world = World::new();
    let other = upstream(&world.dns, 2);
    let other = Group { upstream: &other, ..world.group() };
    let unreachable = |last, now| world.end(last, Outcome::Unreachable, now).learned.find_witness;
    assert!(unreachable(1, 0));
    assert!(!unreachable(2, SECOND - 1));
    assert!(world.pods.learn(&other, pod(11), Outcome::Unreachable, SECOND - 1).find_witness);
    assert!(unreachable(2, SECOND));
    // Requests that end in other ways, or that dial, do not look for a witness.
    assert!(!world.end(1, Outcome::Cancelled, 2 * SECOND).learned.find_witness);
    assert!(!world.end(1, Outcome::OwnFault, 2 * SECOND).learned.find_witness);
    let answer = world.begin(pod(1), PathKind::Sync, 2 * SECOND);
    assert_eq!((answer.action, answer.learned.find_witness), (Action::Probe, false));
    let answer = world.begin(pod(1), PathKind::Sync, 2 * SECOND);
    assert_eq!((answer.action, answer.learned.find_witness), (Action::Unavailable, true));
    // Now there is one.
    world.ended(3, Outcome::Connected, 2 * SECOND);
    assert!(!unreachable(1, 3 * SECOND));
    // It must work once more, near the end.
    assert!(unreachable(1, 9 * SECOND));
    world.ended(3, Outcome::Connected, 9 * SECOND);
    assert!(!unreachable(1, 10 * SECOND));
    assert_eq!(world.ended(1, Outcome::Unreachable, 11 * SECOND), Action::Gone);
}

/// Another pod works after the first failure, so that the pod is gone as soon as another works near the end.
fn witnessed_at_first(world: &World, second: u64) {
    if second == 0 {
        world.ended(2, Outcome::Connected, 0);
    }
}

#[test]
fn a_new_request_benefits_from_a_witness() {
    let world = World::new();
    for second in 0..=10 {
        assert_eq!(world.ended(1, Outcome::Unreachable, second * SECOND), Action::Unavailable);
        witnessed_at_first(&world, second);
    }
    // Another thread reports it late.
    world.ended(2, Outcome::Connected, 8 * SECOND);
    let answer = world.begin(pod(1), PathKind::Sync, 11 * SECOND - 1);
    assert_eq!((answer.action, answer.learned.verdict, answer.learned.changed), (Action::Gone, Verdict::Gone, true));
    // No dial is needed for a second.
    assert_eq!(world.began(1, 12 * SECOND - 2), Action::Gone);
    assert_eq!(world.began(1, 12 * SECOND - 1), Action::Probe);
}

/// The pod may be back by now: no page reloads before a dial has failed.
#[test]
fn a_recent_failure_is_tested_before_a_page_reloads() {
    for (since, action, verdict) in [
        (SECOND - 1, Action::Gone, Verdict::Gone),
        (SECOND, Action::Probe, Verdict::Unreachable),
        (9 * SECOND, Action::Probe, Verdict::Unreachable),
        (49 * SECOND, Action::Probe, Verdict::Unreachable),
        // Nothing was observed in between.
        (60 * SECOND + 1, Action::Probe, Verdict::Unreachable),
    ] {
        let world = World::new();
        for second in 0..=10 {
            world.ended(1, Outcome::Unreachable, second * SECOND);
            witnessed_at_first(&world, second);
        }
        let now = 10 * SECOND + since;
        world.ended(2, Outcome::Connected, 8 * SECOND);
        let answer = world.begin(pod(1), PathKind::Sync, now);
        assert_eq!((answer.action, answer.learned.verdict), (action, verdict), "{since} later");
        if action != Action::Probe {
            continue;
        }
        // Until the probe has failed, the other requests of this second are told to try again.
        assert_eq!(world.began(1, now + 1), Action::Unavailable);
        let told = if since < 60 * SECOND { Action::Gone } else { Action::Unavailable };
        assert_eq!(world.ended(1, Outcome::Unreachable, now + 2), told, "{since} later");
        assert_eq!(world.began(1, now + 3), told);
    }
}

/// The verdict on a pod that was unreachable from 10 s to 100 s, with the additional events of `tell`.
fn judged(tell: impl Fn(&World, u64)) -> Verdict {
    let world = World::new();
    for second in 0..=100 {
        if second >= 10 {
            world.ended(1, Outcome::Unreachable, second * SECOND);
        }
        tell(&world, second);
    }
    // The verdict is derived when a request begins.
    world.begin(pod(1), PathKind::Sync, 100 * SECOND).learned.verdict
}

#[test]
fn only_another_working_pod_of_the_upstream_is_a_witness() {
    let at = |second: u64, last: u8, outcome: Outcome| {
        judged(move |world, now| {
            if now == second || now == second + 5 {
                world.ended(last, outcome, now * SECOND);
            }
        })
    };
    for outcome in [Outcome::Connected, Outcome::Refused, Outcome::Answered] {
        assert_eq!(at(40, 2, outcome), Verdict::Gone, "{outcome:?}");
        // Not a pod of another upstream, and not one that worked before the failures began.
        assert_eq!(at(9, 2, outcome), Verdict::Unreachable, "{outcome:?}");
        let of_other = judged(|world, now| {
            let other = upstream(&world.dns, 2);
            world.pods.learn(&Group { upstream: &other, ..world.group() }, pod(2), outcome, now * SECOND);
        });
        assert_eq!(of_other, Verdict::Unreachable, "{outcome:?}");
    }
    for outcome in [Outcome::OwnFault, Outcome::Cancelled, Outcome::Unreachable, Outcome::Dropped] {
        assert_eq!(at(90, 2, outcome), Verdict::Unreachable, "{outcome:?}");
    }
    // A sign counts for a minute, but not a pod's own sign.
    for (ago, verdict) in [(60, Verdict::Gone), (61, Verdict::Unreachable)] {
        let world = World { gone_after: 30 * SECOND, ..World::new() };
        for ten in 0..=10 {
            world.ended(1, Outcome::Unreachable, ten * 10 * SECOND);
            witnessed_at_first(&world, ten);
        }
        assert_eq!(world.pods.verdict(pod(1)), Verdict::Unreachable);
        world.ended(2, Outcome::Connected, (100 - ago) * SECOND);
        assert_eq!(world.begin(pod(1), PathKind::Sync, 100 * SECOND).learned.verdict, verdict, "{ago}");
    }
    let itself = judged(|world, now| {
        world.ended(1, Outcome::Refused, now * SECOND);
        world.resolved(1, &[]);
        world.resolved(1, &[pod(1)]);
        world.ended(1, Outcome::Unreachable, now * SECOND);
    });
    assert_eq!(itself, Verdict::Unreachable);
}

#[test]
fn a_witness_has_not_failed_since() {
    // A failure counts whichever upstream reported it. A refusal does not count.
    for (outcome, verdict) in [
        (Outcome::Unreachable, Verdict::Unreachable),
        (Outcome::Dropped, Verdict::Unreachable),
        (Outcome::Refused, Verdict::Gone),
    ] {
        for id in [1, 2] {
            let world = World::new();
            let other = upstream(&world.dns, id);
            let of_other = Group { upstream: &other, ..world.group() };
            for second in 0..=9 {
                world.ended(1, Outcome::Unreachable, second * SECOND);
                witnessed_at_first(&world, second);
            }
            world.ended(2, Outcome::Connected, 7 * SECOND);
            world.pods.learn(&of_other, pod(2), outcome, 8 * SECOND);
            world.ended(1, Outcome::Unreachable, 10 * SECOND);
            assert_eq!(world.pods.verdict(pod(1)), verdict, "{outcome:?}");
        }
    }
    // What the earlier pod did does not count, and its return to DNS does not undo its failures.
    let again = judged(|world, now| {
        if now > 80 {
            world.ended(2, if now == 81 { Outcome::Unreachable } else { Outcome::Connected }, now * SECOND);
        }
    });
    assert_eq!(again, Verdict::Gone);
    let world = World::new();
    for second in 0..=9 {
        world.ended(1, Outcome::Unreachable, second * SECOND);
        witnessed_at_first(&world, second);
    }
    world.ended(2, Outcome::Connected, 7 * SECOND);
    world.ended(2, Outcome::Unreachable, 8 * SECOND);
    world.resolved(1, &[pod(2)]);
    assert_eq!(world.ended(1, Outcome::Unreachable, 10 * SECOND), Action::Unavailable);
}

#[test]
fn the_last_two_pods_are_enough() {
    let last_two = |signs: &[(u8, Outcome)], missed: &[u8]| {
        let world = World::new();
        world.ended(9, Outcome::Unreachable, 0);
        witnessed_at_first(&world, 0);
        world.ended(9, Outcome::Unreachable, 6 * SECOND);
        signs.iter().for_each(|(last, outcome)| _ = world.ended(*last, *outcome, 7 * SECOND));
        missed.iter().for_each(|last| _ = world.ended(*last, Outcome::Unreachable, 8 * SECOND));
        world.ended(9, Outcome::Unreachable, 10 * SECOND)
    };
    let connected = [2, 3, 4, 5].map(|last| (last, Outcome::Connected));
    assert_eq!(last_two(&connected, &[5]), Action::Gone);
    // Only the last two are remembered.
    assert_eq!(last_two(&connected, &[5, 4]), Action::Unavailable);
    // Refusals do not displace pods that responded.
    let signs = [(2, Outcome::Answered), (3, Outcome::Refused), (4, Outcome::Refused)];
    assert_eq!(last_two(&signs, &[3, 4]), Action::Gone);
}

/// A report about one moment may arrive after another thread's report about a later one.
#[test]
fn no_pod_is_its_own_witness_across_threads() {
    let world = World { gone_after: 0, ..World::new() };
    world.ended(1, Outcome::Answered, 5 * SECOND);
    assert_eq!(world.ended(1, Outcome::Unreachable, 4 * SECOND), Action::Unavailable);
    world.ended(2, Outcome::Answered, 5 * SECOND);
    assert_eq!(world.ended(1, Outcome::Unreachable, 4 * SECOND), Action::Gone);
}

/// No lock is held while a witness is looked for.
#[test]
fn a_pod_that_recovers_meanwhile_is_not_gone() {
    let world = World::new();
    let group = world.group();
    for second in 0..=10 {
        world.ended(1, Outcome::Unreachable, second * SECOND);
        witnessed_at_first(&world, second);
    }
    for (outcome, verdict) in [(Outcome::Unreachable, Verdict::Gone), (Outcome::Connected, Verdict::None)] {
        let suspicion =
            world.pods.with(&group, pod(1), 10 * SECOND, |known| known.state.suspicion(group.gone_after, 10 * SECOND));
        let suspicion = suspicion.filter(|suspicion| suspicion.is_ripe).expect("it has failed for long enough");
        world.pods.learn(&group, pod(1), outcome, 10 * SECOND);
        let declared = world.pods.with(&group, pod(1), 10 * SECOND, |known| {
            judge(&mut known.clone(), &group, &suspicion, Some(8 * SECOND), 10 * SECOND).0
        });
        assert_eq!(declared, verdict, "{outcome:?}");
    }
}

#[test]
fn two_host_names_for_the_same_pods() {
    let world = World::new();
    let other = upstream(&world.dns, 2);
    let groups = [world.group(), Group { upstream: &other, ..world.group() }];
    [1, 2].iter().for_each(|upstream| world.resolved(*upstream, &[pod(1), pod(2), pod(3)]));
    // Each name has traffic, and the last event of a pod belongs to one name or the other in turn.
    let works = |now: u64| {
        for (group, last) in [(0, 2), (1, 3), (0, 3), (1, 2)] {
            world.pods.learn(&groups[group], pod(last), Outcome::Answered, now);
        }
    };
    works(0);
    for second in 1..=10 {
        for group in &groups {
            let answer = world.end_of(group, pod(1), PathKind::Hook, Outcome::Unreachable, second * SECOND);
            assert_eq!(answer.action, Action::Unavailable);
        }
        works(second * SECOND);
    }
    assert_eq!(world.ended(1, Outcome::Unreachable, 11 * SECOND), Action::Gone);
}

#[test]
fn a_witness_that_was_forgotten_may_have_failed() {
    for (held, verdict) in [(false, Verdict::Gone), (true, Verdict::Unreachable)] {
        let world = World::bounded(3);
        let end = |last, outcome, second: u64| _ = world.ended(last, outcome, second * SECOND);
        end(1, Outcome::Unreachable, 0);
        end(5, Outcome::Connected, 0);
        end(1, Outcome::Unreachable, 6);
        end(2, Outcome::Connected, 7);
        if held {
            end(2, Outcome::Unreachable, 8);
        }
        [1, 3, 4].iter().for_each(|last| end(*last, Outcome::Unreachable, 9));
        (10..=16).for_each(|second| end(1, Outcome::Unreachable, second));
        end(1, Outcome::Unreachable, 20);
        assert_eq!(world.pods.verdict(pod(1)), verdict);
        assert!(world.list().iter().all(|known| known.pod != pod(2)));
        if held {
            // The pod is known again, but its history is lost.
            world.enter(2, false, 20 * SECOND);
            assert_eq!(world.began(1, 21 * SECOND), Action::Probe);
            assert_eq!(world.ended(1, Outcome::Unreachable, 21 * SECOND), Action::Unavailable);
        }
    }
}
