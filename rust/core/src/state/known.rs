//! The set of upstreams with known addresses. Picking one does not look at the others.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

/// The place of an upstream that is not in the list.
const NOWHERE: u32 = u32::MAX;

/// The upstreams of a configuration that have addresses, in no particular order. Readers take no lock, and
/// may see an upstream twice or not at all while the list changes.
pub(super) struct Known {
    list: Box<[AtomicU32]>,
    len: AtomicU32,
    /// The place of each upstream in the list.
    places: Mutex<Box<[u32]>>,
}

impl Known {
    /// An empty set with room for all upstreams.
    pub(super) fn new(upstreams: usize) -> Self {
        Known {
            list: (0..upstreams).map(|_| AtomicU32::new(0)).collect(),
            len: AtomicU32::new(0),
            places: Mutex::new(vec![NOWHERE; upstreams].into()),
        }
    }

    pub(super) fn len(&self) -> u32 {
        self.len.load(Ordering::Acquire)
    }

    /// The upstream at a place, modulo the length of the list. `None` if the list is empty.
    pub(super) fn at(&self, place: u64) -> Option<u32> {
        let place = place.checked_rem(self.len().into())?;
        Some(self.list.get(usize::try_from(place).ok()?)?.load(Ordering::Relaxed))
    }

    /// Adds an upstream to the list or removes it.
    pub(super) fn set(&self, upstream: u32, known: bool) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let len = self.len.load(Ordering::Relaxed);
        let place = places[upstream as usize];
        if known == (place != NOWHERE) {
            return;
        }
        if known {
            self.list[len as usize].store(upstream, Ordering::Relaxed);
            places[upstream as usize] = len;
            self.len.store(len + 1, Ordering::Release);
        } else {
            let last = self.list[len as usize - 1].load(Ordering::Relaxed);
            self.list[place as usize].store(last, Ordering::Relaxed);
            places[last as usize] = place;
            places[upstream as usize] = NOWHERE;
            self.len.store(len - 1, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(known: &Known) -> Vec<u32> {
        let mut listed: Vec<u32> = (0..known.len().into()).filter_map(|place| known.at(place)).collect();
        listed.sort_unstable();
        listed
    }

    #[test]
    fn in_and_out() {
        let known = Known::new(4);
        assert_eq!(known.at(0), None);
        for upstream in [2, 0, 3, 0] {
            known.set(upstream, true);
        }
        assert_eq!(listed(&known), [0, 2, 3]);
        assert_eq!(known.at(7), known.at(1));
        known.set(2, false);
        known.set(1, false);
        assert_eq!(listed(&known), [0, 3]);
        known.set(3, false);
        known.set(0, false);
        assert_eq!(listed(&known), [0; 0]);
        known.set(1, true);
        assert_eq!(listed(&known), [1]);
    }
}
