//! In: one event. Out: what it means for its request, and what was learned. Ties what is known about pods, upstreams and
//! sources together.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::leaving::Leaves;
use super::record::{Arrival, Fault, Known, Suspicion};
use super::{EventKind, Outcome, Pod, Pods, SECOND, SourceHealth, Subject, UpstreamHealth, Verdict};
use crate::{PathKind, Reason, Router};

/// What a request or a dial belongs to, and the options that apply to it.
#[derive(Clone, Copy)]
pub(crate) struct Group<'a> {
    pub(crate) source: &'a SourceHealth,
    pub(crate) upstream: &'a Arc<UpstreamHealth>,
    /// Knows in which networks pods are whose pages' tokens lead anywhere.
    pub(crate) router: &'a Router,
    /// For how long a pod must be unreachable until it is gone, in nanoseconds.
    pub(crate) gone_after: u64,
    /// How many requests a second on the sync path are told 410, per upstream; 0 for all.
    pub(crate) gone_rate: u32,
    /// For how long a pod may drain until its pages are told 410, in nanoseconds; 0 for ever.
    pub(crate) drain_max: u64,
    /// How often a page opens a receiver stream, in nanoseconds.
    pub(crate) roll_time: u64,
}

/// Why a page of a living pod is told to reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaving {
    Evicted,
    DrainMax,
}

/// What a request with a token gets when no pod can answer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// 410: the page is gone.
    Gone,
    /// 503: try again. `no_pod`: it would be 410, but no pod is known that would take the page.
    Unavailable { no_pod: bool },
}

/// What was learned from an event, and what the caller is asked to find out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Learned {
    /// What is held against the pod after the event.
    pub(crate) verdict: Verdict,
    /// The event changed it: the time to log it.
    pub(crate) changed: bool,
    /// Name another fresh pod of the upstream for a dial in the background: [`Pods::witness`].
    pub(crate) find_witness: bool,
    /// Name a pod that may take pages for a dial in the background: [`SourceHealth::hand_out`].
    pub(crate) find_pod: bool,
    /// The pod says that it drains.
    pub(crate) marked: bool,
    /// DNS does not name the pod, as far as it is known: it is worth asking.
    pub(crate) unnamed: bool,
}

/// What to do with a request that has a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Began {
    /// Dial the pod, or use an open connection. The request is in flight until [`Pods::left`] or [`Pods::failed`].
    /// `probe`: it is the one request of this second that finds out whether the pod is back. `report`: it is worth a call of
    /// [`Pods::answered`] when the pod answers.
    Dial { probe: bool, report: bool },
    /// Nothing is dialled.
    Told(Told),
    /// Nothing is dialled: the page is told 410, although its pod works.
    Leaves(Leaving),
}

/// What to do with a request whose token leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RefusedToken {
    pub(crate) told: Told,
    /// As [`Learned::find_pod`].
    pub(crate) find_pod: bool,
    /// The time for a line in the log, once for each source, reason and 10 s: how many tokens were refused without one.
    pub(crate) log: Option<u32>,
    /// No token has opened since the source was first seen, and many came: the time to log it, once a minute.
    pub(crate) nothing_opens: bool,
}

impl Pods {
    /// A request with a token for `pod` began. `stream`: it is a receiver stream (GET of [`PathKind::Sync`]), of which each
    /// open page has one; `target` is its path. One lock, unless something speaks against the pod, or it drains.
    pub(crate) fn began(
        &self,
        group: &Group<'_>,
        pod: Pod,
        path: PathKind,
        stream: bool,
        target: &[u8],
        now: u64,
    ) -> (Began, Learned) {
        group.source.opened();
        let usual = self.with(group, pod, now, |known| {
            let is_usual = known.draining.is_none() && known.state.suspicion(group.gone_after, now).is_none();
            is_usual.then(|| arrive(known, group, stream, known.state.verdict(), now))
        });
        let (asks, (arrival, report, mut learned)) = match usual {
            Some(arrived) => (false, arrived),
            None => match self.began_in_doubt(group, pod, path, stream, target, now) {
                Ok(arrived) => arrived,
                Err(leaves) => return leaves,
            },
        };
        match arrival {
            Arrival::Dials => (Began::Dial { probe: false, report }, learned),
            Arrival::Probes => (Began::Dial { probe: true, report }, learned),
            Arrival::Waits => {
                let told = self.told(group, path, &mut learned, now);
                learned.find_witness = asks && group.upstream.asks(now);
                (Began::Told(told), learned)
            }
        }
    }

    /// The same where something speaks against the pod, or it drains. Whether to ask for a witness, and how the request arrives; or
    /// what its page is told.
    #[cold]
    #[inline(never)]
    fn began_in_doubt(
        &self,
        group: &Group<'_>,
        pod: Pod,
        path: PathKind,
        stream: bool,
        target: &[u8],
        now: u64,
    ) -> Result<(bool, Arrived), (Began, Learned)> {
        let doubts = self.with(group, pod, now, |known| {
            let leaves = known.leaves(group, path, stream, target, now);
            match (known.state.suspicion(group.gone_after, now), leaves) {
                (None, None) => Ok(arrive(known, group, stream, known.state.verdict(), now)),
                doubts => Err(doubts),
            }
        });
        let (suspicion, leaves) = match doubts {
            Ok(arrived) => return Ok((false, arrived)),
            Err(doubts) => doubts,
        };
        let witnessed = suspicion.filter(|suspicion| self.is_witnessed(group, pod, suspicion, now));
        let leaves = leaves.filter(|_| witnessed.is_none());
        let goes_nowhere = leaves.is_some() && !self.takes_page(group.source, now);
        if let Some(leaves) = leaves.filter(|_| !goes_nowhere)
            && leaves.paces(group, now)
        {
            return Err(self.told_to_reload(pod, &leaves, target));
        }
        let mut arrived = self.with(group, pod, now, |known| {
            let before = known.state.verdict();
            if let Some(suspicion) = witnessed {
                condemn(known, group, &suspicion, now);
            }
            arrive(known, group, stream, before, now)
        });
        // Perhaps the others only had no request for long.
        arrived.2.find_pod = goes_nowhere && group.source.asks(now);
        if arrived.2.changed {
            self.note_verdict(group, pod, false, arrived.2.verdict, now);
        }
        let fault = suspicion.filter(|_| witnessed.is_none()).map(|suspicion| suspicion.fault);
        Ok((fault == Some(Fault::Unreachable), arrived))
    }

    /// What became of a dial of `pod` or of a request to it, whether the request had a token or not.
    pub(crate) fn learn(&self, group: &Group<'_>, pod: Pod, outcome: Outcome, now: u64) -> Learned {
        let failed = matches!(outcome, Outcome::Refused | Outcome::Unreachable | Outcome::Dropped);
        if failed && self.last_failure.load(Ordering::Relaxed) <= now {
            // Later than it was, so that this is not written for each of many failures.
            self.last_failure.fetch_max(now.saturating_add(SECOND), Ordering::Relaxed);
        }
        let (before, drained, tells, mut verdict, suspicion, marked) = self.with(group, pod, now, |known| {
            let (before, drained) = (known.state.verdict(), known.drains());
            let tells = apply(known, outcome, now) && known.tells(group, outcome, now);
            let (verdict, suspicion) = (known.state.verdict(), known.state.suspicion(group.gone_after, now));
            (before, drained, tells, verdict, suspicion, known.mark().is_some())
        });
        if tells {
            group.upstream.add(pod, outcome, now);
            // The token of a page outside of the networks leads nowhere: whoever reloads there is told to reload again.
            let leads = || group.router.lookup(pod.address).is_some();
            if outcome != Outcome::Refused && group.upstream.may_have(pod) && leads() {
                group.source.add(pod, group.upstream, now);
            }
        }
        let is_dial = !matches!(outcome, Outcome::Answered | Outcome::Dropped);
        let in_background =
            is_dial && (group.upstream.background.reported(pod, now) | group.source.background.reported(pod, now));
        let mut find_witness = false;
        if let Some(suspicion) = suspicion {
            if self.is_witnessed(group, pod, &suspicion, now) {
                verdict = self.with(group, pod, now, |known| condemn(known, group, &suspicion, now));
            } else if suspicion.fault == Fault::Unreachable && failed && !in_background {
                find_witness = group.upstream.asks(now);
            }
        }
        let find_pod = in_background && failed && !self.takes_page(group.source, now) && group.source.asks_on(now);
        if verdict != before {
            self.note_verdict(group, pod, drained, verdict, now);
        }
        Learned { verdict, changed: verdict != before, find_witness, find_pod, marked, unnamed: false }
    }

    /// A page of a pod is told to reload.
    fn told_to_reload(&self, pod: Pod, leaves: &Leaves, target: &[u8]) -> (Began, Learned) {
        let mut shard = self.lock(self.shard(pod.address));
        let draining = shard.peek_mut(pod).and_then(|known| known.draining.as_mut());
        let unnamed = draining.is_some_and(|draining| {
            draining.forget(target);
            draining.is_unnamed()
        });
        let why = if matches!(leaves, Leaves::DrainMax) { Leaving::DrainMax } else { Leaving::Evicted };
        (Began::Leaves(why), Learned { unnamed, ..Learned::default() })
    }

    /// The attempt of a request with a token has ended without an answer; its dial was told before. It is in flight no more.
    pub(crate) fn failed(
        &self,
        group: &Group<'_>,
        pod: Pod,
        path: PathKind,
        stream: bool,
        outcome: Outcome,
        now: u64,
    ) -> (Told, Learned) {
        self.left(pod, stream, now);
        let mut learned = match outcome {
            Outcome::Dropped => self.learn(group, pod, outcome, now),
            _ => Learned { verdict: self.verdict(pod), ..Learned::default() },
        };
        let told = match outcome {
            Outcome::OwnFault => Told::Unavailable { no_pod: false },
            _ => self.told(group, path, &mut learned, now),
        };
        (told, learned)
    }

    /// A request began that has no pod: its token does not open or lies in no CIDR.
    pub(crate) fn refused_token(
        &self,
        source: &SourceHealth,
        gone_rate: u32,
        reason: Reason,
        path: PathKind,
        now: u64,
    ) -> RefusedToken {
        let (nothing_opens, log) = source.refused(reason, now);
        let mut learned = Learned::default();
        let told = self.gone(source, path, &mut learned, now, || source.paces(gone_rate, now));
        RefusedToken { told, find_pod: learned.find_pod, log, nothing_opens }
    }

    /// A request without a token is sent to `pod` now, for a page if `page`; it is in flight until [`Pods::left`]. Says whether it
    /// is worth a call of [`Pods::learn`] when the pod answers.
    pub(crate) fn entered(&self, group: &Group<'_>, pod: Pod, page: bool, now: u64) -> bool {
        self.with(group, pod, now, |known| {
            if page {
                known.load.sent(now);
            }
            known.traffic.entered(false);
            known.wants_answer(group, now)
        })
    }

    /// A request that is in flight has ended, whatever became of it, or goes to another pod. `stream` is as it was.
    pub(crate) fn left(&self, pod: Pod, stream: bool, now: u64) {
        let last = self.lock(self.shard(pod.address)).left(pod, stream, now);
        if let Some(upstream) = last {
            self.journal.add(Subject::Pod(pod, upstream), EventKind::LastPage, 0, now);
        }
    }

    /// What a request gets whose pod cannot be dialled, or that failed.
    fn told(&self, group: &Group<'_>, path: PathKind, learned: &mut Learned, now: u64) -> Told {
        match learned.verdict {
            Verdict::Gone => self.gone(group.source, path, learned, now, || group.upstream.paces(group.gone_rate, now)),
            Verdict::None | Verdict::Unreachable => Told::Unavailable { no_pod: false },
        }
    }

    /// What a request gets whose page is gone: 503 while no pod is known onto which the page could reload, and on the sync
    /// path when too many are told to reload at once. A resource is not a page: it goes to another pod.
    fn gone(
        &self,
        source: &SourceHealth,
        path: PathKind,
        learned: &mut Learned,
        now: u64,
        paces: impl FnOnce() -> bool,
    ) -> Told {
        if path != PathKind::Resource && !self.serves_page(source, now) {
            learned.find_pod |= source.asks(now);
            return Told::Unavailable { no_pod: true };
        }
        if path != PathKind::Sync || paces() { Told::Gone } else { Told::Unavailable { no_pod: false } }
    }

    /// Whether another pod shows that the fault is not on our side: it has worked since the fault began, and not been
    /// missed after that.
    fn is_witnessed(&self, group: &Group<'_>, pod: Pod, suspicion: &Suspicion, now: u64) -> bool {
        let works = |(witness, sign): (Pod, u64)| {
            witness != pod && !self.lock(self.shard(witness.address)).missed_since(witness, sign)
        };
        group.upstream.witnesses(suspicion, now).into_iter().flatten().any(works)
    }
}

/// How a request arrives, whether an answer to it is worth a report, and what was learned.
type Arrived = (Arrival, bool, Learned);

/// A request arrives at its pod, against which so much was held before.
fn arrive(known: &mut Known, group: &Group<'_>, stream: bool, before: Verdict, now: u64) -> Arrived {
    let (arrival, verdict) = (known.state.arrive(now), known.state.verdict());
    if arrival != Arrival::Waits {
        known.traffic.entered(stream);
        if stream {
            known.load.opened(now);
        }
    }
    let report = arrival == Arrival::Probes || known.wants_answer(group, now);
    let unnamed = known.draining.as_ref().is_some_and(|draining| draining.is_unnamed());
    (arrival, report, Learned { verdict, changed: verdict != before, unnamed, ..Learned::default() })
}

/// What an outcome changes. Whether it is a sign of life.
fn apply(known: &mut Known, outcome: Outcome, now: u64) -> bool {
    let Known { state, traffic, load, .. } = known;
    if state.is_tainted() && matches!(outcome, Outcome::Connected | Outcome::Answered) {
        load.is_back();
    }
    match outcome {
        Outcome::Connected => return state.connected(now),
        Outcome::Answered => state.answered(),
        Outcome::Refused => {
            state.refused(now);
            traffic.refused += 1;
            if known.draining.is_some() {
                known.drain(|draining| draining.mark = None); // the process that said so has ended
            }
        }
        Outcome::Unreachable => state.unreachable(now),
        Outcome::Dropped => state.drop_connection(now),
        Outcome::Cancelled | Outcome::OwnFault => (),
    }
    matches!(outcome, Outcome::Answered | Outcome::Refused)
}

/// Declares a witnessed pod gone, unless it has shown in the meantime that it is not. Returns what is held against it.
pub(super) fn condemn(known: &mut Known, group: &Group<'_>, suspicion: &Suspicion, now: u64) -> Verdict {
    if suspicion.is_ripe && known.state.suspicion(group.gone_after, now) == Some(*suspicion) {
        known.state.condemn(suspicion.fault, now);
    }
    known.state.verdict()
}
