//! Checks that a request with a token reaches its own pod or none, and that no page of a live and reachable
//! pod is told that it is gone.

use std::rc::Rc;

use doors_routing::{AnswerStatus, Cause, Pod, Verdict};

use super::World;
use super::ledger::{GAP, Span};
use super::pacing::Paced;
use crate::agenda::{MILLISECOND, SECOND, Time};
use crate::journal::{Subject, clock};
use crate::slab::Key;
use crate::world::proxy::ask::{Exchange, Kind};
use crate::world::proxy::replica::Bound;

/// The interval at which a gone pod is tried if a request needs it.
const PROBE: Time = SECOND + 100 * MILLISECOND;
/// A pod that failed this recently may be declared gone without a new dial if there is a witness.
const LATELY: Time = 10 * SECOND;
/// This long before `gone_after` has passed, and later, a witness must work again.
const LATE: Time = 4 * SECOND;

impl World {
    /// Checks a dial for a request with a token. A resource of a gone pod may come from any pod of the
    /// upstream.
    pub(super) fn check_own_pod(&mut self, key: Key, upstream: usize, place: usize) {
        let Some(exchange) = self.exchanges.get(key) else { return };
        let (ask, tried) = (exchange.ask, exchange.tried.len());
        let Some(home) = ask.home else { return };
        let own = self.pods.process(home.process);
        let own_upstream = self.pods.is_inside(own.place, upstream);
        let elsewhere = ask.kind == Kind::Resource && own_upstream && (tried > 0 || exchange.failing);
        let is_own = own.place == place && own_upstream;
        if !is_own && !elsewhere {
            let what =
                format!("{:?} of a page at place {} goes to place {place} of upstream {upstream}", ask.kind, own.place);
            self.blame(
                "a token leads to its own pod",
                Subject { visitor: Some(ask.page.visitor), place: Some(place) },
                what,
            );
        }
    }

    /// Whether a replica may believe that the pod of a page is gone.
    pub fn may_be_gone(&self, replica: usize, process: u32) -> bool {
        let seen = &self.checks.ledgers[replica].pods[self.pods.process(process).place];
        seen.refused.is_some() || seen.unreachable.is_some() || seen.drops.is_some()
    }

    /// Checks a request that reaches a process.
    pub fn check_arrival(&mut self, key: Key, process: u32) {
        let Some(exchange) = self.exchanges.get(key) else { return };
        let ask = exchange.ask;
        let Some(home) = ask.home else { return };
        // Another process may have the address by now. It reports itself that it does not know the page.
        if ask.kind != Kind::Resource && self.pods.process(process).place != self.pods.process(home.process).place {
            let about = Subject::visitor(ask.page.visitor);
            self.blame("a token leads to its own pod", about, format!("{:?} reaches process {process}", ask.kind));
        }
    }

    /// Checks a changed verdict.
    pub fn check_changed(&mut self, replica: usize, bound: &Rc<Bound>, upstream: u32, pod: Pod, verdict: Verdict) {
        let now = self.now();
        let Some(place) = self.pods.at(pod.address()) else { return };
        let upstream = bound.upstream(upstream);
        self.note(Subject::place(place), || format!("replica {replica}: the verdict on place {place} is {verdict:?}"));
        if verdict != Verdict::Gone {
            return;
        }
        let pods = &self.checks.ledgers[replica].pods;
        let seen = pods[place];
        let others = |needs_answer| {
            let led_to =
                |other: usize| self.scenario.led_to(upstream).any(|one| one == self.pods.places[other].upstream);
            let of_upstream = |other: usize| other != place && led_to(other);
            pods.iter()
                .enumerate()
                .any(|(other, seen)| of_upstream(other) && seen.is_witness(needs_answer, self.scenario.skew, now))
        };
        let long = bound.settings.gone_after.saturating_sub(2 * self.scenario.skew);
        let unreachable = seen.unreachable.is_some_and(|span| span.lasts() >= long) && others(false);
        let drops = seen.drops.is_some_and(|span| span.lasts() >= long) && others(true);
        if self.remembers_all() && seen.refused.is_none() && !unreachable && !drops {
            let known = pods
                .iter()
                .enumerate()
                .filter(|(_, seen)| seen.reached.max(seen.refused).is_some_and(|at| now - at < 2 * GAP));
            let what =
                format!("place {place} is gone for replica {replica}: {seen:?}; {:?}", known.collect::<Vec<_>>());
            self.blame("a pod is declared gone only with a reason and a witness", Subject::place(place), what);
        }
        self.check_not_own_fault(replica, bound, place);
        self.checks.ledgers[replica].pods[place].gone = Some(now);
    }

    /// Checks that a pod is not declared gone while its replica reaches nothing, or has just been reconnected,
    /// unless the pod itself was out of reach for almost long enough. Other pods may have worked before that
    /// cut, or between it and the one before. If three failures in a row all have different causes, the pod
    /// cannot be told from a dead one: so this does not apply if both cuts began after the first failure.
    fn check_not_own_fault(&mut self, replica: usize, bound: &Bound, place: usize) {
        let (now, own) = (self.now(), &self.pods.places[place]);
        let (seen, gone_after) = (&self.checks.ledgers[replica].pods[place], bound.settings.gone_after);
        // Connections that it dropped may be why.
        let failing = seen.unreachable.filter(|_| seen.drops.is_none());
        let ([cut, before], restored) = self.links.last_cuts(replica);
        let is_cut = now + 2 * self.scenario.skew < restored + SECOND;
        let listening = own.process.filter(|process| self.pods.listens(*process));
        let in_reach = listening.map(|process| {
            let ready = self.pods.process(process).ready;
            ready.max(self.links.blocked_alone(replica, place, own.upstream))
        });
        let is_own = |span: Span| {
            let first = span.last - span.lasts();
            first > before && in_reach.is_some_and(|at| at < first + gone_after.saturating_sub(LATE))
        };
        if is_cut && gone_after >= SECOND && failing.is_some_and(is_own) {
            let [cut, restored] = [cut, restored].map(clock);
            let what =
                format!("place {place} is gone for replica {replica}, which reached nothing from {cut} to {restored}");
            self.blame("a fault on the proxy's own side does not count against a pod", Subject::place(place), what);
        }
    }

    pub fn check_answer(&mut self, key: Key, status: AnswerStatus, cause: Cause) {
        let Some(exchange) = self.exchanges.get(key) else { return };
        let ask = exchange.ask;
        match (status, ask.home) {
            (AnswerStatus::Gone, Some(home)) => match cause {
                Cause::Evicted | Cause::DrainMax => self.check_leaves(key, home, cause),
                _ => self.check_gone(key, home.process),
            },
            (AnswerStatus::Gone, None) => {
                let about = Subject::visitor(ask.page.visitor);
                self.blame("only pages are told that they are gone", about, "a page load gets 410".into());
            }
            (AnswerStatus::Unavailable, None) => self.check_unavailable(key, cause),
            (AnswerStatus::Unavailable, Some(home)) => {
                self.check_prompt(key, cause, home.process);
                self.check_goes_on(key, cause, home.process);
            }
        }
        self.check_steady(key, status, cause);
    }

    /// Checks that a page is told to reload only if its replica knows a pod that would take it. Tokens of
    /// pages outside the networks are refused, so such pods do not count. If the page's own pod lives,
    /// draining pods do not count either, since the page would have to reload again.
    pub(super) fn check_taker(&mut self, key: Key, lives: bool) {
        let now = self.now();
        let Some(exchange) = self.exchanges.get(key) else { return };
        let (replica, about) = (exchange.replica, Subject::visitor(exchange.ask.page.visitor));
        let ledger = &self.checks.ledgers[replica];
        let takes = |(place, seen): (usize, &super::ledger::Seen)| {
            let mut hosts = exchange.bound.all_hosts().map(|host| &ledger.hosts[host]);
            let may_name = hosts.any(|host| host.may_name(place) || host.at.is_none()) || !self.is_whole();
            let known = &self.pods.places[place];
            let leads = !known.stray && exchange.bound.upstreams.contains(&known.upstream);
            let drains = || self.evicted(replica, place).is_some() || self.is_whole() && seen.drains();
            seen.takes_page(self.scenario.skew, now) && may_name && leads && !(lives && drains())
        };
        if self.remembers_all() && !ledger.pods.iter().enumerate().any(takes) {
            let known =
                ledger.pods.iter().enumerate().filter(|(_, seen)| seen.reached.is_some_and(|at| now - at < 2 * GAP));
            let what =
                format!("replica {replica} knows no pod that would take the page: {:?}", known.collect::<Vec<_>>());
            self.blame("a page is told to reload only if a pod would take it", about, what);
        }
    }

    fn check_gone(&mut self, key: Key, process: u32) {
        let now = self.now();
        let Some(&Exchange { ask, replica, ref bound, .. }) = self.exchanges.get(key) else { return };
        let bound = bound.clone();
        let own = self.pods.process(process);
        let (place, upstream) = (own.place, own.upstream);
        let opens = bound.keys.contains(&own.key);
        let inside = !self.pods.places[place].stray && bound.upstreams.contains(&upstream);
        let about = Subject { visitor: Some(ask.page.visitor), place: Some(place) };
        let ledger = &self.checks.ledgers[replica];
        if opens && inside {
            let seen = ledger.pods[place];
            let long =
                bound.settings.gone_after.min(self.scenario.settings.gone_after).saturating_sub(2 * self.scenario.skew);
            // The first request that needs a pod tests again whether it is gone, if that was learned a while
            // ago.
            let probed = seen.probed.is_some_and(|at| now - at <= PROBE);
            let asks = |last: Time| !self.pods.listens(process) || now - last <= PROBE || probed || seen.flying > 0;
            let refused = seen.refused.is_some_and(asks);
            let failing = [seen.unreachable, seen.drops].into_iter().flatten();
            let failed =
                failing.into_iter().any(|span| span.lasts() >= long && (asks(span.last) || now - span.last < LATELY));
            let held = seen.gone.is_some_and(|since| seen.failed.is_some_and(|failed| asks(failed.max(since))));
            if !refused && !failed && !held {
                let what =
                    format!("{:?} of a page of process {process} gets 410 from replica {replica}: {seen:?}", ask.kind);
                self.blame("no page of a reachable pod is told that it is gone", about, what);
            }
        }
        if ask.kind == Kind::Resource {
            return;
        }
        self.check_taker(key, false);
        if ask.kind.is_sync() {
            let upstream = bound.number(upstream).filter(|_| opens && inside);
            let source = if upstream.is_some() { 0 } else { bound.source.id() };
            let paced = Paced { replica, upstream, source, rate: bound.settings.gone_rate, eviction: 0 };
            if !self.checks.pacing.tell(paced, self.scenario.skew, now) {
                self.blame("pages reload at a limited rate", about, format!("too many within one second: {paced:?}"));
            }
        }
    }
}
