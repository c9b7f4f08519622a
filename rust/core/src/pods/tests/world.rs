//! A test environment of pods and their users. The result of each request is one word.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::*;

/// The maximum number of remembered pods, unless a test changes it.
pub(super) const MAX_PODS: u32 = 10_000;

/// How often pages open streams, and how long a page may be silent.
pub(super) const ROLL: u64 = 15 * SECOND;
pub(super) const SILENCE: u64 = 20 * SECOND;

/// The result of a request, with everything that was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) action: Action,
    pub(super) learned: Learned,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    None,
    Dial,
    Probe,
    Gone,
    Unavailable,
    /// The pod would be gone, but no pod would take its page.
    NoPod,
    /// The page is told to reload, although its pod works.
    Leaves,
}

impl From<Told> for Action {
    fn from(told: Told) -> Self {
        match told {
            Told::Gone => Action::Gone,
            Told::Unavailable { no_pod: true } => Action::NoPod,
            Told::Unavailable { no_pod: false } => Action::Unavailable,
        }
    }
}

/// The addresses of upstreams in DNS.
pub(super) type Dns = Arc<Mutex<BTreeMap<u64, Vec<Pod>>>>;

/// Pods, and one upstream of one configuration that uses them with these options.
pub(super) struct World {
    pub(super) pods: Pods,
    pub(super) dns: Dns,
    pub(super) source: Arc<SourceHealth>,
    pub(super) upstream: Arc<UpstreamHealth>,
    pub(super) gone_after: u64,
    pub(super) gone_rate: u32,
    pub(super) drain_max: u64,
}

impl World {
    pub(super) fn new() -> Self {
        World::bounded(MAX_PODS)
    }

    pub(super) fn bounded(most: u32) -> Self {
        World::with(Pods::new(NonZeroU32::new(most).unwrap()))
    }

    pub(super) fn with(pods: Pods) -> Self {
        let dns = Dns::default();
        let (source, upstream) = (Arc::new(SourceHealth::new(1)), upstream(&dns, 1));
        World { pods, dns, source, upstream, gone_after: 10 * SECOND, gone_rate: 0, drain_max: 0 }
    }

    pub(super) fn group(&self) -> Group<'_> {
        let World { source, upstream, gone_after, gone_rate, drain_max, .. } = self;
        let (gone_after, gone_rate, drain_max) = (*gone_after, *gone_rate, *drain_max);
        Group { source, upstream, router: anywhere(), gone_after, gone_rate, drain_max, roll_time: ROLL }
    }

    /// Begins a request with a token, without counting it at the pod.
    pub(super) fn begin(&self, pod: Pod, path: PathKind, now: u64) -> Answer {
        self.begin_of(&self.group(), pod, path, now)
    }

    pub(super) fn begin_of(&self, group: &Group<'_>, pod: Pod, path: PathKind, now: u64) -> Answer {
        let (began, learned) = self.pods.began(group, pod, path, false, b"", now);
        let action = match began {
            Began::Dial { probe, .. } => {
                self.pods.left(pod, false, now);
                if probe { Action::Probe } else { Action::Dial }
            }
            Began::Told(told) => told.into(),
            Began::Leaves(_) => Action::Leaves,
        };
        Answer { action, learned }
    }

    /// Reports an outcome, which ends a request with a token if it is a failure.
    pub(super) fn end(&self, last: u8, outcome: Outcome, now: u64) -> Answer {
        self.end_of(&self.group(), pod(last), PathKind::Sync, outcome, now)
    }

    pub(super) fn end_of(&self, group: &Group<'_>, pod: Pod, path: PathKind, outcome: Outcome, now: u64) -> Answer {
        let failed = || self.pods.failed(group, pod, path, false, outcome, now);
        if !matches!(outcome, Outcome::Connected | Outcome::Answered | Outcome::Cancelled) {
            self.pods.entered(group, pod, false, now);
        }
        match outcome {
            Outcome::Connected | Outcome::Answered | Outcome::Cancelled => {
                Answer { action: Action::None, learned: self.pods.learn(group, pod, outcome, now) }
            }
            Outcome::OwnFault | Outcome::Dropped => {
                let (told, learned) = failed();
                Answer { action: told.into(), learned }
            }
            Outcome::Refused | Outcome::Unreachable => {
                let mut learned = self.pods.learn(group, pod, outcome, now);
                let (told, more) = failed();
                assert_eq!((more.verdict, more.changed), (learned.verdict, false));
                learned.find_pod |= more.find_pod;
                Answer { action: told.into(), learned }
            }
        }
    }

    pub(super) fn began(&self, last: u8, now: u64) -> Action {
        self.begin(pod(last), PathKind::Sync, now).action
    }

    pub(super) fn ended(&self, last: u8, outcome: Outcome, now: u64) -> Action {
        self.end(last, outcome, now).action
    }

    /// Sends a request without a token, or a stream, to a pod.
    pub(super) fn enter(&self, last: u8, stream: bool, now: u64) {
        if stream {
            self.pods.began(&self.group(), pod(last), PathKind::Sync, true, b"", now);
        } else {
            self.pods.entered(&self.group(), pod(last), false, now);
        }
    }

    pub(super) fn refused_token(&self, reason: Reason, path: PathKind, now: u64) -> RefusedToken {
        self.pods.refused_token(&self.source, self.gone_rate, reason, path, now)
    }

    /// Sets the pods that DNS lists from now on.
    pub(super) fn resolved(&self, upstream: u64, pods: &[Pod]) {
        self.resolved_at(upstream, pods, 0);
    }

    pub(super) fn resolved_at(&self, upstream: u64, pods: &[Pod], now: u64) {
        let mut pods = pods.to_vec();
        pods.sort_unstable();
        let before = self.dns.lock().unwrap().insert(upstream, pods.clone()).unwrap_or_default();
        let fresh = |upstream, pod| named(&self.dns, upstream, pod) == Some(true);
        self.pods.appeared(upstream, pods.iter().copied().filter(|pod| !before.contains(pod)), true, now);
        self.pods.disappeared(upstream, before.into_iter().filter(|pod| !pods.contains(pod)), fresh, now);
    }

    pub(super) fn list(&self) -> Vec<KnownPod> {
        let about = |upstream, pod| (named(&self.dns, upstream, pod) == Some(true), SILENCE);
        let list = self.pods.list(None, usize::MAX, about);
        assert_eq!(list.len(), self.pods.known());
        list
    }

    pub(super) fn failed_recently(&self, last: std::ops::RangeInclusive<u8>, now: u64) -> Vec<bool> {
        last.map(|last| self.pods.failed_recently(pod(last), now)).collect()
    }

    pub(super) fn idle(&self, last: u8, now: u64) -> (IdleAnswer, u64) {
        let idle = self.pods.idle(pod(last).address(), 60 * SECOND, 0, now);
        (idle.answer, idle.wait / SECOND)
    }
}

/// A router whose networks contain all pods.
pub(in crate::pods) fn anywhere() -> &'static Router {
    static ROUTER: OnceLock<Router> = OnceLock::new();
    ROUTER.get_or_init(|| {
        let json = r#"{"secret": "yaXvqCBK8WNUWE2255Mzkg==", "cookie_name": "up", "upstreams": [
            {"cidrs": ["10.0.0.0/8"], "hosts": ["a"], "port": 8080}]}"#;
        Router::from_json(json.as_bytes()).unwrap()
    })
}

pub(super) fn named(dns: &Dns, upstream: u64, pod: Pod) -> Option<bool> {
    dns.lock().unwrap().get(&upstream).map(|pods| pods.contains(&pod))
}

pub(super) fn upstream(dns: &Dns, id: u64) -> Arc<UpstreamHealth> {
    let dns = Arc::clone(dns);
    Arc::new(UpstreamHealth::new(id, move |pod| named(&dns, id, pod)))
}
