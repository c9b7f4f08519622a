//! The addresses of each host, and which hosts to look up now. The caller resolves the names.
//!
//! ```text
//! report    the types of reports
//! addresses the canonical form of an answer
//! parts     answers that list only some of the addresses
//! record    one host: what is known after each answer, and what to report
//! signal    one host: the state that each request reads without a lock
//! schedule  one host: when to look it up
//! queue     all hosts: which of the due lookups start now
//! plan      all hosts: their schedules, timers and the queue
//! host      one host as requests see it
//! group     several hosts combined into one
//! ```
//!
//! A host is looked up while requests use it and for ten refresh intervals after that. Users with the same
//! name and resolver share one host, so after a reload the new configuration knows what the old one knew.

mod addresses;
mod group;
mod host;
mod parts;
mod plan;
mod queue;
mod record;
mod report;
mod schedule;
mod signal;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::SECOND;
pub use addresses::Addresses;
pub(crate) use host::{Host, Touch};
use plan::Plan;
use queue::Bounds;
pub use report::{HostChange, HostId, HostReport, KnownHost, Lookup, LookupFailure, Missing};
pub(crate) use schedule::bounded_refresh;

/// How many timers are processed before requests get a chance to take the lock.
const BATCH: usize = 256;

/// All hosts of a process. All methods may be called from any thread, with times of one clock.
#[derive(Debug)]
pub(crate) struct Hosts {
    /// Locked before the plan.
    table: Mutex<Table>,
    plan: Arc<Mutex<Plan>>,
}

#[derive(Debug, Default)]
struct Table {
    by_id: HashMap<HostId, Arc<Host>>,
    by_name: HashMap<(Arc<str>, u64), HostId>,
    /// The members of groups, each with its group.
    members: BTreeSet<(HostId, HostId)>,
    /// How many hosts were ever created.
    made: u64,
}

/// What the end of a lookup means for the rest of the library.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Learned {
    pub(crate) report: HostReport,
    pub(crate) addresses_changed: bool,
}

/// The result of a lookup.
#[derive(Clone, Copy)]
enum Outcome<'a> {
    Addresses(&'a [IpAddr], Missing),
    Failure(LookupFailure),
    /// The result was never reported.
    Lost,
}

impl Hosts {
    /// At most `at_once` lookups run concurrently, plus `slow` lookups that take longer than a second each.
    pub(crate) fn new(at_once: NonZeroU32, slow: u32, refreshes_per_second: NonZeroU32) -> Self {
        let pace = SECOND / u64::from(refreshes_per_second.get());
        let bounds = Bounds { at_once: at_once.get() as usize, slow: slow as usize, pace };
        Hosts { table: Mutex::default(), plan: Arc::new(Mutex::new(Plan::new(bounds))) }
    }

    /// Registers the caller as a user of a host until `leave`. The host may be an IP address. The smallest
    /// `refresh` of all users applies; it should come from [`bounded_refresh`]. Starts no lookup: the first
    /// request does. Call `due` afterwards.
    pub(crate) fn join(&self, name: &str, resolver: u64, refresh: u64) -> Arc<Host> {
        let literal = addresses::literal(name);
        let key: (Arc<str>, u64) = match literal {
            Some(address) => (address.to_string().into(), 0),
            None => (name.to_ascii_lowercase().into(), resolver),
        };
        let mut table = lock(&self.table);
        let host = match table.by_name.get(&key).and_then(|id| table.by_id.get(id)) {
            Some(host) => host.clone(),
            None => table.add(key, |id, name| match literal {
                Some(address) => Host::constant(id, name, address, &self.plan),
                None => Host::new(id, name, resolver, &self.plan),
            }),
        };
        lock(&self.plan).join(host.id(), &host.signal, refresh);
        host
    }

    /// Removes one user. What is known is kept for a minute for the next user. Call `due` afterwards.
    pub(crate) fn leave(&self, host: &Host, refresh: u64) {
        let mut table = lock(&self.table);
        for host in std::iter::once(host).chain(host.members.iter().map(|member| &**member)) {
            if lock(&self.plan).leave(host.id(), refresh) {
                table.remove(host.id());
            }
        }
    }

    /// The host with an ID.
    pub(crate) fn find(&self, id: HostId) -> Option<Arc<Host>> {
        lock(&self.table).by_id.get(&id).cloned()
    }

    /// Calls `lookup` for each lookup that must start now, without holding a lock. Returns when to call
    /// again, or `None` if nothing is planned. A report may require an earlier call. Extra calls are
    /// harmless.
    pub(crate) fn due(&self, now: u64, random: u64, lookup: impl FnMut(Lookup<'_>)) -> Option<u64> {
        self.due_at_most(usize::MAX, now, random, lookup)
    }

    /// Same as `due`, for at most `most` lookups. If more must start, returns a time that has passed.
    pub(crate) fn due_at_most(
        &self,
        most: usize,
        now: u64,
        random: u64,
        mut lookup: impl FnMut(Lookup<'_>),
    ) -> Option<u64> {
        self.end_lost(now, random);
        let mut forget = Vec::new();
        while lock(&self.plan).advance(now, BATCH, &mut forget) {}
        for id in forget {
            let mut table = lock(&self.table);
            if lock(&self.plan).forget(id) {
                table.remove(id);
            }
        }
        let mut begun = Vec::new();
        lock(&self.plan).begin(now, most, &mut begun);
        for id in begun {
            if let Some(host) = self.find(id) {
                lookup(Lookup { host: id, name: host.name(), resolver: host.resolver() });
            }
        }
        lock(&self.plan).announce(now)
    }

    fn end_lost(&self, now: u64, random: u64) {
        loop {
            let lost = lock(&self.plan).lost(now);
            let Some(host) = lost.and_then(|id| self.find(id)) else { return };
            // A different jitter for each host.
            let random = random.wrapping_mul(host.id().number() | 1);
            self.end(&host, Outcome::Lost, now, random);
        }
    }

    /// Handles a lookup that found these addresses, in any order and form.
    pub(crate) fn resolved(
        &self,
        id: HostId,
        addresses: &[IpAddr],
        missing: Missing,
        now: u64,
        random: u64,
    ) -> Learned {
        self.report(id, Outcome::Addresses(addresses, missing), now, random)
    }

    /// Handles a lookup that found no addresses.
    pub(crate) fn lookup_failed(&self, id: HostId, failure: LookupFailure, now: u64, random: u64) -> Learned {
        self.report(id, Outcome::Failure(failure), now, random)
    }

    /// Handles addresses that arrived after their lookup ended. If one of them is new, the next lookup is due
    /// at once.
    pub(crate) fn resolved_late(&self, id: HostId, addresses: &[IpAddr], now: u64) -> HostReport {
        let Some(host) = self.find(id) else { return HostReport::default() };
        let record = lock(&host.record);
        let news = addresses::canonical(addresses).iter().any(|address| !addresses::contains(record.list(), *address));
        let mut plan = lock(&self.plan);
        if news {
            plan.hasten(id);
        }
        HostReport { lookups_due: plan.lookups_due(now), ..HostReport::default() }
    }

    fn report(&self, id: HostId, outcome: Outcome<'_>, now: u64, random: u64) -> Learned {
        let Some(host) = self.find(id) else { return Learned::default() };
        let mut learned = self.end(&host, outcome, now, random);
        learned.report.lookups_due = lock(&self.plan).lookups_due(now);
        learned
    }

    fn end(&self, host: &Host, outcome: Outcome<'_>, now: u64, random: u64) -> Learned {
        let mut record = lock(&host.record);
        let Some(wanted) = lock(&self.plan).running(host.id(), now) else {
            drop(record);
            if let Outcome::Addresses(addresses, _) = outcome {
                self.resolved_late(host.id(), addresses, now);
            }
            return Learned::default();
        };
        let before = record.generation();
        let mut change = HostChange::None;
        let mut answered = false;
        // A host that is no longer used needs no report.
        if wanted {
            (change, answered) = record_outcome(&mut record, outcome, now);
            if answered {
                host.signal.answer(now);
            }
            host.publish(&record);
        }
        let awaited = lock(&self.plan).end(host.id(), now, random, answered);
        let addresses_changed = record.generation() != before;
        let wake = awaited || addresses_changed;
        Learned { report: HostReport { change, wake, lookups_due: false }, addresses_changed }
    }

    /// Handles an address that refused a connection. Drops the address if DNS no longer has any address for
    /// the host, or if answers are partial and the last one lacked it. The host lists it again when DNS does.
    /// Returns the host that dropped it, which may be a member of a group. An IP address is never dropped.
    pub(crate) fn drop_refused(&self, host: &Host, address: IpAddr) -> Option<HostId> {
        if host.members.is_empty() {
            return self.drop_refused_of(host, address).then_some(host.id());
        }
        // Several members may list the address.
        host.members.iter().fold(None, |first, member| self.drop_refused(member, address).or(first))
    }

    fn drop_refused_of(&self, host: &Host, address: IpAddr) -> bool {
        let mut record = lock(&host.record);
        let dropped = record.drop_refused(address.to_canonical());
        if dropped {
            host.publish(&record);
        }
        dropped
    }

    /// What is known about a host that is or was recently in use.
    pub(crate) fn known(&self, id: HostId, now: u64) -> Option<KnownHost> {
        self.find(id).map(|host| host.known(now))
    }
}

impl Table {
    fn add(&mut self, key: (Arc<str>, u64), make: impl FnOnce(HostId, Arc<str>) -> Host) -> Arc<Host> {
        self.made += 1;
        let id = HostId::new(self.made);
        let host = Arc::new(make(id, key.0.clone()));
        self.by_name.insert(key, id);
        self.by_id.insert(id, host.clone());
        host
    }

    fn add_group(&mut self, key: (Arc<str>, u64), members: Vec<Arc<Host>>, plan: &Arc<Mutex<Plan>>) -> Arc<Host> {
        let resolver = key.1;
        let group = self.add(key, |id, name| Host::group(id, (name, resolver), members, plan));
        self.members.extend(group.members.iter().map(|member| (member.id(), group.id())));
        group
    }

    /// The groups that a host is a member of.
    fn groups_of(&self, host: HostId) -> Vec<Arc<Host>> {
        let groups = self.members.range((host, HostId::new(0))..=(host, HostId::new(u64::MAX)));
        groups.filter_map(|(_, group)| self.by_id.get(group).cloned()).collect()
    }

    fn remove(&mut self, id: HostId) {
        if let Some(host) = self.by_id.remove(&id) {
            for member in &host.members {
                self.members.remove(&(member.id(), id));
            }
            self.by_name.remove(&(host.name.clone(), host.resolver()));
            shrink(&mut self.by_id);
            shrink(&mut self.by_name);
        }
    }
}

/// Records the result of a lookup. Returns what to report, and whether there were addresses.
fn record_outcome(record: &mut record::Record, outcome: Outcome<'_>, now: u64) -> (HostChange, bool) {
    let (addresses, missing) = match outcome {
        Outcome::Addresses(addresses, missing) => (addresses::canonical(addresses), missing),
        Outcome::Failure(failure) => return (record.fail(now, failure, true), false),
        Outcome::Lost => return (record.fail(now, LookupFailure::Timeout, false), false),
    };
    if addresses.is_empty() {
        let late = missing.failure.unwrap_or(LookupFailure::Timeout);
        let failure = if missing.any() { late } else { LookupFailure::NotFound };
        return (record.fail(now, failure, true), false);
    }
    let answered = record.answer(now, &addresses, missing);
    let mut change = answered.change;
    // If the answer itself is a change, the next lookup reports the failure, unless that lookup succeeds.
    if answered.withheld
        && let Some(failure) = missing.failure
    {
        let failing = record.fail(now, failure, change == HostChange::None);
        change = if failing == HostChange::None { change } else { failing };
    }
    (change, true)
}

/// Ignores poisoning: nothing here leaves its data inconsistent when it panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Releases memory once most of a table is empty.
fn shrink<K: Eq + Hash, V>(table: &mut HashMap<K, V>) {
    if table.capacity() > 64 && table.len() < table.capacity() / 4 {
        table.shrink_to(2 * table.len());
    }
}
