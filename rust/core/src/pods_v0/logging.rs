//! In: refused tokens. Out: which of them are worth a line in the log: one for each reason and 10 seconds.

use super::SECOND;
use crate::router::Reason;

/// How often a line is written for one reason.
const LINE_EVERY: u64 = 10 * SECOND;

/// The reasons of one source.
#[derive(Debug, Default)]
pub(super) struct Lines {
    reasons: [Line; 3],
}

#[derive(Debug, Default)]
struct Line {
    written: Option<u64>,
    suppressed: u32,
}

impl Lines {
    /// A token was refused. When it is time for a line: how many were refused without one since the last line.
    pub(super) fn due(&mut self, reason: Reason, now: u64) -> Option<u32> {
        let line = &mut self.reasons[match reason {
            Reason::Malformed => 0,
            Reason::Refused => 1,
            _ => 2,
        }];
        if line.written.is_some_and(|at| now.saturating_sub(at) < LINE_EVERY) {
            line.suppressed = line.suppressed.saturating_add(1);
            return None;
        }
        line.written = Some(now);
        Some(std::mem::take(&mut line.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_for_each_reason_and_ten_seconds() {
        let mut lines = Lines::default();
        assert_eq!(lines.due(Reason::Refused, 0), Some(0));
        assert!((0..10).all(|second| lines.due(Reason::Refused, second * SECOND).is_none()));
        assert_eq!(lines.due(Reason::Malformed, 9 * SECOND), Some(0));
        assert_eq!(lines.due(Reason::NoCidr, 9 * SECOND), Some(0));
        assert_eq!(lines.due(Reason::Refused, 10 * SECOND), Some(10));
        assert_eq!(lines.due(Reason::Refused, 20 * SECOND), Some(0));
        for reason in [Reason::Malformed, Reason::NoCidr] {
            assert_eq!(lines.due(reason, 20 * SECOND), Some(0));
            assert_eq!(lines.due(reason, 20 * SECOND), None);
        }
    }
}
