//! Compares the pod table with a slow model that remembers all events, for random events.

use proptest::collection::vec;
use proptest::prelude::*;

use super::slow::{self, Model, PODS, Rules, UPSTREAMS, address, pod};
use super::*;

#[derive(Clone, Debug)]
enum Step {
    Began(u8, u64, PathKind, bool),
    Learned(u8, u64, Outcome),
    Failed(u8, u64, PathKind, bool, Outcome),
    Token(u64, Reason, PathKind),
    Wait(u64, u64, bool),
    Entered(u8, u64),
    Left(u8, bool),
    /// The last field is how long ago the request began.
    Marked(u8, u64, bool, u64),
    Evicted(Target, u32),
    Undone(Target),
    Resolved(u64, Vec<u8>),
    RequestDial(u64, Vec<u8>),
    Witness(u8, u64, Vec<u8>, u64),
}

fn step() -> impl Strategy<Value = Step> {
    use Outcome::*;
    let path = || {
        prop::sample::select(vec![PathKind::Sync, PathKind::Sync, PathKind::Hook, PathKind::Resource, PathKind::Other])
    };
    let learned = prop::sample::select(vec![
        Connected,
        Connected,
        Refused,
        Unreachable,
        Unreachable,
        Unreachable,
        OwnFault,
        Cancelled,
        Answered,
        Answered,
        Dropped,
        Dropped,
    ]);
    let failed = prop::sample::select(vec![Refused, Unreachable, OwnFault, Dropped]);
    let some = || prop::sample::subsequence((0..PODS).collect::<Vec<_>>(), 0..5);
    let at = || (0..PODS, 0..UPSTREAMS);
    prop_oneof![
        6 => (at(), path(), any::<bool>()).prop_map(|((pod, of), path, stream)| Step::Began(pod, of, path, stream)),
        12 => (at(), learned).prop_map(|((pod, of), outcome)| Step::Learned(pod, of, outcome)),
        3 => (at(), path(), any::<bool>(), failed)
            .prop_map(|((pod, of), path, stream, outcome)| Step::Failed(pod, of, path, stream, outcome)),
        2 => (0..2u64, prop::sample::select(vec![Reason::Refused, Reason::NoCidr]), path())
            .prop_map(|(source, reason, path)| Step::Token(source, reason, path)),
        2 => (0..2u64, 0..12 * SECOND, any::<bool>())
            .prop_map(|(source, left, full)| Step::Wait(source, left, full)),
        3 => at().prop_map(|(pod, of)| Step::Entered(pod, of)),
        3 => (0..PODS, any::<bool>()).prop_map(|(pod, stream)| Step::Left(pod, stream)),
        4 => (at(), any::<bool>(), pause())
            .prop_map(|((pod, of), draining, ago)| Step::Marked(pod, of, draining, ago)),
        1 => (target(), 0..3u32).prop_map(|(target, rate)| Step::Evicted(target, rate)),
        1 => target().prop_map(Step::Undone),
        1 => (0..UPSTREAMS, some()).prop_map(|(of, pods)| Step::Resolved(of, pods)),
        1 => (0..2u64, some()).prop_map(|(source, pods)| Step::RequestDial(source, pods)),
        1 => (at(), some(), any::<u64>()).prop_map(|((pod, of), pods, random)| Step::Witness(pod, of, pods, random)),
    ]
}

/// One address, one upstream, or both.
fn target() -> impl Strategy<Value = Target> {
    let made = |(one, of): (Option<u8>, Option<u64>)| {
        Target::new(one.map(|one| (address(one), 32)), of).unwrap_or_else(|_| Target::new(None, Some(0)).unwrap())
    };
    (prop::option::of(0..4u8), prop::option::of(0..UPSTREAMS)).prop_map(made)
}

/// The path of a request. All streams belong to one page.
fn path_of(path: PathKind) -> &'static [u8] {
    if path == PathKind::Sync { b"/~/T/s/one" } else { b"" }
}

/// Durations around every limit.
fn pause() -> impl Strategy<Value = u64> {
    let millisecond = SECOND / 1000;
    let long = [0, 0, 1, 249, 250, 300, 500, 999, 1_000, 1_000, 2_000, 3_000, 7_000, 9_000, 10_000, 20_000];
    let longer = [59_000, 60_000, 61_000, 1_200_000];
    prop::sample::select([&long[..], &longer].concat()).prop_map(move |pause| pause * millisecond)
}

/// The pod table, used by some upstreams of two sources.
struct Real {
    world: World,
    sources: [SourceHealth; 2],
    upstreams: Vec<Arc<UpstreamHealth>>,
    rules: Rules,
}

impl Real {
    fn new(pods: Pods, rules: Rules) -> Self {
        let world = World::with(pods);
        let upstreams = (0..UPSTREAMS).map(|id| upstream(&world.dns, id)).collect();
        Real { world, sources: [0, 1].map(SourceHealth::new), upstreams, rules }
    }

    fn source(&self, id: u64) -> &SourceHealth {
        &self.sources[id as usize]
    }

    fn group(&self, id: u64) -> Group<'_> {
        let Rules { gone_after, gone_rate, drain_max } = self.rules;
        let (source, upstream) = (self.source(slow::source(id)), &self.upstreams[id as usize]);
        Group { source, upstream, router: anywhere(), gone_after, gone_rate, drain_max, roll_time: ROLL }
    }

    /// Returns the results as text, for comparison.
    fn step(&self, step: &Step, now: u64) -> String {
        let pods = &self.world.pods;
        match step {
            Step::Began(last, of, path, stream) => {
                format!("{:?}", pods.began(&self.group(*of), pod(*last), *path, *stream, path_of(*path), now))
            }
            Step::Learned(last, of, outcome) => {
                format!("{:?}", pods.learn(&self.group(*of), pod(*last), *outcome, now))
            }
            Step::Failed(last, of, path, stream, outcome) => {
                format!("{:?}", pods.failed(&self.group(*of), pod(*last), *path, *stream, *outcome, now))
            }
            Step::Token(source, reason, path) => {
                let rate = self.rules.gone_rate;
                let told = pods.refused_token(self.source(*source), rate, *reason, *path, now);
                format!("{:?}", RefusedToken { nothing_opens: false, ..told })
            }
            Step::Wait(source, left, full) => {
                let end = now.saturating_add(*left);
                let (wait, find_pod) = pods.wait(self.source(*source), end, *full, now);
                assert!(!matches!(wait, Wait::Until(until) if until <= now), "{wait:?} at {now}");
                format!("{:?}", (wait, find_pod))
            }
            Step::Entered(last, of) => format!("{:?}", pods.entered(&self.group(*of), pod(*last), false, now)),
            Step::Marked(last, of, draining, ago) => {
                let began = now.saturating_sub(*ago);
                format!("{:?}", pods.mark(&self.group(*of), pod(*last), *draining, began, now))
            }
            Step::Evicted(target, rate) => format!("{:?}", pods.evict(*target, *rate, false, now)),
            Step::Undone(target) => format!("{:?}", pods.undo(target, now)),
            Step::Left(last, stream) => format!("{:?}", pods.left(pod(*last), *stream, now)),
            Step::Resolved(of, list) => {
                format!("{:?}", self.world.resolved_at(*of, &list.iter().copied().map(pod).collect::<Vec<_>>(), now))
            }
            Step::RequestDial(source, list) => {
                format!("{:?}", self.source(*source).request_dial(list.iter().copied().map(pod), now))
            }
            Step::Witness(missing, of, list, random) => {
                let (fresh, _) = looked_at(list, *random);
                let named = pods.witness(&self.upstreams[*of as usize], pod(*missing), (&fresh, 8080), now, *random);
                format!("{named:?}")
            }
        }
    }
}

/// The addresses to search for a witness, and the pods there, in search order.
fn looked_at(list: &[u8], random: u64) -> (Vec<IpAddr>, Vec<u8>) {
    let mut here: Vec<u8> = list.iter().copied().filter(|one| *one < 4).collect();
    let fresh = here.iter().map(|one| address(*one)).collect();
    let start = (u128::from(random) * here.len() as u128) >> 64;
    here.rotate_left(start as usize);
    (fresh, here)
}

fn modelled(model: &mut Model, step: &Step, now: u64) -> String {
    match step {
        Step::Began(last, of, path, stream) => format!("{:?}", model.began(*of, *last, *path, *stream, now)),
        Step::Learned(last, of, outcome) => format!("{:?}", model.learn(*of, *last, *outcome, now)),
        Step::Failed(last, of, path, stream, outcome) => {
            format!("{:?}", model.failed(*of, *last, *path, *stream, *outcome, now))
        }
        Step::Token(source, reason, path) => format!("{:?}", model.refused_token(*source, *reason, *path, now)),
        Step::Wait(source, left, full) => {
            format!("{:?}", model.wait(*source, now + left, *full, now))
        }
        Step::Entered(last, of) => format!("{:?}", model.entered(*of, *last, now)),
        Step::Marked(last, of, draining, ago) => {
            format!("{:?}", model.marked(*of, *last, *draining, now.saturating_sub(*ago), now))
        }
        Step::Evicted(target, rate) => format!("{:?}", model.evict(*target, *rate, now)),
        Step::Undone(target) => format!("{:?}", model.undo(target)),
        Step::Left(last, stream) => format!("{:?}", model.left(*last, *stream, now)),
        Step::Resolved(of, list) => format!("{:?}", model.resolved(*of, list, now)),
        Step::RequestDial(source, list) => format!("{:?}", model.request_dial(*source, list, now).map(pod)),
        Step::Witness(missing, of, list, random) => {
            format!("{:?}", model.witness(*of, *missing, &looked_at(list, *random).1, now).map(pod))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    /// With few pods, so that some are forgotten, and with many shards, which must make no difference.
    #[test]
    fn every_answer_is_that_of_the_model(
        steps in vec((pause(), step()), 1..80),
        gone_after in prop::sample::select(vec![0, 3 * SECOND, 10 * SECOND]),
        gone_rate in prop::sample::select(vec![0, 1, 2, 100]),
        drain_max in prop::sample::select(vec![0, 0, 10 * SECOND, 60 * SECOND]),
        idle in prop::sample::select(vec![0, SECOND, 60 * SECOND]),
        started in prop::sample::select(vec![0, 30 * SECOND]),
        (most, shards) in prop::sample::select(vec![(4, 1), (64, 8)]),
    ) {
        let rules = Rules { gone_after, gone_rate, drain_max };
        let real = Real::new(Pods::sharded(NonZeroU32::new(most).unwrap(), shards), rules);
        let (pods, mut model, mut now) = (&real.world.pods, Model::new(most as usize, rules), 0);
        for (pause, step) in steps {
            now += pause;
            prop_assert_eq!(real.step(&step, now), modelled(&mut model, &step, now), "{:?} at {}", step, now);
            prop_assert_eq!(real.world.list(), model.list(), "after {:?}", step);
            for source in 0..2 {
                prop_assert_eq!(pods.takes_page(real.source(source), now), model.takes_page(source, now));
            }
            for last in 0..PODS {
                let got = pods.idle(address(last), idle, started, now);
                prop_assert_eq!(got, model.idle(last, idle, started, now), "pod {} after {:?}", last, step);
                prop_assert_eq!(pods.verdict(pod(last)), model.verdict(last), "pod {} after {:?}", last, step);
                let failed = pods.failed_recently(pod(last), now);
                prop_assert_eq!(failed, model.failed_recently(last, now), "pod {} after {:?}", last, step);
            }
        }
    }

    #[test]
    fn no_time_panics(steps in vec((any::<u64>(), step()), 1..60), gone_after in any::<u64>(), gone_rate in any::<u32>()) {
        let real = Real::new(Pods::sharded(NonZeroU32::new(3).unwrap(), 4), Rules { gone_after, gone_rate, drain_max: gone_after });
        for (now, step) in steps {
            real.step(&step, now);
            (0..PODS).for_each(|last| _ = real.world.pods.failed_recently(pod(last), now));
            prop_assert!(real.world.list().len() <= 3);
            let idle = real.world.pods.idle(address(0), gone_after, u64::from(gone_rate), now);
            prop_assert_eq!(idle.answer == IdleAnswer::Yes, idle.wait == 0 && idle.answer != IdleAnswer::Busy);
        }
    }
}
