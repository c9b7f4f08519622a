//! The health of one upstream: which of its pods prove that a fault is not on our side, and when to look for
//! such a pod.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::pacing::{Background, Bucket, due};
use super::record::{Fault, Suspicion};
use super::{Outcome, Pod, SECOND};

/// The interval between searches for a witness.
const SEARCH_EVERY: u64 = SECOND;

/// How long a sign of life counts.
const COUNTS: u64 = 60 * SECOND;

/// The health of one upstream. Kept while a configuration uses the upstream.
pub(crate) struct UpstreamHealth {
    id: u64,
    fresh: Box<Fresh>,
    /// `None` until something happens, since there may be very many upstreams.
    state: Mutex<Option<Box<State>>>,
    /// Background dials to possible witnesses.
    pub(super) background: Background,
}

/// Whether DNS lists a pod of the upstream; `None` while nothing is known.
type Fresh = dyn Fn(Pod) -> Option<bool> + Send + Sync;

#[derive(Default)]
struct State {
    /// Limits the rate at which pages reload.
    bucket: Bucket,
    /// Pods that were reached or refused a connection. They prove that the network works.
    reached: LastTwo<()>,
    /// Pods that responded. Kept separately, because pods that accept connections without responding would
    /// displace them.
    answered: LastTwo<()>,
    /// When the last search for a witness began.
    searched: Option<u64>,
}

impl fmt::Debug for UpstreamHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamHealth").field("id", &self.id).finish_non_exhaustive()
    }
}

impl UpstreamHealth {
    /// Creates an empty record. `id` must be unique. `fresh` returns whether DNS lists a pod of the upstream,
    /// or `None` while nothing is known; it must not call back.
    pub(crate) fn new(id: u64, fresh: impl Fn(Pod) -> Option<bool> + Send + Sync + 'static) -> Self {
        UpstreamHealth { id, fresh: Box::new(fresh), state: Mutex::default(), background: Background::default() }
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Whether DNS lists a pod; `None` while nothing is known.
    pub(super) fn lists(&self, pod: Pod) -> Option<bool> {
        (self.fresh)(pod)
    }

    /// Whether DNS lists a pod, or nothing is known.
    pub(super) fn may_have(&self, pod: Pod) -> bool {
        self.lists(pod) != Some(false)
    }

    /// Records a sign of life of a pod.
    pub(super) fn add(&self, pod: Pod, outcome: Outcome, at: u64) {
        let mut state = self.lock();
        let state = state.get_or_insert_default();
        let signs = if outcome == Outcome::Answered { &mut state.answered } else { &mut state.reached };
        signs.add(Sign { pod, of: (), at });
    }

    /// Pods that may prove that a fault is not on our side, each with the time of its sign of life after the
    /// fault began.
    pub(super) fn witnesses(&self, suspicion: &Suspicion, now: u64) -> [Option<(Pod, u64)>; 4] {
        let state = self.lock();
        let Some(state) = &*state else { return [None; 4] };
        let [one, two] = state.answered.at(now);
        let [three, four] = if suspicion.fault == Fault::Unreachable { state.reached.at(now) } else { [None, None] };
        [one, two, three, four]
            .map(|sign| sign.filter(|sign| sign.at >= suspicion.since).map(|sign| (sign.pod, sign.at)))
    }

    /// Whether to look for a witness now. Counts it if so.
    pub(super) fn starts_search(&self, now: u64) -> bool {
        due(&mut self.lock().get_or_insert_default().searched, SEARCH_EVERY, now)
    }

    /// Whether a page may be told to reload now.
    pub(super) fn admits(&self, gone_rate: u32, now: u64) -> bool {
        gone_rate == 0 || self.lock().get_or_insert_default().bucket.take(gone_rate, now)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Box<State>>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sign of life of a pod.
#[derive(Clone, Debug)]
pub(super) struct Sign<Of> {
    pub(super) pod: Pod,
    pub(super) of: Of,
    pub(super) at: u64,
}

/// The last two pods with a sign of life, newest first. Two are enough: a pod cannot be its own witness.
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

    /// The signs that still count.
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

    /// One thread's clock reading may be older than another's.
    #[test]
    fn a_late_sign_does_not_replace_a_newer_one() {
        let mut signs = LastTwo::default();
        for (last, at) in [(1, 5), (2, 9), (2, 7), (3, 8), (3, 10)] {
            signs.add(Sign { pod: pod(last), of: (), at });
        }
        let told: Vec<_> = signs.at(10).into_iter().flatten().map(|sign| (sign.pod, sign.at)).collect();
        assert_eq!(told, [(pod(3), 10), (pod(2), 9)]);
        assert_eq!(signs.at(10 + COUNTS).iter().flatten().count(), 1);
    }
}
