//! Random events, answered by the real thing and by a slow model that remembers all of them.

use proptest::collection::vec;
use proptest::prelude::*;

use super::slow::{Model, address, pod};
use super::*;

/// Few, so that pods are forgotten.
const MODEL_PODS: usize = 4;

#[derive(Clone, Debug)]
enum Step {
    Began(u8, u64, PathKind),
    Ended(u8, u64, PathKind, Outcome),
    Token(Reason, PathKind),
    Entered(u8, u64, bool),
    Left(u8, bool),
    Resolved(u64, Vec<u8>),
}

fn step() -> impl Strategy<Value = Step> {
    let path = || prop::sample::select(vec![PathKind::Sync, PathKind::Sync, PathKind::Hook, PathKind::Page]);
    let outcome = prop::sample::select(vec![
        Outcome::Connected,
        Outcome::Refused,
        Outcome::Unreachable,
        Outcome::Unreachable,
        Outcome::Unreachable,
        Outcome::Unreachable,
        Outcome::OwnFault,
        Outcome::Cancelled,
        Outcome::Answered,
    ]);
    prop_oneof![
        5 => (0..6u8, 0..2u64, path()).prop_map(|(pod, server, path)| Step::Began(pod, server, path)),
        10 => (0..6u8, 0..2u64, path(), outcome).prop_map(|(pod, server, path, what)| Step::Ended(pod, server, path, what)),
        2 => (prop::sample::select(vec![Reason::Refused, Reason::NoCidr]), path())
            .prop_map(|(reason, path)| Step::Token(reason, path)),
        6 => (0..6u8, 0..2u64, any::<bool>()).prop_map(|(pod, server, stream)| Step::Entered(pod, server, stream)),
        6 => (0..6u8, any::<bool>()).prop_map(|(pod, stream)| Step::Left(pod, stream)),
        1 => (0..2u64, prop::sample::subsequence((0..6u8).collect::<Vec<_>>(), 0..5))
            .prop_map(|(server, pods)| Step::Resolved(server, pods)),
    ]
}

/// Times around every limit that there is.
fn pause() -> impl Strategy<Value = u64> {
    let millisecond = SECOND / 1000;
    prop::sample::select(vec![
        0,
        0,
        millisecond,
        300 * millisecond,
        500 * millisecond,
        999 * millisecond,
        SECOND,
        SECOND,
        3 * SECOND,
        7 * SECOND,
        9 * SECOND,
        10 * SECOND,
        20 * SECOND,
        59 * SECOND,
        60 * SECOND,
        61 * SECOND,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_that_of_the_model(
        steps in vec((pause(), step()), 1..80),
        gone_after in prop::sample::select(vec![0, 3 * SECOND, 10 * SECOND]),
        gone_rate in prop::sample::select(vec![0, 1, 2, 100]),
        idle in prop::sample::select(vec![0, SECOND, 60 * SECOND]),
        started in prop::sample::select(vec![0, 30 * SECOND]),
    ) {
        let (pods, mut model, mut now) = (Pods::bounded(MODEL_PODS), Model::new(MODEL_PODS), SECOND);
        for (pause, step) in steps {
            now += pause;
            let group = |server| Group { source: 7, server, gone_after, gone_rate };
            match &step {
                Step::Began(last, server, path) => {
                    let answer = pods.began(&group(*server), pod(*last), *path, now);
                    prop_assert_eq!(answer.action, model.began(&group(*server), *last, *path, now), "{:?}", step);
                }
                Step::Ended(last, server, path, outcome) => {
                    let answer = pods.ended(&group(*server), pod(*last), *path, *outcome, now);
                    let expected = model.ended(&group(*server), *last, *path, *outcome, now);
                    prop_assert_eq!((answer.action, answer.changed), expected, "{:?}", step);
                    prop_assert_eq!(answer.retry_after == 1, answer.action == Action::Unavailable);
                }
                Step::Entered(last, server, stream) => {
                    pods.entered(&group(*server), pod(*last), *stream, now);
                    model.entered(&group(*server), *last, *stream, now);
                }
                Step::Left(last, stream) => {
                    pods.left(pod(*last), *stream, now);
                    model.left(*last, *stream, now);
                }
                Step::Token(reason, path) => {
                    let answer = pods.refused_token(&group(0), *reason, *path, now);
                    prop_assert_eq!((answer.log, answer.suppressed), model.line(*reason, now), "{:?}", step);
                    let within = *path != PathKind::Sync || model.take((false, 7), gone_rate, now);
                    prop_assert_eq!(answer.action, if within { Action::Gone } else { Action::Unavailable });
                }
                Step::Resolved(server, list) => {
                    pods.resolved(*server, &list.iter().map(|last| pod(*last)).collect::<Vec<_>>());
                    model.resolved(*server, list);
                }
            }
            prop_assert_eq!(pods.list(), model.list(), "after {:?}", step);
            let mut failed = Vec::new();
            pods.failed_recently((0..6).map(pod), now, |one| failed.push(one));
            for last in 0..6u8 {
                let got = pods.idle(address(last), idle, started, now);
                prop_assert_eq!(got, model.idle(last, idle, started, now), "pod {} after {:?}", last, step);
                prop_assert_eq!(pods.verdict(pod(last)), model.verdict(last).0, "pod {} after {:?}", last, step);
                prop_assert_eq!(failed[usize::from(last)], model.failed_recently(last, now), "pod {}", last);
            }
        }
    }

    #[test]
    fn no_time_panics(steps in vec((any::<u64>(), step()), 1..60), gone_after in any::<u64>(), gone_rate in any::<u32>()) {
        let pods = Pods::bounded(3);
        for (now, step) in steps {
            let group = |server| Group { source: 7, server, gone_after, gone_rate };
            match step {
                Step::Began(last, server, path) => drop(pods.began(&group(server), pod(last), path, now)),
                Step::Ended(last, server, path, what) => drop(pods.ended(&group(server), pod(last), path, what, now)),
                Step::Token(reason, path) => drop(pods.refused_token(&group(0), reason, path, now)),
                Step::Entered(last, server, stream) => pods.entered(&group(server), pod(last), stream, now),
                Step::Left(last, stream) => pods.left(pod(last), stream, now),
                Step::Resolved(server, list) => {
                    pods.resolved(server, &list.into_iter().map(pod).collect::<Vec<_>>());
                }
            }
            pods.failed_recently((0..6).map(pod), now, |_| ());
            prop_assert!(pods.list().len() <= 3);
            let idle = pods.idle(address(0), gone_after, u64::from(gone_rate), now);
            prop_assert_eq!(idle.answer == IdleAnswer::Yes, idle.wait == 0 && idle.answer != IdleAnswer::Busy);
        }
    }
}
