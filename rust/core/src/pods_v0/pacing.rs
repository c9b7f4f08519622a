//! In: requests that would be told 410. Out: which of them may be, so that not all pages reload at the same moment.

use super::SECOND;

/// A token bucket that holds what flows in within one second, kept as the one moment at which it is full again (the
/// generic cell rate algorithm of ITU-T I.371).
#[derive(Debug, Default)]
pub(super) struct Bucket {
    full_at: u64,
}

impl Bucket {
    /// Takes one; false when the bucket is empty. A rate of 0 a second is no limit.
    pub(super) fn take(&mut self, rate: u32, now: u64) -> bool {
        if rate == 0 {
            return true;
        }
        let full_at = self.full_at.max(now).saturating_add(SECOND / u64::from(rate));
        let within = full_at.saturating_sub(now) <= SECOND;
        if within {
            self.full_at = full_at;
        }
        within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(bucket: &mut Bucket, rate: u32, now: u64, tries: usize) -> usize {
        (0..tries).filter(|_| bucket.take(rate, now)).count()
    }

    #[test]
    fn a_burst_of_one_second_then_the_rate() {
        for rate in [1, 3, 7, 100] {
            let mut bucket = Bucket::default();
            assert_eq!(taken(&mut bucket, rate, SECOND, 1000), rate as usize);
            assert_eq!(taken(&mut bucket, rate, SECOND, 1), 0);
            let mut more = 0;
            for millisecond in 1..=10_000 {
                more += taken(&mut bucket, rate, SECOND + millisecond * 1_000_000, 5);
            }
            assert_eq!(more, 10 * rate as usize);
            assert_eq!(taken(&mut bucket, rate, 100 * SECOND, 1000), rate as usize);
        }
    }

    #[test]
    fn zero_is_no_limit_and_time_may_go_back() {
        let mut bucket = Bucket::default();
        assert_eq!(taken(&mut bucket, 0, 0, 10_000), 10_000);
        assert_eq!(taken(&mut bucket, 2, 5 * SECOND, 10), 2);
        assert_eq!(taken(&mut bucket, 2, 4 * SECOND, 10), 0);
        assert_eq!(taken(&mut bucket, u32::MAX, u64::MAX, 10), 10);
    }
}
