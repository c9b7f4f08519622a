//! One host as requests see it: the current addresses, and whether to wait for a lookup.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use arc_swap::{ArcSwapOption, Guard};

use super::addresses::Addresses;
use super::plan::Plan;
use super::record::Record;
use super::signal::Signal;
use super::{HostId, KnownHost, lock};

/// One host, shared by all its users. Requests read it without a lock and write shared memory at most once
/// per refresh. All methods may be called from any thread, even after the last user has left: requests of an
/// old configuration continue with what is known.
#[derive(Debug)]
pub(crate) struct Host {
    id: HostId,
    pub(super) name: Arc<str>,
    resolver: u64,
    /// Whether the host is an IP address, so that it is never looked up.
    constant: bool,
    /// The members if this is a group, otherwise empty.
    pub(super) members: Box<[Arc<Host>]>,
    /// The current addresses in the record.
    addresses: ArcSwapOption<Addresses>,
    pub(super) signal: Arc<Signal>,
    /// Locked before the plan.
    pub(super) record: Mutex<Record>,
    plan: Arc<Mutex<Plan>>,
}

/// The state of a host, as reported to a request that uses it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Touch {
    /// A lookup worth waiting for is due or running: nothing is known, or lookups had stopped and the answer
    /// is too old. Never set while lookups continue and fail.
    pub(crate) pending: bool,
    /// Nothing is known at all, not even that lookups fail. Such a lookup may be waited for longer.
    pub(crate) first: bool,
    /// Lookups had stopped, so the host may have other addresses by now.
    pub(crate) stale: bool,
    /// `due` must be called now.
    pub(crate) lookups_due: bool,
    /// For a group: some member has addresses and needs no wait.
    pub(crate) ready: bool,
}

impl Host {
    pub(super) fn new(id: HostId, name: Arc<str>, resolver: u64, plan: &Arc<Mutex<Plan>>) -> Self {
        Host {
            id,
            name,
            resolver,
            constant: false,
            members: Box::default(),
            addresses: ArcSwapOption::empty(),
            signal: Arc::default(),
            record: Mutex::default(),
            plan: plan.clone(),
        }
    }

    /// Creates the host for an IP address, which is always known and never looked up.
    pub(super) fn constant(id: HostId, name: Arc<str>, address: IpAddr, plan: &Arc<Mutex<Plan>>) -> Self {
        let record = Record::constant(address);
        let addresses = ArcSwapOption::new(record.addresses().cloned());
        Host { constant: true, addresses, record: Mutex::new(record), ..Host::new(id, name, 0, plan) }
    }

    /// Creates the host for several hosts of one upstream, sorted by ID.
    pub(super) fn group(
        id: HostId,
        (name, resolver): (Arc<str>, u64),
        members: Vec<Arc<Host>>,
        plan: &Arc<Mutex<Plan>>,
    ) -> Self {
        Host { members: members.into(), ..Host::new(id, name, resolver, plan) }
    }

    pub(crate) fn id(&self) -> HostId {
        self.id
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn resolver(&self) -> u64 {
        self.resolver
    }

    /// The current addresses, owned.
    pub(crate) fn addresses(&self) -> Option<Arc<Addresses>> {
        self.addresses.load_full()
    }

    /// The current addresses, borrowed. Cheaper and without contention between threads. Do not hold for long.
    pub(crate) fn peek(&self) -> Guard<Option<Arc<Addresses>>> {
        self.addresses.load()
    }

    /// Whether the host lists an address. `None` before the first answer. A host that has lost all its
    /// addresses lists none.
    pub(crate) fn lists(&self, address: IpAddr) -> Option<bool> {
        if !self.members.is_empty() {
            return self.group_lists(address);
        }
        match self.peek().as_deref() {
            Some(addresses) => Some(addresses.contains(address)),
            None => self.signal.answered().then_some(false),
        }
    }

    /// How many lookups have ended.
    #[cfg(test)]
    pub(super) fn lookups_ended(&self) -> u64 {
        self.signal.ended()
    }

    /// Handles a request that uses the host. Starts its lookups or keeps them going. `waits`: the request
    /// will wait for a pending lookup if nothing is known, or if lookups had stopped and the last answer is
    /// older than `stale_max`. A request that could reach none of the known addresses passes a smaller limit:
    /// the lesser of the option and two refresh intervals.
    pub(crate) fn touch(&self, now: u64, stale_max: u64, waits: bool) -> Touch {
        if self.constant {
            return Touch::default();
        }
        if !self.members.is_empty() {
            return self.touch_members(now, stale_max, waits);
        }
        let stale = self.signal.asleep();
        let known = self.signal.known();
        let old = !known || self.signal.age(now) > stale_max;
        if !(waits && old && self.signal.pending()) && self.signal.used() {
            return Touch { stale, ..Touch::default() };
        }
        let noted = lock(&self.plan).touch(self.id, now, old, waits);
        let first = noted.waits && !known && !self.signal.failed();
        Touch { pending: noted.waits, first, stale, lookups_due: noted.lookups_due, ready: false }
    }

    /// Publishes the addresses of the record. The caller holds the record's lock.
    pub(super) fn publish(&self, record: &Record) {
        self.addresses.store(record.addresses().cloned());
        self.signal.set(record.addresses().is_some(), record.failure().is_some());
    }

    pub(super) fn known(&self, now: u64) -> KnownHost {
        let record = lock(&self.record);
        let usage = lock(&self.plan).usage(self.id);
        let known = KnownHost {
            name: self.name.clone(),
            resolver: self.resolver,
            addresses: record.addresses().cloned(),
            generation: record.generation(),
            age: record.age(now),
            failure: record.failure(),
            failing_for: record.failing_for(now),
            partial: record.partial(),
            active: usage.active,
            users: usage.users,
            refresh: usage.refresh,
        };
        drop(record);
        if self.members.is_empty() { known } else { self.group_known(known, now) }
    }
}
