//! Dials for requests and in the background. Each outcome is reported to the core, even if the request has
//! ended by then.

use std::rc::Rc;

use doors_routing::{Outcome, Pod};

use super::ask::Phase;
use super::replica::Bound;
use crate::agenda::{MILLISECOND, SECOND, Time};
use crate::event::Event;
use crate::journal::Subject;
use crate::slab::Key;
use crate::world::World;
use crate::world::app::pods::{Empty, Life};

/// The time until a lost packet is sent again, and the dial timeout.
const AGAIN: Time = SECOND;
const TIMEOUT: Time = 3 * SECOND;

pub struct Dial {
    replica: usize,
    /// The process of the replica that dials.
    boot: u32,
    bound: Rc<Bound>,
    /// The index in the configuration.
    upstream: u32,
    pod: Pod,
    place: usize,
    /// The request that waits for it; `None` in the background.
    exchange: Option<Key>,
    began: Time,
}

impl Dial {
    pub fn in_background(&self, replica: usize, boot: u32) -> bool {
        self.exchange.is_none() && (self.replica, self.boot) == (replica, boot)
    }
}

impl World {
    /// Sends a request to a pod, over an open connection if there is one.
    pub fn dial_for(&mut self, key: Key, upstream: u32, pod: Pod, probe: bool, last_choice: bool) {
        let now = self.now();
        let Some(place) = self.check_dial(key, upstream, pod, probe) else { return };
        self.check_marked(key, place, last_choice);
        self.check_evicted(key, place);
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let (replica, bound) = (exchange.replica, exchange.bound.clone());
        self.checks.touched(replica, place, true, now);
        exchange.place = place;
        exchange.process = None;
        exchange.last_choice = last_choice;
        exchange.dials += 1;
        exchange.dialled = now;
        exchange.phase = Phase::Dialling;
        let ask = exchange.ask;
        self.journal.note(now, Subject { visitor: Some(ask.page.visitor), place: Some(place) }, || {
            format!(
                "  replica {replica} dials {} for {:?}{}",
                pod.address(),
                ask.kind,
                match (probe, last_choice) {
                    (true, _) => ", a probe",
                    (_, true) => ", the last choice",
                    _ => "",
                }
            )
        });
        let process = self.pods.places[place].process;
        if self.replicas[replica].take_idle(place, process, now) {
            return self.connected(key, process);
        }
        let dial = self.begin_dial(replica, &bound, upstream, pod, place, Some(key));
        if let Some(exchange) = self.exchanges.get_mut(key) {
            exchange.dial = Some(dial);
        }
    }

    pub fn dial_in_background(&mut self, replica: usize, bound: &Rc<Bound>, upstream: u32, pod: Pod) {
        self.tally.background += 1;
        if let Some(place) = self.check_background(replica, bound, upstream, pod) {
            self.note(Subject::place(place), || format!("replica {replica} dials {} in the background", pod.address()));
            self.begin_dial(replica, bound, upstream, pod, place, None);
        }
    }

    fn begin_dial(
        &mut self,
        replica: usize,
        bound: &Rc<Bound>,
        upstream: u32,
        pod: Pod,
        place: usize,
        exchange: Option<Key>,
    ) -> Key {
        self.tally.dials += 1;
        let (boot, began) = (self.replicas[replica].boot, self.now());
        self.checks.dial_began(replica, place);
        self.checks.touched(replica, place, false, began);
        let dial =
            self.dials.insert(Dial { replica, boot, bound: bound.clone(), upstream, pod, place, exchange, began });
        self.dial_sent(dial, 0);
        dial
    }

    /// Sends the packet that opens a connection.
    pub fn dial_sent(&mut self, key: Key, tries: u8) {
        let now = self.now();
        let Some(dial) = self.dials.get(key) else { return };
        let (replica, place, began) = (dial.replica, dial.place, dial.began);
        if now < self.faulty[replica] {
            return self.agenda.after(MILLISECOND / 10, Event::DialEnds(key, Outcome::OwnFault));
        }
        let upstream = self.pods.places[place].upstream;
        let lost = now < self.links.blocked(replica, place, upstream) || self.links.loses(&mut self.chances.net, now);
        let place = &self.pods.places[place];
        let empty = match place.process.map(|process| self.pods.process(process).life) {
            Some(Life::Runs | Life::Drains) => None,
            _ => Some(place.empty),
        };
        let back = self.links.round_trip(&mut self.chances.net, now);
        match empty {
            None if !lost => self.agenda.after(back, Event::DialEnds(key, Outcome::Connected)),
            Some(Empty::Refuses) if !lost => self.agenda.after(back, Event::DialEnds(key, Outcome::Refused)),
            Some(Empty::NoRoute) if !lost => self.agenda.after(back, Event::DialEnds(key, Outcome::Unreachable)),
            _ if tries == 0 => self.agenda.after(AGAIN, Event::Dial(key, 1)),
            _ => self.agenda.at(began + TIMEOUT, Event::DialEnds(key, Outcome::Unreachable)),
        }
    }

    pub fn dial_ended(&mut self, key: Key, outcome: Outcome) {
        let now = self.now();
        let Some(dial) = self.dials.remove(key) else { return };
        let Dial { replica, boot, bound, upstream, pod, place, exchange, .. } = dial;
        if self.replicas[replica].boot != boot || !self.replicas[replica].up {
            return;
        }
        self.checks.dial_ended(replica, place);
        self.checks.touched(replica, place, false, now);
        self.checks.told_outcome(replica, place, outcome, now);
        if outcome == Outcome::Refused {
            self.checks.told_refused(replica, bound.hosts(upstream), place, now);
        }
        self.note(Subject::place(place), || format!("replica {replica}: dial of {} {outcome:?}", pod.address()));
        let waits = exchange.filter(|exchange| {
            self.exchanges
                .get(*exchange)
                .is_some_and(|exchange| exchange.dial == Some(key) && exchange.phase == Phase::Dialling)
        });
        let two_calls =
            self.scenario.two_calls || bound.settings.user_retries || waits.is_none() || outcome == Outcome::Connected;
        if two_calls {
            let (clock, random) = self.clock(replica);
            let report = bound.source.dialled(upstream, pod, outcome, clock, random);
            self.heed(replica, &bound, &report);
        }
        let Some(exchange) = waits else { return };
        if outcome == Outcome::Connected {
            let process = self.pods.places[place].process;
            self.connected(exchange, process);
        } else {
            if let Some(exchange) = self.exchanges.get_mut(exchange) {
                exchange.tried.push(place);
                if exchange.ask.home.is_none() {
                    self.tally.failovers += 1;
                }
            }
            self.attempt_failed(exchange, outcome, two_calls);
        }
    }

    /// Handles a new connection and sends the request.
    fn connected(&mut self, key: Key, process: Option<u32>) {
        let now = self.now();
        let delay = self.links.round_trip(&mut self.chances.net, now) / 2;
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        exchange.dial = None;
        exchange.phase = Phase::Sent;
        exchange.process = process;
        exchange.connected = true;
        self.agenda.after(delay, Event::Arrives(key));
    }
}
