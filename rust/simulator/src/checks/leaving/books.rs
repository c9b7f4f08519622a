//! In: what an operator told a replica, and requests of pages. Out: which eviction counts for a place, and when a page was last used.

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
    /// No other one has the number.
    pub number: u32,
    /// This replica had known of none before: nothing is remembered of pages from an earlier one.
    pub is_first: bool,
}

/// All that a replica knows, the oldest first.
#[derive(Default)]
pub struct Evictions {
    list: Vec<Evicted>,
    count: u32,
}

/// When the pages of evicted pods were used, by their instances.
#[derive(Default)]
pub struct Uses(pub BTreeMap<u32, Use>);

#[derive(Clone, Copy, Debug, Default)]
pub struct Use {
    /// When the last hook came, and the last receiver stream.
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

    /// Whether the replica knew of it.
    pub fn told_to_undo(&mut self, replica: usize, aim: Aim) -> bool {
        let list = &mut self.ledgers[replica].evictions.list;
        let before = list.len();
        list.retain(|known| known.order.aim != aim);
        list.len() < before
    }

    /// A pod is used by something: a request begins, or ends, or a dial does. `sent`: by a request that is sent there.
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
    /// The eviction that counts for a place, if a replica knows one: of several the one that came last.
    pub fn evicted(&self, replica: usize, place: usize) -> Option<&Evicted> {
        let known = &self.pods.places[place];
        self.checks.ledgers[replica].evictions.list.iter().rfind(|evicted| evicted.order.aim.has(known))
    }
}
