//! Random events, answered by the real thing and by a slow model that remembers all of them.

use proptest::collection::vec;
use proptest::prelude::*;

use super::slow::{self, Model, PODS, SERVERS, address, pod};
use super::*;

/// Few, so that pods are forgotten.
const MODEL_PODS: NonZeroU32 = NonZeroU32::new(4).unwrap();

#[derive(Clone, Debug)]
enum Step {
    Began(u8, u64, PathKind),
    Ended(u8, u64, PathKind, Outcome),
    Token(u64, Reason, PathKind),
    Wait(u64, u64, u32),
    Entered(u8, u64, bool),
    Left(u8, bool),
    Resolved(u64, Vec<u8>),
}

fn step() -> impl Strategy<Value = Step> {
    let path = || {
        prop::sample::select(vec![
            PathKind::Sync,
            PathKind::Sync,
            PathKind::Hook,
            PathKind::Page,
            PathKind::Resource,
            PathKind::Other,
        ])
    };
    let outcome = prop::sample::select(vec![
        Outcome::Connected,
        Outcome::Refused,
        Outcome::Unreachable,
        Outcome::Unreachable,
        Outcome::Unreachable,
        Outcome::OwnFault,
        Outcome::Cancelled,
        Outcome::Answered,
        Outcome::Dropped,
        Outcome::Dropped,
    ]);
    let ended = (0..PODS, 0..SERVERS, path(), outcome);
    prop_oneof![
        5 => (0..PODS, 0..SERVERS, path()).prop_map(|(pod, server, path)| Step::Began(pod, server, path)),
        10 => ended.prop_map(|(pod, server, path, what)| Step::Ended(pod, server, path, what)),
        2 => (0..SERVERS, prop::sample::select(vec![Reason::Refused, Reason::NoCidr]), path())
            .prop_map(|(server, reason, path)| Step::Token(server, reason, path)),
        2 => (0..SERVERS, 0..12 * SECOND, 0..5u32).prop_map(|(server, ago, waiting)| Step::Wait(server, ago, waiting)),
        4 => (0..PODS, 0..SERVERS, any::<bool>()).prop_map(|(pod, server, stream)| Step::Entered(pod, server, stream)),
        4 => (0..PODS, any::<bool>()).prop_map(|(pod, stream)| Step::Left(pod, stream)),
        1 => (0..SERVERS, prop::sample::subsequence((0..PODS).collect::<Vec<_>>(), 0..5))
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
        1200 * SECOND,
    ])
}

fn all(numbers: &[u8]) -> Vec<Pod> {
    numbers.iter().map(|number| pod(*number)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_that_of_the_model(
        steps in vec((pause(), step()), 1..80),
        gone_after in prop::sample::select(vec![0, 3 * SECOND, 10 * SECOND]),
        page_wait in prop::sample::select(vec![0, SECOND / 2, 10 * SECOND]),
        gone_rate in prop::sample::select(vec![0, 1, 2, 100]),
        idle in prop::sample::select(vec![0, SECOND, 60 * SECOND]),
        started in prop::sample::select(vec![0, 30 * SECOND]),
    ) {
        let (pods, mut model, mut now) = (Pods::bounded(MODEL_PODS), Model::new(size(MODEL_PODS)), 0);
        for (pause, step) in steps {
            now += pause;
            let group = |server| Group {
                source: slow::source(server), server, gone_after, page_wait, gone_rate, max_waiting: 3,
            };
            let answers = match &step {
                Step::Began(last, server, path) => Some((
                    pods.began(&group(*server), pod(*last), *path, now),
                    model.began(&group(*server), *last, *path, now),
                )),
                Step::Ended(last, server, path, outcome) => Some((
                    pods.ended(&group(*server), pod(*last), *path, *outcome, now),
                    model.ended(&group(*server), *last, *path, *outcome, now),
                )),
                Step::Token(server, reason, path) => Some((
                    pods.refused_token(&group(*server), *reason, *path, now),
                    model.refused_token(&group(*server), *reason, *path, now),
                )),
                Step::Wait(server, ago, waiting) => {
                    let since = now.saturating_sub(*ago);
                    Some((
                        pods.wait(&group(*server), since, *waiting, now),
                        model.wait(&group(*server), since, *waiting, now),
                    ))
                }
                Step::Entered(last, server, stream) => {
                    pods.entered(&group(*server), pod(*last), *stream, now);
                    model.entered(&group(*server), *last, *stream, now);
                    None
                }
                Step::Left(last, stream) => {
                    pods.left(pod(*last), *stream, now);
                    model.left(*last, *stream, now);
                    None
                }
                Step::Resolved(server, list) => {
                    pods.resolved(*server, &all(list));
                    model.resolved(*server, list);
                    None
                }
            };
            if let Some((got, wanted)) = answers {
                prop_assert_eq!(slow::of(got), wanted, "{:?} at {}", step, now);
            }
            prop_assert_eq!(pods.list(), model.list(), "after {:?}", step);
            let mut failed = Vec::new();
            pods.failed_recently((0..PODS).map(pod), now, |one| failed.push(one));
            for last in 0..PODS {
                let got = pods.idle(address(last), idle, started, now);
                prop_assert_eq!(got, model.idle(last, idle, started, now), "pod {} after {:?}", last, step);
                prop_assert_eq!(pods.verdict(pod(last)), model.verdict(last), "pod {} after {:?}", last, step);
                prop_assert_eq!(failed[usize::from(last)], model.failed_recently(last, now), "pod {}", last);
            }
        }
    }

    #[test]
    fn no_time_panics(steps in vec((any::<u64>(), step()), 1..60), long in any::<u64>(), gone_rate in any::<u32>()) {
        let pods = Pods::bounded(NonZeroU32::new(3).unwrap());
        for (now, step) in steps {
            let group = |server| Group {
                source: 7, server, gone_after: long, page_wait: long, gone_rate, max_waiting: 3,
            };
            match step {
                Step::Began(last, server, path) => { pods.began(&group(server), pod(last), path, now); },
                Step::Ended(last, server, path, what) => { pods.ended(&group(server), pod(last), path, what, now); },
                Step::Token(server, reason, path) => { pods.refused_token(&group(server), reason, path, now); },
                Step::Wait(server, since, waiting) => {
                    let answer = pods.wait(&group(server), since.wrapping_mul(long), waiting, now);
                    prop_assert_eq!(answer.action == Action::Wait, answer.until > now);
                }
                Step::Entered(last, server, stream) => pods.entered(&group(server), pod(last), stream, now),
                Step::Left(last, stream) => pods.left(pod(last), stream, now),
                Step::Resolved(server, list) => pods.resolved(server, &all(&list)),
            }
            pods.failed_recently((0..PODS).map(pod), now, |_| ());
            prop_assert!(pods.list().len() <= 3);
            let idle = pods.idle(address(0), long, u64::from(gone_rate), now);
            prop_assert_eq!(idle.answer == IdleAnswer::Yes, idle.wait == 0 && idle.answer != IdleAnswer::Busy);
        }
    }
}
