//! Why and since when a pod drains, and which of its pages must reload now.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::evictions::Eviction;
use super::hooks::{Hooks, room};
use super::mark::Mark;
use crate::pods::Group;
use crate::router::instance;

/// Why a pod drains. Only exists for draining pods and for those whose DNS state is unknown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draining {
    /// Set if the pod signals that it is draining.
    pub(crate) mark: Option<Mark>,
    pub(crate) dns: Listed,
    pub(crate) eviction: Option<Arc<Eviction>>,
    hooks: Option<Hooks>,
}

/// Whether DNS lists a pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Listed {
    #[default]
    Yes,
    /// Nothing is known.
    Unknown,
    /// Not since this time.
    NotSince(u64),
}

/// A page that must reload, provided that another pod takes it and the rate allows it.
#[derive(Clone, Debug)]
pub(crate) enum Leaves {
    Evicted(Arc<Eviction>),
    DrainMax,
}

impl Listed {
    /// The state according to DNS, from `now` on.
    pub(crate) fn new(listed: Option<bool>, now: u64) -> Self {
        match listed {
            Some(true) => Listed::Yes,
            Some(false) => Listed::NotSince(now),
            None => Listed::Unknown,
        }
    }
}

impl Draining {
    /// Why a pod drains when it is first used.
    pub(crate) fn new(dns: Listed, eviction: Option<Arc<Eviction>>) -> Option<Box<Self>> {
        let draining = Draining { dns, eviction, ..Draining::default() };
        draining.is_needed().then(|| Box::new(draining))
    }

    /// Whether there is anything to remember.
    pub(crate) fn is_needed(&self) -> bool {
        self.mark.is_some() || self.dns != Listed::Yes || self.eviction.is_some()
    }

    /// When the pod began to drain, if it does.
    pub(crate) fn since(&self) -> Option<u64> {
        let dns = match self.dns {
            Listed::NotSince(at) => Some(at),
            Listed::Yes | Listed::Unknown => None,
        };
        let eviction = self.eviction.as_ref().map(|eviction| eviction.since());
        [self.mark.map(|mark| mark.since), dns, eviction].into_iter().flatten().min()
    }

    /// Whether DNS does not list the pod, or nothing is known.
    pub(crate) fn is_unlisted(&self) -> bool {
        self.dns != Listed::Yes
    }

    /// Updates the DNS state of a pod that is being used.
    pub(crate) fn update_dns(&mut self, listed: impl FnOnce() -> Option<bool>, now: u64) {
        if self.dns != Listed::Yes {
            match (Listed::new(listed(), now), self.dns) {
                (Listed::Yes, _) => self.dns = Listed::Yes,
                (since @ Listed::NotSince(_), Listed::Unknown) => self.dns = since,
                _ => (),
            }
        }
    }

    /// Tracks the pod's pages if idle ones are to go first.
    fn watch(&mut self, group: &Group<'_>, now: u64) -> Option<&mut Hooks> {
        let is_watched = match &self.eviction {
            Some(eviction) => eviction.is_idle_first() || group.drain_max > 0,
            None => group.drain_max > 0 && self.since().is_some(),
        };
        is_watched.then(|| self.hooks.get_or_insert_with(|| Hooks::new(now)))
    }

    /// Records that a page has used the pod.
    pub(crate) fn hook(&mut self, group: &Group<'_>, target: &[u8], now: u64) {
        if let (Some(hooks), Some(number)) = (self.watch(group, now), number(target)) {
            hooks.used(number, now);
        }
    }

    /// Handles a new receiver stream of a page, in addition to `streams` open ones. Returns whether the page
    /// must reload.
    pub(crate) fn stream(&mut self, group: &Group<'_>, target: &[u8], streams: u32, now: u64) -> Option<Leaves> {
        let (rate, idle_first) = match &self.eviction {
            Some(eviction) => (eviction.rate(group.gone_rate), eviction.is_idle_first()),
            None => (group.gone_rate, true),
        };
        let ranked = match (self.watch(group, now), number(target)) {
            (Some(hooks), Some(number)) => Some((hooks.rank(number, streams, group.roll_time, now), hooks.since)),
            _ => None,
        };
        // Without a rate all pages go. A page without a known instance has no rank.
        let has_turn = rate == 0 || ranked.is_some_and(|(rank, _)| rank < room(rate, group.roll_time));
        match &self.eviction {
            Some(eviction) if !idle_first => Some(Leaves::Evicted(eviction.clone())),
            Some(eviction) => {
                // For the first roll time, only observes which pages are used.
                let is_seen = ranked.is_some_and(|(_, since)| now.saturating_sub(since) >= group.roll_time);
                (rate == 0 || is_seen && has_turn).then(|| Leaves::Evicted(eviction.clone()))
            }
            None => {
                let is_over = group.drain_max > 0
                    && self.since().is_some_and(|since| now.saturating_sub(since) >= group.drain_max);
                (is_over && has_turn).then_some(Leaves::DrainMax)
            }
        }
    }

    /// Removes a page that was told to reload.
    pub(crate) fn forget(&mut self, target: &[u8]) {
        if let (Some(hooks), Some(number)) = (&mut self.hooks, number(target)) {
            hooks.forget(number);
        }
    }
}

impl Leaves {
    /// Whether the rate allows one more page now.
    pub(crate) fn admits(&self, group: &Group<'_>, now: u64) -> bool {
        match self {
            Leaves::Evicted(eviction) => eviction.admits(group, now),
            Leaves::DrainMax => group.upstream.admits(group.gone_rate, now),
        }
    }
}

/// Hashes the page's ID in a path. Colliding paths give an attacker no advantage, since the pages are the
/// attacker's own.
fn number(target: &[u8]) -> Option<u64> {
    instance(target).map(|instance| FixedState::default().hash_one(instance))
}
