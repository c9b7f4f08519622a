//! In: one event. Out: what it means for its request, and what was learned. Ties what is known about pods, upstreams and
//! sources together.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::record::{Arrival, Fault, Known, Suspicion};
use super::shard::Shard;
use super::{Outcome, Pod, Pods, SECOND, SourceHealth, UpstreamHealth, Verdict};
use crate::{PathKind, Reason};

/// How many pods of an upstream are looked at to find a witness.
const LOOKED_AT: usize = 16;

/// What a request or a dial belongs to, and the options that apply to it.
#[derive(Clone, Copy)]
pub(crate) struct Group<'a> {
    pub(crate) source: &'a SourceHealth,
    pub(crate) upstream: &'a Arc<UpstreamHealth>,
    /// For how long a pod must be unreachable until it is gone, in nanoseconds.
    pub(crate) gone_after: u64,
    /// How many requests a second on the sync path are told 410, per upstream; 0 for all.
    pub(crate) gone_rate: u32,
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

/// What to do with a request that no pod could take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// A pod is known that would take a page: try again.
    Again,
    /// Hold the request and ask again at this time, or earlier when a dial succeeded or addresses changed.
    Until(u64),
    /// It has waited long enough. `no_pod`: because no pod is known that would take a page.
    Over { no_pod: bool },
}

impl Pods {
    /// A request with a token for `pod` began. `stream`: it is a receiver stream (GET of [`PathKind::Sync`]), of which each
    /// open page has one. One lock, unless something speaks against the pod.
    pub(crate) fn began(
        &self,
        group: &Group<'_>,
        pod: Pod,
        path: PathKind,
        stream: bool,
        now: u64,
    ) -> (Began, Learned) {
        group.source.opened();
        let arrives = |known: &mut Known, before: Verdict| {
            let (arrival, verdict) = (known.state.arrive(now), known.state.verdict());
            if arrival != Arrival::Waits {
                known.traffic.entered(stream);
                if stream {
                    known.load.opened(now);
                }
            }
            let report = arrival == Arrival::Probes || known.wants_answer(group, now);
            (arrival, report, Learned { verdict, changed: verdict != before, ..Learned::default() })
        };
        let first = self.with(group, pod, now, |known| match known.state.suspicion(group.gone_after, now) {
            None => Ok(arrives(known, known.state.verdict())),
            Some(suspicion) => Err(suspicion),
        });
        let (asks, (arrival, report, mut learned)) = match first {
            Ok(arrived) => (false, arrived),
            Err(suspicion) => {
                let witnessed = self.is_witnessed(group, pod, &suspicion, now);
                let arrived = self.with(group, pod, now, |known| {
                    let before = known.state.verdict();
                    if witnessed {
                        condemn(known, group, &suspicion, now);
                    }
                    arrives(known, before)
                });
                (!witnessed && suspicion.fault == Fault::Unreachable, arrived)
            }
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

    /// What became of a dial of `pod` or of a request to it, whether the request had a token or not.
    pub(crate) fn learn(&self, group: &Group<'_>, pod: Pod, outcome: Outcome, now: u64) -> Learned {
        let failed = matches!(outcome, Outcome::Refused | Outcome::Unreachable | Outcome::Dropped);
        if failed && self.last_failure.load(Ordering::Relaxed) <= now {
            // Later than it was, so that this is not written for each of many failures.
            self.last_failure.fetch_max(now.saturating_add(SECOND), Ordering::Relaxed);
        }
        let (before, tells, mut verdict, suspicion, marked) = self.with(group, pod, now, |known| {
            let before = known.state.verdict();
            let tells = apply(known, outcome, now) && known.tells(group, outcome, now);
            let (verdict, suspicion) = (known.state.verdict(), known.state.suspicion(group.gone_after, now));
            (before, tells, verdict, suspicion, known.mark.is_some())
        });
        if tells {
            group.upstream.add(pod, outcome, now);
            if outcome != Outcome::Refused && group.upstream.may_have(pod) {
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
        Learned { verdict, changed: verdict != before, find_witness, find_pod, marked }
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

    /// What to do with a request that no pod could take: a page load, or a receiver stream that was told
    /// [`Told::Unavailable`] with `no_pod`. It began at `since` and may wait until `end`; `full`: as many wait already as may.
    /// Also says whether to find a pod, as [`Learned::find_pod`].
    pub(crate) fn wait(&self, source: &SourceHealth, end: u64, full: bool, now: u64) -> (Wait, bool) {
        // This first: it ends every loop of a request that is told to dial and fails in a way that nobody reports.
        let (over, takes_page) = (now >= end, self.takes_page(source, now));
        if !over && takes_page {
            return (Wait::Again, false);
        }
        let find_pod = !takes_page && source.asks(now);
        let wait = match over || full {
            true => Wait::Over { no_pod: !takes_page },
            false => Wait::Until(now.saturating_add(SECOND).min(end)),
        };
        (wait, find_pod)
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
        self.lock(self.shard(pod.address)).left(pod, stream, now);
    }

    /// Whether a pod is known that would take a page of a source: one that worked in the last minute, has not failed since,
    /// and is fresh.
    pub(crate) fn takes_page(&self, source: &SourceHealth, now: u64) -> bool {
        source.worked(now).into_iter().flatten().any(|(pod, upstream, sign)| {
            let works = |shard: &Shard| {
                let verdict = shard.peek(pod).map_or(Verdict::None, |known| known.state.verdict());
                verdict == Verdict::None && !shard.failed_since(pod, sign)
            };
            upstream.may_have(pod) && works(&self.lock(self.shard(pod.address)))
        })
    }

    /// Names another fresh pod of the upstream than the missing one for a dial in the background: does the network work?
    /// `fresh` are the upstream's addresses in DNS, without doubles, `port` is its port, `random` any number. A pod that
    /// failed a moment ago is named only where no other is seen; one that was named in the last 3 s, without a report since,
    /// is not. Those that were not named lately come first: a pod may be reached each time and bear no witness.
    pub(crate) fn witness(
        &self,
        upstream: &UpstreamHealth,
        missing: Pod,
        (fresh, port): (&[IpAddr], u16),
        now: u64,
        random: u64,
    ) -> Option<Pod> {
        let start = ((u128::from(random) * fresh.len() as u128) >> 64) as usize;
        let (before, behind) = fresh.split_at(start);
        let pods = || behind.iter().chain(before).take(LOOKED_AT).map(|one| Pod::new(*one, port));
        let fails = |pod: &Pod| {
            let shard = self.lock(self.shard(pod.address));
            shard.peek(*pod).is_some_and(|known| known.state.is_failing(now))
        };
        let mut others: Vec<Pod> = pods().filter(|pod| *pod != missing).collect();
        others.sort_by_cached_key(|pod| (fails(pod), upstream.background.named_at(*pod)));
        others.into_iter().find(|pod| upstream.background.name(*pod, now))
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
        if path != PathKind::Resource && !self.takes_page(source, now) {
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

/// What an outcome changes. Whether it is a sign of life.
fn apply(known: &mut Known, outcome: Outcome, now: u64) -> bool {
    let Known { state, traffic, mark, load, .. } = known;
    if state.is_tainted() && matches!(outcome, Outcome::Connected | Outcome::Answered) {
        load.is_back();
    }
    match outcome {
        Outcome::Connected => return state.connected(now),
        Outcome::Answered => state.answered(),
        Outcome::Refused => {
            state.refused(now);
            *mark = None; // the process that said so has ended
            traffic.refused += 1;
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
