//! What must be true at every event. Nothing here asks the core what it knows: the checks keep their own books.
//!
//! ```text
//! ledger    what each replica was told about pods and hosts
//! requests  one answer, few dials, no dial after a connection, no wait without an end
//! tokens    a request with a token reaches its own pod; who is told that a page is gone, and with what right
//! choice    where page loads go
//! marks     no new page on a pod that drains, and nobody sees that it does
//! leaving   pages of living pods that are told to reload, and when it is said that a pod has drained
//! pacing    how many pages a second are told to reload
//! prompt    the page of a dead pod is told so in time
//! memory    what has bounds stays within them, and nothing is kept that no configuration uses
//! shares    each pod has as many pages as the others
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

/// A rule that was broken.
#[derive(Clone, Debug)]
pub struct Violation {
    pub rule: &'static str,
    pub what: String,
    pub at: Time,
    /// Whose events explain it.
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
    /// From then on nobody may be sent away any more.
    settled: Option<Time>,
    /// The current second, and how many events were planned before it.
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

    /// Another process takes the place of a replica.
    pub fn forget(&mut self, replica: usize) {
        self.ledgers[replica] = self.ledgers[replica].emptied();
        self.pacing.forget(replica);
    }

    /// A configuration has these hosts from now on.
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

    /// An answer of a pod says that it drains, or does not.
    pub fn told_mark(&mut self, replica: usize, place: usize, drains: bool, began: Time, skew: Time, now: Time) {
        let Seen { marked, marked_since, .. } = &mut self.ledgers[replica].pods[place];
        if drains {
            if marked.is_none() {
                *marked_since = Some(now);
            }
            *marked = Some(now);
        } else {
            // What it was asked before its last word says nothing about the time since.
            marked.take_if(|at| *at + skew < began);
        }
    }

    /// A pod of an upstream that is found under these hosts refused a connection.
    pub fn told_refused(&mut self, replica: usize, hosts: &[usize], place: usize, now: Time) {
        for host in hosts {
            self.ledgers[replica].hosts[*host].refuse(place, now);
        }
    }

    pub fn lookup_failed(&mut self, replica: usize, host: usize, absent: bool) {
        self.ledgers[replica].hosts[host].fail(absent);
    }

    /// An answer of a name server; `silent` tells of which places it says nothing.
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
    /// Notes the first violation; it ends the run.
    pub fn blame(&mut self, rule: &'static str, about: Subject, what: String) {
        let at = self.now();
        self.checks.violation.get_or_insert(Violation { rule, what, at, about });
    }
}
