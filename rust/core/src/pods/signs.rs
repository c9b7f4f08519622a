//! In: signs of life of pods. Out: the last two pods that gave one.

use super::{Pod, SECOND};

/// How long a sign of life counts.
const COUNTS: u64 = 60 * SECOND;

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
