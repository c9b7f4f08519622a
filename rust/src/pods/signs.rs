//! In: signs of life of pods. Out: the last two pods that gave one.

use super::Pod;

/// How long a sign of life counts.
const COUNTS: u64 = 60 * super::SECOND;

/// A pod gave a sign of life to an upstream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sign {
    pub(super) pod: Pod,
    pub(super) server: u64,
    pub(super) at: u64,
}

impl Sign {
    /// Not too old to count.
    pub(super) fn counts(&self, now: u64) -> bool {
        now.saturating_sub(self.at) <= COUNTS
    }
}

/// The last two pods that gave a sign, the newest first. Two are enough: a pod cannot speak for itself.
#[derive(Clone, Debug, Default)]
pub(super) struct LastTwo([Option<Sign>; 2]);

impl LastTwo {
    pub(super) fn add(&mut self, sign: Sign) {
        let [newest, other] = &mut self.0;
        let before = newest.filter(|newest| newest.pod == sign.pod).map(|newest| newest.at);
        if before.is_none() {
            *other = *newest;
        }
        *newest = Some(Sign { at: before.map_or(sign.at, |at| at.max(sign.at)), ..sign });
    }

    /// Those that still count.
    pub(super) fn at(&self, now: u64) -> impl Iterator<Item = &Sign> {
        self.0.iter().flatten().filter(move |sign| sign.counts(now))
    }
}
