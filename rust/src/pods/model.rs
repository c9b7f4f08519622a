//! Random events, answered by the real thing and by a slow model that remembers all of them.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn pod(last: u8) -> Pod {
    Pod::new(IpAddr::from([10, 0, 0, last]), 8080)
}

/// What happened, as the model keeps it.
#[derive(Clone, Debug)]
enum Event {
    Success { pod: u8, server: u64, at: u64 },
    Refusal { pod: u8, server: u64, at: u64 },
    Unreachable { pod: u8, server: u64, gone_after: u64, at: u64 },
    Probe { pod: u8, at: u64 },
    Cleared { pod: u8 },
}

/// Remembers every event, and works everything out from the beginning each time it is asked.
#[derive(Default)]
struct Model {
    history: Vec<Event>,
    used: Vec<u8>,
    dns: Vec<(u64, Vec<u8>)>,
    /// Millionths of a request left in each bucket, and when: by server or by source.
    buckets: Vec<((bool, u64), u128, u64)>,
}

const MODEL_PODS: usize = 4;

impl Model {
    fn touch(&mut self, pod: u8) {
        self.used.retain(|other| *other != pod);
        self.used.push(pod);
        if self.used.len() > MODEL_PODS {
            let forgotten = self.used.remove(0);
            self.history.push(Event::Cleared { pod: forgotten });
        }
    }

    /// Whether a pod gave a sign of life to a server in the last minute and nothing bad happened since.
    fn works(history: &[Event], wanted: u8, id: u64, now: u64) -> bool {
        let last = history.iter().rev().find_map(|event| match event {
            Event::Success { pod, server, at } | Event::Refusal { pod, server, at } if *pod == wanted => {
                Some(*server == id && now - at <= 60 * SECOND)
            }
            Event::Unreachable { pod, .. } | Event::Cleared { pod } if *pod == wanted => Some(false),
            _ => None,
        });
        last.unwrap_or(false)
    }

    /// The verdict, the time of the last dial that counts, and the time of the last failure.
    fn verdict(&self, wanted: u8) -> (Verdict, u64, Option<u64>) {
        let (mut verdict, mut dialled, mut failed, mut span) = (Verdict::None, 0, None, None);
        for (index, event) in self.history.iter().enumerate() {
            match *event {
                Event::Success { pod, .. } | Event::Cleared { pod } if pod == wanted => {
                    (verdict, dialled, failed, span) = (Verdict::None, 0, None, None);
                }
                Event::Refusal { pod, at, .. } if pod == wanted => {
                    dialled = if verdict == Verdict::None { at } else { dialled };
                    (verdict, failed, span) = (Verdict::Gone, Some(at), None);
                }
                Event::Unreachable { pod, server, gone_after, at } if pod == wanted => {
                    dialled = if verdict == Verdict::None { at } else { dialled };
                    let first = match (span, failed) {
                        (Some(first), Some(last)) if at - last <= 60 * SECOND => first,
                        _ => at,
                    };
                    (failed, span) = (Some(at), Some(first));
                    let any = (0..8).any(|other| Model::works(&self.history[..=index], other, server, at));
                    if verdict != Verdict::Gone {
                        verdict = if any && at - first >= gone_after { Verdict::Gone } else { Verdict::Unreachable };
                    }
                }
                Event::Probe { pod, at } if pod == wanted => dialled = at,
                _ => (),
            }
        }
        (verdict, dialled, failed)
    }

    fn failed_recently(&self, pod: u8, now: u64) -> bool {
        self.verdict(pod).2.is_some_and(|at| now - at < 10 * SECOND)
    }

    /// Takes one from a bucket that holds at most what flows in within a second.
    fn take(&mut self, bucket: (bool, u64), rate: u32, now: u64) -> bool {
        if rate == 0 {
            return true;
        }
        let full = u128::from(rate) * u128::from(SECOND);
        if !self.buckets.iter().any(|(id, ..)| *id == bucket) {
            self.buckets.push((bucket, full, now));
        }
        let (_, left, at) = self.buckets.iter_mut().find(|(id, ..)| *id == bucket).unwrap();
        *left = full.min(*left + u128::from(now - *at) * u128::from(rate));
        *at = now;
        let enough = *left >= u128::from(SECOND);
        *left -= if enough { u128::from(SECOND) } else { 0 };
        enough
    }

    fn paced(&mut self, group: &Group, path: PathKind, action: Action, now: u64) -> Action {
        let paced = action == Action::Gone && path == PathKind::Sync;
        if paced && !self.take((true, group.server), group.gone_rate, now) { Action::Unavailable } else { action }
    }

    fn began(&mut self, group: &Group, pod: u8, path: PathKind, now: u64) -> Action {
        self.touch(pod);
        let (verdict, dialled, _) = self.verdict(pod);
        let action = match verdict {
            Verdict::None => Action::Dial,
            _ if now - dialled >= SECOND => {
                self.history.push(Event::Probe { pod, at: now });
                Action::Probe
            }
            Verdict::Unreachable => Action::Unavailable,
            Verdict::Gone => Action::Gone,
        };
        self.paced(group, path, action, now)
    }

    fn ended(&mut self, group: &Group, pod: u8, path: PathKind, outcome: Outcome, now: u64) -> (Action, bool) {
        self.touch(pod);
        let before = self.verdict(pod).0;
        let server = group.server;
        let action = match outcome {
            Outcome::Connected | Outcome::Answered => {
                self.history.push(Event::Success { pod, server, at: now });
                Action::None
            }
            Outcome::Refused => {
                self.history.push(Event::Refusal { pod, server, at: now });
                Action::Gone
            }
            Outcome::Unreachable => {
                self.history.push(Event::Unreachable { pod, server, gone_after: group.gone_after, at: now });
                if self.verdict(pod).0 == Verdict::Gone { Action::Gone } else { Action::Unavailable }
            }
            Outcome::OwnFault => Action::Unavailable,
            Outcome::Cancelled => Action::None,
        };
        (self.paced(group, path, action, now), before != self.verdict(pod).0)
    }

    fn resolved(&mut self, server: u64, pods: &[u8]) {
        let before = self.dns.iter().rev().find(|(id, _)| *id == server).map(|(_, pods)| pods.clone());
        for pod in pods {
            if !before.as_ref().is_some_and(|before| before.contains(pod)) {
                self.history.push(Event::Cleared { pod: *pod });
            }
        }
        self.dns.push((server, pods.to_vec()));
    }
}

#[derive(Clone, Debug)]
enum Step {
    Began(u8, u64, PathKind),
    Ended(u8, u64, PathKind, Outcome),
    Token(PathKind),
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
        2 => path().prop_map(Step::Token),
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
    ) {
        let (pods, mut model, mut now) = (Pods::bounded(MODEL_PODS), Model::default(), SECOND);
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
                Step::Token(path) => {
                    let answer = pods.refused_token(&group(0), Reason::Refused, *path, now);
                    let within = *path != PathKind::Sync || model.take((false, 7), gone_rate, now);
                    prop_assert_eq!(answer.action, if within { Action::Gone } else { Action::Unavailable });
                }
                Step::Resolved(server, list) => {
                    pods.resolved(*server, &list.iter().map(|last| pod(*last)).collect::<Vec<_>>());
                    model.resolved(*server, list);
                }
            }
            let mut failed = Vec::new();
            pods.failed_recently((0..6).map(pod), now, |one| failed.push(one));
            for last in 0..6u8 {
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
                Step::Token(path) => drop(pods.refused_token(&group(0), Reason::Refused, path, now)),
                Step::Resolved(server, list) => {
                    pods.resolved(server, &list.into_iter().map(pod).collect::<Vec<_>>());
                }
            }
            pods.failed_recently((0..6).map(pod), now, |_| ());
        }
    }
}
