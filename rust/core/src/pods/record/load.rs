//! Estimates the number of pages of one pod, and whether it has only just begun to take pages.

use super::traffic::Traffic;
use crate::SECOND;

/// A page without a stream is counted for one to two windows. Its pod discards it after 30 s.
const WINDOW: u64 = 15 * SECOND;

/// How long a pod counts as new after it begins to take pages.
const NEW: u64 = 10 * SECOND;

/// The pages of one pod.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Load {
    /// When the current window began.
    began: u64,
    /// Pages without a stream that were sent in the current window, and in the previous one.
    last: u32,
    before: u32,
    /// When a request that compares pods first found the pod healthy. `None` if that has not happened since
    /// the pod appeared or came back.
    since: Option<u64>,
}

impl Load {
    fn turn(&mut self, now: u64) {
        let passed = now.saturating_sub(self.began);
        if passed >= WINDOW {
            self.before = if passed < 2 * WINDOW { self.last } else { 0 };
            (self.last, self.began) = (0, now);
        }
    }

    /// Counts a page load sent to the pod.
    pub(crate) fn sent(&mut self, now: u64) {
        self.turn(now);
        self.last = self.last.saturating_add(1);
        self.since.get_or_insert(now);
    }

    /// Counts a new stream as the first stream of a page. A stream that replaces an earlier one looks the
    /// same. A pod with many pages therefore stops counting new ones early, but then a few pages make no
    /// difference.
    pub(crate) fn opened(&mut self, now: u64) {
        self.turn(now);
        let oldest = if self.before > 0 { &mut self.before } else { &mut self.last };
        *oldest = oldest.saturating_sub(1);
    }

    /// The number of open streams, plus the pages of the last 15 to 30 s without a stream.
    pub(crate) fn pages(&mut self, traffic: &Traffic, now: u64) -> u32 {
        self.turn(now);
        traffic.streams.saturating_add(self.before).saturating_add(self.last)
    }

    /// Records that the pod takes pages again.
    pub(crate) fn is_back(&mut self) {
        self.since = None;
    }

    /// Whether a healthy pod is new. Called by requests that choose.
    pub(crate) fn is_new(&mut self, now: u64) -> bool {
        now.saturating_sub(*self.since.get_or_insert(now)) < NEW
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_counts_until_it_has_a_stream_or_expires() {
        let (mut load, mut traffic) = (Load::default(), Traffic::new(0));
        let at = |second: u64| (100 + second) * SECOND;
        (0..10).for_each(|second| load.sent(at(second)));
        assert_eq!(load.pages(&traffic, at(10)), 10);
        for _ in 0..7 {
            traffic.entered(true);
            load.opened(at(11));
        }
        assert_eq!(load.pages(&traffic, at(14)), 10, "seven have a stream");
        load.sent(at(16));
        assert_eq!(load.pages(&traffic, at(29)), 11);
        assert_eq!(load.pages(&traffic, at(31)), 8, "three were given up");
        assert_eq!(load.pages(&traffic, at(47)), 7);
        load.opened(at(47));
        (0..7).for_each(|_| _ = traffic.left(true));
        assert_eq!((load.pages(&traffic, at(48)), load.pages(&traffic, 0)), (0, 0));
    }

    #[test]
    fn a_pod_is_new_after_the_first_look() {
        let mut load = Load::default();
        assert!(load.is_new(50 * SECOND) && load.is_new(60 * SECOND - 1) && !load.is_new(60 * SECOND));
        load.is_back();
        assert!(load.is_new(90 * SECOND) && load.is_new(70 * SECOND) && !load.is_new(100 * SECOND));
    }
}
