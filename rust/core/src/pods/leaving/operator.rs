//! Starts and cancels evictions, and applies them to all known pods.

use std::sync::atomic::Ordering;

use super::{KnownEviction, Target};
use crate::pods::{EventKind, Pods, Subject};

impl Pods {
    /// Evicts pods, or changes an eviction. Returns false if there are too many. Visits all pods.
    pub(crate) fn evict(&self, target: Target, rate: u32, idle_first: bool, now: u64) -> bool {
        let added = self.evictions.add(target, rate, idle_first, now);
        if added {
            self.any_draining.store(true, Ordering::Relaxed);
            self.follow(&target, EventKind::Evicted, now);
        }
        added
    }

    /// Cancels an eviction. Returns false if there is none with this target. Visits all pods.
    pub(crate) fn undo(&self, target: &Target, now: u64) -> bool {
        let removed = self.evictions.remove(target);
        if removed {
            self.follow(target, EventKind::Undone, now);
        }
        removed
    }

    /// All evictions, oldest first.
    pub(crate) fn evictions(&self) -> Vec<KnownEviction> {
        self.evictions.known()
    }

    /// Applies the evictions to all known pods. A thread that adds a pod meanwhile reads the evictions under
    /// its shard's lock, so none is missed.
    fn follow(&self, target: &Target, kind: EventKind, now: u64) {
        let pages = (0..self.shards.len()).map(|shard| self.lock(shard).follow(&self.evictions, target));
        let pages = pages.fold(0, u32::saturating_add);
        self.journal.add(Subject::Target(*target), kind, pages, now);
    }
}
