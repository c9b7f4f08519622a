//! A table with several queues. Each entry is in one queue, in order of insertion.

use std::collections::HashMap;
use std::hash::Hash;

use foldhash::fast::FixedState;

/// The absence of a slot.
const NONE: u32 = u32::MAX;

/// A table with `N` queues. Removing an entry may invalidate slot numbers.
pub(super) struct Queues<K, V, const N: usize> {
    index: HashMap<K, u32, FixedState>,
    slots: Vec<Slot<K, V>>,
    /// The first and last slot of each queue.
    ends: [Link; N],
}

struct Slot<K, V> {
    key: K,
    value: V,
    queue: usize,
    link: Link,
}

/// The slots before and after a slot. For the ends of a queue these are its last and first slot, so that both
/// cases are alike.
#[derive(Clone, Copy)]
struct Link {
    before: u32,
    behind: u32,
}

const UNLINKED: Link = Link { before: NONE, behind: NONE };

impl<K: Hash + Eq + Copy, V, const N: usize> Queues<K, V, N> {
    pub(super) fn new() -> Self {
        Queues { index: HashMap::default(), slots: Vec::new(), ends: [UNLINKED; N] }
    }

    /// All entries, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.slots.iter().map(|slot| (slot.key, &slot.value))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (K, &mut V)> {
        self.slots.iter_mut().map(|slot| (slot.key, &mut slot.value))
    }

    pub(super) fn find(&self, key: &K) -> Option<u32> {
        self.index.get(key).copied()
    }

    pub(super) fn key(&self, slot: u32) -> K {
        self.slots[slot as usize].key
    }

    pub(super) fn value(&self, slot: u32) -> &V {
        &self.slots[slot as usize].value
    }

    pub(super) fn value_mut(&mut self, slot: u32) -> &mut V {
        &mut self.slots[slot as usize].value
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.find(key).map(|slot| self.value(slot))
    }

    /// The slot that has been in a queue the longest.
    pub(super) fn first(&self, queue: usize) -> Option<u32> {
        Some(self.ends[queue].behind).filter(|slot| *slot != NONE)
    }

    /// Adds a new key at the end of a queue.
    pub(super) fn insert(&mut self, key: K, value: V, queue: usize) -> u32 {
        let slot = u32::try_from(self.slots.len()).expect("fewer are allowed");
        self.slots.push(Slot { key, value, queue, link: UNLINKED });
        self.index.insert(key, slot);
        self.link(slot, queue);
        slot
    }

    /// Moves a slot from its queue to the end of a queue.
    pub(super) fn move_to(&mut self, slot: u32, queue: usize) {
        self.unlink(slot);
        self.link(slot, queue);
    }

    pub(super) fn remove(&mut self, slot: u32) -> (K, V) {
        self.unlink(slot);
        let Slot { key, value, .. } = self.slots.swap_remove(slot as usize);
        self.index.remove(&key);
        // The last slot has moved here.
        if let Some(Slot { key, queue, link, .. }) = self.slots.get(slot as usize) {
            let (key, queue, link) = (*key, *queue, *link);
            self.index.insert(key, slot);
            self.neighbour(link.before, queue).behind = slot;
            self.neighbour(link.behind, queue).before = slot;
        }
        (key, value)
    }

    fn link(&mut self, slot: u32, queue: usize) {
        let last = self.ends[queue].before;
        self.neighbour(last, queue).behind = slot;
        self.ends[queue].before = slot;
        let one = &mut self.slots[slot as usize];
        (one.queue, one.link) = (queue, Link { before: last, behind: NONE });
    }

    fn unlink(&mut self, slot: u32) {
        let Slot { queue, link, .. } = self.slots[slot as usize];
        self.neighbour(link.before, queue).behind = link.behind;
        self.neighbour(link.behind, queue).before = link.before;
    }

    /// The link of a slot, or the ends of the queue for [`NONE`].
    fn neighbour(&mut self, slot: u32, queue: usize) -> &mut Link {
        match slot {
            NONE => &mut self.ends[queue],
            slot => &mut self.slots[slot as usize].link,
        }
    }
}
