//! Checks all limits at every event: remembered pods, waiting requests, and running lookups and dials. A host
//! that is in no configuration is neither looked up nor kept for long.

use std::rc::Rc;

use doors_routing::Pod;

use super::World;
use crate::agenda::{MINUTE, SECOND, Time};
use crate::event::Event;
use crate::journal::Subject;
use crate::slab::Key;
use crate::world::proxy::replica::Bound;

/// The interval between checks of unused hosts.
pub const LOOK: Time = 10 * SECOND;
/// How long a lookup continues for requests that waited for it when the last configuration with its host
/// ended.
const AWAITED: Time = 10 * SECOND;
/// How long what is known about an unused host is kept for the next configuration.
pub const KEPT: Time = MINUTE;
/// The core requests one background dial every 250 ms, plus one per upstream and second for a witness. Each
/// lasts at most 3 s.
const BACKGROUND: usize = 4 * 3;

impl World {
    /// Called after each event.
    pub fn check_memory(&mut self) {
        let bounds = self.scenario.bounds;
        for number in 0..self.replicas.len() {
            let replica = &self.replicas[number];
            let (known, told) = (replica.state.known_pods(), replica.state.waiting() as usize);
            // The core's own count, and the number that certainly do not wait for DNS.
            let (waiting, certain) = (replica.waiting.len(), replica.awaiting_pod);
            let most = bounds.max_waiting as usize;
            if replica.up && (known > bounds.max_pods as usize || told > most.min(waiting) || certain > most) {
                let what = format!(
                    "replica {number} remembers {known} pods; {waiting} requests wait, {certain} of them certainly for a pod; it reports {told}"
                );
                self.blame("memory is limited", Subject::ALL, what);
            }
        }
    }

    /// Whether a request that begins to wait certainly waits for a pod, because no lookup is running that it
    /// could wait for.
    pub fn awaits_pod(&self, key: Key) -> bool {
        let replica = self.exchanges.get(key).map_or(0, |exchange| exchange.replica);
        self.checks.ledgers[replica].hosts.iter().all(|host| host.flying == 0)
    }

    pub fn look_over(&mut self) {
        self.agenda.after(LOOK, Event::Look);
        for replica in 0..self.replicas.len() {
            self.look_at_hosts(replica);
        }
        self.check_shares();
        self.check_drained();
        self.tally.visitor_time += u128::from(LOOK) * self.visitors.len() as u128;
    }

    fn look_at_hosts(&mut self, number: usize) {
        let now = self.now();
        let replica = &mut self.replicas[number];
        if !replica.up {
            return;
        }
        let dropped = replica.forget_bounds();
        let clock = replica.clock(now);
        for host in 0..self.scenario.names() {
            let replica = &mut self.replicas[number];
            let Some(id) = replica.ids[host] else { continue };
            let known = &mut self.checks.ledgers[number].hosts[host];
            if replica.uses_host(host) {
                known.left = None;
                continue;
            }
            let left = *known.left.get_or_insert(now);
            if now - left > KEPT + 2 * LOOK {
                replica.ids[host] = None;
                let forgotten = replica.state.host(id, clock).is_none();
                self.checks.ledgers[number].forget_host(host, now);
                if !forgotten {
                    let what = format!("replica {number} keeps u{host}, which is in no configuration");
                    self.blame("unused hosts are forgotten", Subject::ALL, what);
                }
            }
        }
        if dropped {
            self.look_up(number);
        }
    }

    /// Checks a lookup that starts.
    pub fn check_lookup(&mut self, replica: usize, host: usize) {
        let now = self.now();
        let used = self.replicas[replica].uses_host(host);
        let known = &mut self.checks.ledgers[replica].hosts[host];
        (known.asked, known.flying) = (Some(now), known.flying + 1);
        let left = known.left;
        if !used && left.is_some_and(|left| now - left > AWAITED) {
            let what = format!("replica {replica} looks up u{host}, which is in no configuration");
            self.blame("only hosts in a configuration are looked up", Subject::ALL, what);
        }
        let bounds = self.scenario.bounds;
        let boot = self.replicas[replica].boot;
        let going = 1 + self.lookups.iter().filter(|(_, lookup)| lookup.counts(replica, boot)).count();
        if going > (bounds.max_lookups + bounds.max_slow_lookups) as usize {
            self.blame("memory is limited", Subject::ALL, format!("replica {replica} runs {going} lookups at once"));
        }
    }

    /// Checks a background dial that starts. Returns its place.
    pub fn check_background(&mut self, replica: usize, bound: &Rc<Bound>, upstream: u32, pod: Pod) -> Option<usize> {
        let place = self.pods.at(pod.address());
        let about = Subject { visitor: None, place };
        if place.is_none() || pod.port() != self.scenario.port(bound.upstream(upstream)) {
            self.blame("only pods are dialled", about, format!("{pod:?} in the background"));
            return None;
        }
        let boot = self.replicas[replica].boot;
        let going = self.dials.iter().filter(|(_, dial)| dial.in_background(replica, boot)).count();
        // The count starts again after a reload and for another host.
        if going > 4 * (BACKGROUND + 3 * self.scenario.names()) {
            self.blame("memory is limited", about, format!("replica {replica} makes {going} dials in the background"));
        }
        place
    }
}
