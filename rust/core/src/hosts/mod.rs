//! In: who uses which host, requests, and how lookups end, each with the time. Out: the addresses of each host, and which
//! hosts to look up now. No name is resolved here.
//!
//! ```text
//! report    the types of reports
//! addresses the canonical form of an answer
//! parts     answers that name only some of the addresses
//! record    one host: what is known after each answer, and what to report
//! signal    one host: the few words that each request reads
//! schedule  one host: when to look it up
//! queue     all hosts: which lookups that are due begin now
//! plan      all hosts: their schedules, timers and the queue
//! host      one host as requests see it
//! group     several hosts as one
//! ```
//!
//! A host is looked up while requests use it, and for ten refresh intervals more. Users with the same name and way to
//! resolve it share one host, so a reload starts with everything that its predecessor knew.

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

/// How many timers are seen to before requests get a chance to take the lock.
const BATCH: usize = 256;

/// All hosts of a process. All methods may be called from any thread, with the times of one clock.
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
    /// How many hosts there ever were.
    made: u64,
}

/// What the end of a lookup means to the rest of the library.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Learned {
    pub(crate) report: HostReport,
    /// Other addresses are in force.
    pub(crate) moved: bool,
}

/// How a lookup ended.
#[derive(Clone, Copy)]
enum Outcome<'a> {
    Addresses(&'a [IpAddr], Missing),
    Failure(LookupFailure),
    /// Nobody has said how.
    Lost,
}

impl Hosts {
    /// At most `at_once` lookups run at once, and `slow` more that take longer than a second each.
    pub(crate) fn new(at_once: NonZeroU32, slow: u32, refreshes_per_second: NonZeroU32) -> Self {
        let pace = SECOND / u64::from(refreshes_per_second.get());
        let bounds = Bounds { at_once: at_once.get() as usize, slow: slow as usize, pace };
        Hosts { table: Mutex::default(), plan: Arc::new(Mutex::new(Plan::new(bounds))) }
    }

    /// Makes the caller a user of the host, which may be a literal address, until `leave`. Of all users the smallest
    /// `refresh` counts, which should come from [`bounded_refresh`]. It looks nothing up: the first request does. `due` is
    /// to be called afterwards.
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

    /// Ends one use. What is known stays known for a minute, for the next user. `due` is to be called afterwards.
    pub(crate) fn leave(&self, host: &Host, refresh: u64) {
        let mut table = lock(&self.table);
        for host in std::iter::once(host).chain(host.members.iter().map(|member| &**member)) {
            if lock(&self.plan).leave(host.id(), refresh) {
                table.remove(host.id());
            }
        }
    }

    /// The host of an id.
    pub(crate) fn find(&self, id: HostId) -> Option<Arc<Host>> {
        lock(&self.table).by_id.get(&id).cloned()
    }

    /// Calls `lookup` for each lookup that is to begin now, with no lock held. It returns when to call again if nothing
    /// happens before, `None` if not before a report says so. A call more than needed does no harm.
    pub(crate) fn due(&self, now: u64, random: u64, lookup: impl FnMut(Lookup<'_>)) -> Option<u64> {
        self.due_at_most(usize::MAX, now, random, lookup)
    }

    /// The same for at most so many lookups. If more are to begin it returns a time that has come.
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
            // Each host has another jitter.
            let random = random.wrapping_mul(host.id().number() | 1);
            self.end(&host, Outcome::Lost, now, random);
        }
    }

    /// A lookup ended with these addresses, in any order and form.
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

    /// A lookup ended without addresses.
    pub(crate) fn lookup_failed(&self, id: HostId, failure: LookupFailure, now: u64, random: u64) -> Learned {
        self.report(id, Outcome::Failure(failure), now, random)
    }

    /// Addresses came after their lookup had ended. If one of them is not in force the next lookup is due at once, and
    /// sees it.
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
        // What nobody wants any more is nobody's news.
        if wanted {
            (change, answered) = record_outcome(&mut record, outcome, now);
            if answered {
                host.signal.answer(now);
            }
            host.publish(&record);
        }
        let awaited = lock(&self.plan).end(host.id(), now, random, answered);
        let moved = record.generation() != before;
        Learned { report: HostReport { change, wake: awaited || moved, lookups_due: false }, moved }
    }

    /// An address refused a connection. It is given up, until DNS names it again, when the host has no address in DNS any
    /// more, or answers are parts and the last one lacked it. It returns whether it was, and of which host: of several hosts it may
    /// be any. A literal address never is.
    pub(crate) fn drop_refused(&self, host: &Host, address: IpAddr) -> Option<HostId> {
        if host.members.is_empty() {
            return self.drop_refused_of(host, address).then_some(host.id());
        }
        // Each of them may have it.
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

    /// What is known about a host that is in use, or was lately.
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

/// It returns what to report, and whether there were addresses.
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
    // If the answer is a change already, the next one tells of the failure, unless it is over by then.
    if answered.withheld
        && let Some(failure) = missing.failure
    {
        let failing = record.fail(now, failure, change == HostChange::None);
        change = if failing == HostChange::None { change } else { failing };
    }
    (change, true)
}

/// Locks, also after a thread has panicked: nothing here leaves something half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives memory back once most of a table is empty.
fn shrink<K: Eq + Hash, V>(table: &mut HashMap<K, V>) {
    if table.capacity() > 64 && table.len() < table.capacity() / 4 {
        table.shrink_to(2 * table.len());
    }
}
