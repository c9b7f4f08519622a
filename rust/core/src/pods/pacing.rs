//! Limits how many pages reload at once, and keeps track of dials in the background.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Pod, SECOND};

/// How long a background dial is not requested again, unless its outcome was reported.
const REPEAT_AFTER: u64 = 3 * SECOND;

/// The maximum number of remembered dials. Enough for one every 250 ms during `REPEAT_AFTER`.
const MOST_REQUESTS: usize = 12;

/// A dial without a report after this time counts as never made.
const LONGEST_DIAL: u64 = 60 * SECOND;

/// A token bucket with the capacity of one second. Stored as the time at which it will be full again (the
/// generic cell rate algorithm of ITU-T I.371).
#[derive(Debug, Default)]
pub(super) struct Bucket {
    full_at: u64,
}

impl Bucket {
    /// Takes one token. Returns false if the bucket is empty. A rate of 0 means no limit.
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

    /// Whether the bucket is in the same state as an unused one.
    pub(super) fn is_full(&self, now: u64) -> bool {
        self.full_at <= now
    }
}

type Requests = [Option<DialRequest>; MOST_REQUESTS];

#[derive(Clone, Copy, Debug)]
struct DialRequest {
    pod: Pod,
    at: u64,
    /// Whether the outcome of its dial is outstanding.
    is_outstanding: bool,
}

/// Pods for which a background dial was requested.
#[derive(Debug, Default)]
pub(super) struct Background {
    /// The most recent requests. `None` before the first.
    requests: Mutex<Option<Box<Requests>>>,
    /// Whether any outcome is outstanding.
    any: AtomicBool,
}

impl Background {
    /// Requests a dial of a pod, unless one was requested recently and its outcome is outstanding.
    pub(super) fn request(&self, pod: Pod, now: u64) -> bool {
        let mut requests = self.lock();
        let requests = requests.get_or_insert_default();
        if is_dialled(requests, pod, now) {
            return false;
        }
        // Reuses the entry of this pod, otherwise a free entry, otherwise the oldest.
        let age = |one: &&mut Option<DialRequest>| one.filter(|one| one.pod != pod).map(|one| one.at);
        if let Some(slot) = requests.iter_mut().min_by_key(age) {
            *slot = Some(DialRequest { pod, at: now, is_outstanding: true });
        }
        self.any.store(true, Ordering::Relaxed);
        true
    }

    /// Whether a dial of the pod was requested recently and its outcome is outstanding.
    pub(super) fn is_dialled(&self, pod: Pod, now: u64) -> bool {
        self.lock().as_deref().is_some_and(|requests| is_dialled(requests, pod, now))
    }

    /// When a dial of the pod was last requested, if that is remembered. Pods without a request sort first.
    pub(super) fn requested_at(&self, pod: Pod) -> Option<u64> {
        self.lock().as_deref()?.iter().flatten().find(|one| one.pod == pod).map(|one| one.at)
    }

    /// Handles the outcome of a dial. Returns whether it was a background dial. Takes no lock while none is
    /// outstanding.
    pub(super) fn reported(&self, pod: Pod, now: u64) -> bool {
        if !self.any.load(Ordering::Relaxed) {
            return false;
        }
        let mut requests = self.lock();
        let Some(requests) = &mut *requests else { return false };
        let mut found = false;
        for one in requests.iter_mut().flatten().filter(|one| one.is_outstanding) {
            let is_over = now.saturating_sub(one.at) > LONGEST_DIAL;
            if one.pod == pod || is_over {
                (found, one.is_outstanding) = (found || !is_over, false);
            }
        }
        self.any.store(requests.iter().flatten().any(|one| one.is_outstanding), Ordering::Relaxed);
        found
    }

    fn lock(&self) -> MutexGuard<'_, Option<Box<Requests>>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_dialled(requests: &Requests, pod: Pod, now: u64) -> bool {
    let is_here = |one: &DialRequest| one.pod == pod && one.is_outstanding && now.saturating_sub(one.at) < REPEAT_AFTER;
    requests.iter().flatten().any(is_here)
}

/// Whether a periodic action is due. Counts it as done if so.
pub(super) fn due(last: &mut Option<u64>, every: u64, now: u64) -> bool {
    let due = last.is_none_or(|at| now.saturating_sub(at) >= every);
    if due {
        *last = Some(now);
    }
    due
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
    fn zero_means_no_limit_and_time_may_go_back() {
        let mut bucket = Bucket::default();
        assert_eq!(taken(&mut bucket, 0, 0, 10_000), 10_000);
        assert_eq!(taken(&mut bucket, 2, 5 * SECOND, 10), 2);
        assert_eq!(taken(&mut bucket, 2, 4 * SECOND, 10), 0);
        assert_eq!(taken(&mut bucket, u32::MAX, u64::MAX, 10), 10);
    }

    fn pod(last: u8) -> Pod {
        Pod::new([10, 0, 0, last].into(), 80)
    }

    #[test]
    fn a_dial_is_requested_once_until_its_outcome_is_reported() {
        let background = Background::default();
        let name = |last, now| background.request(pod(last), now);
        assert!(!background.reported(pod(1), 0));
        assert!(name(1, SECOND) && !name(1, 4 * SECOND - 1) && name(2, SECOND));
        assert!(name(1, 4 * SECOND) && !name(1, 6 * SECOND));
        assert!(background.reported(pod(1), 6 * SECOND) && !background.reported(pod(1), 6 * SECOND));
        assert!(name(1, 6 * SECOND));
        // The outcome of a dial that is never made stays outstanding for a minute.
        assert!(!background.reported(pod(3), 61 * SECOND) && background.reported(pod(2), 61 * SECOND));
        assert!(!background.reported(pod(3), 66 * SECOND) && background.any.load(Ordering::Relaxed));
        assert!(!background.reported(pod(3), 66 * SECOND + 1) && !background.any.load(Ordering::Relaxed));
    }

    #[test]
    fn the_oldest_request_is_forgotten_first() {
        let background = Background::default();
        assert!((0..=MOST_REQUESTS as u8).all(|last| background.request(pod(last), u64::from(last))));
        assert!(
            (1..=MOST_REQUESTS as u8).all(|last| !background.request(pod(last), 20)) && background.request(pod(0), 20)
        );
    }
}
