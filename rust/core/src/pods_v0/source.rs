//! In: tokens that did not open, pods that worked. Out: when it is time to say that no token ever opened (the key is
//! probably wrong), and when to ask for a pod that works.

use super::SECOND;
use super::logging::Lines;
use super::pacing::Bucket;
use super::server::due;
use super::signs::LastTwo;

/// So many tokens in a row are no accident.
const ENOUGH: u32 = 20;

/// How often it is said.
const SAY_EVERY: u64 = 60 * SECOND;

/// How often the caller is asked to find a pod that takes a page.
const ASK_EVERY: u64 = SECOND;

/// What is known about one configuration.
#[derive(Debug, Default)]
pub(super) struct SourceState {
    /// Paces the answers to tokens that belong to no server.
    pub(super) bucket: Bucket,
    /// Paces the lines about them in the log.
    pub(super) lines: Lines,
    /// The pods that last worked while they were fresh, each with the upstream under which it did.
    pub(super) worked: LastTwo,
    /// When the caller was last asked to find one.
    asked: Option<u64>,
    opened: bool,
    unopened: u32,
    said: Option<u64>,
}

impl SourceState {
    /// A token opened: the key is right.
    pub(super) fn opened(&mut self) {
        self.opened = true;
    }

    /// A token did not open. True when it is time to say so.
    pub(super) fn unopened(&mut self, now: u64) -> bool {
        self.unopened = self.unopened.saturating_add(1);
        !self.opened && self.unopened >= ENOUGH && due(&mut self.said, SAY_EVERY, now)
    }

    /// Whether it is time to ask for a pod that takes a page. It counts as asked then.
    pub(super) fn asks(&mut self, now: u64) -> bool {
        due(&mut self.asked, ASK_EVERY, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn said_once_a_minute_until_a_token_opens() {
        let mut source = SourceState::default();
        assert!((1..20).all(|second| !source.unopened(second)));
        assert!(source.unopened(100 * SECOND));
        assert!(!source.unopened(159 * SECOND));
        assert!(source.unopened(160 * SECOND));
        source.opened();
        assert!(!source.unopened(1000 * SECOND));
    }
}
