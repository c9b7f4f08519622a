//! In: which pods of an upstream work. Out: who can bear witness that a fault is not on our side, and when to ask for one.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::pacing::{Background, Bucket, due};
use super::record::{Fault, Suspicion};
use super::{Outcome, Pod, SECOND};

/// How often a witness is asked for.
const ASK_EVERY: u64 = SECOND;

/// How long a sign of life counts.
const COUNTS: u64 = 60 * SECOND;

/// What is known about the health of one upstream. Its creator keeps it while a configuration uses the upstream.
pub(crate) struct UpstreamHealth {
    id: u64,
    fresh: Box<Fresh>,
    /// `None` until something happens: there may be very many upstreams.
    state: Mutex<Option<Box<State>>>,
    /// Pods that were named as witnesses.
    pub(super) background: Background,
}

/// Whether DNS names a pod of the upstream; `None` while nothing is known.
type Fresh = dyn Fn(Pod) -> Option<bool> + Send + Sync;

#[derive(Default)]
struct State {
    /// Paces the answers to pages that are gone.
    bucket: Bucket,
    /// Its pods that were reached, or whose host refused: they show that the network works.
    reached: LastTwo<()>,
    /// Its pods that answered. Apart from the others, which are more: pods that accept and answer nothing are among them.
    answered: LastTwo<()>,
    /// When a witness was last asked for.
    asked: Option<u64>,
}

impl fmt::Debug for UpstreamHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamHealth").field("id", &self.id).finish_non_exhaustive()
    }
}

impl UpstreamHealth {
    /// Nothing is known. `id` is never given twice. `fresh` says whether DNS names a pod of the upstream, and `None` while
    /// nothing is known; it must not call back.
    pub(crate) fn new(id: u64, fresh: impl Fn(Pod) -> Option<bool> + Send + Sync + 'static) -> Self {
        UpstreamHealth { id, fresh: Box::new(fresh), state: Mutex::default(), background: Background::default() }
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Whether DNS names a pod; `None` while nobody knows.
    pub(super) fn names(&self, pod: Pod) -> Option<bool> {
        (self.fresh)(pod)
    }

    /// Whether DNS names a pod, or nobody knows.
    pub(super) fn may_have(&self, pod: Pod) -> bool {
        self.names(pod) != Some(false)
    }

    /// A pod gave a sign of life.
    pub(super) fn add(&self, pod: Pod, outcome: Outcome, at: u64) {
        let mut state = self.lock();
        let state = state.get_or_insert_default();
        let signs = if outcome == Outcome::Answered { &mut state.answered } else { &mut state.reached };
        signs.add(Sign { pod, of: (), at });
    }

    /// Pods that may witness that a fault is not on our side, each with the time of its sign: since the fault began.
    pub(super) fn witnesses(&self, suspicion: &Suspicion, now: u64) -> [Option<(Pod, u64)>; 4] {
        let state = self.lock();
        let Some(state) = &*state else { return [None; 4] };
        let [one, two] = state.answered.at(now);
        let [three, four] = if suspicion.fault == Fault::Unreachable { state.reached.at(now) } else { [None, None] };
        [one, two, three, four]
            .map(|sign| sign.filter(|sign| sign.at >= suspicion.since).map(|sign| (sign.pod, sign.at)))
    }

    /// Whether it is time to ask for a witness. It counts as asked then.
    pub(super) fn asks(&self, now: u64) -> bool {
        due(&mut self.lock().get_or_insert_default().asked, ASK_EVERY, now)
    }

    /// Whether a page may be told to reload now.
    pub(super) fn paces(&self, gone_rate: u32, now: u64) -> bool {
        gone_rate == 0 || self.lock().get_or_insert_default().bucket.take(gone_rate, now)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Box<State>>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pod gave a sign of life.
#[derive(Clone, Debug)]
pub(super) struct Sign<Of> {
    pub(super) pod: Pod,
    pub(super) of: Of,
    pub(super) at: u64,
}

/// The last two pods that gave a sign, the newest first. Two are enough: a pod cannot speak for itself.
#[derive(Clone, Debug)]
pub(super) struct LastTwo<Of>([Option<Sign<Of>>; 2]);

impl<Of> Default for LastTwo<Of> {
    fn default() -> Self {
        LastTwo([None, None])
    }
}

impl<Of> LastTwo<Of> {
    pub(super) fn add(&mut self, sign: Sign<Of>) {
        let [newest, other] = &mut self.0;
        let before = newest.as_ref().filter(|newest| newest.pod == sign.pod).map(|newest| newest.at);
        if before.is_none() {
            *other = newest.take();
        }
        *newest = Some(Sign { at: before.map_or(sign.at, |at| at.max(sign.at)), ..sign });
    }

    /// Those that still count.
    pub(super) fn at(&self, now: u64) -> [Option<&Sign<Of>>; 2] {
        self.0.each_ref().map(|sign| sign.as_ref().filter(|sign| now.saturating_sub(sign.at) <= COUNTS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(last: u8) -> Pod {
        Pod::new([10, 0, 0, last].into(), 80)
    }

    /// The clock of one thread may be behind that of another.
    #[test]
    fn a_sign_that_comes_late_makes_none_older() {
        let mut signs = LastTwo::default();
        for (last, at) in [(1, 5), (2, 9), (2, 7), (3, 8), (3, 10)] {
            signs.add(Sign { pod: pod(last), of: (), at });
        }
        let told: Vec<_> = signs.at(10).into_iter().flatten().map(|sign| (sign.pod, sign.at)).collect();
        assert_eq!(told, [(pod(3), 10), (pod(2), 9)]);
        assert_eq!(signs.at(10 + COUNTS).iter().flatten().count(), 1);
    }
}
