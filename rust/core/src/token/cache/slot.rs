//! A group of words that threads read and write as a unit, without tearing.
//!
//! This is a sequence lock built on atomics. Reading writes no memory, so readers on several cores do not
//! slow each other down. Nothing ever blocks: a reader that meets a writer reads nothing, and a writer that
//! meets a writer writes nothing.

use super::atomic::{AtomicU64, Ordering, fence};

/// `N` words that are read and written as a unit. Initially empty.
pub(super) struct Slot<const N: usize> {
    /// Twice the number of finished writes, plus one during a write. Never wraps: with a write every
    /// nanosecond, that would take 292 years.
    sequence: AtomicU64,
    words: [AtomicU64; N],
}

impl<const N: usize> Slot<N> {
    pub(super) fn new() -> Self {
        Slot { sequence: AtomicU64::new(0), words: std::array::from_fn(|_| AtomicU64::new(0)) }
    }

    /// The number of writes so far.
    pub(super) fn writes(&self) -> u64 {
        self.sequence.load(Ordering::Relaxed) / 2
    }

    /// The words of one write if `wanted` accepts the first of them. Also `None` before the first write and
    /// during a write.
    pub(super) fn read_if(&self, wanted: impl FnOnce(u64) -> bool) -> Option<[u64; N]> {
        // Acquire pairs with the release at the end of `write`: the words of the write that left this number
        // are visible, so none below is older.
        let before = self.sequence.load(Ordering::Acquire);
        if before == 0 || before % 2 == 1 {
            return None;
        }
        // Only saves work, so it may come from a different write.
        if !wanted(self.words[0].load(Ordering::Relaxed)) {
            return None;
        }
        let words = std::array::from_fn(|index| self.words[index].load(Ordering::Relaxed));
        // Acquire pairs with the release fence in `write`: if any word is newer, the odd number of its writer
        // or a later number is visible below. So an unchanged number means that no word is newer.
        fence(Ordering::Acquire);
        let after = self.sequence.load(Ordering::Relaxed);
        (before == after).then_some(words)
    }

    /// Replaces the words, unless another thread is doing so.
    pub(super) fn write(&self, words: &[u64; N]) {
        let before = self.sequence.load(Ordering::Relaxed);
        if before % 2 == 1 {
            return;
        }
        // Acquire pairs with the release below in another thread: the words of the last write precede these.
        let claimed = self.sequence.compare_exchange(before, before + 1, Ordering::Acquire, Ordering::Relaxed);
        if claimed.is_err() {
            return;
        }
        // Wherever one of the words is visible, the odd number is visible too; see `read_if`.
        fence(Ordering::Release);
        for (word, value) in self.words.iter().zip(words) {
            word.store(*value, Ordering::Relaxed);
        }
        self.sequence.store(before + 2, Ordering::Release);
    }
}
