//! What a process knows: hosts and pods, and the records of upstreams and sources that outlive
//! configurations.
//!
//! ```text
//! records    the records that exist, by key
//! upstream   one upstream, shared by its configurations: its host, its health, and who is notified of new addresses
//! upstreams  the upstreams of one configuration: their fresh pods, and which of them have any
//! known      the index of the upstreams that have fresh pods
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

/// What a process knows about hosts and pods. A process needs only one state, and it outlives configurations.
/// Clones share the same state. Any number of threads can use it at once.
///
/// All times are in nanoseconds of one monotonic clock of the caller. If calls arrive with times out of
/// order, an earlier time counts as the later one wherever the calls touch the same data.
#[derive(Clone)]
pub struct State(Arc<Shared>);

/// What all clones share.
pub(crate) struct Shared {
    pub(crate) hosts: Hosts,
    pub(crate) pods: Pods,
    pub(crate) records: Records,
    /// The maximum and the current number of requests that wait for a pod.
    max_waiting: u32,
    waiting: AtomicU32,
}

impl Default for State {
    fn default() -> Self {
        State::new(Limits::default())
    }
}

impl State {
    /// Creates an empty state.
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

    /// Changes the maximum number of remembered pods. Excess pods are forgotten one at a time. The number of
    /// locks stays fixed by the initial [`Limits::max_pods`].
    pub fn limit(&self, max_pods: NonZeroU32) {
        self.0.pods.limit(max_pods);
    }

    /// Calls `lookup` for each host to look up now, up to the limit of concurrent lookups. Report the end of
    /// each lookup. Returns when to call again, or `None` if nothing is planned. Call at once after a step or
    /// report with `lookups_due`. Extra calls do nothing. No lock is held while `lookup` runs.
    pub fn due(&self, now: u64, random: u64, lookup: impl FnMut(Lookup<'_>)) -> Option<u64> {
        self.0.hosts.due(now, random, lookup)
    }

    /// Same as [`State::due`], for at most `most` hosts. If more are due, returns a time that has passed.
    pub fn due_at_most(&self, most: usize, now: u64, random: u64, lookup: impl FnMut(Lookup<'_>)) -> Option<u64> {
        self.0.hosts.due_at_most(most, now, random, lookup)
    }

    /// Reports the addresses found by a lookup, in any order. Addresses that no pod can have are ignored.
    /// `missing` names the IP versions with a missing or partial answer. If no address remains and something
    /// is missing, the lookup counts as failed. Ignores a lookup that was not started.
    pub fn resolved(&self, host: HostId, addresses: &[IpAddr], missing: Missing, now: u64, random: u64) -> HostReport {
        self.0.learned(host, self.0.hosts.resolved(host, addresses, missing, now, random), now)
    }

    /// Reports a lookup that found no addresses.
    pub fn lookup_failed(&self, host: HostId, failure: LookupFailure, now: u64, random: u64) -> HostReport {
        self.0.learned(host, self.0.hosts.lookup_failed(host, failure, now, random), now)
    }

    /// Reports addresses that arrived after the end of their lookup was reported. If one of them is new, the
    /// next lookup is due at once.
    pub fn resolved_late(&self, host: HostId, addresses: &[IpAddr], now: u64) -> HostReport {
        self.0.hosts.resolved_late(host, addresses, now)
    }

    /// What is known about a host. `None` if the ID is unknown or the host was forgotten.
    pub fn host(&self, host: HostId, now: u64) -> Option<KnownHost> {
        self.0.hosts.known(host, now)
    }

    /// Returns at most `most` of the known pods after `after`, ordered by address (IPv4 first) and port. Each
    /// entry is consistent; the list as a whole is not a snapshot.
    pub fn pods(&self, after: Option<Pod>, most: usize) -> Vec<KnownPod> {
        let records = &self.0.records;
        let about = |upstream, pod| (records.is_fresh(upstream, pod), records.silence(upstream));
        self.0.pods.list(after, most, about)
    }

    /// The number of known pods.
    pub fn known_pods(&self) -> usize {
        self.0.pods.known()
    }

    /// The verdict on a pod. Does not count as a use of it.
    pub fn verdict(&self, pod: Pod) -> Verdict {
        self.0.pods.verdict(pod)
    }

    /// Checks whether the pods at an address, on all ports, had no request for `idle` nanoseconds. `started`
    /// is when the caller began to report requests. An unknown address counts as idle.
    ///
    /// An idle pod can still have pages: a page in a hidden tab may have disconnected and may come back.
    pub fn idle(&self, address: IpAddr, idle: u64, started: u64, now: u64) -> Idle {
        self.0.pods.idle(address.to_canonical(), idle, started, now)
    }

    /// Evicts pods. They get no new pages while there are other pods. Their pages get 410, `rate` per second
    /// and upstream, as long as a known pod would take them. A rate of 0 means
    /// [`Options::gone_rate`](crate::Options::gone_rate). With `idle_first`, the least recently used pages go
    /// first, starting one roll time after the call. Lasts until [`State::undo`] and includes pods that
    /// appear later. If an eviction with the same target exists, changes it. Returns false if there are
    /// already 256. Visits all pods.
    #[must_use]
    pub fn evict(&self, target: Target, rate: u32, idle_first: bool, now: u64) -> bool {
        self.0.pods.evict(target, rate, idle_first, now)
    }

    /// Cancels the eviction with this target. Returns false if there is none. Visits all pods.
    pub fn undo(&self, target: &Target, now: u64) -> bool {
        self.0.pods.undo(target, now)
    }

    /// All evictions, at most 256, oldest first.
    pub fn evictions(&self) -> Vec<KnownEviction> {
        self.0.pods.evictions()
    }

    /// The events about pods after the one with number `after`, oldest first. Only the last 256 are kept.
    pub fn events(&self, after: u64) -> Vec<Event> {
        self.0.pods.events(after)
    }

    /// The number of requests that wait for a pod now.
    pub fn waiting(&self) -> u32 {
        self.0.waiting.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn learned(&self, host: HostId, learned: Learned, now: u64) -> HostReport {
        if learned.addresses_changed {
            self.addresses_changed(host, learned.report.change == HostChange::Resolved, now);
        }
        learned.report
    }

    /// Handles a change of a host's addresses. `is_first`: they came with its first answer.
    fn addresses_changed(&self, host: HostId, is_first: bool, now: u64) {
        for host in std::iter::once(host).chain(self.hosts.gather(host)) {
            for upstream in self.records.upstreams_of(host) {
                let fresh = |upstream, pod| self.records.is_fresh(upstream, pod);
                upstream.follow_host(&self.pods, fresh, is_first, now);
            }
        }
    }

    /// Handles a refused connection. Returns the host that dropped the address because DNS does not list it.
    pub(crate) fn refused(&self, host: &Host, address: IpAddr, now: u64) -> Option<HostId> {
        let dropped = self.hosts.drop_refused(host, address);
        if let Some(host) = dropped {
            self.addresses_changed(host, false, now);
        }
        dropped
    }

    /// Counts a request that begins to wait for a pod. Returns false if too many are waiting.
    pub(crate) fn begin_waiting(&self) -> bool {
        let more = |waiting: u32| (waiting < self.max_waiting).then_some(waiting + 1);
        self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// Counts the end of a wait.
    pub(crate) fn end_waiting(&self) {
        let fewer = |waiting: u32| waiting.checked_sub(1);
        let _ = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
    }

    /// Whether any request waits for a pod.
    pub(crate) fn anybody_waits(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }
}
