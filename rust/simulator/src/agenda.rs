//! The queue of future events. Events at the same time happen in the order in which they were planned, so
//! that a seed always gives the same world.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::event::Event;

/// Nanoseconds since the start of the world.
pub type Time = u64;

pub const MILLISECOND: Time = 1_000_000;
pub const SECOND: Time = 1_000 * MILLISECOND;
pub const MINUTE: Time = 60 * SECOND;
pub const HOUR: Time = 60 * MINUTE;

#[derive(Default)]
pub struct Agenda {
    heap: BinaryHeap<Entry>,
    planned: u64,
    now: Time,
}

impl Agenda {
    pub fn now(&self) -> Time {
        self.now
    }

    /// The number of events planned so far.
    pub fn planned(&self) -> u64 {
        self.planned
    }

    pub fn at(&mut self, at: Time, event: Event) {
        self.planned += 1;
        self.heap.push(Entry { at: at.max(self.now), order: self.planned, event });
    }

    pub fn after(&mut self, delay: Time, event: Event) {
        self.at(self.now + delay, event);
    }

    /// Takes the next event and advances time to it.
    pub fn advance(&mut self) -> Option<Event> {
        let Entry { at, event, .. } = self.heap.pop()?;
        self.now = at;
        Some(event)
    }
}

struct Entry {
    at: Time,
    order: u64,
    event: Event,
}

impl Ord for Entry {
    /// Reversed, because the heap returns the greatest entry first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Entry {}
