//! In: words that belong together, from one thread. Out: the same words in any other thread, or nothing; never a
//! mixture.
//!
//! A sequence lock of atomics. Reading writes no memory, so readers on several cores do not slow each other down, and
//! nobody ever waits: a reader that meets a writer reads nothing, a writer that meets a writer writes nothing.

use super::atomic::{AtomicU64, Ordering, fence};

/// `N` words that are read and written as one. Empty at first.
pub(super) struct Slot<const N: usize> {
    /// Twice the number of writes that ended, and one more while there is a writer. Never wraps: a write every
    /// nanosecond would take 292 years.
    sequence: AtomicU64,
    words: [AtomicU64; N],
}

impl<const N: usize> Slot<N> {
    pub(super) fn new() -> Self {
        Slot { sequence: AtomicU64::new(0), words: std::array::from_fn(|_| AtomicU64::new(0)) }
    }

    /// How often it was written.
    pub(super) fn writes(&self) -> u64 {
        self.sequence.load(Ordering::Relaxed) / 2
    }

    /// The words of one write, if the first of them is `wanted`; `None` too if there was no write yet or one is under
    /// way.
    pub(super) fn read_if(&self, wanted: impl FnOnce(u64) -> bool) -> Option<[u64; N]> {
        // Acquire, with the release at the end of `write`: the words of the write that left this number are visible,
        // so none below is older.
        let before = self.sequence.load(Ordering::Acquire);
        if before == 0 || before % 2 == 1 {
            return None;
        }
        // Only to spare the rest, so it need not belong to the same write.
        if !wanted(self.words[0].load(Ordering::Relaxed)) {
            return None;
        }
        let words = std::array::from_fn(|index| self.words[index].load(Ordering::Relaxed));
        // Acquire, with the release fence in `write`: if any word is newer, the odd number of its writer, or a later
        // one, is visible below. So an unchanged number means that none is newer.
        fence(Ordering::Acquire);
        let after = self.sequence.load(Ordering::Relaxed);
        (before == after).then_some(words)
    }

    /// Replaces the words, unless another thread is doing that.
    pub(super) fn write(&self, words: &[u64; N]) {
        let before = self.sequence.load(Ordering::Relaxed);
        if before % 2 == 1 {
            return;
        }
        // Acquire, with the release below in another thread: the words of the last write come before these.
        let claimed = self.sequence.compare_exchange(before, before + 1, Ordering::Acquire, Ordering::Relaxed);
        if claimed.is_err() {
            return;
        }
        // The odd number is visible wherever one of the words is, see `read`.
        fence(Ordering::Release);
        for (word, value) in self.words.iter().zip(words) {
            word.store(*value, Ordering::Relaxed);
        }
        self.sequence.store(before + 2, Ordering::Release);
    }
}
