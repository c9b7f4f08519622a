//! Records the evictions that each replica knows, and when the pages of evicted pods were used.

use std::collections::BTreeMap;

use crate::agenda::Time;
use crate::checks::Checks;
use crate::world::World;
use crate::world::operator::{Aim, Order};

/// An eviction that a replica knows.
#[derive(Clone, Copy, Debug)]
pub struct Evicted {
    pub order: Order,
    pub since: Time,
    /// A unique number.
    pub number: u32,
    /// Whether the replica knew no eviction before. If so, it remembers no pages from an earlier one.
    pub is_first: bool,
}

/// The evictions that a replica knows, oldest first.
#[derive(Default)]
pub struct Evictions {
    list: Vec<Evicted>,
    count: u32,
}

/// When the pages of evicted pods were used, by instance.
#[derive(Default)]
pub struct Uses(pub BTreeMap<u32, Use>);

#[derive(Clone, Copy, Debug, Default)]
pub struct Use {
    /// When the last hook and the last receiver stream arrived.
    pub hook: Option<Time>,
    pub stream: Option<Time>,
}

impl Checks {
    pub fn told_to_evict(&mut self, replica: usize, order: Order, now: Time) {
        let Evictions { list, count } = &mut self.ledgers[replica].evictions;
        if let Some(known) = list.iter_mut().find(|known| known.order.aim == order.aim) {
            known.order = order;
            return;
        }
        *count += 1;
        list.push(Evicted { order, since: now, number: *count, is_first: *count == 1 });
    }

    /// Records a cancelled eviction. Returns whether the replica knew it.
    pub fn told_to_undo(&mut self, replica: usize, aim: Aim) -> bool {
        let list = &mut self.ledgers[replica].evictions.list;
        let before = list.len();
        list.retain(|known| known.order.aim != aim);
        list.len() < before
    }

    /// Records a use of a pod: a request begins or ends, or a dial ends. `sent`: a request was sent to it.
    pub fn touched(&mut self, replica: usize, place: usize, sent: bool, now: Time) {
        let seen = &mut self.ledgers[replica].pods[place];
        seen.first_used.get_or_insert(now);
        seen.used = Some(now);
        if sent {
            seen.sent = Some(now);
        }
    }
}

impl World {
    /// The eviction that applies to a place in a replica: the most recent one that matches.
    pub fn evicted(&self, replica: usize, place: usize) -> Option<&Evicted> {
        let known = &self.pods.places[place];
        self.checks.ledgers[replica].evictions.list.iter().rfind(|evicted| evicted.order.aim.has(known))
    }
}
