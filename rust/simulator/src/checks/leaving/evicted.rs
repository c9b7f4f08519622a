//! Checks that an evicted pod gets no new page while another pod is healthy. Its pages may reload only in
//! answer to a receiver stream, at the rate and in the order of the eviction.

use std::collections::BTreeSet;

use doors_routing::Cause;

use super::books::{Evicted, Use};
use crate::agenda::{SECOND, Time};
use crate::browser::ROLL;
use crate::checks::pacing::Paced;
use crate::journal::{Subject, clock};
use crate::slab::Key;
use crate::world::World;
use crate::world::proxy::ask::{Exchange, Home, Kind, Phase};

/// A page without a receiver stream for this long is no longer counted.
const COUNTS: Time = 2 * ROLL;

impl World {
    /// Handles the beginning of a page's request.
    pub fn check_use(&mut self, key: Key) {
        let now = self.now();
        let Some(&Exchange { ask, replica, ref bound, .. }) = self.exchanges.get(key) else { return };
        let Some(home) = ask.home else { return };
        let own = self.pods.process(home.process);
        let leads = bound.keys.contains(&own.key) && bound.upstreams.contains(&own.upstream);
        let place = own.place;
        let is_watched = self.evicted(replica, place).is_some_and(|evicted| evicted.order.idle_first);
        self.checks.touched(replica, place, false, now);
        if !leads || !is_watched || !matches!(ask.kind, Kind::Receiver | Kind::Hook | Kind::Link) {
            return;
        }
        let known = self.checks.ledgers[replica].uses.0.entry(home.instance).or_default();
        if ask.kind == Kind::Receiver {
            known.stream = Some(now);
        } else {
            known.hook = Some(now);
        }
    }

    /// Checks a page load that is about to be sent to a pod.
    pub fn check_evicted(&mut self, key: Key, place: usize) {
        let Some(exchange) = self.exchanges.get(key) else { return };
        let replica = exchange.replica;
        let Some(&evicted) = self.evicted(replica, place) else { return };
        if exchange.ask.home.is_some() || exchange.passed_over {
            return;
        }
        let mut upstreams = exchange.bound.upstreams.iter().filter(|upstream| self.is_sure(exchange, **upstream));
        if let Some(well) = upstreams.find_map(|upstream| self.well(exchange, *upstream).next()) {
            let about = Subject { visitor: Some(exchange.ask.page.visitor), place: Some(place) };
            let what = format!(
                "replica {replica} sends a page load to place {place} although place {well} is healthy: {evicted:?}"
            );
            self.blame("no new page on an evicted pod", about, what);
        }
    }

    /// Checks a page's request that gets 503. This must not happen if its pod is evicted and healthy.
    pub fn check_goes_on(&mut self, key: Key, cause: Cause, process: u32) {
        let now = self.now();
        let Some(exchange) = self.exchanges.get(key) else { return };
        let (replica, ask) = (exchange.replica, exchange.ask);
        if ask.kind == Kind::Resource {
            return; // the address may belong to another pod
        }
        let own = self.pods.process(process);
        let leads = exchange.bound.keys.contains(&own.key) && exchange.bound.upstreams.contains(&own.upstream);
        let place = own.place;
        let is_well = self.checks.ledgers[replica].pods[place].is_clean(now) && !self.may_be_gone(replica, process);
        let is_well = is_well && cause != Cause::OwnFault;
        if leads && is_well && !self.pods.places[place].stray && self.evicted(replica, place).is_some() {
            let about = Subject { visitor: Some(ask.page.visitor), place: Some(place) };
            let what = format!("{:?} of a page at place {place} gets 503 from replica {replica}: {cause:?}", ask.kind);
            self.blame("requests to an evicted pod are not answered by the proxy", about, what);
        }
    }

    /// Checks a page that is told to reload although its pod is alive.
    pub fn check_leaves(&mut self, key: Key, home: Home, cause: Cause) {
        let Some(exchange) = self.exchanges.get(key) else { return };
        let (replica, ask, bound) = (exchange.replica, exchange.ask, exchange.bound.clone());
        let own = self.pods.process(home.process);
        let (place, upstream) = (own.place, bound.number(own.upstream));
        let about = Subject { visitor: Some(ask.page.visitor), place: Some(place) };
        if ask.kind != Kind::Receiver {
            let what = format!("{:?} of a page at place {place} gets {cause:?} from replica {replica}", ask.kind);
            return self.blame("only receiver streams make a page of a live pod reload", about, what);
        }
        self.check_taker(key, true);
        let evicted = self.evicted(replica, place).copied();
        let own_rate = evicted.filter(|evicted| cause == Cause::Evicted && evicted.order.rate > 0);
        let rate = own_rate.map_or(bound.settings.gone_rate, |evicted| evicted.order.rate);
        match (cause, evicted) {
            (Cause::Evicted, Some(evicted)) => self.check_order(key, home, &evicted, rate),
            (Cause::Evicted, None) => {
                let what = format!("replica {replica} reports a page at place {place} as evicted");
                return self.blame("only pages of evicted pods are reported as evicted", about, what);
            }
            _ => self.check_drain_max(key, place),
        }
        let eviction = own_rate.map_or(0, |evicted| evicted.number);
        let paced = Paced { replica, upstream, source: 0, rate, eviction };
        if !self.checks.pacing.tell(paced, self.scenario.skew, self.now()) {
            self.blame("pages reload at a limited rate", about, format!("too many within one second: {paced:?}"));
        }
        self.checks.ledgers[replica].uses.0.remove(&home.instance);
    }

    /// Checks the order of `idle_first`: per roll, as many pages may reload as the rate allows, least
    /// recently used first. So a page used since the eviction began may reload only if fewer pages have been
    /// idle longer. Those are the pages with an open stream here and an earlier or no known hook. A used page
    /// counts as open for two rolls even after its stream has ended, so the check allows for as many hidden
    /// pages.
    fn check_order(&mut self, key: Key, home: Home, evicted: &Evicted, rate: u32) {
        let (now, slack) = (self.now(), 2 * self.scenario.skew);
        let Some(exchange) = self.exchanges.get(key) else { return };
        let (replica, place) = (exchange.replica, self.pods.process(home.process).place);
        if !evicted.order.idle_first || rate == 0 || !self.remembers_all() {
            return;
        }
        let about = Subject { visitor: Some(exchange.ask.page.visitor), place: Some(place) };
        let drains_before = exchange.bound.settings.drain_max > 0;
        if evicted.is_first && !drains_before && now + slack < evicted.since + ROLL {
            let what = format!("replica {replica} has evicted place {place} since {}", clock(evicted.since));
            return self.blame("idle_first starts one roll after the eviction", about, what);
        }
        let uses = &self.checks.ledgers[replica].uses.0;
        let hook = |one: &Use| one.hook.filter(|hook| *hook >= evicted.since);
        let Some(last) = uses.get(&home.instance).and_then(hook).filter(|last| now - last + slack < COUNTS) else {
            return;
        };
        let streams = self.exchanges.iter().filter(|(other, exchange)| {
            *other != key
                && exchange.ask.kind == Kind::Receiver
                && (exchange.replica, exchange.place) == (replica, place)
        });
        let is_open = |exchange: &Exchange| matches!(exchange.phase, Phase::Dialling | Phase::Sent | Phase::Answered);
        let homes = streams.filter(|(_, exchange)| is_open(exchange)).filter_map(|(_, exchange)| exchange.ask.home);
        let open: BTreeSet<u32> = homes.map(|home| home.instance).collect();
        let was_idle = |one: &u32| uses.get(one).and_then(hook).is_none_or(|hook| hook + slack < last);
        let idle = open.iter().filter(|one| **one != home.instance && was_idle(one)).count() as u64;
        let lately = |one: &Use| one.stream.is_some_and(|at| now - at <= COUNTS + slack);
        let hidden = uses.iter().filter(|(number, one)| !open.contains(number) && lately(one)).count() as u64;
        let room = (u64::from(rate) * ROLL / SECOND).max(1);
        if idle >= room + hidden {
            let what = format!(
                "a page of place {place}, last used at {}, reloads before {idle} pages that were idle for longer; {room} may reload, {hidden} hidden",
                clock(last)
            );
            self.blame("idle pages reload first", about, what);
        }
    }

    /// Checks that a pod has drained for longer than `drain_max`. It began to drain at the earliest when it
    /// first signalled it, when it was evicted, or when DNS last listed it; if DNS never did, when it was
    /// first used.
    fn check_drain_max(&mut self, key: Key, place: usize) {
        let now = self.now();
        let Some(exchange) = self.exchanges.get(key) else { return };
        let (replica, drain_max) = (exchange.replica, exchange.bound.settings.drain_max);
        let about = Subject { visitor: Some(exchange.ask.page.visitor), place: Some(place) };
        let ledger = &self.checks.ledgers[replica];
        let seen = ledger.pods[place];
        let hosts = exchange.bound.hosts_of(self.pods.places[place].upstream).iter().map(|host| &ledger.hosts[*host]);
        let names = |host: &crate::checks::ledger::Told| host.places.contains(&place) && !host.absent;
        let dns = match self.scenario.is_plain() {
            false => Some(0), // another configuration may have listed it
            true if hosts.clone().any(names) => None,
            true => hosts.filter_map(|host| host.named.get(&place).copied()).max().or(seen.first_used),
        };
        let marked = seen.marked.and(seen.marked_since);
        let evicted = self.evicted(replica, place).map(|evicted| evicted.since);
        let since = [dns, marked, evicted].into_iter().flatten().min();
        if drain_max == 0 || since.is_none_or(|since| now + 2 * self.scenario.skew < since + drain_max) {
            let since = since.map(clock);
            let what = format!(
                "replica {replica} applies drain_max to place {place}, which has drained since {since:?} at the earliest"
            );
            self.blame("pages of draining pods reload only after drain_max", about, what);
        }
    }
}
