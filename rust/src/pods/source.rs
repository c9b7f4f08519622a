//! In: tokens that did not open. Out: when it is time to say that none ever did: the key is probably wrong.

use super::SECOND;
use super::logging::Lines;
use super::pacing::Bucket;

/// So many tokens in a row are no accident.
const ENOUGH: u32 = 20;

/// How often it is said.
const SAY_EVERY: u64 = 60 * SECOND;

/// What is known about one configuration.
#[derive(Debug, Default)]
pub(super) struct SourceState {
    /// Paces the answers to tokens that belong to no server.
    pub(super) bucket: Bucket,
    /// Paces the lines about them in the log.
    pub(super) lines: Lines,
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
        let due = self.said.is_none_or(|at| now.saturating_sub(at) >= SAY_EVERY);
        let say = !self.opened && self.unopened >= ENOUGH && due;
        if say {
            self.said = Some(now);
        }
        say
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
