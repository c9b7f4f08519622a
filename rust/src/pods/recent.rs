//! A table that is bounded: when it is full, what was not used for longest is forgotten.

use std::hash::Hash;

use lru::LruCache;

pub(super) struct Recent<K: Hash + Eq, V> {
    table: LruCache<K, V>,
    most: usize,
}

impl<K: Hash + Eq + Copy, V: Default> Recent<K, V> {
    pub(super) fn new(most: usize) -> Self {
        // The crate's own bound would claim all its memory at once.
        Recent { table: LruCache::unbounded(), most }
    }

    /// The value of a key, made if need be. It counts as used.
    pub(super) fn entry(&mut self, key: K) -> &mut V {
        if self.table.len() >= self.most && !self.table.contains(&key) {
            self.table.pop_lru();
        }
        self.table.get_or_insert_mut(key, V::default)
    }

    /// The value of a key that is known. It does not count as used.
    pub(super) fn peek(&self, key: &K) -> Option<&V> {
        self.table.peek(key)
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
