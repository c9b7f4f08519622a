//! A table whose entries stand in queues: each in one of them, and in the order in which they came to its end.

use std::collections::HashMap;
use std::hash::Hash;

use foldhash::fast::FixedState;

/// No slot.
const NONE: u32 = u32::MAX;

/// `N` queues. What a slot number means changes when an entry is removed.
pub(super) struct Queues<K, V, const N: usize> {
    index: HashMap<K, u32, FixedState>,
    slots: Vec<Slot<K, V>>,
    /// The first and the last slot of each queue.
    ends: [Link; N],
}

struct Slot<K, V> {
    key: K,
    value: V,
    queue: usize,
    link: Link,
}

/// What stands before and behind a slot; in `ends` the last and the first of a queue, so that both look alike.
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

    /// In no order.
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

    /// The slot that has stood in a queue for longest.
    pub(super) fn first(&self, queue: usize) -> Option<u32> {
        Some(self.ends[queue].behind).filter(|slot| *slot != NONE)
    }

    /// Adds a key that is not there, at the end of a queue.
    pub(super) fn insert(&mut self, key: K, value: V, queue: usize) -> u32 {
        let slot = u32::try_from(self.slots.len()).expect("fewer are allowed");
        self.slots.push(Slot { key, value, queue, link: UNLINKED });
        self.index.insert(key, slot);
        self.link(slot, queue);
        slot
    }

    /// To the end of a queue, from wherever it is.
    pub(super) fn move_to(&mut self, slot: u32, queue: usize) {
        self.unlink(slot);
        self.link(slot, queue);
    }

    pub(super) fn remove(&mut self, slot: u32) -> (K, V) {
        self.unlink(slot);
        let Slot { key, value, .. } = self.slots.swap_remove(slot as usize);
        self.index.remove(&key);
        // The last one has taken its place.
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

    /// The link of a slot, or of the queue's ends where there is none.
    fn neighbour(&mut self, slot: u32, queue: usize) -> &mut Link {
        match slot {
            NONE => &mut self.ends[queue],
            slot => &mut self.slots[slot as usize].link,
        }
    }
}
