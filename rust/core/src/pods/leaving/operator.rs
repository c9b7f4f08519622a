//! In: what an operator evicts and takes back. Out: the same for all pods that are known.

use std::sync::atomic::Ordering;

use super::{KnownEviction, Target};
use crate::pods::{EventKind, Pods, Subject};

impl Pods {
    /// Evicts pods from now on, or changes how fast. False if there are too many evictions. Looks at all pods.
    pub(crate) fn evict(&self, target: Target, rate: u32, idle_first: bool, now: u64) -> bool {
        let added = self.evictions.add(target, rate, idle_first, now);
        if added {
            self.any_draining.store(true, Ordering::Relaxed);
            self.follow(&target, EventKind::Evicted, now);
        }
        added
    }

    /// Takes an eviction back. False if there is none with this target. Looks at all pods.
    pub(crate) fn undo(&self, target: &Target, now: u64) -> bool {
        let removed = self.evictions.remove(target);
        if removed {
            self.follow(target, EventKind::Undone, now);
        }
        removed
    }

    /// All evictions, the oldest first.
    pub(crate) fn evictions(&self) -> Vec<KnownEviction> {
        self.evictions.known()
    }

    /// Has all pods know the evictions. Whoever makes a pod known meanwhile looks at the evictions itself, under the lock of its
    /// shard, so that none is missed.
    fn follow(&self, target: &Target, kind: EventKind, now: u64) {
        let pages = (0..self.shards.len()).map(|shard| self.lock(shard).follow(&self.evictions, target));
        let pages = pages.fold(0, u32::saturating_add);
        self.journal.add(Subject::Target(*target), kind, pages, now);
    }
}
