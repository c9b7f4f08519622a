//! Invariants that must hold at every event. The checks keep their own records and do not ask the core what
//! it knows.
//!
//! ```text
//! ledger    what each replica was told about pods and hosts
//! requests  one answer, few dials, none after a connection, no endless wait
//! tokens    a request with a token reaches its own pod; which pages are told that they are gone, and why
//! choice    where page loads go
//! marks     no new page on a draining pod, and no visitor notices the drain
//! leaving   pages of live pods that must reload, and which pods are reported as drained
//! pacing    how many pages per second are told to reload
//! prompt    a page of a dead pod is told to reload in time
//! memory    limits are respected, and nothing unused is kept
//! shares    all pods have about the same number of pages
//! settled   after the last fault each visitor has a live page
//! ```

mod choice;
pub mod leaving;
mod ledger;
mod marks;
mod memory;
mod pacing;
mod prompt;
mod requests;
mod settled;
mod shares;
mod tokens;

use std::fmt;

use doors_routing::Outcome;

use crate::agenda::Time;
use crate::journal::Subject;
use crate::scenario::Scenario;
use crate::world::World;
use ledger::{Ledger, Seen};
use pacing::Pacing;

/// A violation of an invariant.
#[derive(Clone, Debug)]
pub struct Violation {
    pub rule: &'static str,
    pub what: String,
    pub at: Time,
    /// The subject whose events explain it.
    pub about: Subject,
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "at {}: {}: {}", crate::journal::clock(self.at), self.rule, self.what)
    }
}

pub struct Checks {
    pub violation: Option<Violation>,
    ledgers: Vec<Ledger>,
    pacing: Pacing,
    max_pods: usize,
    /// From this time on, no page may be told to reload.
    settled: Option<Time>,
    /// The current second, and the number of events planned before it.
    second: (u64, u64),
}

impl Checks {
    pub fn new(scenario: &Scenario, places: usize) -> Self {
        Checks {
            violation: None,
            ledgers: (0..scenario.replicas).map(|_| Ledger::new(places, scenario.names())).collect(),
            pacing: Pacing::default(),
            max_pods: scenario.bounds.max_pods as usize,
            settled: None,
            second: (0, 0),
        }
    }

    /// Handles a replica whose process is replaced.
    pub fn forget(&mut self, replica: usize) {
        self.ledgers[replica] = self.ledgers[replica].emptied();
        self.pacing.forget(replica);
    }

    /// Records the hosts of a new configuration.
    pub fn configured(&mut self, replica: usize, hosts: impl Iterator<Item = usize>, now: Time) {
        let ledger = &mut self.ledgers[replica];
        for host in hosts {
            if ledger.hosts[host].left.take().is_some_and(|left| now - left > memory::KEPT - 2 * memory::LOOK) {
                ledger.forget_host(host, now);
            }
        }
    }

    pub fn dial_began(&mut self, replica: usize, place: usize) {
        self.ledgers[replica].pods[place].flying += 1;
    }

    pub fn dial_ended(&mut self, replica: usize, place: usize) {
        let flying = &mut self.ledgers[replica].pods[place].flying;
        *flying = flying.saturating_sub(1);
    }

    pub fn told_outcome(&mut self, replica: usize, place: usize, outcome: Outcome, now: Time) {
        self.ledgers[replica].tell(place, outcome, self.max_pods, now);
    }

    /// Records whether a pod's response signals that it is draining.
    pub fn told_mark(&mut self, replica: usize, place: usize, drains: bool, began: Time, skew: Time, now: Time) {
        let Seen { marked, marked_since, .. } = &mut self.ledgers[replica].pods[place];
        if drains {
            if marked.is_none() {
                *marked_since = Some(now);
            }
            *marked = Some(now);
        } else {
            // A request that began before the last mark reveals nothing newer.
            marked.take_if(|at| *at + skew < began);
        }
    }

    /// Records a connection refused by a pod that is found under these hosts.
    pub fn told_refused(&mut self, replica: usize, hosts: &[usize], place: usize, now: Time) {
        for host in hosts {
            self.ledgers[replica].hosts[*host].refuse(place, now);
        }
    }

    pub fn lookup_failed(&mut self, replica: usize, host: usize, absent: bool) {
        self.ledgers[replica].hosts[host].fail(absent);
    }

    /// Records an answer of a name server. `silent` returns the places that it does not cover.
    pub fn told_addresses(
        &mut self,
        replica: usize,
        host: usize,
        places: &[usize],
        silent: impl Fn(usize) -> bool,
        now: Time,
    ) {
        let Ledger { pods, hosts, .. } = &mut self.ledgers[replica];
        let host = &mut hosts[host];
        let mut all = places.to_vec();
        all.extend(host.places.iter().copied().filter(|place| silent(*place) && !places.contains(place)));
        for place in all.iter().filter(|place| !host.places.contains(place)) {
            pods[*place].named = Some(now);
        }
        host.tell(all, now);
    }
}

impl World {
    /// Records the first violation, which ends the run.
    pub fn blame(&mut self, rule: &'static str, about: Subject, what: String) {
        let at = self.now();
        self.checks.violation.get_or_insert(Violation { rule, what, at, about });
    }
}
