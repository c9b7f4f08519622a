//! In: hosts whose lookups are due. Out: which of them begin now: only so many at once, and refreshes at a bounded rate.

use std::collections::{BTreeMap, BTreeSet};

use super::HostId;
use crate::SECOND;

/// A lookup that takes longer makes room for another, so that hosts of a silent name server do not hold up the others.
pub(super) const SLOW_AFTER: u64 = SECOND;

/// A lookup whose end nobody has reported by then has failed.
pub(super) const LOST_AFTER: u64 = 60 * SECOND;

/// Which of two queues a lookup stands in. They take turns, so that a request that waits does not stand behind thousands
/// of refreshes, nor the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// A request waits, or the answer is old.
    Urgent = 0,
    /// What is known is to stay new.
    Routine = 1,
}

impl Class {
    fn other(self) -> Class {
        match self {
            Class::Urgent => Class::Routine,
            Class::Routine => Class::Urgent,
        }
    }
}

/// A place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) class: Class,
    number: u64,
}

/// The bounds of lookups.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// How many may run at once.
    pub(super) at_once: usize,
    /// How many more, each of which takes longer than `SLOW_AFTER`.
    pub(super) slow: usize,
    /// The time between two refreshes on average, at least; at most a second.
    pub(super) pace: u64,
}

#[derive(Debug)]
pub(super) struct Queue {
    bounds: Bounds,
    /// First come, first served, in each class.
    classes: [BTreeMap<u64, HostId>; 2],
    /// How many tickets were given.
    tickets: u64,
    /// The class to serve next.
    turn: Class,
    /// Lookups under way, by the time of their begin.
    running: BTreeSet<(u64, HostId)>,
    /// Those that have made room.
    slow: BTreeSet<(u64, HostId)>,
    /// When all refreshes so far are paid for, at their rate.
    spent: u64,
}

impl Queue {
    pub(super) fn new(bounds: Bounds) -> Self {
        Queue {
            bounds,
            classes: [BTreeMap::new(), BTreeMap::new()],
            tickets: 0,
            turn: Class::Urgent,
            running: BTreeSet::new(),
            slow: BTreeSet::new(),
            spent: 0,
        }
    }

    pub(super) fn push(&mut self, host: HostId, class: Class) -> Ticket {
        self.tickets += 1;
        self.classes[class as usize].insert(self.tickets, host);
        Ticket { class, number: self.tickets }
    }

    pub(super) fn remove(&mut self, ticket: Ticket) {
        self.classes[ticket.class as usize].remove(&ticket.number);
    }

    /// Takes the next lookup that may begin now. Tell with `begin` whether it does.
    pub(super) fn pop(&mut self, now: u64) -> Option<(HostId, Class)> {
        self.make_room(now);
        let class = self.next_class(now)?;
        let (_, host) = self.classes[class as usize].pop_first()?;
        self.turn = class.other();
        Some((host, class))
    }

    pub(super) fn begin(&mut self, now: u64, host: HostId, class: Class) {
        self.running.insert((now, host));
        if class == Class::Routine {
            self.spent = self.spent.max(now).saturating_add(self.bounds.pace);
        }
    }

    pub(super) fn end(&mut self, began: u64, host: HostId) {
        if !self.running.remove(&(began, host)) {
            self.slow.remove(&(began, host));
        }
    }

    /// A lookup whose end was never reported.
    pub(super) fn lost(&self, now: u64) -> Option<HostId> {
        self.oldest().filter(|oldest| oldest.0.saturating_add(LOST_AFTER) <= now).map(|oldest| oldest.1)
    }

    /// When `pop` or `lost` will next return something if nothing happens before; `now` if they would now.
    pub(super) fn next(&self, now: u64) -> Option<u64> {
        let lost = self.oldest().map(|oldest| oldest.0.saturating_add(LOST_AFTER));
        [lost, self.next_begin(now)].into_iter().flatten().min().map(|next| next.max(now))
    }

    fn next_begin(&self, now: u64) -> Option<u64> {
        let urgent = !self.classes[Class::Urgent as usize].is_empty();
        let routine = !self.classes[Class::Routine as usize].is_empty();
        let paid = match (urgent, routine) {
            (true, _) => now,
            (false, true) => now.max(self.affordable_at()),
            (false, false) => return None,
        };
        if self.running.len() < self.bounds.at_once {
            return Some(paid);
        }
        let oldest = self.running.first().filter(|_| self.slow.len() < self.bounds.slow)?;
        Some(paid.max(oldest.0.saturating_add(SLOW_AFTER)))
    }

    fn oldest(&self) -> Option<&(u64, HostId)> {
        [self.running.first(), self.slow.first()].into_iter().flatten().min()
    }

    fn make_room(&mut self, now: u64) {
        while self.slow.len() < self.bounds.slow
            && let Some(oldest) = self.running.first().copied()
            && oldest.0.saturating_add(SLOW_AFTER) <= now
        {
            self.running.remove(&oldest);
            self.slow.insert(oldest);
        }
    }

    /// The class to serve now: that whose turn it is, unless it has nothing that may begin.
    fn next_class(&self, now: u64) -> Option<Class> {
        if self.running.len() >= self.bounds.at_once {
            return None;
        }
        let may = |class: Class| {
            !self.classes[class as usize].is_empty() && (class == Class::Urgent || self.affordable_at() <= now)
        };
        [self.turn, self.turn.other()].into_iter().find(|class| may(*class))
    }

    /// From when on a refresh may begin. The bucket holds as many as one second is worth.
    fn affordable_at(&self) -> u64 {
        self.spent.saturating_add(self.bounds.pace).saturating_sub(SECOND)
    }
}
