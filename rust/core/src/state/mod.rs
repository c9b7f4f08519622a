//! What a process knows: hosts and pods, and the records of upstreams and sources that outlive configurations.
//!
//! In: lookups that ended. Out: the lookups that are due, and for people what is known.
//!
//! ```text
//! records    which records there are, by what they are about
//! upstream   one upstream, whichever configurations name it: its host, its health, and who is to be told of new addresses
//! upstreams  the upstreams of one configuration: their fresh pods, and which of them have any
//! known      the index of those that have any
//! ```

mod known;
mod records;
mod upstream;
mod upstreams;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::hosts::{Host, HostChange, HostId, HostReport, Hosts, KnownHost, Learned, Lookup, LookupFailure, Missing};
use crate::options::Limits;
use crate::pods::{Event, Idle, KnownEviction, KnownPod, Pod, Pods, Target, Verdict};
use records::Records;
pub use upstreams::Fresh;
pub(crate) use upstreams::{Member, Upstreams};

/// What a process knows about hosts and pods. One is enough for a process; it outlives configurations. A clone is
/// another handle to the same. Usable from any number of threads.
///
/// All times are nanoseconds of one monotonic clock of the caller. A time that is earlier than that of another call counts
/// as the later one wherever both meet.
#[derive(Clone)]
pub struct State(Arc<Shared>);

/// What all handles share.
pub(crate) struct Shared {
    pub(crate) hosts: Hosts,
    pub(crate) pods: Pods,
    pub(crate) records: Records,
    /// How many requests may wait for a pod, and how many do.
    max_waiting: u32,
    waiting: AtomicU32,
}

impl Default for State {
    fn default() -> Self {
        State::new(Limits::default())
    }
}

impl State {
    /// Knows nothing.
    pub fn new(limits: Limits) -> Self {
        State(Arc::new(Shared {
            hosts: Hosts::new(limits.max_lookups, limits.max_slow_lookups, limits.refreshes_per_second),
            pods: Pods::new(limits.max_pods),
            records: Records::default(),
            max_waiting: limits.max_waiting,
            waiting: AtomicU32::new(0),
        }))
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0
    }

    /// Changes how many pods are remembered. Those that are too many are forgotten, one at a time. How many of them share a
    /// lock follows from [`Limits::max_pods`] at the start.
    pub fn limit(&self, max_pods: NonZeroU32) {
        self.0.pods.limit(max_pods);
    }

    /// Calls `lookup` for each host that is to be looked up now, at most as many as may run at once. Report the end of
    /// each. Returns when to call again, unless a step or a report says so before (`lookups_due`); `None` for not
    /// before. A call more than needed does nothing. No lock is held while `lookup` runs.
    pub fn due(&self, now: u64, random: u64, lookup: impl FnMut(Lookup<'_>)) -> Option<u64> {
        self.0.hosts.due(now, random, lookup)
    }

    /// The same for at most so many hosts. If more are due it returns a time that has come already.
    pub fn due_at_most(&self, most: usize, now: u64, random: u64, lookup: impl FnMut(Lookup<'_>)) -> Option<u64> {
        self.0.hosts.due_at_most(most, now, random, lookup)
    }

    /// A lookup ended with these addresses, in any order; those that no pod can have are left out, and what is left may
    /// be nothing. `missing` names the IP versions about which nothing was learned, or only a part. Nothing left, and
    /// something missing, is a failed lookup. A lookup that was not begun changes nothing.
    pub fn resolved(&self, host: HostId, addresses: &[IpAddr], missing: Missing, now: u64, random: u64) -> HostReport {
        self.0.learned(host, self.0.hosts.resolved(host, addresses, missing, now, random), now)
    }

    /// A lookup ended without addresses.
    pub fn lookup_failed(&self, host: HostId, failure: LookupFailure, now: u64, random: u64) -> HostReport {
        self.0.learned(host, self.0.hosts.lookup_failed(host, failure, now, random), now)
    }

    /// Addresses came after the lookup they belong to was reported. If one of them is new, the next lookup is due at
    /// once, which will see it.
    pub fn resolved_late(&self, host: HostId, addresses: &[IpAddr], now: u64) -> HostReport {
        self.0.hosts.resolved_late(host, addresses, now)
    }

    /// What is known about a host. `None` for a number of no host, or of one that was forgotten.
    pub fn host(&self, host: HostId, now: u64) -> Option<KnownHost> {
        self.0.hosts.known(host, now)
    }

    /// At most `most` of the pods that are known, by address (IPv4 first) and port, from the one after `after` on. Each is
    /// what it was at one moment; all together are not.
    pub fn pods(&self, after: Option<Pod>, most: usize) -> Vec<KnownPod> {
        let records = &self.0.records;
        let about = |upstream, pod| (records.is_fresh(upstream, pod), records.silence(upstream));
        self.0.pods.list(after, most, about)
    }

    /// How many pods are known.
    pub fn known_pods(&self) -> usize {
        self.0.pods.known()
    }

    /// What is held against a pod. Does not count as a use of it.
    pub fn verdict(&self, pod: Pod) -> Verdict {
        self.0.pods.verdict(pod)
    }

    /// Whether the pods at an address, on all ports, had no request for `idle` nanoseconds. `started` is when the caller
    /// began to tell of requests. An address that is not known had none.
    ///
    /// No request does not mean no page: a page in a hidden tab may have disconnected and come back.
    pub fn idle(&self, address: IpAddr, idle: u64, started: u64, now: u64) -> Idle {
        self.0.pods.idle(address.to_canonical(), idle, started, now)
    }

    /// Evicts pods from now on: they get no new pages while there are other pods, and their pages are told 410, one of an
    /// upstream in each `1 / rate` seconds (0 for [`Options::gone_rate`](crate::Options::gone_rate)), as long as a pod is known that would take
    /// the page. With `idle_first` those that were not used for longest are told first, from one roll after the beginning on. It lasts until
    /// [`State::undo`], also for pods that come later. With the target of another eviction it changes that one. False if there are
    /// 256 already. Looks at all pods.
    #[must_use]
    pub fn evict(&self, target: Target, rate: u32, idle_first: bool, now: u64) -> bool {
        self.0.pods.evict(target, rate, idle_first, now)
    }

    /// Takes the eviction with this target back. False if there is none. Looks at all pods.
    pub fn undo(&self, target: &Target, now: u64) -> bool {
        self.0.pods.undo(target, now)
    }

    /// All evictions, the oldest first: at most 256.
    pub fn evictions(&self) -> Vec<KnownEviction> {
        self.0.pods.evictions()
    }

    /// What has happened to pods: of the last 256 events those after the one with this number, the oldest first.
    pub fn events(&self, after: u64) -> Vec<Event> {
        self.0.pods.events(after)
    }

    /// How many requests wait for a pod now.
    pub fn waiting(&self) -> u32 {
        self.0.waiting.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn learned(&self, host: HostId, learned: Learned, now: u64) -> HostReport {
        if learned.moved {
            self.moved(host, learned.report.change == HostChange::Resolved, now);
        }
        learned.report
    }

    /// The addresses of a host are others now. `is_first`: they come with its first answer.
    fn moved(&self, host: HostId, is_first: bool, now: u64) {
        for host in std::iter::once(host).chain(self.hosts.gather(host)) {
            for upstream in self.records.upstreams_of(host) {
                let fresh = |upstream, pod| self.records.is_fresh(upstream, pod);
                upstream.follow_host(&self.pods, fresh, is_first, now);
            }
        }
    }

    /// A pod refused a connection. The host that gave up the address, since DNS does not name it.
    pub(crate) fn refused(&self, host: &Host, address: IpAddr, now: u64) -> Option<HostId> {
        let dropped = self.hosts.drop_refused(host, address);
        if let Some(host) = dropped {
            self.moved(host, false, now);
        }
        dropped
    }

    /// A request begins to wait for a pod. False if too many do.
    pub(crate) fn begin_waiting(&self) -> bool {
        let more = |waiting: u32| (waiting < self.max_waiting).then_some(waiting + 1);
        self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// It waits no longer.
    pub(crate) fn end_waiting(&self) {
        let fewer = |waiting: u32| waiting.checked_sub(1);
        let _ = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
    }

    /// Whether any request waits for a pod.
    pub(crate) fn anybody_waits(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }
}
