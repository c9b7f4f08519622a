//! In: why one pod drains, and requests of its pages. Out: since when, and whether a page is to reload now.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::evictions::Eviction;
use super::hooks::{Hooks, room};
use super::mark::Mark;
use crate::pods::Group;
use crate::router::instance;

/// Why a pod drains. Only pods have it that do, and those of which DNS has said nothing yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draining {
    /// It says so.
    pub(crate) mark: Option<Mark>,
    pub(crate) dns: Named,
    pub(crate) eviction: Option<Arc<Eviction>>,
    hooks: Option<Hooks>,
}

/// Whether DNS names a pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Named {
    #[default]
    Yes,
    /// Nobody knows.
    Unknown,
    /// It has not since then.
    NotSince(u64),
}

/// A page that is to reload, if there is a pod that takes it and not too many do so.
#[derive(Clone, Debug)]
pub(crate) enum Leaves {
    Evicted(Arc<Eviction>),
    DrainMax,
}

impl Named {
    /// What DNS says, from now on.
    pub(crate) fn new(named: Option<bool>, now: u64) -> Self {
        match named {
            Some(true) => Named::Yes,
            Some(false) => Named::NotSince(now),
            None => Named::Unknown,
        }
    }
}

impl Draining {
    /// Why a pod drains that is used for the first time.
    pub(crate) fn new(dns: Named, eviction: Option<Arc<Eviction>>) -> Option<Box<Self>> {
        let draining = Draining { dns, eviction, ..Draining::default() };
        draining.is_needed().then(|| Box::new(draining))
    }

    /// Whether there is anything to remember.
    pub(crate) fn is_needed(&self) -> bool {
        self.mark.is_some() || self.dns != Named::Yes || self.eviction.is_some()
    }

    /// Since when the pod drains, if it does.
    pub(crate) fn since(&self) -> Option<u64> {
        let dns = match self.dns {
            Named::NotSince(at) => Some(at),
            Named::Yes | Named::Unknown => None,
        };
        let eviction = self.eviction.as_ref().map(|eviction| eviction.since());
        [self.mark.map(|mark| mark.since), dns, eviction].into_iter().flatten().min()
    }

    /// DNS does not name the pod, or nobody knows.
    pub(crate) fn is_unnamed(&self) -> bool {
        self.dns != Named::Yes
    }

    /// DNS has an opinion about the pod, which is used now.
    pub(crate) fn ask(&mut self, named: impl FnOnce() -> Option<bool>, now: u64) {
        if self.dns != Named::Yes {
            match (Named::new(named(), now), self.dns) {
                (Named::Yes, _) => self.dns = Named::Yes,
                (since @ Named::NotSince(_), Named::Unknown) => self.dns = since,
                _ => (),
            }
        }
    }

    /// The pages of the pod are watched, so that those that are idle go first.
    fn watch(&mut self, group: &Group<'_>, now: u64) -> Option<&mut Hooks> {
        let is_watched = match &self.eviction {
            Some(eviction) => eviction.is_idle_first() || group.drain_max > 0,
            None => group.drain_max > 0 && self.since().is_some(),
        };
        is_watched.then(|| self.hooks.get_or_insert_with(|| Hooks::new(now)))
    }

    /// A page has used the pod.
    pub(crate) fn hook(&mut self, group: &Group<'_>, target: &[u8], now: u64) {
        if let (Some(hooks), Some(number)) = (self.watch(group, now), number(target)) {
            hooks.used(number, now);
        }
    }

    /// A page opens a receiver stream, beside so many that are open. Whether it is to reload.
    pub(crate) fn stream(&mut self, group: &Group<'_>, target: &[u8], streams: u32, now: u64) -> Option<Leaves> {
        let (rate, idle_first) = match &self.eviction {
            Some(eviction) => (eviction.rate(group.gone_rate), eviction.is_idle_first()),
            None => (group.gone_rate, true),
        };
        let ranked = match (self.watch(group, now), number(target)) {
            (Some(hooks), Some(number)) => Some((hooks.rank(number, streams, group.roll_time, now), hooks.since)),
            _ => None,
        };
        // Without a rate there is no choice, and no page of an unknown name has a place.
        let has_turn = rate == 0 || ranked.is_some_and(|(rank, _)| rank < room(rate, group.roll_time));
        match &self.eviction {
            Some(eviction) if !idle_first => Some(Leaves::Evicted(eviction.clone())),
            Some(eviction) => {
                // For so long it finds out which pages are used.
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

    /// A page was told to reload.
    pub(crate) fn forget(&mut self, target: &[u8]) {
        if let (Some(hooks), Some(number)) = (&mut self.hooks, number(target)) {
            hooks.forget(number);
        }
    }
}

impl Leaves {
    /// Whether one more page may be told now.
    pub(crate) fn paces(&self, group: &Group<'_>, now: u64) -> bool {
        match self {
            Leaves::Evicted(eviction) => eviction.paces(group, now),
            Leaves::DrainMax => group.upstream.paces(group.gone_rate, now),
        }
    }
}

/// Stands for the instance in a path. Nobody gains by making paths whose numbers meet: the pages are his own.
fn number(target: &[u8]) -> Option<u64> {
    instance(target).map(|instance| FixedState::default().hash_one(instance))
}
