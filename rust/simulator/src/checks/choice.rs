//! Checks where page loads go: to the pod in the cookie, to the others of its upstream, then to those of all
//! upstreams. A recently failed pod, a pod outside its upstream's networks, or no pod at all is allowed only
//! if there is no better one.
//!
//! Checks only clear cases. Here a pod counts as healthy only if it had no failure for a minute and the last
//! answer of a name server lists it.

use doors_routing::Cause;

use super::World;
use crate::agenda::{SECOND, Time};
use crate::journal::Subject;
use crate::scenario::Shared;
use crate::slab::Key;
use crate::world::proxy::ask::Exchange;

/// The longest time that a lookup may take, including its time in the queue.
const LOOKUP: Time = 6 * SECOND;
/// The longest time until a waiting request notices other pods.
const NOTICED: Time = 3 * SECOND / 2;
/// The longest time that background dials need to find a pod.
const SEEKS: Time = 8 * SECOND;
/// After this many refresh intervals without requests, a host is no longer looked up.
const IDLE: Time = 10;

impl World {
    /// The place in the cookie of an exchange, if the proxy can decrypt it.
    fn cookie_place(&self, exchange: &Exchange) -> Option<usize> {
        let pod = self.pods.process(exchange.cookie_of?);
        let opens = exchange.bound.keys.contains(&pod.key) && !self.pods.places[pod.place].stray;
        (opens && exchange.bound.upstreams.contains(&pod.upstream)).then_some(pod.place)
    }

    /// The pods of an upstream that are certainly healthy, are neither draining nor evicted, and were not
    /// tried by the request.
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

    /// Whether the hosts of an upstream have lost no addresses and were looked up recently.
    pub(super) fn is_sure(&self, exchange: &Exchange, upstream: usize) -> bool {
        let hosts = &self.checks.ledgers[exchange.replica].hosts;
        let refresh = exchange.bound.settings.refresh;
        exchange.bound.hosts_of(upstream).iter().all(|host| hosts[*host].is_recent(refresh, self.now()))
    }

    /// Whether no pod is ever forgotten.
    pub(super) fn remembers_all(&self) -> bool {
        self.pods.places.len() <= self.scenario.bounds.max_pods as usize
    }

    /// Whether answers of name servers are always complete and equal. Otherwise an address that one of them
    /// lacks may still exist.
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
            let what = format!("replica {replica} sends a page load to place {place}, which no name server lists");
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
            Some(("the cookie's pod comes first", cookie))
        } else if let Some(well) = well_own
            && own != Some(upstream)
        {
            Some(("the upstream of the cookie comes before others", well))
        } else if let Some(well) = well_all
            && !self.pods.is_inside(place, upstream)
        {
            Some(("pods outside their networks come last", well))
        } else if let Some(well) = well_all
            && hosts().any(|host| host.places.contains(&place))
            && ledger.pods[place].fails(now)
            && self.remembers_all()
            // An address that was missing from a partial answer may come back as new for one host and not for
            // another.
            && (self.is_whole() || self.scenario.shared == Shared::No)
        {
            Some(("failed pods come after healthy ones", well))
        } else {
            None
        };
        // A name server other than the last one may answer differently, but only with older data.
        if let Some((rule, better)) = wrong {
            let what = format!(
                "replica {replica} sends a page load to place {place} of upstream {upstream} although place {better} is healthy: {:?}; {:?}",
                ledger.pods[place], ledger.pods[better]
            );
            return self.blame(rule, Subject { place: Some(better), ..about }, what);
        }
        self.check_left(key, upstream, place);
        self.check_lookups_go_on(key, upstream);
    }

    /// Checks that a pod that left DNS gets no new page after the name servers' caches have expired, unless
    /// there is no other pod.
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
            let what =
                format!("place {place} left DNS at {}, and place {other} is healthy", crate::journal::clock(left));
            self.blame("no new page on a pod that has left DNS", about, what);
        }
    }

    /// Checks that a host in use is looked up continuously.
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
            // While another configuration with a shorter interval is in use, the host becomes idle sooner.
            let goes_on = used.is_some_and(|(used, before)| {
                now - used > refresh + slack && now - used < (IDLE - 1) * before.min(least)
            });
            let (asked, busy) = (known.asked, known.flying > 0);
            if goes_on && !busy && !known.constant && asked.is_none_or(|asked| now - asked > refresh + slack) {
                let what = format!("replica {replica} has not looked u{host} up since {asked:?}");
                self.blame("lookups continue", about, what);
            }
        }
    }

    /// Checks that a page load gets 503 only for lack of a pod.
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
        // A failed request waits until a background dial finds a pod. One is made every 250 ms.
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
            let what = format!("replica {} reports {cause:?} although place {well} is healthy", exchange.replica);
            let about = Subject { place: Some(well), ..about };
            self.blame("a page load gets 503 only for lack of a pod", about, what);
        }
    }
}
