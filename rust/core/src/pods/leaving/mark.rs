//! Whether one pod signals that it drains, and when a page load may test that again.

use crate::SECOND;

/// How long after its last mark, and how often, a page load may test whether a pod still drains. Otherwise a
/// new process at the same address would get no page while there are other pods.
const ASK_EVERY: u64 = 10 * SECOND;

/// Records that a pod signals that it drains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// When its responses began to signal it.
    pub(crate) since: u64,
    /// When a response last signalled it.
    pub(crate) at: u64,
    /// When the next page load may test it.
    next_ask: u64,
}

impl Mark {
    pub(crate) fn new(now: u64) -> Self {
        Mark { since: now, at: now, next_ask: now.saturating_add(ASK_EVERY) }
    }

    /// Records one more response with the mark.
    pub(crate) fn confirm(&mut self, now: u64) {
        self.at = self.at.max(now);
        self.next_ask = self.next_ask.max(now.saturating_add(ASK_EVERY));
    }

    /// Whether a page load may test the pod now. Counts it if so.
    pub(crate) fn asks(&mut self, now: u64) -> bool {
        let asks = now >= self.next_ask;
        if asks {
            self.next_ask = now.saturating_add(ASK_EVERY);
        }
        asks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_page_load_asks_ten_seconds_after_the_last_word() {
        let mut mark = Mark::new(SECOND);
        assert!(!mark.asks(11 * SECOND - 1) && mark.asks(11 * SECOND) && !mark.asks(21 * SECOND - 1));
        mark.confirm(12 * SECOND);
        mark.confirm(3 * SECOND);
        assert!(!mark.asks(22 * SECOND - 1) && mark.asks(22 * SECOND) && !mark.asks(22 * SECOND));
        assert_eq!((mark.since, mark.at), (SECOND, 12 * SECOND));
    }
}
