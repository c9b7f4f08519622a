//! Whether one pod signals that it is draining, and when a page load may test that again.

use crate::SECOND;

/// How long after its last mark, and how often, a page load may test whether a pod still drains. Otherwise a
/// new process at the same address would get no page while there are other pods.
const TEST_EVERY: u64 = 10 * SECOND;

/// A pod's signal that it is draining.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// When responses began to carry the signal.
    pub(crate) since: u64,
    /// When a response last carried the signal.
    pub(crate) at: u64,
    /// When the next page load may test the pod.
    next_test: u64,
}

impl Mark {
    pub(crate) fn new(now: u64) -> Self {
        Mark { since: now, at: now, next_test: now.saturating_add(TEST_EVERY) }
    }

    /// Records one more response with the mark.
    pub(crate) fn confirm(&mut self, now: u64) {
        self.at = self.at.max(now);
        self.next_test = self.next_test.max(now.saturating_add(TEST_EVERY));
    }

    /// Whether a page load may test the pod now. Counts it if so.
    pub(crate) fn may_test(&mut self, now: u64) -> bool {
        let may_test = now >= self.next_test;
        if may_test {
            self.next_test = now.saturating_add(TEST_EVERY);
        }
        may_test
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_page_load_tests_ten_seconds_after_the_last_mark() {
        let mut mark = Mark::new(SECOND);
        assert!(!mark.may_test(11 * SECOND - 1) && mark.may_test(11 * SECOND) && !mark.may_test(21 * SECOND - 1));
        mark.confirm(12 * SECOND);
        mark.confirm(3 * SECOND);
        assert!(!mark.may_test(22 * SECOND - 1) && mark.may_test(22 * SECOND) && !mark.may_test(22 * SECOND));
        assert_eq!((mark.since, mark.at), (SECOND, 12 * SECOND));
    }
}
