//! A page is told to reload only if a pod would take it.

use super::*;

const NO_POD: Told = Told::Unavailable { no_pod: true };

/// Whether a page of a dead pod is told to reload.
fn reloads(world: &World, now: u64) -> bool {
    let told = world.refused_token(Reason::NoCidr, PathKind::Hook, now).told;
    assert!(told == NO_POD || told == Told::Gone, "{told:?}");
    told == Told::Gone
}

#[test]
fn the_only_pod_is_killed_and_another_takes_its_place() {
    let world = World { gone_rate: 2, ..World::new() };
    world.resolved(1, &[pod(1)]);
    world.ended(1, Outcome::Answered, 0);
    let answer = world.end(1, Outcome::Refused, SECOND);
    assert_eq!((answer.action, answer.learned.verdict), (Action::NoPod, Verdict::Gone));
    assert_eq!((answer.learned.changed, answer.learned.find_pod), (true, true));
    for path in [PathKind::Sync, PathKind::Hook, PathKind::History, PathKind::Other] {
        let answer = world.begin(pod(1), path, SECOND);
        assert_eq!((answer.action, answer.learned.verdict), (Action::NoPod, Verdict::Gone), "{path:?}");
        assert!(!answer.learned.find_pod, "{path:?}");
    }
    let answer = world.begin(pod(1), PathKind::Resource, SECOND);
    assert_eq!((answer.action, answer.learned.find_pod), (Action::Gone, false));
    // A pod is looked for four times a second while a request wants one.
    let asks =
        |milliseconds| world.begin(pod(1), PathKind::Hook, SECOND + milliseconds * SECOND / 1000).learned.find_pod;
    assert_eq!([249, 250, 499, 500].map(asks), [false, true, false, true]);
    // Three seconds later its successor is in DNS and connects: all pages reload at the usual rate.
    world.resolved(1, &[pod(2)]);
    assert_eq!(world.ended(2, Outcome::Connected, 4 * SECOND), Action::None);
    assert_eq!(world.began(1, 4 * SECOND), Action::Probe);
    let answers = [(); 4].map(|()| world.begin(pod(1), PathKind::Sync, 4 * SECOND));
    let actions = answers.map(|answer| answer.action);
    assert_eq!(actions, [Action::Gone, Action::Gone, Action::Unavailable, Action::Unavailable]);
    assert!(answers.iter().all(|answer| !answer.learned.find_pod));
    assert_eq!(world.begin(pod(1), PathKind::Hook, 4 * SECOND).action, Action::Gone);
}

#[test]
fn the_only_pod_is_back_at_the_same_address() {
    let world = World::new();
    world.resolved(1, &[pod(1)]);
    world.ended(1, Outcome::Answered, 0);
    // A stream was open when the pod was killed.
    assert_eq!(world.ended(1, Outcome::Dropped, SECOND), Action::Unavailable);
    assert_eq!(world.ended(1, Outcome::Refused, SECOND), Action::NoPod);
    let wait = |now| world.pods.wait(&world.source, 11 * SECOND, false, now).0;
    assert_eq!(wait(2 * SECOND), Wait::Until(3 * SECOND));
    // Background dials find the pod, also for pages of other pods and for page loads.
    world.ended(1, Outcome::Connected, 4 * SECOND);
    assert_eq!(world.began(1, 4 * SECOND), Action::Dial);
    assert_eq!(wait(4 * SECOND), Wait::Again);
    assert!(reloads(&world, 4 * SECOND));
}

#[test]
fn refused_tokens_wait_for_a_pod_too() {
    let world = World::new();
    let refused = world.refused_token(Reason::Refused, PathKind::Sync, 0);
    assert_eq!(refused, RefusedToken { told: NO_POD, find_pod: true, log: Some(0), nothing_opens: false });
    let refused = world.refused_token(Reason::Refused, PathKind::Hook, SECOND / 4 - 1);
    assert_eq!((refused.told, refused.find_pod, refused.log), (NO_POD, false, None));
    assert_eq!(world.refused_token(Reason::Refused, PathKind::Resource, 0).told, Told::Gone);
    // A pod of another source does not count.
    let other = SourceHealth::new(2);
    assert!(world.pods.refused_token(&other, 0, Reason::Refused, PathKind::Sync, 0).find_pod);
    world.pods.learn(&Group { source: &other, ..world.group() }, pod(1), Outcome::Connected, SECOND);
    assert!(!reloads(&world, SECOND));
    world.ended(2, Outcome::Connected, SECOND);
    assert!(reloads(&world, SECOND));
    // Answers without a reload do not count against the rate.
    let paced = World { gone_rate: 1, ..World::new() };
    let token = |now| paced.refused_token(Reason::Refused, PathKind::Sync, now).told;
    assert_eq!(token(SECOND), NO_POD);
    paced.ended(2, Outcome::Connected, SECOND);
    assert_eq!([token(SECOND), token(SECOND)], [Told::Gone, Told::Unavailable { no_pod: false }]);
}

#[test]
fn a_draining_pod_takes_no_page() {
    let world = World::new();
    // Before it is known which pods are fresh, all count as fresh.
    world.ended(1, Outcome::Answered, 0);
    assert!(reloads(&world, 0));
    world.resolved(1, &[pod(3)]);
    assert!(!reloads(&world, 0));
    world.ended(1, Outcome::Answered, SECOND);
    world.ended(2, Outcome::Answered, SECOND);
    assert!(!reloads(&world, SECOND));
    // The fresh pod is not forgotten, however active the draining pods are.
    world.ended(3, Outcome::Answered, 2 * SECOND);
    for second in 2..=62 {
        world.ended(1, Outcome::Answered, second * SECOND);
        world.ended(2, Outcome::Answered, second * SECOND);
        assert!(reloads(&world, second * SECOND), "second {second}");
    }
    assert!(!reloads(&world, 63 * SECOND));
    // An address of another upstream is not fresh for this one.
    let other = upstream(&world.dns, 2);
    world.resolved(2, &[pod(1)]);
    world.ended(1, Outcome::Answered, 64 * SECOND);
    assert!(!reloads(&world, 64 * SECOND));
    world.pods.learn(&Group { upstream: &other, ..world.group() }, pod(1), Outcome::Answered, 64 * SECOND);
    assert!(reloads(&world, 64 * SECOND));
    // The last configuration with the upstream is gone.
    drop(other);
    assert!(!reloads(&world, 64 * SECOND));
}

#[test]
fn a_pod_takes_pages_until_it_fails() {
    use Outcome::*;
    for success in [Connected, Answered] {
        for (failure, after) in [
            (Refused, false),
            (Unreachable, false),
            (Dropped, false),
            (OwnFault, true),
            (Cancelled, true),
            (Connected, true),
        ] {
            let world = World::new();
            world.ended(1, success, SECOND);
            assert!(reloads(&world, 61 * SECOND) && !reloads(&world, 61 * SECOND + 1));
            let other = upstream(&world.dns, 2);
            world.pods.learn(&Group { upstream: &other, ..world.group() }, pod(1), failure, 2 * SECOND);
            assert_eq!(reloads(&world, 3 * SECOND), after, "{success:?}, {failure:?}");
            // The other of the two still works.
            world.ended(2, success, SECOND);
            assert!(reloads(&world, 3 * SECOND));
        }
    }
    // A refusal is not a success, nor is a connection to a pod that drops connections.
    let world = World::new();
    world.ended(1, Refused, 0);
    world.ended(2, Dropped, 0);
    world.ended(2, Connected, 60 * SECOND);
    assert!(!reloads(&world, 60 * SECOND));
    world.ended(2, Connected, 60 * SECOND + 1);
    assert!(reloads(&world, 60 * SECOND + 1));
    // Nor is the success of an earlier pod at this address, even if the new pod has no fault.
    world.ended(2, Refused, 61 * SECOND);
    world.resolved(1, &[pod(2)]);
    assert_eq!(world.pods.verdict(pod(2)), Verdict::None);
    assert!(!reloads(&world, 62 * SECOND));
}

/// One sign per second is reported, but the first one after a failure always is.
#[test]
fn a_pod_takes_pages_again_as_soon_as_it_works_again() {
    let world = World::new();
    for (millisecond, outcome, takes) in [
        (0, Outcome::Connected, true),
        (100, Outcome::Connected, true),
        (200, Outcome::Unreachable, false),
        (300, Outcome::Connected, true),
        (400, Outcome::Refused, false),
        (500, Outcome::Connected, true),
        (600, Outcome::Dropped, false),
        (700, Outcome::Answered, true),
    ] {
        let now = millisecond * SECOND / 1000;
        world.pods.learn(&world.group(), pod(1), outcome, now);
        assert_eq!(reloads(&world, now), takes, "{millisecond}: {outcome:?}");
    }
}

#[test]
fn a_request_waits_for_a_pod_within_its_limits() {
    let world = World::new();
    let wait = |full, now| world.pods.wait(&world.source, 10 * SECOND, full, now);
    assert_eq!(wait(false, 0), (Wait::Until(SECOND), true));
    assert!(!wait(false, SECOND / 4 - 1).1 && wait(false, SECOND / 4).1);
    // The maximum number of requests wait: another one does not wait, but looks for a pod.
    assert_eq!(wait(true, 2 * SECOND), (Wait::Over { no_pod: true }, true));
    assert_eq!(wait(false, 10 * SECOND - 300_000_000).0, Wait::Until(10 * SECOND));
    assert_eq!(wait(false, 10 * SECOND).0, Wait::Over { no_pod: true });
    // The request's time ends regardless of what is known, so that no request loops for ever. Until then it
    // may try again even if others wait.
    world.ended(1, Outcome::Connected, 10 * SECOND - 1);
    assert_eq!(wait(false, 10 * SECOND), (Wait::Over { no_pod: false }, false));
    assert_eq!(wait(true, 10 * SECOND - 1), (Wait::Again, false));
    // The pod dies at this very moment.
    world.ended(1, Outcome::Refused, 10 * SECOND - 1);
    assert_eq!(wait(false, 10 * SECOND - 1).0, Wait::Until(10 * SECOND));
}

/// A failed background dial leads to the next one, at the same rate and only while a pod is wanted.
#[test]
fn background_dials_end() {
    let world = World::new();
    let named = |now| world.source.request_dial((1..=4).map(pod), now);
    assert!(world.refused_token(Reason::Refused, PathKind::Sync, 0).find_pod);
    let (mut now, mut dials) = (0, 0);
    let mut next = named(now);
    while let Some(dialled) = next.filter(|_| dials < 100) {
        dials += 1;
        now += SECOND / 4;
        let learned = world.pods.learn(&world.group(), dialled, Outcome::Refused, now);
        assert!(!learned.find_witness);
        next = learned.find_pod.then(|| named(now)).flatten();
    }
    assert_eq!((dials, now), (8, 2 * SECOND));
    // An immediate failure does not speed up the next dial, and a failed dial of a request leads to none.
    assert!(world.refused_token(Reason::Refused, PathKind::Sync, 10 * SECOND).find_pod);
    let dialled = named(10 * SECOND).unwrap();
    assert!(!world.pods.learn(&world.group(), dialled, Outcome::Refused, 10 * SECOND).find_pod);
    assert!(!world.pods.learn(&world.group(), dialled, Outcome::Refused, 11 * SECOND).find_pod);
    // A pod that swallows packets is skipped for three seconds.
    let two: Vec<_> =
        [0, 0, 1, 2, 3].map(|second| world.source.request_dial([pod(1), pod(2)], (20 + second) * SECOND)).into();
    assert_eq!(two, [Some(pod(1)), Some(pod(2)), None, None, Some(pod(1))]);
}

/// Zero is a time like any other.
#[test]
fn the_clock_may_start_anywhere() {
    let story = |start: u64| {
        let world = World::new();
        let mut told = Vec::new();
        for (step, outcome) in [
            (0, Outcome::Unreachable),
            (0, Outcome::Refused),
            (0, Outcome::Connected),
            (0, Outcome::Unreachable),
            (10, Outcome::Unreachable),
            (10, Outcome::Dropped),
        ] {
            let now = start + step * SECOND;
            let answers = (world.end(1, outcome, now), world.begin(pod(1), PathKind::Hook, now));
            let refused = world.refused_token(Reason::Refused, PathKind::Hook, now);
            let (wait, find_pod) = world.pods.wait(&world.source, now + SECOND, false, now);
            let wait = if let Wait::Until(until) = wait { Wait::Until(until - now) } else { wait };
            let idle = world.pods.idle(pod(1).address(), 5 * SECOND, start, now);
            told.push((answers, refused, wait, find_pod, world.failed_recently(1..=2, now), idle.answer, idle.wait));
        }
        told
    };
    assert_eq!(story(0), story(1_000_000 * SECOND));
    assert_eq!(story(0), story(1 << 63));
}
