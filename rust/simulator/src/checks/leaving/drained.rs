//! Checks which pods are reported as drained: draining pods that had no request for the longest time that a
//! page may be silent.

use doors_routing::{KnownPod, Verdict};

use crate::agenda::Time;
use crate::browser::{Page, ROLL, State};
use crate::journal::{Subject, clock};
use crate::scenario::Hosts;
use crate::world::World;
use crate::world::app::pods::Life;
use crate::world::proxy::ask::Phase;

/// A pod ends a stream after four thirds of a roll.
const SILENCE: Time = ROLL / 3 * 4;

impl World {
    /// Checks the list of pods that each replica shows.
    pub fn check_drained(&mut self) {
        for replica in 0..self.replicas.len() {
            if !self.replicas[replica].up {
                continue;
            }
            for known in self.replicas[replica].state.pods(None, usize::MAX) {
                self.check_known(replica, &known);
            }
        }
    }

    fn check_known(&mut self, replica: usize, known: &KnownPod) {
        let (now, slack) = (self.now(), 2 * self.scenario.skew);
        let Some(place) = self.pods.at(known.pod.address()) else { return };
        let about = Subject::place(place);
        let seen = self.checks.ledgers[replica].pods[place];
        let time = |at: u64| self.replicas[replica].world_time(at);
        let evicted = self.evicted(replica, place).map(|evicted| evicted.since);
        if known.evicted_since.map(time) != evicted {
            let what = format!("replica {replica} shows {:?} for place {place}: {evicted:?}", known.evicted_since);
            return self.blame("the start of an eviction is shown", about, what);
        }
        let is_gone = known.verdict == Verdict::Gone;
        let is_said = known.drained_since.map(time).is_some_and(|at| at <= now);
        let is_here = |phase| matches!(phase, Phase::Dialling | Phase::Sent | Phase::Answered);
        let is_used = self.exchanges.iter().any(|(_, exchange)| {
            (exchange.replica, exchange.place) == (replica, place) && exchange.dials > 0 && is_here(exchange.phase)
        });
        let is_silent = |at: Option<Time>, slack: Time| at.is_none_or(|at| now + slack >= at + SILENCE);
        // For a forgotten pod, the time of its last use is unknown.
        if is_said && !is_gone && self.remembers_all() && (is_used || !is_silent(seen.sent, slack)) {
            let what = format!(
                "replica {replica} shows place {place} as drained; used: {is_used}, at {:?}",
                seen.sent.map(clock)
            );
            return self.blame("only a pod without pages is shown as drained", about, what);
        }
        let is_over = evicted.is_some_and(|since| now >= since + SILENCE + slack)
            && !is_used
            && seen.used.is_none_or(|at| now >= at + SILENCE + slack);
        if is_over && !is_said {
            let what = format!(
                "replica {replica} does not show place {place} as drained: {known:?}, used at {:?}",
                seen.used.map(clock)
            );
            self.blame("a drained pod is shown in time", about, what);
        }
    }

    /// Checks that pages leave their pod some time after the last fault, while there is another pod. No page
    /// with a stream may be left on a pod that all replicas evict or that has drained for too long.
    pub fn check_left_behind(&mut self) {
        let is_evicted = |place| (0..self.replicas.len()).all(|replica| self.evicted(replica, place).is_some());
        // Forgetting a pod also forgets when it began to drain. An address that is itself a host never leaves
        // DNS. A host in no configuration is no longer looked up.
        let by_name = matches!(self.scenario.hosts, Hosts::Name | Hosts::Names) && self.scenario.is_plain();
        let ends = self.scenario.settings.drain_max > 0 && self.remembers_all() && by_name;
        let drains = |process: u32| ends && self.pods.process(process).life == Life::Drains;
        let takes = |process: u32| {
            let place = self.pods.process(process).place;
            !(0..self.replicas.len()).any(|replica| self.evicted(replica, place).is_some())
        };
        if !(0..self.scenario.upstreams).any(|upstream| self.running(upstream).into_iter().any(takes)) {
            return;
        }
        let is_left = |page: &&Page| {
            let home = page.home.filter(|_| page.state == State::Live && page.stream.is_some());
            home.is_some_and(|home| is_evicted(self.pods.process(home.process).place) || drains(home.process))
        };
        let visitors = (0..).zip(&self.visitors);
        let mut left =
            visitors.filter_map(|(number, visitor)| Some((number, visitor.pages.iter().find(is_left)?.home?)));
        if let Some((visitor, home)) = left.next() {
            let place = self.pods.process(home.process).place;
            let what = format!("a page of visitor {visitor} is still alive at place {place}");
            let about = Subject { visitor: Some(visitor), place: Some(place) };
            self.blame("no page is left behind", about, what);
        }
    }
}
