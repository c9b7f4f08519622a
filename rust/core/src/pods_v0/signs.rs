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

#[cfg(test)]
mod tests {
    use super::*;

    /// The clock of one thread may be behind that of another.
    #[test]
    fn a_sign_that_comes_late_makes_none_older() {
        let sign = |last: u8, at| Sign { pod: Pod::new([10, 0, 0, last].into(), 80), server: 1, at };
        let mut signs = LastTwo::default();
        for (last, at) in [(1, 5), (2, 9), (2, 7), (3, 8), (3, 10)] {
            signs.add(sign(last, at));
        }
        let told: Vec<_> = signs.at(10).map(|sign| (sign.pod, sign.at)).collect();
        assert_eq!(told, [(sign(3, 0).pod, 10), (sign(2, 0).pod, 9)]);
        assert_eq!(signs.at(10 + COUNTS).count(), 1);
    }
}
