//! Who shows that a pod is dead and the fault not ours.

use super::*;

#[test]
fn when_all_pods_fail_none_is_gone() {
    let pods = Pods::new();
    ended(&pods, 1, Outcome::Connected, 0);
    ended(&pods, 2, Outcome::Connected, 0);
    for second in 1..=40 {
        assert_eq!(ended(&pods, 1, Outcome::Unreachable, second * SECOND), Action::Unavailable);
        assert_eq!(ended(&pods, 2, Outcome::Unreachable, second * SECOND), Action::Unavailable);
    }
    // One is back: the other was not our fault.
    ended(&pods, 2, Outcome::Connected, 41 * SECOND);
    assert_eq!(ended(&pods, 1, Outcome::Unreachable, 42 * SECOND), Action::Gone);
    // What another server's pods do says nothing.
    let other = Group { server: 2, ..GROUP };
    let pods = Pods::new();
    pods.ended(&other, pod(9), PathKind::Sync, Outcome::Connected, 0);
    for second in 1..=20 {
        assert_eq!(ended(&pods, 1, Outcome::Unreachable, second * SECOND), Action::Unavailable);
    }
}

/// A page whose pod swallows packets, alone at its upstream, and a caller that does what it is asked for. Returns when the page
/// is told to reload.
fn a_page_alone(pods: &Pods, group: &Group, dial: u64, retry: u64, reachable: bool) -> Option<u64> {
    let (mut now, mut asked) = (0, Vec::new());
    while now < 2400 * SECOND {
        let mut answer = pods.began(group, pod(1), PathKind::Sync, now);
        if matches!(answer.action, Action::Dial | Action::Probe) {
            now += dial;
            answer = pods.ended(group, pod(1), PathKind::Sync, Outcome::Unreachable, now);
        }
        if answer.action == Action::Gone {
            return Some(now);
        }
        assert_eq!((answer.action, answer.retry_after, answer.no_pod), (Action::Unavailable, 1, false));
        if answer.find_witness {
            asked.push(now);
            let outcome = if reachable { Outcome::Connected } else { Outcome::Unreachable };
            let told = pods.ended(group, pod(2), PathKind::Other, outcome, now + SECOND / 100);
            assert_eq!(told.action, if reachable { Action::None } else { Action::Unavailable });
        }
        now += retry;
    }
    assert!(asked.windows(2).all(|two| two[1] - two[0] >= SECOND), "asked too often");
    None
}

#[test]
fn a_dead_pod_is_found_dead_without_help() {
    for gone_after in [0, 3, 10, 30] {
        let group = Group { gone_after: gone_after * SECOND, ..GROUP };
        let gone = a_page_alone(&Pods::new(), &group, SECOND / 1000, SECOND / 2, true).expect("it is dead");
        assert!((gone_after * SECOND..=(gone_after + 1) * SECOND).contains(&gone), "{gone_after}: {gone}");
    }
    // Each dial takes three seconds, and the page asks less and less often.
    let gone = a_page_alone(&Pods::new(), &GROUP, 3 * SECOND, 5 * SECOND, true).expect("it is dead");
    assert!(gone <= 27 * SECOND, "{gone}");
}

#[test]
fn when_nothing_can_be_reached_nothing_is_gone() {
    let pods = Pods::new();
    assert_eq!(a_page_alone(&pods, &GROUP, SECOND / 1000, SECOND / 4, false), None);
    assert_eq!([1, 2].map(|last| pods.verdict(pod(last))), [Verdict::Unreachable; 2]);
}

#[test]
fn a_witness_is_asked_for_once_a_second_and_upstream() {
    let (pods, other) = (Pods::new(), Group { server: 2, ..GROUP });
    for second in 0..10 {
        for last in [1, 2] {
            assert!(!end(&pods, last, Outcome::Unreachable, second * SECOND).find_witness);
            let pod = pod(last + 10);
            assert!(!pods.ended(&other, pod, PathKind::Hook, Outcome::Unreachable, second * SECOND).find_witness);
        }
    }
    let now = 10 * SECOND;
    assert!(end(&pods, 1, Outcome::Unreachable, now).find_witness);
    assert!(!end(&pods, 2, Outcome::Unreachable, now + SECOND - 1).find_witness);
    assert!(pods.ended(&other, pod(11), PathKind::Hook, Outcome::Unreachable, now).find_witness);
    assert!(end(&pods, 2, Outcome::Unreachable, now + SECOND).find_witness);
    // A request that ends otherwise, or is to dial, is no occasion.
    assert!(!end(&pods, 1, Outcome::Cancelled, now + 2 * SECOND).find_witness);
    let answer = pods.began(&GROUP, pod(1), PathKind::Sync, now + 2 * SECOND);
    assert_eq!((answer.action, answer.find_witness), (Action::Probe, false));
    let answer = pods.began(&GROUP, pod(1), PathKind::Sync, now + 2 * SECOND);
    assert_eq!((answer.action, answer.find_witness), (Action::Unavailable, true));
}

#[test]
fn a_request_that_begins_learns_of_a_witness() {
    let pods = Pods::new();
    for second in 0..=10 {
        assert_eq!(ended(&pods, 1, Outcome::Unreachable, second * SECOND), Action::Unavailable);
    }
    ended(&pods, 2, Outcome::Connected, 12 * SECOND);
    let answer = pods.began(&GROUP, pod(1), PathKind::Sync, 12 * SECOND);
    assert_eq!((answer.action, answer.verdict, answer.changed), (Action::Gone, Verdict::Gone, true));
    // No need to dial it for a second.
    assert_eq!(began(&pods, 1, 13 * SECOND - 1), Action::Gone);
    assert_eq!(began(&pods, 1, 13 * SECOND), Action::Probe);
}

#[test]
fn old_failures_are_looked_at_again_before_a_page_reloads() {
    for (since, action, verdict) in [
        (10 * SECOND - 1, Action::Gone, Verdict::Gone),
        (10 * SECOND, Action::Probe, Verdict::Gone),
        (60 * SECOND, Action::Probe, Verdict::Gone),
        // Nobody looked in between.
        (60 * SECOND + 1, Action::Probe, Verdict::Unreachable),
    ] {
        let pods = Pods::new();
        for second in 0..=10 {
            ended(&pods, 1, Outcome::Unreachable, second * SECOND);
        }
        let now = 10 * SECOND + since;
        ended(&pods, 2, Outcome::Connected, now);
        let answer = pods.began(&GROUP, pod(1), PathKind::Sync, now);
        assert_eq!((answer.action, answer.verdict), (action, verdict), "{since} later");
    }
}

/// Tells that a pod could not be reached for ten seconds, until 100 s.
fn out_of_reach(pods: &Pods, last: u8) -> Verdict {
    (90..=100).for_each(|second| {
        ended(pods, last, Outcome::Unreachable, second * SECOND);
    });
    pods.verdict(pod(last))
}

#[test]
fn only_another_pod_of_the_upstream_that_works_is_a_witness() {
    let other = Group { server: 2, ..GROUP };
    let told = |tell: &dyn Fn(&Pods)| {
        let pods = Pods::new();
        tell(&pods);
        out_of_reach(&pods, 1)
    };
    for outcome in [Outcome::Connected, Outcome::Refused, Outcome::Answered] {
        assert_eq!(
            told(&|pods| {
                ended(pods, 2, outcome, 40 * SECOND);
            }),
            Verdict::Gone,
            "{outcome:?}"
        );
        // Not itself, a pod of another upstream, or one that worked more than a minute ago.
        if outcome != Outcome::Refused {
            assert_eq!(
                told(&|pods| {
                    ended(pods, 1, outcome, 89 * SECOND);
                }),
                Verdict::Unreachable,
                "{outcome:?}"
            );
        }
        let told_other = told(&|pods| {
            pods.ended(&other, pod(2), PathKind::Hook, outcome, 90 * SECOND);
        });
        assert_eq!(told_other, Verdict::Unreachable, "{outcome:?}");
        assert_eq!(
            told(&|pods| {
                ended(pods, 2, outcome, 40 * SECOND - 1);
            }),
            Verdict::Unreachable,
            "{outcome:?}"
        );
    }
    for outcome in [Outcome::OwnFault, Outcome::Cancelled, Outcome::Unreachable, Outcome::Dropped] {
        assert_eq!(
            told(&|pods| {
                ended(pods, 2, outcome, 90 * SECOND);
            }),
            Verdict::Unreachable,
            "{outcome:?}"
        );
    }
    // It has failed since, whoever told it; a refusal is no such failure.
    for (outcome, verdict) in [
        (Outcome::Unreachable, Verdict::Unreachable),
        (Outcome::Dropped, Verdict::Unreachable),
        (Outcome::Refused, Verdict::Gone),
    ] {
        for group in [GROUP, other] {
            let failed = told(&|pods| {
                ended(pods, 2, Outcome::Connected, 80 * SECOND);
                pods.ended(&group, pod(2), PathKind::Hook, outcome, 81 * SECOND);
            });
            assert_eq!(failed, verdict, "{outcome:?}");
        }
    }
    // What it was before does not count, nor does its return to DNS make good what it did.
    let again = told(&|pods| {
        ended(pods, 2, Outcome::Unreachable, 80 * SECOND);
        ended(pods, 2, Outcome::Connected, 81 * SECOND);
    });
    assert_eq!(again, Verdict::Gone);
    let returned = told(&|pods| {
        ended(pods, 2, Outcome::Connected, 80 * SECOND);
        ended(pods, 2, Outcome::Unreachable, 81 * SECOND);
        pods.resolved(1, &[pod(2)]);
    });
    assert_eq!(returned, Verdict::Unreachable);
}

#[test]
fn the_last_two_pods_are_enough() {
    let pods = Pods::new();
    for last in 2..=5 {
        ended(&pods, last, Outcome::Connected, 80 * SECOND);
    }
    ended(&pods, 5, Outcome::Unreachable, 81 * SECOND);
    assert_eq!(out_of_reach(&pods, 4), Verdict::Unreachable);
    let pods = Pods::new();
    for last in [2, 3, 1, 1, 1] {
        ended(&pods, last, Outcome::Connected, 80 * SECOND);
    }
    assert_eq!(out_of_reach(&pods, 1), Verdict::Gone);
    // Refusals do not push out those that answered.
    let pods = Pods::new();
    ended(&pods, 2, Outcome::Answered, 80 * SECOND);
    ended(&pods, 3, Outcome::Refused, 80 * SECOND);
    ended(&pods, 4, Outcome::Refused, 80 * SECOND);
    [3, 4].iter().for_each(|last| {
        ended(&pods, *last, Outcome::Unreachable, 81 * SECOND);
    });
    assert_eq!(out_of_reach(&pods, 1), Verdict::Gone);
}

#[test]
fn two_host_names_for_the_same_pods() {
    let (pods, other) = (Pods::new(), Group { server: 2, ..GROUP });
    for server in [1, 2] {
        pods.resolved(server, &[pod(1), pod(2), pod(3)]);
    }
    // Each name has traffic, and the last word on a pod is now that of one name, now that of the other.
    let works = |now: u64| {
        for (group, last) in [(&GROUP, 2), (&other, 3), (&GROUP, 3), (&other, 2)] {
            pods.ended(group, pod(last), PathKind::Hook, Outcome::Answered, now);
        }
    };
    works(0);
    for second in 1..=10 {
        for group in [&GROUP, &other] {
            let answer = pods.ended(group, pod(1), PathKind::Hook, Outcome::Unreachable, second * SECOND);
            assert_eq!(answer.action, Action::Unavailable);
        }
        works(second * SECOND);
    }
    assert_eq!(ended(&pods, 1, Outcome::Unreachable, 11 * SECOND), Action::Gone);
}

#[test]
fn a_witness_that_was_forgotten_may_have_failed() {
    for (held, verdict) in [(false, Verdict::Gone), (true, Verdict::Unreachable)] {
        let pods = Pods::bounded(NonZeroU32::new(3).unwrap());
        ended(&pods, 2, Outcome::Connected, 50 * SECOND);
        if held {
            ended(&pods, 2, Outcome::Unreachable, 51 * SECOND);
        }
        ended(&pods, 3, Outcome::Unreachable, 52 * SECOND);
        ended(&pods, 4, Outcome::Unreachable, 53 * SECOND);
        assert_eq!(out_of_reach(&pods, 1), verdict);
        assert!(pods.list().iter().all(|known| known.pod != pod(2)));
        if held {
            // It is known again, and what it did is not.
            pods.entered(&GROUP, pod(2), false, 100 * SECOND);
            assert_eq!(began(&pods, 1, 101 * SECOND), Action::Probe);
            assert_eq!(ended(&pods, 1, Outcome::Unreachable, 101 * SECOND), Action::Unavailable);
        }
    }
}
