//! The part of a host's state that each request reads without a lock. A request writes to it at most once per
//! refresh.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64};

/// No lookup is planned; a request must start one.
const ASLEEP: u8 = 0;
/// Lookups continue, without a request since the last.
const UNUSED: u8 = 1;
/// Lookups continue, with a request since the last.
const USED: u8 = 2;

#[derive(Debug, Default)]
pub(super) struct Signal {
    activity: AtomicU8,
    /// Whether a lookup worth waiting for is pending.
    pending: AtomicBool,
    /// Whether there are addresses.
    known: AtomicBool,
    /// Whether the last lookup failed.
    failed: AtomicBool,
    /// Whether there has been an answer, and when.
    has_answer: AtomicBool,
    answered: AtomicU64,
    /// The time of the last result of any kind while lookups continue, otherwise of the last answer. While
    /// lookups continue and fail, waiting for one is pointless.
    checked: AtomicU64,
    /// How many lookups have ended.
    ended: AtomicU64,
}

impl Signal {
    /// Records a request. Returns false if lookups have stopped or another thread has just changed the state.
    pub(super) fn used(&self) -> bool {
        match self.activity.load(Acquire) {
            USED => true,
            UNUSED => self.activity.compare_exchange(UNUSED, USED, AcqRel, Acquire).is_ok(),
            _ => false,
        }
    }

    /// Whether lookups have stopped.
    pub(super) fn asleep(&self) -> bool {
        self.activity.load(Acquire) == ASLEEP
    }

    /// Records that a request has restarted lookups.
    pub(super) fn wake(&self) {
        self.activity.store(USED, Release);
    }

    /// Whether there was a request since the last call.
    pub(super) fn take_use(&self) -> bool {
        self.activity.swap(UNUSED, AcqRel) == USED
    }

    /// Stops lookups, unless a request arrived since `take_use`. Such a request has not started a lookup
    /// itself.
    pub(super) fn try_sleep(&self) -> bool {
        let sleeps = self.activity.compare_exchange(UNUSED, ASLEEP, AcqRel, Acquire).is_ok();
        if sleeps {
            self.sleep();
        }
        sleeps
    }

    /// Stops lookups. From now on only the age of the answer counts.
    pub(super) fn sleep(&self) {
        self.activity.store(ASLEEP, Release);
        self.pending.store(false, Release);
        self.checked.store(self.answered.load(Acquire), Release);
    }

    pub(super) fn set_pending(&self, pending: bool) {
        self.pending.store(pending, Release);
    }

    pub(super) fn pending(&self) -> bool {
        self.pending.load(Acquire)
    }

    /// Records a lookup with addresses.
    pub(super) fn answer(&self, now: u64) {
        self.answered.store(now, Release);
        self.has_answer.store(true, Release);
    }

    /// Whether any lookup has returned addresses.
    pub(super) fn answered(&self) -> bool {
        self.has_answer.load(Acquire)
    }

    /// Updates what is known.
    pub(super) fn set(&self, known: bool, failed: bool) {
        self.known.store(known, Release);
        self.failed.store(failed, Release);
    }

    pub(super) fn known(&self) -> bool {
        self.known.load(Acquire)
    }

    pub(super) fn failed(&self) -> bool {
        self.failed.load(Acquire)
    }

    /// Records the end of a lookup that others will follow.
    pub(super) fn check(&self, now: u64) {
        _ = self.activity.compare_exchange(ASLEEP, UNUSED, AcqRel, Acquire);
        self.checked.store(now, Release);
    }

    /// The time since the last check.
    pub(super) fn age(&self, now: u64) -> u64 {
        now.saturating_sub(self.checked.load(Acquire))
    }

    /// Counts a lookup that has ended or will never start.
    pub(super) fn end(&self) {
        self.ended.fetch_add(1, AcqRel);
    }

    pub(super) fn ended(&self) -> u64 {
        self.ended.load(Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request during the driver's check is not lost: the driver checks for uses and stops lookups in two
    /// steps.
    #[test]
    fn a_request_while_lookups_are_about_to_end() {
        let signal = Signal::default();
        assert!(!signal.used() && signal.asleep(), "a request must wake a sleeping host");
        signal.wake();
        assert!(signal.used() && signal.take_use() && !signal.take_use());
        assert!(signal.used());
        assert!(!signal.try_sleep() && !signal.asleep(), "asleep right after a request");
        assert!(signal.take_use() && signal.try_sleep() && !signal.used());
    }

    /// The age of what is known, during and after lookups.
    #[test]
    fn age() {
        let signal = Signal::default();
        signal.wake();
        signal.answer(10);
        signal.check(10);
        signal.check(25);
        assert_eq!((signal.age(30), signal.age(20)), (5, 0), "the failure is newer than the answer");
        signal.sleep();
        assert_eq!(signal.age(30), 20, "only the answer counts");
        assert!(!signal.pending());
        signal.check(30);
        assert!(!signal.asleep() && !signal.take_use(), "lookups continue without a request");
    }
}
