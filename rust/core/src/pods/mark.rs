//! In: answers of one pod, each of which says that the pod drains, or does not. Out: whether it drains by its own word, and
//! when a page load may ask again.

use super::shard::Known;
use super::{Group, Pod, Pods, SECOND};

/// How long after its last word one page load may ask a pod whether it still drains, and how often. A new process at the same address
/// would get no page otherwise while there are other pods.
const ASK_EVERY: u64 = 10 * SECOND;

/// A pod says that it drains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Since when.
    pub(super) since: u64,
    /// When an answer last said so.
    pub(super) at: u64,
    /// When the next page load may ask.
    next_ask: u64,
}

impl Mark {
    pub(super) fn new(now: u64) -> Self {
        Mark { since: now, at: now, next_ask: now.saturating_add(ASK_EVERY) }
    }

    /// One more answer says so.
    fn confirm(&mut self, now: u64) {
        self.at = self.at.max(now);
        self.next_ask = self.next_ask.max(now.saturating_add(ASK_EVERY));
    }

    /// Whether a page load may ask. It counts as asked then.
    pub(super) fn asks(&mut self, now: u64) -> bool {
        let asks = now >= self.next_ask;
        if asks {
            self.next_ask = now.saturating_add(ASK_EVERY);
        }
        asks
    }
}

impl Known {
    /// An answer came to a request that began at that time. Whether the pod says something else than before.
    fn answered(&mut self, draining: bool, began: u64, now: u64) -> bool {
        match &mut self.mark {
            Some(mark) if draining => mark.confirm(now),
            // What the pod was asked before its last word says nothing about the time since.
            Some(mark) if mark.at >= began => (),
            None if !draining => (),
            mark => {
                *mark = draining.then(|| Mark::new(now));
                self.load.is_back();
                return true;
            }
        }
        false
    }
}

impl Pods {
    /// An answer says that its pod drains, or does not say so although the pod did before. The request began at that time. Whether
    /// the pod says something else than before.
    pub(crate) fn mark(&self, group: &Group<'_>, pod: Pod, draining: bool, began: u64, now: u64) -> bool {
        if draining {
            self.note_mark();
        }
        self.with(group, pod, now, |known| known.answered(draining, began, now))
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
