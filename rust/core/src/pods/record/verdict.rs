//! Derives the verdict on one pod from its dials and connections, and decides which requests may dial it.

use crate::SECOND;
use crate::pods::{FAILED_RECENTLY, LONGEST_GAP, Verdict};

/// The interval between probes, which test whether a pod with a fault is back.
const PROBE_EVERY: u64 = SECOND;

/// How long a pod must go on failing after a witness has worked. When our own network is back, one pod
/// responds before the others do, and dials that began earlier still fail. A pod that works responds to a
/// probe within this time. An unreachable pod must do so twice.
const CONFIRM_FOR: u64 = 2 * PROBE_EVERY;

/// The last part of `gone_after`, in which a witness must work again. What worked before proves nothing if
/// our own network has failed since, and nobody has asked the witness. Long enough for one more dial that
/// gets no answer, so that dead pods are found as soon as without this.
const LATE: u64 = 2 * CONFIRM_FOR;

/// Consecutive failures of one kind, each at most [`LONGEST_GAP`] after the previous one.
#[derive(Clone, Copy, Debug)]
struct Span {
    first: u64,
    last: u64,
    /// The failure since which another pod must have worked to be a witness: the first, or the one with which
    /// a witness is needed again.
    since: u64,
}

impl Span {
    /// Extends the span by one failure.
    fn and(span: Option<Span>, now: u64) -> Self {
        match span.filter(|span| span.is_current(now)) {
            Some(span) => Span { last: span.last.max(now), ..span },
            None => Span { first: now, last: now, since: now },
        }
    }

    /// Whether a failure now would extend it.
    fn is_current(&self, now: u64) -> bool {
        now.saturating_sub(self.last) <= LONGEST_GAP
    }

    fn lasts(&self, long: u64, now: u64) -> bool {
        self.last - self.first >= long && self.is_current(now)
    }
}

/// Ongoing failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Suspicion {
    pub(crate) fault: Fault,
    pub(crate) first: u64,
    /// Since when another pod must have worked to be a witness. One that worked before does not prove that
    /// the network has worked since.
    pub(crate) since: u64,
    pub(crate) last: u64,
    /// Whether they have lasted for `gone_after`.
    pub(crate) lasts: bool,
    /// Whether they have lasted long enough to declare the pod gone, if a witness proves that the fault is
    /// not on our side. False if the last one is a second old: the pod may be back, and a request will test
    /// it.
    pub(crate) is_ripe: bool,
}

/// The kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The pod could not be reached.
    Unreachable,
    /// The pod was reached but did not respond.
    Dropped,
}

/// Whether a request may dial its pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    Dials,
    /// The request dials, and tests whether the pod is back.
    Probes,
    Waits,
}

/// What is known about the dials of one pod.
#[derive(Clone, Debug, Default)]
pub(crate) struct PodState {
    /// The verdict from dials alone.
    dialled: Verdict,
    unreachable: Option<Span>,
    /// Connections that ended before a response, without a response since.
    drops: Option<Span>,
    /// Whether it is gone because of dropped connections.
    dropped: bool,
    /// The fault that has a witness, since when it needs one, and the witness's first known sign of life.
    witnessed: Option<(Fault, u64, u64)>,
    /// When the current fault began, and when the next dial is allowed.
    since: u64,
    next_dial: u64,
    /// When the pod may next be tried by a request that other pods can serve.
    next_look: u64,
    /// Whether its last dial or connection failed.
    failing: bool,
    /// When it last failed, and when it last was unreachable or dropped a connection, even if it has
    /// recovered since.
    failed_at: Option<u64>,
    missed_at: Option<u64>,
}

impl PodState {
    pub(crate) fn verdict(&self) -> Verdict {
        if self.dropped { Verdict::Gone } else { self.dialled }
    }

    /// When the current fault began.
    pub(crate) fn since(&self) -> Option<u64> {
        (self.verdict() != Verdict::None).then_some(self.since)
    }

    /// Whether forgetting the pod would lose a fault.
    pub(crate) fn is_held(&self) -> bool {
        self.verdict() != Verdict::None || self.drops.is_some()
    }

    /// Whether a response would change anything.
    pub(crate) fn is_tainted(&self) -> bool {
        self.failing || self.is_held()
    }

    pub(crate) fn failed_at(&self) -> Option<u64> {
        self.failed_at
    }

    /// Whether it failed at or after a time.
    pub(crate) fn failed_since(&self, at: u64) -> bool {
        self.failed_at.is_some_and(|failed| failed >= at)
    }

    /// Whether it was unreachable or dropped a connection at or after a time. A refusal proves that the
    /// network works.
    pub(crate) fn missed_since(&self, at: u64) -> bool {
        self.missed_at.is_some_and(|missed| missed >= at)
    }

    /// Whether requests that other pods can serve should avoid it. A while after the last failure, one such
    /// request at a time may test whether the pod is back. Since it may be served elsewhere instead, it does
    /// not use up the probe of requests that need this pod.
    pub(crate) fn failed_recently(&mut self, now: u64) -> bool {
        match self.failed_at.filter(|_| self.failing).map(|at| now.saturating_sub(at)) {
            Some(since) if since < FAILED_RECENTLY => true,
            Some(since) if since < LONGEST_GAP => {
                let looks = now >= self.next_dial.max(self.next_look);
                if looks {
                    self.next_look = now.saturating_add(PROBE_EVERY);
                }
                !looks
            }
            _ => false,
        }
    }

    /// Whether it failed recently and has not worked since.
    pub(crate) fn is_failing(&self, now: u64) -> bool {
        self.is_failing_within(FAILED_RECENTLY, now)
    }

    /// Whether it failed within `time` and has not worked since.
    pub(crate) fn is_failing_within(&self, time: u64, now: u64) -> bool {
        self.failing && self.failed_at.is_some_and(|at| now.saturating_sub(at) < time)
    }

    /// Whether its last failure was not a refusal.
    pub(crate) fn is_missed(&self) -> bool {
        self.missed_at.is_some() && self.missed_at >= self.failed_at
    }

    /// Handles a request that needs the pod.
    pub(crate) fn arrive(&mut self, now: u64) -> Arrival {
        if self.verdict() == Verdict::None {
            return Arrival::Dials;
        }
        if now < self.next_dial {
            return Arrival::Waits;
        }
        self.next_dial = now.saturating_add(PROBE_EVERY);
        Arrival::Probes
    }

    /// Handles a response: clears all faults.
    pub(crate) fn answered(&mut self) {
        let PodState { failed_at, missed_at, .. } = *self;
        *self = PodState { failed_at, missed_at, ..PodState::default() };
    }

    /// Handles a new connection. Returns whether it is a sign of life. While the pod drops connections it is
    /// not: something in between may have accepted it.
    pub(crate) fn connected(&mut self, now: u64) -> bool {
        if self.dropped || self.drops.is_some_and(|drops| drops.is_current(now)) {
            (self.dialled, self.unreachable) = (Verdict::None, None);
            return false;
        }
        self.answered();
        true
    }

    /// Handles a refusal by the pod's host: nothing listens, so the pod is gone at once. Also settles dropped
    /// connections.
    pub(crate) fn refused(&mut self, now: u64) {
        self.fail(now);
        self.hold(now);
        self.dialled = Verdict::Gone;
        (self.unreachable, self.drops, self.dropped) = (None, None, false);
    }

    /// Handles a dial that could not reach the pod.
    pub(crate) fn unreachable(&mut self, now: u64) {
        self.fail(now);
        self.hold(now);
        self.miss(now);
        self.unreachable = Some(Span::and(self.unreachable, now));
        if self.dialled == Verdict::None {
            self.dialled = Verdict::Unreachable;
        }
    }

    /// Handles a connection that ended before a response, which may be an accident.
    pub(crate) fn drop_connection(&mut self, now: u64) {
        self.fail(now);
        self.miss(now);
        self.drops = Some(Span::and(self.drops, now));
    }

    /// The ongoing failures of a pod that is not gone. Drops come second until they have lasted long enough.
    pub(crate) fn suspicion(&self, gone_after: u64, now: u64) -> Option<Suspicion> {
        let is_unreachable = self.verdict() == Verdict::Unreachable;
        let unreachable = self.unreachable.filter(|span| is_unreachable && span.is_current(now));
        let drops = self.drops.filter(|span| self.verdict() != Verdict::Gone && span.is_current(now));
        let (fault, span) = match (unreachable, drops) {
            (Some(span), _) if span.lasts(gone_after, now) => (Fault::Unreachable, span),
            (_, Some(span)) if span.lasts(gone_after, now) => (Fault::Dropped, span),
            (Some(span), _) => (Fault::Unreachable, span),
            (None, Some(span)) => (Fault::Dropped, span),
            (None, None) => return None,
        };
        let lasts = span.lasts(gone_after, now);
        let is_ripe = lasts && now.saturating_sub(span.last) < PROBE_EVERY;
        let Span { first, last, since } = span;
        Some(Suspicion { fault, first, since, last, lasts, is_ripe })
    }

    /// Records when a witness worked; `None` if there is no witness. Declares the pod gone if it has failed
    /// for long enough after that. An unreachable pod first needs another witness, near the end of
    /// `gone_after`. Dropped connections were made, so they need no other.
    pub(crate) fn judge(&mut self, suspicion: &Suspicion, witnessed: Option<u64>, gone_after: u64, now: u64) {
        let Suspicion { fault, first, since, last, is_ripe, .. } = *suspicion;
        let before = self.witnessed.filter(|before| (before.0, before.1) == (fault, since));
        self.witnessed = witnessed.map(|sign| before.unwrap_or((fault, since, sign)));
        let confirm_for = CONFIRM_FOR.min(gone_after / 2);
        let is_confirmed = |(.., sign): (Fault, u64, u64)| last.saturating_sub(sign) >= confirm_for;
        if !self.witnessed.is_some_and(is_confirmed) {
            return;
        }
        let is_last = since > first || fault == Fault::Dropped || gone_after == 0;
        if is_last && is_ripe {
            self.declare_gone(fault, now);
        } else if !is_last && last - first >= gone_after.saturating_sub(LATE) {
            self.unreachable = self.unreachable.map(|span| Span { since: last, ..span });
            self.witnessed = None;
        }
    }

    /// Whether another pod must work before this unreachable one can be declared gone.
    pub(crate) fn needs_witness(&self) -> bool {
        self.verdict() == Verdict::Unreachable && self.witnessed.is_none()
    }

    /// Declares the pod gone. The pod has just failed, so there is no probe within the next second.
    fn declare_gone(&mut self, fault: Fault, now: u64) {
        if self.verdict() == Verdict::None {
            self.since = now;
        }
        self.next_dial = now.saturating_add(PROBE_EVERY);
        match fault {
            Fault::Unreachable => self.dialled = Verdict::Gone,
            Fault::Dropped => self.dropped = true,
        }
    }

    /// Clears all faults, since another pod may have the address now. Signs of life before the last failure
    /// still do not count.
    pub(crate) fn clear(&mut self) {
        self.answered();
    }

    fn fail(&mut self, now: u64) {
        self.failing = true;
        self.failed_at = self.failed_at.max(Some(now));
    }

    fn miss(&mut self, now: u64) {
        self.missed_at = self.missed_at.max(Some(now));
    }

    /// Starts a fault, unless there is one.
    fn hold(&mut self, now: u64) {
        if self.verdict() == Verdict::None {
            self.since = now;
            self.next_dial = now.saturating_add(PROBE_EVERY);
        }
    }
}
