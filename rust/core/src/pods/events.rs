//! Applies events to pods, upstreams and sources, and decides what each event means for its request.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::leaving::Leaves;
use super::record::{Arrival, Fault, Known, Suspicion};
use super::{EventKind, Outcome, Pod, Pods, SECOND, SourceHealth, Subject, UpstreamHealth, Verdict};
use crate::{PathKind, Reason, Router};

/// The source and upstream of a request or a dial, and the options that apply to it.
#[derive(Clone, Copy)]
pub(crate) struct Group<'a> {
    pub(crate) source: &'a SourceHealth,
    pub(crate) upstream: &'a Arc<UpstreamHealth>,
    /// Maps an address to the upstream whose networks contain it. Tokens of pods outside all networks are
    /// refused.
    pub(crate) router: &'a Router,
    /// How long a pod must be unreachable before it is gone, in nanoseconds.
    pub(crate) gone_after: u64,
    /// The maximum number of requests on the sync path that get 410, per upstream and second; 0 for no limit.
    pub(crate) gone_rate: u32,
    /// How long a pod may drain before its pages get 410, in nanoseconds; 0 for no limit.
    pub(crate) drain_max: u64,
    /// The interval at which a page opens receiver streams, in nanoseconds.
    pub(crate) roll_time: u64,
}

/// Why a page of a live pod must reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaving {
    Evicted,
    DrainMax,
}

/// The answer to a request with a token that no pod can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// 410: the page is gone.
    Gone,
    /// 503: try again. `no_pod`: it would be 410, but no known pod would take the page.
    Unavailable { no_pod: bool },
}

/// What was learned from an event, and what the caller should find out next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Learned {
    /// The pod's verdict after the event.
    pub(crate) verdict: Verdict,
    /// The event changed the verdict; log it.
    pub(crate) changed: bool,
    /// Dial another fresh pod of the upstream in the background: see [`Pods::witness`].
    pub(crate) find_witness: bool,
    /// Dial a pod that may take pages in the background: see [`SourceHealth::request_dial`].
    pub(crate) find_pod: bool,
    /// The pod signals that it is draining.
    pub(crate) marked: bool,
    /// DNS does not list the pod, as far as is known. A lookup may help.
    pub(crate) unlisted: bool,
}

/// What to do with a request that has a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Began {
    /// Dial the pod, or use an open connection. The request is in flight until [`Pods::left`] or
    /// [`Pods::failed`]. `probe`: it is the one request per second that tests whether the pod is back.
    /// `report`: call [`Pods::answered`] when the pod responds.
    Dial { probe: bool, report: bool },
    /// Do not dial; give this answer.
    Told(Told),
    /// Do not dial; answer 410, although the page's pod works.
    Leaves(Leaving),
}

/// What to do with a request whose token leads to no pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RefusedToken {
    pub(crate) told: Told,
    /// As [`Learned::find_pod`].
    pub(crate) find_pod: bool,
    /// Log a line, and the number of tokens refused since the last line. At most once per source, reason and
    /// 10 s.
    pub(crate) log: Option<u32>,
    /// Many tokens were refused, and none was decrypted since the source was first seen; log it. At most once
    /// a minute.
    pub(crate) nothing_opens: bool,
}

impl Pods {
    /// Handles the beginning of a request with a token for `pod`. `stream`: it is a receiver stream (GET of
    /// [`PathKind::Sync`]); each open page has one. `target` is its path. Takes one lock, or more if the pod
    /// has a fault or drains.
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
        let (seeks_witness, (arrival, report, mut learned)) = match usual {
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
                learned.find_witness = seeks_witness && group.upstream.starts_search(now);
                (Began::Told(told), learned)
            }
        }
    }

    /// Does the work of [`Pods::began`] for a pod that has a fault or drains. Returns whether to look for a
    /// witness and how the request arrives, or the answer to its page.
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
        let witnessed = suspicion.and_then(|suspicion| self.witnessed(group, pod, &suspicion, now));
        let is_dead = witnessed.is_some() && suspicion.is_some_and(|suspicion| suspicion.lasts);
        let leaves = leaves.filter(|_| !is_dead);
        let goes_nowhere = leaves.is_some() && !self.takes_page(group.source, now);
        if let Some(leaves) = leaves.filter(|_| !goes_nowhere)
            && leaves.admits(group, now)
        {
            return Err(self.told_to_reload(pod, &leaves, target));
        }
        let (needs_witness, mut arrived) = self.with(group, pod, now, |known| {
            let before = known.state.verdict();
            let judged = suspicion.map(|suspicion| judge(known, group, &suspicion, witnessed, now));
            (judged.is_some_and(|(_, needs)| needs), arrive(known, group, stream, before, now))
        });
        // Other pods may work but have had no request recently.
        arrived.2.find_pod = goes_nowhere && group.source.starts_search(now);
        if arrived.2.changed {
            self.note_verdict(group, pod, false, arrived.2.verdict, now);
        }
        Ok((needs_witness, arrived))
    }

    /// Handles the outcome of a dial of `pod` or of a request to it, with or without a token.
    pub(crate) fn learn(&self, group: &Group<'_>, pod: Pod, outcome: Outcome, now: u64) -> Learned {
        let failed = matches!(outcome, Outcome::Refused | Outcome::Unreachable | Outcome::Dropped);
        if failed && self.last_failure.load(Ordering::Relaxed) <= now {
            // Rounded up, so that not every one of many failures writes it.
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
            // Tokens of pods outside all networks are refused, so a page that reloads there would have to
            // reload again.
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
            let witnessed = self.witnessed(group, pod, &suspicion, now);
            let needs_witness;
            (verdict, needs_witness) =
                self.with(group, pod, now, |known| judge(known, group, &suspicion, witnessed, now));
            if needs_witness && failed && !in_background {
                find_witness = group.upstream.starts_search(now);
            }
        }
        let find_pod =
            in_background && failed && !self.takes_page(group.source, now) && group.source.continues_search(now);
        if verdict != before {
            self.note_verdict(group, pod, drained, verdict, now);
        }
        Learned { verdict, changed: verdict != before, find_witness, find_pod, marked, unlisted: false }
    }

    /// Records that a page of the pod must reload.
    fn told_to_reload(&self, pod: Pod, leaves: &Leaves, target: &[u8]) -> (Began, Learned) {
        let mut shard = self.lock(self.shard(pod.address));
        let draining = shard.peek_mut(pod).and_then(|known| known.draining.as_mut());
        let unlisted = draining.is_some_and(|draining| {
            draining.forget(target);
            draining.is_unlisted()
        });
        let why = if matches!(leaves, Leaves::DrainMax) { Leaving::DrainMax } else { Leaving::Evicted };
        (Began::Leaves(why), Learned { unlisted, ..Learned::default() })
    }

    /// Handles a failed attempt of a request with a token: the pod did not respond. Its dial has been
    /// reported. The request is no longer in flight.
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

    /// Handles the beginning of a request without a pod: its token cannot be decrypted, or no CIDR contains
    /// its address.
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
        let told = self.gone(source, path, &mut learned, now, || source.admits(gone_rate, now));
        RefusedToken { told, find_pod: learned.find_pod, log, nothing_opens }
    }

    /// Counts a request without a token that is sent to `pod`; `page`: it loads a page. The request is in
    /// flight until [`Pods::left`]. Returns whether to call [`Pods::learn`] when the pod responds.
    pub(crate) fn entered(&self, group: &Group<'_>, pod: Pod, page: bool, now: u64) -> bool {
        self.with(group, pod, now, |known| {
            if page {
                known.load.sent(now);
            }
            known.traffic.entered(false);
            known.wants_answer(group, now)
        })
    }

    /// Counts the end of a request in flight, whatever its result, or its move to another pod. `stream` must
    /// be the same as at its beginning.
    pub(crate) fn left(&self, pod: Pod, stream: bool, now: u64) {
        let last = self.lock(self.shard(pod.address)).left(pod, stream, now);
        if let Some(upstream) = last {
            self.journal.add(Subject::Pod(pod, upstream), EventKind::LastPage, 0, now);
        }
    }

    /// The answer to a request that failed or whose pod must not be dialled.
    fn told(&self, group: &Group<'_>, path: PathKind, learned: &mut Learned, now: u64) -> Told {
        match learned.verdict {
            Verdict::Gone => {
                self.gone(group.source, path, learned, now, || group.upstream.admits(group.gone_rate, now))
            }
            Verdict::None | Verdict::Unreachable => Told::Unavailable { no_pod: false },
        }
    }

    /// The answer to a request whose page is gone. It is 503 while no known pod would take the page. On the
    /// sync path it is also 503 if too many pages would reload at once. A resource is not a page and goes to
    /// another pod.
    fn gone(
        &self,
        source: &SourceHealth,
        path: PathKind,
        learned: &mut Learned,
        now: u64,
        admits: impl FnOnce() -> bool,
    ) -> Told {
        if path != PathKind::Resource && !self.serves_page(source, now) {
            learned.find_pod |= source.starts_search(now);
            return Told::Unavailable { no_pod: true };
        }
        if path != PathKind::Sync || admits() { Told::Gone } else { Told::Unavailable { no_pod: false } }
    }

    /// The time at which a witness proved that the fault is not on our side. A witness is another pod that
    /// has worked since the fault began and, apart from refusals, has not failed after that.
    fn witnessed(&self, group: &Group<'_>, pod: Pod, suspicion: &Suspicion, now: u64) -> Option<u64> {
        let works = |&(witness, sign): &(Pod, u64)| {
            witness != pod && !self.lock(self.shard(witness.address)).missed_since(witness, sign)
        };
        let witnesses = group.upstream.witnesses(suspicion, now).into_iter().flatten();
        witnesses.filter(works).map(|(_, sign)| sign).min()
    }
}

/// How a request arrives, whether its response must be reported, and what was learned.
type Arrived = (Arrival, bool, Learned);

/// Handles the arrival of a request at its pod. `before` is the verdict so far.
fn arrive(known: &mut Known, group: &Group<'_>, stream: bool, before: Verdict, now: u64) -> Arrived {
    let (arrival, verdict) = (known.state.arrive(now), known.state.verdict());
    if arrival != Arrival::Waits {
        known.traffic.entered(stream);
        if stream {
            known.load.opened(now);
        }
    }
    let report = arrival == Arrival::Probes || known.wants_answer(group, now);
    let unlisted = known.draining.as_ref().is_some_and(|draining| draining.is_unlisted());
    (arrival, report, Learned { verdict, changed: verdict != before, unlisted, ..Learned::default() })
}

/// Applies an outcome to a pod. Returns whether it is a sign of life.
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
                known.drain(|draining| draining.mark = None); // the draining process has ended
            }
        }
        Outcome::Unreachable => state.unreachable(now),
        Outcome::Dropped => state.drop_connection(now),
        Outcome::Cancelled | Outcome::OwnFault => (),
    }
    matches!(outcome, Outcome::Answered | Outcome::Refused)
}

/// Decides on a pod with a fault, unless anything has changed while a witness was looked for. Returns its
/// verdict, and whether to look for a witness.
pub(super) fn judge(
    known: &mut Known,
    group: &Group<'_>,
    suspicion: &Suspicion,
    witnessed: Option<u64>,
    now: u64,
) -> (Verdict, bool) {
    if known.state.suspicion(group.gone_after, now) == Some(*suspicion) {
        known.state.judge(suspicion, witnessed, group.gone_after, now);
    }
    (known.state.verdict(), suspicion.fault == Fault::Unreachable && known.state.needs_witness())
}
