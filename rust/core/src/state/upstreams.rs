//! The upstreams of one configuration with the fresh pods of each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwapOption, Guard};

use super::known::Known;
use super::upstream::Upstream;
use super::{Shared, State};
use crate::hosts::Addresses;
use crate::options::{Options, SECOND};
use crate::pods::Pod;
use crate::router::Router;

/// The interval between warnings about an address outside its upstream's networks.
const WARN_EVERY: u64 = 60 * SECOND;

/// The upstreams of one configuration, in its order. Dropping it stops the use of its hosts.
pub(crate) struct Upstreams {
    state: State,
    router: Arc<Router>,
    refresh: u64,
    /// How long a page may be silent.
    silence: u64,
    members: Box<[Member]>,
    known: Known,
}

/// One upstream of a configuration.
pub(crate) struct Member {
    pub(crate) upstream: Arc<Upstream>,
    fresh: ArcSwapOption<Fresh>,
    /// The earliest time of the next warning about an address outside.
    next_warning: AtomicU64,
}

/// The fresh pods of an upstream: those to which its host resolves. An immutable snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// The ID of the upstream.
    upstream: u64,
    pods: Box<[Pod]>,
    inside: usize,
}

impl Fresh {
    /// The pods in the upstream's own networks, sorted.
    pub fn inside(&self) -> &[Pod] {
        &self.pods[..self.inside]
    }

    /// The pods outside the upstream's networks, sorted. The tokens of their pages are refused or lead to
    /// another upstream.
    pub fn outside(&self) -> &[Pod] {
        &self.pods[self.inside..]
    }

    pub(crate) fn upstream(&self) -> u64 {
        self.upstream
    }

    /// The number of pods that determines the upstream's share of turns: those inside, or all of them if none
    /// is inside.
    pub(crate) fn worth(&self) -> u64 {
        (if self.inside == 0 { self.pods.len() } else { self.inside }) as u64
    }

    /// All pods: first those inside, then those outside.
    pub fn all(&self) -> &[Pod] {
        &self.pods
    }
}

impl Upstreams {
    /// Starts using the hosts of a router. No host is looked up until a request needs it.
    pub(crate) fn new(state: &State, router: Arc<Router>, options: &Options) -> Arc<Self> {
        let Shared { hosts, records, .. } = state.shared();
        let member = |upstream: &crate::Upstream| {
            let host = hosts.join_all(&upstream.hosts, options.resolver, options.refresh);
            let upstream = records.upstream(&host, upstream.port);
            Member { upstream, fresh: ArcSwapOption::empty(), next_warning: AtomicU64::new(0) }
        };
        let members: Box<[Member]> = router.upstreams().iter().map(member).collect();
        let known = Known::new(members.len());
        let (refresh, silence) = (options.refresh, options.silence());
        let upstreams = Arc::new(Upstreams { state: state.clone(), router, refresh, silence, members, known });
        for (index, member) in (0..).zip(&upstreams.members) {
            member.upstream.add_user(&upstreams, index);
        }
        upstreams
    }

    pub(super) fn silence(&self) -> u64 {
        self.silence
    }

    /// The number of upstreams, at least one.
    pub(crate) fn len(&self) -> u32 {
        self.members.len() as u32
    }

    /// An upstream by its index in the configuration.
    pub(crate) fn get(&self, index: u32) -> Option<&Member> {
        self.members.get(usize::try_from(index).ok()?)
    }

    /// The number of upstreams with addresses.
    pub(crate) fn known(&self) -> u32 {
        self.known.len()
    }

    /// An upstream with addresses, by its place modulo their number.
    pub(crate) fn known_at(&self, place: u64) -> Option<u32> {
        self.known.at(place)
    }

    /// Sets the addresses of an upstream.
    pub(super) fn set(&self, index: u32, addresses: Option<&Addresses>) {
        let Some(member) = self.get(index) else { return };
        let fresh = addresses.map(|addresses| {
            let is_inside = |pod: &Pod| self.router.lookup(pod.address()) == Some(index);
            let pods = addresses.list().iter().map(|address| member.upstream.pod_at(*address));
            let (mut pods, outside): (Vec<Pod>, Vec<Pod>) = pods.partition(is_inside);
            let inside = pods.len();
            pods.extend(outside);
            Arc::new(Fresh { upstream: member.upstream.health.id(), pods: pods.into(), inside })
        });
        self.known.set(index, fresh.is_some());
        member.fresh.store(fresh);
    }
}

impl Drop for Upstreams {
    fn drop(&mut self) {
        let Shared { hosts, records, .. } = self.state.shared();
        let key = |member: &Member| {
            hosts.leave(&member.upstream.host, self.refresh);
            (member.upstream.host.id(), member.upstream.port)
        };
        let keys: Vec<_> = self.members.iter().map(key).collect();
        self.members = Box::default();
        records.sweep(&keys);
    }
}

impl Member {
    /// The fresh pods, or `None` if there are none. Takes no lock.
    pub(crate) fn fresh(&self) -> Guard<Option<Arc<Fresh>>> {
        self.fresh.load()
    }

    /// Same as [`Member::fresh`], but owned.
    pub(crate) fn fresh_to_keep(&self) -> Option<Arc<Fresh>> {
        self.fresh.load_full()
    }

    /// Whether to warn about an address outside the networks. True at most once per interval.
    pub(crate) fn warns(&self, now: u64) -> bool {
        let next = self.next_warning.load(Ordering::Relaxed);
        now >= next && {
            let after = now.saturating_add(WARN_EVERY);
            self.next_warning.compare_exchange(next, after, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        }
    }
}
