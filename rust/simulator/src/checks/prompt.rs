//! Checks that the page of a dead pod gets 410 in time: within `gone_after` plus 5 s after its requests begin
//! to fail, if there is a reachable pod that proves that the network works and takes the page.
//!
//! This applies to frequent requests. The necessary steps, once the pod has failed for `gone_after` and the
//! other pod is reachable, are:
//!
//! - A request arrives within [`OFTEN`]. There was no dial within the last second, so it dials, for 3 s.
//!   Meanwhile a background dial finds the other pod. That dial begins with the first request that gets 503,
//!   or after earlier candidates.
//! - The failed dial makes the pod gone, and the request gets 410: [`IN_TIME`] has passed.
//!
//! Each earlier candidate, which is a pod without known faults, adds a second, or [`OFTEN`] if requests are
//! less frequent. The pod must then go on failing beside the other one for [`CONFIRM`] seconds.
//!
//! Rare requests are counted instead: the first with a failed dial leads to the other pod being found, and
//! the next gets 410, or one that comes [`CONFIRM`] seconds later.

use doors_routing::Cause;

use super::World;
use crate::agenda::{SECOND, Time};
use crate::journal::{Subject, clock};
use crate::slab::Key;
use crate::world::proxy::ask::{Exchange, Kind};
use crate::world::proxy::replica::Bound;

const IN_TIME: Time = 5 * SECOND;
const OFTEN: Time = 2 * SECOND;
/// For how many seconds a pod that has not refused must fail beside a witness: twice for two.
const CONFIRM: usize = 4;
/// How long a failed pod is tried after others.
const FAILS: Time = 10 * SECOND;

/// The results of the requests of one place's pages at one replica, while its pod should be known to be gone.
#[derive(Clone, Copy, Default)]
pub struct Refused {
    /// For frequent requests: when the series of 503 answers began, and the last one.
    since: Time,
    last: Time,
    /// The number of requests, at least a second apart, that got 503 after their own dial, and the times of
    /// the first and the last.
    dials: usize,
    first_dial: Time,
    last_dial: Time,
}

/// When a replica should begin to detect that a pod is gone.
struct Due {
    since: Time,
    /// How many pods may be tried before the reachable one.
    others: usize,
    /// For how many seconds the pod must fail beside that one.
    confirm: usize,
}

impl World {
    /// Checks a page's request that gets 503 or waits.
    pub fn check_prompt(&mut self, key: Key, cause: Cause, process: u32) {
        let now = self.now();
        let Some(exchange) = self.exchanges.get(key) else { return };
        let (replica, place, ask) = (exchange.replica, self.pods.process(process).place, exchange.ask);
        let dialled = exchange.dials > 0;
        let due = self.due_since(exchange, process);
        let paced = ask.kind.is_sync() && self.is_paced(exchange, place);
        let passes =
            ask.kind == Kind::Resource || !matches!(cause, Cause::PodUnreachable | Cause::PodGone | Cause::NoPod);
        if passes {
            return;
        }
        let refused = &mut self.checks.ledgers[replica].refused[place];
        let (Some(Due { since: due, others, confirm }), false) = (due, paced) else {
            *refused = Refused::default();
            return;
        };
        if refused.last == 0 || now - refused.last > OFTEN {
            refused.since = now;
        }
        (refused.since, refused.last) = (refused.since.max(due), now);
        if dialled && (refused.dials == 0 || refused.first_dial < due || now - refused.last_dial >= SECOND) {
            if refused.first_dial < due {
                (refused.dials, refused.first_dial) = (0, now);
            }
            (refused.dials, refused.last_dial) = (refused.dials + 1, now);
        }
        let Refused { since, dials, .. } = *refused;
        let in_time = IN_TIME + OFTEN * others as Time + SECOND * confirm as Time;
        if now - since > in_time || dials > 2 + others + confirm {
            let what = format!(
                "{:?} of a page at place {place} gets 503 from replica {replica} ({cause:?}), since {} and after {dials} dials",
                ask.kind,
                clock(since)
            );
            let about = Subject { visitor: Some(ask.page.visitor), place: Some(place) };
            self.blame("a page of a dead pod is told to reload in time", about, what);
        }
    }

    /// When a replica should have detected that the pod of a page is gone, because the pod has failed for
    /// long enough and another is reachable.
    fn due_since(&self, exchange: &Exchange, process: u32) -> Option<Due> {
        let bound = &exchange.bound;
        let own = self.pods.process(process);
        let (place, upstream) = (own.place, own.upstream);
        let hosts = bound.hosts_of(upstream);
        if !bound.keys.contains(&own.key) || self.pods.places[place].stray || hosts.is_empty() {
            return None;
        }
        let ledger = &self.checks.ledgers[exchange.replica];
        let seen = &ledger.pods[place];
        let (first, lasts, confirm) = match (seen.refused, seen.unreachable) {
            (Some(refused), _) => (refused, 0, 0),
            (None, Some(span)) => (span.first, bound.settings.gone_after + 2 * self.scenario.skew, CONFIRM),
            (None, None) => return None,
        };
        // A fault is forgotten only if all remembered pods have one.
        if ledger.crowded.is_some_and(|at| at >= first) {
            return None;
        }
        if seen.named.is_some_and(|named| named >= first) {
            return None; // a pod that is new in DNS has no fault
        }
        // If answers are partial, a missing address may reappear and count as a new pod.
        let told = || hosts.iter().map(|host| &ledger.hosts[*host]);
        let comes_back = told().any(|host| host.may_name(place) && !host.places.contains(&place));
        if comes_back && !self.is_whole() {
            return None;
        }
        let mut named: Vec<usize> = told().flat_map(|host| host.places.iter().copied()).collect();
        named.sort_unstable();
        named.dedup();
        let others = || named.iter().filter(|other| **other != place);
        let inside = others().filter(|other| self.pods.is_inside(**other, upstream));
        let reachable =
            inside.filter_map(|other| self.reachable_since(exchange.replica, bound, hosts, *other)).min()?;
        let due = (first + lasts).max(reachable);
        // All other listed pods may be tried first.
        (due <= self.now()).then(|| Due { since: due, others: others().count() - 1, confirm })
    }

    /// The time since which a pod has been listed and reachable without interruption.
    fn reachable_since(&self, replica: usize, bound: &Bound, hosts: &[usize], place: usize) -> Option<Time> {
        let now = self.now();
        let ledger = &self.checks.ledgers[replica];
        let seen = &ledger.pods[place];
        let known = &self.pods.places[place];
        let process = known.process.filter(|process| self.pods.listens(*process) && !self.pods.is_marked(*process))?;
        let pod = self.pods.process(process);
        let told = hosts.iter().map(|host| &ledger.hosts[*host]).filter(|host| host.places.contains(&place));
        let told = told.filter(|host| !host.absent).map(|host| host.since).min()?;
        let failing = seen.failed.filter(|failed| seen.reached.is_none_or(|reached| reached <= *failed));
        let since = told
            .max(seen.named.unwrap_or(0))
            .max(bound.loaded)
            .max(pod.ready)
            .max(pod.frozen)
            .max(pod.wedged)
            .max(self.faulty[replica])
            .max(self.links.well_since(replica, place, known.upstream))
            .max(failing.map_or(0, |failed| failed + FAILS));
        let is_evicted = self.evicted(replica, place).is_some();
        (since <= now && !is_evicted && seen.drops.is_none() && seen.marked.is_none()).then_some(since)
    }

    /// Whether other pages are told to reload, so that the rate limit applies.
    fn is_paced(&self, exchange: &Exchange, place: usize) -> bool {
        let Exchange { bound, replica, .. } = exchange;
        let upstream = bound.number(self.pods.places[place].upstream);
        upstream.is_some_and(|one| self.checks.pacing.told_lately(*replica, one, self.scenario.skew, self.now()))
    }
}
