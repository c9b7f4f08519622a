//! Where page loads go: to the pod of the cookie, to the others of its upstream, to those of all; to pods that failed a moment ago, to
//! pods outside of the networks of their upstream, and nowhere, only if there is nothing else.
//!
//! Only what cannot be a matter of opinion is checked: a pod counts as well here if nothing of it has failed for a minute, and if the last answer
//! of a name server names it.

use doors_routing::Cause;

use super::World;
use crate::agenda::{SECOND, Time};
use crate::journal::Subject;
use crate::scenario::Shared;
use crate::slab::Key;
use crate::world::proxy::ask::Exchange;

/// So long a lookup may take, and wait for its turn.
const LOOKUP: Time = 6 * SECOND;
/// So soon a request that waits looks whether there are other pods.
const NOTICED: Time = 3 * SECOND / 2;
/// So long dials in the background may take to find a pod.
const SEEKS: Time = 8 * SECOND;
/// A host that no request uses for that many refresh intervals is not looked up any more.
const IDLE: Time = 10;

impl World {
    /// The place that the cookie of an exchange names, if the proxy can read it.
    fn cookie_place(&self, exchange: &Exchange) -> Option<usize> {
        let pod = self.pods.process(exchange.cookie_of?);
        let opens = exchange.bound.keys.contains(&pod.key) && !self.pods.places[pod.place].stray;
        (opens && exchange.bound.upstreams.contains(&pod.upstream)).then_some(pod.place)
    }

    /// The pods of an upstream that are well beyond doubt, do not say that they drain, are not evicted, and that a request has not tried.
    pub(super) fn well(&self, exchange: &Exchange, upstream: usize) -> impl Iterator<Item = usize> {
        let now = self.now();
        let ledger = &self.checks.ledgers[exchange.replica];
        let hosts = exchange.bound.hosts_of(upstream).iter();
        let places = hosts.flat_map(|host| ledger.hosts[*host].places.iter().copied());
        places.filter(move |place| {
            let seen = &ledger.pods[*place];
            let drains = seen.marked.is_some() || self.evicted(exchange.replica, *place).is_some();
            let well = seen.is_clean(now) && !drains && !exchange.tried.contains(place);
            well && self.pods.is_inside(*place, upstream)
        })
    }

    /// Its hosts have not given addresses up, and were looked up not long ago.
    pub(super) fn is_sure(&self, exchange: &Exchange, upstream: usize) -> bool {
        let hosts = &self.checks.ledgers[exchange.replica].hosts;
        let refresh = exchange.bound.settings.refresh;
        exchange.bound.hosts_of(upstream).iter().all(|host| hosts[*host].is_recent(refresh, self.now()))
    }

    /// No pod is ever forgotten.
    pub(super) fn remembers_all(&self) -> bool {
        self.pods.places.len() <= self.scenario.bounds.max_pods as usize
    }

    /// Answers of name servers are never parts of the truth. Where they are, or where name servers say different things, an address that
    /// one of them lacks may still be there.
    pub(super) fn is_whole(&self) -> bool {
        self.scenario.caches.len() == 1 && self.scenario.faults.iter().all(|fault| !fault.is_partial())
    }

    pub(super) fn check_choice(&mut self, key: Key, upstream: usize, place: usize) {
        let now = self.now();
        let Some(exchange) = self.exchanges.get(key) else { return };
        if exchange.passed_over {
            return;
        }
        let (replica, about) =
            (exchange.replica, Subject { visitor: Some(exchange.ask.page.visitor), place: Some(place) });
        let ledger = &self.checks.ledgers[replica];
        let hosts = || exchange.bound.hosts_of(upstream).iter().map(|host| &ledger.hosts[*host]);
        if !hosts().any(|host| host.may_name(place)) && self.is_whole() {
            let what = format!("replica {replica} sends a page load to place {place}, which no name server names");
            return self.blame("new pages go to fresh pods", about, what);
        }
        let all = &exchange.bound.upstreams;
        let cookie = self.cookie_place(exchange);
        let only = || if let [only] = all[..] { Some(only) } else { None };
        let own = cookie.map(|place| self.pods.places[place].upstream).or_else(only);
        let first = exchange.tried.is_empty() && exchange.refused.is_empty();
        let well_of = |upstream: usize| {
            self.is_sure(exchange, upstream).then(|| self.well(exchange, upstream)).into_iter().flatten()
        };
        let well_own = own.and_then(|own| well_of(own).next());
        let well_all = all.iter().find_map(|upstream| well_of(*upstream).next());
        let wrong = if let Some(cookie) = cookie
            && first
            && cookie != place
            && well_of(self.pods.places[cookie].upstream).any(|well| well == cookie)
        {
            Some(("the cookie's own pod comes first", cookie))
        } else if let Some(well) = well_own
            && own != Some(upstream)
        {
            Some(("the upstream of the cookie comes before others", well))
        } else if let Some(well) = well_all
            && !self.pods.is_inside(place, upstream)
        {
            Some(("pods outside of their networks come last", well))
        } else if let Some(well) = well_all
            && hosts().any(|host| host.places.contains(&place))
            && ledger.pods[place].fails(now)
            && self.remembers_all()
            // An address that was left out of parts comes back as a new one, here under one host and there under another.
            && (self.is_whole() || self.scenario.shared == Shared::No)
        {
            Some(("pods that failed come after those that are well", well))
        } else {
            None
        };
        // A name server may say other things at the same time than the one that was asked last, but only old ones.
        if let Some((rule, better)) = wrong {
            let what = format!(
                "replica {replica} sends a page load to place {place} of upstream {upstream} although place {better} is well: {:?}; {:?}",
                ledger.pods[place], ledger.pods[better]
            );
            return self.blame(rule, Subject { place: Some(better), ..about }, what);
        }
        self.check_left(key, upstream, place);
        self.check_lookups_go_on(key, upstream);
    }

    /// A pod that has left DNS gets no new page when the name servers have forgotten it, unless there is nothing else.
    fn check_left(&mut self, key: Key, upstream: usize, place: usize) {
        let Some(exchange) = self.exchanges.get(key) else { return };
        let Some(left) = self.pods.places[place].unnamed else { return };
        let hosts = &self.checks.ledgers[exchange.replica].hosts;
        let known_since = left + self.scenario.cache() + 2 * SECOND;
        let told =
            exchange.bound.hosts_of(upstream).iter().all(|host| {
                hosts[*host].at.is_some_and(|at| at > known_since && !hosts[*host].places.contains(&place))
            });
        let other = self.is_sure(exchange, upstream).then(|| self.well(exchange, upstream).next()).flatten();
        if let Some(other) = other
            && told
            && self.is_whole()
            && exchange.bound.hosts_of(upstream).iter().all(|host| !hosts[*host].flaps())
        {
            let about = Subject { visitor: Some(exchange.ask.page.visitor), place: Some(place) };
            let what = format!("place {place} left DNS at {}, and place {other} is well", crate::journal::clock(left));
            self.blame("no new page on a pod that has left DNS", about, what);
        }
    }

    /// A host that requests use is looked up all the time.
    fn check_lookups_go_on(&mut self, key: Key, upstream: usize) {
        let now = self.now();
        let Some(exchange) = self.exchanges.get(key) else { return };
        let (replica, about, refresh) =
            (exchange.replica, Subject::visitor(exchange.ask.page.visitor), exchange.bound.settings.refresh);
        let turns = if self.scenario.bounds.max_lookups > 2 { 1 } else { self.scenario.names() };
        let slack = turns as Time * LOOKUP;
        let (bound, least) = (exchange.bound.clone(), self.replicas[replica].least_refresh());
        for host in bound.hosts_of(upstream) {
            let known = &mut self.checks.ledgers[replica].hosts[*host];
            let used = known.used.replace((now, least)).filter(|(used, _)| *used >= bound.loaded);
            // As long as another configuration is in use that asks more often, the host is idle sooner.
            let goes_on = used.is_some_and(|(used, before)| {
                now - used > refresh + slack && now - used < (IDLE - 1) * before.min(least)
            });
            let (asked, busy) = (known.asked, known.flying > 0);
            if goes_on && !busy && !known.constant && asked.is_none_or(|asked| now - asked > refresh + slack) {
                let what = format!("replica {replica} has not looked u{host} up since {asked:?}");
                self.blame("lookups go on", about, what);
            }
        }
    }

    /// A page load gets 503. That must be for want of a pod.
    pub(super) fn check_unavailable(&mut self, key: Key, cause: Cause) {
        let Some(exchange) = self.exchanges.get(key) else { return };
        if matches!(cause, Cause::PodDropped | Cause::OwnFault)
            || exchange.connected
            || exchange.passed_over
            || exchange.dials >= 8
        {
            return;
        }
        let about = Subject::visitor(exchange.ask.page.visitor);
        let ledger = &self.checks.ledgers[exchange.replica];
        // Who has tried in vain waits until a dial in the background finds a pod; one begins each 250 ms.
        let (replica, long) = (exchange.replica, self.now() - exchange.began.max(exchange.dialled) > SEEKS);
        if cause == Cause::NoPod && (!long || self.is_faulty(replica, SEEKS)) {
            return;
        }
        let notice = if cause == Cause::NoPod { SEEKS } else { NOTICED };
        let for_long = |place: &usize| ledger.pods[*place].named.is_some_and(|named| self.now() - named > notice);
        let well = exchange.bound.upstreams.iter().copied().find_map(|upstream| {
            let mut hosts = exchange.bound.hosts_of(upstream).iter().map(|host| &ledger.hosts[*host]);
            let sure = self.is_sure(exchange, upstream) && hosts.all(|host| self.now() - host.since > notice);
            sure.then(|| self.well(exchange, upstream).find(for_long)).flatten()
        });
        if let Some(well) = well {
            let what = format!("replica {} says {cause:?} although place {well} is well", exchange.replica);
            let about = Subject { place: Some(well), ..about };
            self.blame("a page load gets 503 only for want of a pod", about, what);
        }
    }
}
