//! Pods that accept connections but do not respond.

use super::*;

#[test]
fn a_pod_that_accepts_and_drops_is_gone_while_others_respond() {
    let world = World::new();
    for second in 0..10 {
        let now = second * SECOND;
        world.ended(2, Outcome::Answered, now);
        assert_eq!(world.began(1, now), Action::Dial);
        assert_eq!(world.ended(1, Outcome::Connected, now), Action::None);
        let answer = world.end(1, Outcome::Dropped, now);
        assert_eq!(answer.action, Action::Unavailable);
        assert_eq!(
            (answer.learned.verdict, answer.learned.changed, answer.learned.find_witness),
            (Verdict::None, false, false)
        );
    }
    let answer = world.end(1, Outcome::Dropped, 10 * SECOND);
    assert_eq!((answer.action, answer.learned.verdict, answer.learned.changed), (Action::Gone, Verdict::Gone, true));
    assert_eq!(world.list()[0].unreachable_since, Some(10 * SECOND));
    // A connection alone does not bring it back.
    assert_eq!(world.began(1, 11 * SECOND), Action::Probe);
    let answer = world.end(1, Outcome::Connected, 11 * SECOND);
    assert_eq!((answer.action, answer.learned.verdict, answer.learned.changed), (Action::None, Verdict::Gone, false));
    assert_eq!(world.ended(1, Outcome::Dropped, 11 * SECOND), Action::Gone);
    assert_eq!(world.began(1, 11 * SECOND), Action::Gone);
    // Not even after a long time.
    assert_eq!(world.end(1, Outcome::Connected, 1000 * SECOND).learned.verdict, Verdict::Gone);
    let answer = world.end(1, Outcome::Answered, 1000 * SECOND);
    assert_eq!((answer.learned.verdict, answer.learned.changed), (Verdict::None, true));
    assert_eq!(world.ended(1, Outcome::Dropped, 1001 * SECOND), Action::Unavailable);
}

#[test]
fn no_pod_is_gone_while_none_responds() {
    for witness in [Outcome::Connected, Outcome::Refused, Outcome::Dropped] {
        let world = World::new();
        for second in 0..60 {
            world.ended(2, witness, second * SECOND);
            world.ended(1, Outcome::Connected, second * SECOND);
            let answer = world.end(1, Outcome::Dropped, second * SECOND);
            assert_eq!((answer.action, answer.learned.verdict), (Action::Unavailable, Verdict::None), "{witness:?}");
        }
        // The responding pod drops a connection afterwards, so it is no longer a witness.
        world.ended(2, Outcome::Answered, 60 * SECOND);
        world.ended(2, Outcome::Dropped, 60 * SECOND);
        assert_eq!(world.ended(1, Outcome::Dropped, 60 * SECOND), Action::Unavailable);
        world.ended(3, Outcome::Answered, 60 * SECOND);
        assert_eq!(world.ended(1, Outcome::Dropped, 61 * SECOND), Action::Unavailable);
        let answer = world.end(1, Outcome::Dropped, 62 * SECOND);
        assert_eq!((answer.action, answer.learned.changed), (Action::Gone, true));
    }
}

#[test]
fn drops_must_last_without_an_answer_or_a_pause() {
    let gone = |events: &[(u64, Outcome)]| {
        let world = World::new();
        for (second, outcome) in events {
            world.ended(2, Outcome::Answered, second * SECOND);
            world.ended(1, *outcome, second * SECOND);
        }
        world.pods.verdict(pod(1)) == Verdict::Gone
    };
    use Outcome::*;
    assert!(gone(&[(0, Dropped), (10, Dropped)]));
    assert!(!gone(&[(0, Dropped), (9, Dropped)]));
    assert!(gone(&[(0, Dropped), (5, Connected), (10, Dropped)]));
    assert!(!gone(&[(0, Dropped), (5, Answered), (10, Dropped)]));
    // A pod that refuses a connection is not the one that accepts the next.
    assert!(!gone(&[(0, Dropped), (5, Refused), (6, Connected), (10, Dropped)]));
    assert!(gone(&[(0, Dropped), (60, Dropped)]));
    assert!(!gone(&[(0, Dropped), (61, Dropped)]));
    assert!(gone(&[(0, Dropped), (61, Dropped), (71, Dropped)]));
}

#[test]
fn a_connection_clears_failed_dials_but_not_drops() {
    let world = World::new();
    world.ended(2, Outcome::Answered, 0);
    world.ended(1, Outcome::Dropped, 0);
    assert_eq!(world.end(1, Outcome::Unreachable, SECOND).learned.verdict, Verdict::Unreachable);
    let answer = world.end(1, Outcome::Connected, 2 * SECOND);
    assert_eq!((answer.learned.verdict, answer.learned.changed), (Verdict::None, true));
    assert_eq!(world.ended(1, Outcome::Dropped, 10 * SECOND), Action::Gone);
}

#[test]
fn drops_need_a_witness_that_responded() {
    let world = World::new();
    (0..=10).for_each(|second| {
        world.ended(1, Outcome::Dropped, second * SECOND);
    });
    world.ended(1, Outcome::Unreachable, 11 * SECOND);
    let answer = world.begin(pod(1), PathKind::Sync, 11 * SECOND);
    assert_eq!((answer.action, answer.learned.find_witness), (Action::Unavailable, false));
    assert!(!world.end(1, Outcome::Dropped, 11 * SECOND).learned.find_witness);
}

#[test]
fn a_pod_gone_after_drops_is_dialled_once_a_second() {
    let world = World { gone_after: 0, ..World::new() };
    let end = |last, outcome, now| world.end(last, outcome, now);
    end(2, Outcome::Answered, 0);
    end(1, Outcome::Unreachable, 0);
    end(1, Outcome::Dropped, 0);
    assert_eq!(world.begin(pod(1), PathKind::Hook, 11 * SECOND).action, Action::Probe);
    // The connection clears the failed dial but not the drops. They are old: the pod is gone once it drops
    // this one too.
    let answer = end(1, Outcome::Connected, 11 * SECOND);
    assert_eq!((answer.learned.verdict, answer.learned.changed), (Verdict::None, true));
    let answer = end(1, Outcome::Dropped, 11 * SECOND);
    assert_eq!((answer.learned.verdict, answer.learned.changed), (Verdict::Gone, true));
    let began = |now| world.begin(pod(1), PathKind::Resource, now).action;
    assert_eq!([began(12 * SECOND - 1), began(12 * SECOND)], [Action::Gone, Action::Probe]);
}

#[test]
fn a_pod_that_dropped_a_connection_is_tried_last() {
    let world = World::new();
    let failed = |now| world.failed_recently(1..=1, now)[0];
    world.ended(1, Outcome::Connected, 0);
    world.ended(1, Outcome::Dropped, 0);
    assert!(failed(5 * SECOND));
    world.ended(1, Outcome::Connected, 5 * SECOND);
    assert!(failed(5 * SECOND));
    world.ended(1, Outcome::Answered, 6 * SECOND);
    assert!(!failed(6 * SECOND));
}

#[test]
fn pods_that_only_connect_do_not_displace_one_that_responds() {
    let world = World::new();
    for second in 0..=10 {
        if second < 2 {
            world.ended(9, Outcome::Answered, second * SECOND);
        }
        for last in 1..=5 {
            world.ended(last, Outcome::Connected, second * SECOND);
        }
        for last in 1..=5 {
            let action = world.ended(last, Outcome::Dropped, second * SECOND);
            assert_eq!(action, if second < 10 { Action::Unavailable } else { Action::Gone });
        }
    }
}
