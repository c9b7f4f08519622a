//! In: what became of the dials of one pod. Out: what is held against it, and which requests may dial it.

use super::{Action, FAILED_RECENTLY, LONGEST_GAP, SECOND, Verdict};

/// While something is held against a pod, one dial in this time finds out whether it is back.
const PROBE_EVERY: u64 = SECOND;

/// A sign that the network between us and a pod works, and which server's pod it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proof {
    pub(super) server: u64,
    pub(super) at: u64,
}

/// Failures to reach a pod, without a success between them.
#[derive(Clone, Copy, Debug)]
struct Failures {
    first: u64,
    last: u64,
}

/// What the dials of one pod say.
#[derive(Clone, Debug, Default)]
pub(super) struct PodState {
    verdict: Verdict,
    failures: Option<Failures>,
    /// Since when something is held against the pod, and when the next dial is allowed.
    since: u64,
    next_dial: u64,
    /// When the next request may try the pod that could go elsewhere.
    next_look: u64,
    last_failure: Option<u64>,
    /// The last success or refusal, unless the pod was unreachable since.
    proof: Option<Proof>,
}

impl PodState {
    pub(super) fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Since when something is held against the pod.
    pub(super) fn since(&self) -> Option<u64> {
        (self.verdict != Verdict::None).then_some(self.since)
    }

    pub(super) fn proof(&self) -> Option<Proof> {
        self.proof
    }

    /// Whether a request that may go elsewhere should. Once the last failure is some time ago, one at a time may find out
    /// whether the pod is back. Perhaps it does not, so this takes nothing from requests that only this pod can answer.
    pub(super) fn failed_recently(&mut self, now: u64) -> bool {
        match self.last_failure.map(|at| now.saturating_sub(at)) {
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

    /// A request wants the pod.
    pub(super) fn arrive(&mut self, now: u64) -> Action {
        if self.verdict == Verdict::None {
            return Action::Dial;
        }
        if now >= self.next_dial {
            self.next_dial = now.saturating_add(PROBE_EVERY);
            return Action::Probe;
        }
        self.answer()
    }

    /// What a request gets that cannot be dialled, or whose dial failed.
    pub(super) fn answer(&self) -> Action {
        match self.verdict {
            Verdict::Gone => Action::Gone,
            Verdict::None | Verdict::Unreachable => Action::Unavailable,
        }
    }

    /// The pod is there: nothing is held against it any more.
    pub(super) fn alive(&mut self, proof: Proof) {
        *self = PodState { proof: Some(proof), ..PodState::default() };
    }

    /// The pod's host says that nothing listens: it is gone at once. The network works.
    pub(super) fn refused(&mut self, proof: Proof) {
        self.fail(proof.at);
        self.verdict = Verdict::Gone;
        self.failures = None;
        self.proof = Some(proof);
    }

    /// Nobody knows. True when this has lasted long enough to declare the pod gone.
    pub(super) fn unreachable(&mut self, gone_after: u64, now: u64) -> bool {
        self.fail(now);
        self.proof = None;
        let failures = match self.failures {
            Some(Failures { first, last }) if now.saturating_sub(last) <= LONGEST_GAP => {
                Failures { first, last: last.max(now) }
            }
            _ => Failures { first: now, last: now },
        };
        self.failures = Some(failures);
        if self.verdict == Verdict::None {
            self.verdict = Verdict::Unreachable;
        }
        self.verdict == Verdict::Unreachable && failures.last - failures.first >= gone_after
    }

    /// The pod is declared gone.
    pub(super) fn condemn(&mut self) {
        self.verdict = Verdict::Gone;
    }

    /// Another pod may have the address now.
    pub(super) fn clear(&mut self) {
        *self = PodState::default();
    }

    fn fail(&mut self, now: u64) {
        self.last_failure = Some(self.last_failure.map_or(now, |last| last.max(now)));
        if self.verdict == Verdict::None {
            self.since = now;
            self.next_dial = now.saturating_add(PROBE_EVERY);
        }
    }
}
