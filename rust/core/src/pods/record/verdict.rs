//! In: what became of the dials of one pod and of the connections to it. Out: what is held against it, and which requests
//! may dial it.

use crate::SECOND;
use crate::pods::{FAILED_RECENTLY, LONGEST_GAP, Verdict};

/// While something is held against a pod, one dial in this time finds out whether it is back.
const PROBE_EVERY: u64 = SECOND;

/// Failures of one kind that belong together: none is more than [`LONGEST_GAP`] after the one before.
#[derive(Clone, Copy, Debug)]
struct Span {
    first: u64,
    last: u64,
}

impl Span {
    /// With one more failure.
    fn and(span: Option<Span>, now: u64) -> Self {
        match span.filter(|span| span.is_current(now)) {
            Some(Span { first, last }) => Span { first, last: last.max(now) },
            None => Span { first: now, last: now },
        }
    }

    /// One more failure would belong to it.
    fn is_current(&self, now: u64) -> bool {
        now.saturating_sub(self.last) <= LONGEST_GAP
    }

    fn lasts(&self, long: u64, now: u64) -> bool {
        self.last - self.first >= long && self.is_current(now)
    }
}

/// Failures that go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Suspicion {
    pub(crate) fault: Fault,
    /// When the first of them was. Who worked before says nothing about the network since.
    pub(crate) since: u64,
    /// They have lasted long enough to call the pod gone, if a witness says that the fault is not on our side. Never when the last
    /// one is a second old: the pod may be back, and one request finds out.
    pub(crate) is_ripe: bool,
}

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The pod could not be reached.
    Unreachable,
    /// It was reached, and answered nothing.
    Dropped,
}

/// Whether a request may dial its pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    Dials,
    /// It does, and finds out whether the pod is back.
    Probes,
    Waits,
}

/// What is known about the dials of one pod.
#[derive(Clone, Debug, Default)]
pub(crate) struct PodState {
    /// What the dials alone say.
    dialled: Verdict,
    unreachable: Option<Span>,
    /// Connections that ended before a byte of an answer, without an answer since.
    drops: Option<Span>,
    /// The pod is gone because of them.
    dropped: bool,
    /// Since when something is held against the pod, and when the next dial is allowed.
    since: u64,
    next_dial: u64,
    /// When the next request may try the pod that could go elsewhere.
    next_look: u64,
    /// Its last dial or connection failed.
    failing: bool,
    /// When it last failed, and when it was last unreachable or dropped a connection, whatever happened since.
    failed_at: Option<u64>,
    missed_at: Option<u64>,
}

impl PodState {
    pub(crate) fn verdict(&self) -> Verdict {
        if self.dropped { Verdict::Gone } else { self.dialled }
    }

    /// Since when something is held against the pod.
    pub(crate) fn since(&self) -> Option<u64> {
        (self.verdict() != Verdict::None).then_some(self.since)
    }

    /// Whether anything is held against the pod that is lost when it is forgotten.
    pub(crate) fn is_held(&self) -> bool {
        self.verdict() != Verdict::None || self.drops.is_some()
    }

    /// Whether an answer would change anything.
    pub(crate) fn is_tainted(&self) -> bool {
        self.failing || self.is_held()
    }

    pub(crate) fn failed_at(&self) -> Option<u64> {
        self.failed_at
    }

    /// Whether it failed at that time or later.
    pub(crate) fn failed_since(&self, at: u64) -> bool {
        self.failed_at.is_some_and(|failed| failed >= at)
    }

    /// Whether it was unreachable or dropped a connection at that time or later: a refusal shows that the network works.
    pub(crate) fn missed_since(&self, at: u64) -> bool {
        self.missed_at.is_some_and(|missed| missed >= at)
    }

    /// Whether a request that may go elsewhere should. Once the last failure is some time ago, one at a time may find out
    /// whether the pod is back. Perhaps it does not, so this takes nothing from requests that only this pod can answer.
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

    /// It failed a moment ago, and has not worked since.
    pub(crate) fn is_failing(&self, now: u64) -> bool {
        self.is_failing_within(FAILED_RECENTLY, now)
    }

    /// It failed within that time, and has not worked since.
    pub(crate) fn is_failing_within(&self, time: u64, now: u64) -> bool {
        self.failing && self.failed_at.is_some_and(|at| now.saturating_sub(at) < time)
    }

    /// Its last failure was no refusal.
    pub(crate) fn is_missed(&self) -> bool {
        self.missed_at.is_some() && self.missed_at >= self.failed_at
    }

    /// A request wants the pod.
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

    /// The pod answered: nothing is held against it any more.
    pub(crate) fn answered(&mut self) {
        let PodState { failed_at, missed_at, .. } = *self;
        *self = PodState { failed_at, missed_at, ..PodState::default() };
    }

    /// A connection was made. Whether that is a sign of life: not while the pod drops connections, for then it was perhaps
    /// made with something in between.
    pub(crate) fn connected(&mut self, now: u64) -> bool {
        if self.dropped || self.drops.is_some_and(|drops| drops.is_current(now)) {
            (self.dialled, self.unreachable) = (Verdict::None, None);
            return false;
        }
        self.answered();
        true
    }

    /// The pod's host says that nothing listens: it is gone at once, and so is what dropped connections.
    pub(crate) fn refused(&mut self, now: u64) {
        self.fail(now);
        self.hold(now);
        self.dialled = Verdict::Gone;
        (self.unreachable, self.drops, self.dropped) = (None, None, false);
    }

    /// Nobody knows.
    pub(crate) fn unreachable(&mut self, now: u64) {
        self.fail(now);
        self.hold(now);
        self.miss(now);
        self.unreachable = Some(Span::and(self.unreachable, now));
        if self.dialled == Verdict::None {
            self.dialled = Verdict::Unreachable;
        }
    }

    /// A connection ended before a byte of an answer. It may be an accident.
    pub(crate) fn drop_connection(&mut self, now: u64) {
        self.fail(now);
        self.miss(now);
        self.drops = Some(Span::and(self.drops, now));
    }

    /// What speaks against the pod, if it is not gone anyway. Drops are an accident until they have lasted long enough.
    pub(crate) fn suspicion(&self, gone_after: u64, now: u64) -> Option<Suspicion> {
        let is_unreachable = self.verdict() == Verdict::Unreachable;
        let unreachable = self.unreachable.filter(|span| is_unreachable && span.is_current(now));
        let drops = self.drops.filter(|span| self.verdict() != Verdict::Gone && span.lasts(gone_after, now));
        let (fault, span) = match (unreachable, drops) {
            (Some(span), None) => (Fault::Unreachable, span),
            (Some(span), _) if span.lasts(gone_after, now) => (Fault::Unreachable, span),
            (_, Some(span)) => (Fault::Dropped, span),
            (None, None) => return None,
        };
        let is_ripe = span.lasts(gone_after, now) && now.saturating_sub(span.last) < PROBE_EVERY;
        Some(Suspicion { fault, since: span.first, is_ripe })
    }

    /// The pod is declared gone. It has just failed: the next second needs no probe.
    pub(crate) fn condemn(&mut self, fault: Fault, now: u64) {
        if self.verdict() == Verdict::None {
            self.since = now;
        }
        self.next_dial = now.saturating_add(PROBE_EVERY);
        match fault {
            Fault::Unreachable => self.dialled = Verdict::Gone,
            Fault::Dropped => self.dropped = true,
        }
    }

    /// Another pod may have the address now. Signs of life from before the last failure are still worth nothing.
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

    /// Something is held against the pod from now on, if nothing was.
    fn hold(&mut self, now: u64) {
        if self.verdict() == Verdict::None {
            self.since = now;
            self.next_dial = now.saturating_add(PROBE_EVERY);
        }
    }
}
