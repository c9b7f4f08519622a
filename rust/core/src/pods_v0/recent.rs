//! A table that is bounded: when it is full, what was not used for longest is forgotten.

use std::hash::Hash;

use super::queues::Queues;

pub(super) struct Recent<K, V> {
    table: Queues<K, V, 1>,
    most: usize,
}

impl<K: Hash + Eq + Copy, V: Default> Recent<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Recent { table: Queues::new(), most }
    }

    /// The value of a key, made if need be. It counts as used.
    pub(super) fn entry(&mut self, key: K) -> &mut V {
        let slot = match self.table.find(&key) {
            Some(slot) => {
                self.table.move_to(slot, 0);
                slot
            }
            None => {
                if self.table.len() >= self.most
                    && let Some(oldest) = self.table.first(0)
                {
                    self.table.remove(oldest);
                }
                self.table.insert(key, V::default(), 0)
            }
        };
        self.table.value_mut(slot)
    }

    /// The value of a key that is known. It does not count as used.
    pub(super) fn peek(&self, key: &K) -> Option<&V> {
        self.table.get(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_goes() {
        let mut recent: Recent<u32, u32> = Recent::new(2);
        *recent.entry(1) = 10;
        *recent.entry(2) = 20;
        recent.entry(1);
        recent.peek(&2);
        recent.entry(3);
        assert_eq!((recent.peek(&1), recent.peek(&2), recent.peek(&3)), (Some(&10), None, Some(&0)));
    }
}
