//! Selects which of the due lookups start now. Limits their concurrency and the rate of refreshes.

use std::collections::{BTreeMap, BTreeSet};

use super::HostId;
use crate::SECOND;

/// A lookup that takes longer than this makes room for another, so that a silent name server does not delay
/// other hosts.
pub(super) const SLOW_AFTER: u64 = SECOND;

/// A lookup whose end was not reported after this time counts as failed.
pub(super) const LOST_AFTER: u64 = 60 * SECOND;

/// The queue in which a lookup waits. The two take turns, so that thousands of lookups in one queue do not
/// delay the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// A request waits for it, or the answer is old.
    Urgent = 0,
    /// A refresh.
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

/// Limits for lookups.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The maximum number that run concurrently.
    pub(super) at_once: usize,
    /// The maximum number of additional lookups that have taken longer than `SLOW_AFTER`.
    pub(super) slow: usize,
    /// The minimum average interval between refreshes, at most a second.
    pub(super) pace: u64,
}

#[derive(Debug)]
pub(super) struct Queue {
    bounds: Bounds,
    /// First come, first served, in each class.
    classes: [BTreeMap<u64, HostId>; 2],
    /// How many tickets were issued.
    tickets: u64,
    /// The class to serve next.
    turn: Class,
    /// Running lookups by start time.
    running: BTreeSet<(u64, HostId)>,
    /// Running lookups that have made room for others.
    slow: BTreeSet<(u64, HostId)>,
    /// The time by which the rate limit allows all refreshes so far.
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

    /// Takes the next lookup that may start now. Call `begin` if it does start.
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

    /// When `pop` or `lost` next returns something if nothing else happens. `now` if one of them already
    /// does.
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

    /// The class to serve now: the one whose turn it is, unless none of its lookups may start.
    fn next_class(&self, now: u64) -> Option<Class> {
        if self.running.len() >= self.bounds.at_once {
            return None;
        }
        let may = |class: Class| {
            !self.classes[class as usize].is_empty() && (class == Class::Urgent || self.affordable_at() <= now)
        };
        [self.turn, self.turn.other()].into_iter().find(|class| may(*class))
    }

    /// When the next refresh may start. The bucket has a capacity of one second.
    fn affordable_at(&self) -> u64 {
        self.spent.saturating_add(self.bounds.pace).saturating_sub(SECOND)
    }
}
