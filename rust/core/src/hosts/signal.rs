//! In: the plan of a host and its answers. Out: the few words that each request reads, without a lock. A request writes
//! one of them at most once per refresh.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64};

/// No lookup is planned: a request must see to it.
const ASLEEP: u8 = 0;
/// Lookups go on, and there was no request since the last.
const UNUSED: u8 = 1;
/// Lookups go on, and there was one.
const USED: u8 = 2;

#[derive(Debug, Default)]
pub(super) struct Signal {
    activity: AtomicU8,
    /// A lookup is pending whose end is worth waiting for.
    pending: AtomicBool,
    /// There are addresses.
    known: AtomicBool,
    /// The last lookup has failed.
    failed: AtomicBool,
    /// There has been an answer, and its time.
    has_answer: AtomicBool,
    answered: AtomicU64,
    /// The time of the last outcome of any kind while lookups go on, that of the last answer otherwise: there is no sense
    /// in waiting for a lookup while they go on and fail.
    checked: AtomicU64,
    /// How many lookups have ended.
    ended: AtomicU64,
}

impl Signal {
    /// Notes a request. False if no lookups go on, or something else came in between.
    pub(super) fn used(&self) -> bool {
        match self.activity.load(Acquire) {
            USED => true,
            UNUSED => self.activity.compare_exchange(UNUSED, USED, AcqRel, Acquire).is_ok(),
            _ => false,
        }
    }

    /// Whether no lookups go on.
    pub(super) fn asleep(&self) -> bool {
        self.activity.load(Acquire) == ASLEEP
    }

    /// Lookups go on from now on, because of a request.
    pub(super) fn wake(&self) {
        self.activity.store(USED, Release);
    }

    /// Whether there was a request since the last call.
    pub(super) fn take_use(&self) -> bool {
        self.activity.swap(UNUSED, AcqRel) == USED
    }

    /// Goes to sleep, unless a request came since `take_use`: it saw no reason to start a lookup.
    pub(super) fn try_sleep(&self) -> bool {
        let sleeps = self.activity.compare_exchange(UNUSED, ASLEEP, AcqRel, Acquire).is_ok();
        if sleeps {
            self.sleep();
        }
        sleeps
    }

    /// No lookups go on any more. Only the age of the answer counts.
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

    /// A lookup has brought addresses.
    pub(super) fn answer(&self, now: u64) {
        self.answered.store(now, Release);
        self.has_answer.store(true, Release);
    }

    /// Whether any lookup has brought addresses.
    pub(super) fn answered(&self) -> bool {
        self.has_answer.load(Acquire)
    }

    /// What is known has changed.
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

    /// A lookup has ended, and others follow.
    pub(super) fn check(&self, now: u64) {
        _ = self.activity.compare_exchange(ASLEEP, UNUSED, AcqRel, Acquire);
        self.checked.store(now, Release);
    }

    /// How long ago that was.
    pub(super) fn age(&self, now: u64) -> u64 {
        now.saturating_sub(self.checked.load(Acquire))
    }

    /// A lookup has ended, or will never begin.
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

    /// A request that comes while the driver looks is not lost: the driver looks for uses and goes to sleep in two steps.
    #[test]
    fn a_request_while_lookups_are_about_to_end() {
        let signal = Signal::default();
        assert!(!signal.used() && signal.asleep(), "a request must see to a sleeping host");
        signal.wake();
        assert!(signal.used() && signal.take_use() && !signal.take_use());
        assert!(signal.used());
        assert!(!signal.try_sleep() && !signal.asleep(), "asleep right after a request");
        assert!(signal.take_use() && signal.try_sleep() && !signal.used());
    }

    /// How old what is known is, while lookups go on and afterwards.
    #[test]
    fn age() {
        let signal = Signal::default();
        signal.wake();
        signal.answer(10);
        signal.check(10);
        signal.check(25);
        assert_eq!((signal.age(30), signal.age(20)), (5, 0), "that it failed is new");
        signal.sleep();
        assert_eq!(signal.age(30), 20, "only the answer counts");
        assert!(!signal.pending());
        signal.check(30);
        assert!(!signal.asleep() && !signal.take_use(), "lookups go on, and nobody has used the host");
    }
}
