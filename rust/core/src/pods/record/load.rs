//! In: page loads that are sent to one pod, its receiver streams, and what became of it. Out: how many pages it has, about, and
//! whether it has only begun to take them.

use super::traffic::Traffic;
use crate::SECOND;

/// A page that has no stream yet is counted for one to two of these: after 30 s its pod gives it up.
const WINDOW: u64 = 15 * SECOND;

/// For how long a pod that takes pages again is new.
const NEW: u64 = 10 * SECOND;

/// The pages of one pod.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Load {
    /// When the last window began.
    began: u64,
    /// Pages that were sent in it, and in the one before, and have no stream yet.
    last: u32,
    before: u32,
    /// Since when it takes pages, as far as those know who choose. `None`: nobody has looked since it came, or came back.
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

    /// A page load is sent to the pod.
    pub(crate) fn sent(&mut self, now: u64) {
        self.turn(now);
        self.last = self.last.saturating_add(1);
        self.since.get_or_insert(now);
    }

    /// A stream opens: the first one of a page that had none. One that takes the place of another is taken for such a one as well. A
    /// pod with many pages has many of these, so that it forgets early; but then few pages more are no matter.
    pub(crate) fn opened(&mut self, now: u64) {
        self.turn(now);
        let oldest = if self.before > 0 { &mut self.before } else { &mut self.last };
        *oldest = oldest.saturating_sub(1);
    }

    /// Open streams, and the pages of the last 15 to 30 s that have none yet.
    pub(crate) fn pages(&mut self, traffic: &Traffic, now: u64) -> u32 {
        self.turn(now);
        traffic.streams.saturating_add(self.before).saturating_add(self.last)
    }

    /// The pod takes pages again.
    pub(crate) fn is_back(&mut self) {
        self.since = None;
    }

    /// Somebody who chooses finds the pod well. Whether it has been so for a short time only.
    pub(crate) fn is_new(&mut self, now: u64) -> bool {
        now.saturating_sub(*self.since.get_or_insert(now)) < NEW
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_counts_until_it_has_a_stream_or_is_given_up() {
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
    fn a_pod_is_new_from_the_first_look() {
        let mut load = Load::default();
        assert!(load.is_new(50 * SECOND) && load.is_new(60 * SECOND - 1) && !load.is_new(60 * SECOND));
        load.is_back();
        assert!(load.is_new(90 * SECOND) && load.is_new(70 * SECOND) && !load.is_new(100 * SECOND));
    }
}
