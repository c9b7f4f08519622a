//! Checks pods that signal that they are draining. Once a replica knows, it opens no new page there while
//! another pod is healthy, regardless of DNS. A pod that refused a page gets it again only as the last
//! choice, and serves it. No visitor sees an error because a pod drains.

use super::World;
use super::requests::DIALS;
use crate::agenda::{SECOND, Time};
use crate::journal::Subject;
use crate::slab::Key;
use crate::world::proxy::ask::{Exchange, Reply};

/// How often one page load tests whether a pod still drains, since another process may have replaced it.
const ASKS: Time = 10 * SECOND;

impl World {
    /// Checks a page load that is about to be sent to a pod.
    pub fn check_marked(&mut self, key: Key, place: usize, last_choice: bool) {
        let (now, skew) = (self.now(), self.scenario.skew);
        let Some(exchange) = self.exchanges.get(key) else { return };
        let (replica, about) =
            (exchange.replica, Subject { visitor: Some(exchange.ask.page.visitor), place: Some(place) });
        let seen = self.checks.ledgers[replica].pods[place];
        let Some(marked) = seen.marked else { return };
        // An address that is listed again, or was missing from an answer, may belong to another pod. A mark
        // may also be forgotten.
        let is_new = seen.named.is_some_and(|named| named > marked) || !self.is_whole() || !self.remembers_all();
        // With another thread's clock, the mark may appear to precede the request.
        let refused =
            exchange.refused.iter().any(|one| (one.0, Some(one.1)) == (place, self.pods.places[place].process));
        if refused && !last_choice && !is_new && skew == 0 {
            let what = format!("place {place} has refused it and is dialled again, but not as the last choice");
            return self.blame("a draining pod that refused a page gets it again only as the last choice", about, what);
        }
        if exchange.ask.home.is_some() || exchange.passed_over {
            return;
        }
        // The last dial of a request that was refused must be served by whatever pod it reaches.
        let last_choice = last_choice && (exchange.refused.is_empty() || exchange.dials + 1 < DIALS);
        let mut upstreams = exchange.bound.upstreams.iter().filter(|upstream| self.is_sure(exchange, **upstream));
        let Some(well) = upstreams.find_map(|upstream| self.well(exchange, *upstream).next()) else { return };
        if !last_choice && is_new {
            return;
        }
        let asked = self.checks.ledgers[replica].pods[place].asked.replace(now);
        let last = asked.max(Some(marked)).filter(|at| now - at + 2 * skew < ASKS);
        if last_choice || last.is_some() {
            let what = format!(
                "replica {replica} sends a page load to place {place}, last choice: {last_choice}, although place {well} is healthy: {seen:?}"
            );
            self.blame("no new page on a pod that signals that it is draining", about, what);
        }
    }

    /// Checks the reply to a page load.
    pub fn check_refusal(&mut self, key: Key, reply: Reply) {
        let Some(exchange) = self.exchanges.get(key) else { return };
        let about = Subject::visitor(exchange.ask.page.visitor);
        let rule = "no visitor sees an error because a pod drains";
        match reply {
            Reply::Refused => self.blame(rule, about, format!("{:?} is refused", exchange.ask.kind)),
            Reply::Unavailable { .. } => {
                let takes =
                    exchange.refused.iter().find(|(place, process)| self.would_take(exchange, *place, *process));
                if let Some(&(place, _)) = takes {
                    let what = format!("a page load gets 503 although the draining place {place} would have served it");
                    self.blame(rule, Subject { place: Some(place), ..about }, what);
                }
            }
            _ => (),
        }
    }

    /// Whether a pod that refused a page load would have served it as the last choice throughout.
    fn would_take(&self, exchange: &Exchange, place: usize, process: u32) -> bool {
        let known = &self.pods.places[place];
        let pod = self.pods.process(process);
        let since = self.links.well_since(exchange.replica, place, known.upstream).max(self.faulty[exchange.replica]);
        let well = since.max(pod.frozen).max(pod.wedged) < exchange.began;
        // Once another pod may have seen the request, it is too late.
        let hosts = &self.checks.ledgers[exchange.replica].hosts;
        let named = exchange.bound.hosts_of(known.upstream).iter().any(|host| hosts[*host].places.contains(&place));
        well && named
            && !exchange.connected
            && known.process == Some(process)
            && !exchange.passed_over
            && !exchange.tried.contains(&place)
    }
}
