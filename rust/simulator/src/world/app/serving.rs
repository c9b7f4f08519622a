//! How a pod responds to requests. Behaves like Doors.

use doors_routing::Outcome;

use super::pods::Life;
use crate::agenda::{MILLISECOND, SECOND, Time};
use crate::event::Event;
use crate::journal::Subject;
use crate::slab::Key;
use crate::world::World;
use crate::world::proxy::ask::{Exchange, Home, Kind, Phase, Reply};

/// A pod ends a stream after `STREAM`. A client sends the next report stream after `REPORTS`.
pub const STREAM: Time = 20 * SECOND;
const REPORTS: Time = 15 * SECOND;

impl World {
    pub fn arrives(&mut self, key: Key) {
        let now = self.now();
        let Some(exchange) = self.exchanges.get(key) else { return };
        let &Exchange { ask, process, place, replica, last_choice, .. } = exchange;
        let blocked = self.links.blocked(replica, place, self.pods.places[place].upstream);
        if now < blocked {
            return self.agenda.at(blocked + 200 * MILLISECOND, Event::Arrives(key));
        }
        let Some(process) = process else { return self.dropped(key) };
        let pod = self.pods.process(process);
        let (frozen, drains) = (pod.frozen, pod.life == Life::Drains);
        if !self.pods.listens(process) {
            return self.dropped(key);
        }
        if now < frozen {
            return self.agenda.at(frozen, Event::Arrives(key));
        }
        if now < pod.wedged {
            return self.dropped(key);
        }
        self.check_arrival(key, process);
        let quick = self.chances.pods.between(MILLISECOND, 30 * MILLISECOND);
        let lives = ask.home.is_some_and(|home| self.pods.touch(process, home.instance, ask.kind.is_sync(), now));
        let fine = if lives { Reply::Fine } else { Reply::Gone };
        let (reply, delay) = match (ask.kind, ask.home) {
            (Kind::Resource, _) => (Reply::Fine, quick),
            (Kind::Receiver, Some(home)) if lives => {
                self.attach(home, key);
                return;
            }
            (Kind::Reports, _) if lives => (Reply::Fine, REPORTS),
            (Kind::Link | Kind::History, Some(home)) if lives && drains => {
                self.pods.end_instance(home.instance);
                (Reply::Gone, quick)
            }
            (_, Some(_)) => (fine, quick),
            (_, None) if self.pods.is_marked(process) && !last_choice => (Reply::Refused, quick),
            (_, None) => {
                let instance = self.pods.create_instance(process, now);
                self.tally.pages += 1;
                (Reply::Page { home: Home { process, instance }, cookie: !drains }, quick)
            }
        };
        if let Some(exchange) = self.exchanges.get_mut(key) {
            exchange.reply = reply;
        }
        self.agenda.after(delay, Event::Answers(key));
    }

    /// Attaches the receiver stream of a page, and ends the previous one.
    fn attach(&mut self, home: Home, key: Key) {
        let now = self.now();
        let before = self.pods.instances[home.instance as usize].stream.replace(key);
        self.agenda.after(STREAM, Event::StreamEnds(key));
        if self.chances.pods.permille(300) {
            let frame = self.chances.pods.between(MILLISECOND, 10 * SECOND);
            self.agenda.after(frame, Event::Answers(key));
        }
        if let Some(exchange) = self.exchanges.get_mut(key) {
            exchange.reply = Reply::Fine;
            let page = exchange.ask.page;
            self.page_attached(page, now);
        }
        if let Some(before) = before {
            self.stream_ends(before);
        }
    }

    /// Sends the first byte of a response. Unless it is a stream, sends the whole response.
    pub fn answers(&mut self, key: Key) {
        if self.held_up(key, Event::Answers(key)) {
            return;
        }
        let Some(exchange) = self.exchanges.get(key) else { return };
        if exchange.phase != Phase::Sent {
            return;
        }
        let kind = exchange.ask.kind;
        if self.answered(key) && kind != Kind::Receiver {
            self.complete(key);
        }
    }

    pub fn stream_ends(&mut self, key: Key) {
        if self.held_up(key, Event::StreamEnds(key)) {
            return;
        }
        let Some(exchange) = self.exchanges.get(key) else { return };
        let ends = match exchange.phase {
            Phase::Sent => self.answered(key),
            phase => phase == Phase::Answered,
        };
        if ends {
            self.complete(key);
        }
    }

    /// Whether a response is delayed because its pod hangs or the network is blocked. A pod that is gone
    /// sends nothing.
    fn held_up(&mut self, key: Key, event: Event) -> bool {
        let now = self.now();
        let Some(exchange) = self.exchanges.get(key) else { return true };
        let &Exchange { process, place, replica, .. } = exchange;
        let Some(process) = process else { return true };
        if !self.pods.listens(process) {
            return true;
        }
        let blocked = self.links.blocked(replica, place, self.pods.places[place].upstream);
        let until = blocked.max(self.pods.process(process).frozen);
        if now < until {
            self.agenda.at(until + 100 * MILLISECOND, event);
        }
        now < until
    }

    /// Handles the end of a response, after which the connection can be reused.
    fn complete(&mut self, key: Key) {
        let now = self.now();
        let Some(&Exchange { replica, place, process, reply, .. }) = self.exchanges.get(key) else { return };
        if let Some(process) = process {
            self.replicas[replica].put_idle(place, process, now);
        }
        self.over(key, reply);
    }

    /// Handles a connection that ended before a response.
    fn dropped(&mut self, key: Key) {
        let now = self.now();
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let &mut Exchange { replica, place, .. } = exchange;
        exchange.tried.push(place);
        self.checks.told_outcome(replica, place, Outcome::Dropped, now);
        self.checks.touched(replica, place, true, now);
        self.note(Subject::place(place), || format!("replica {replica}: a connection is dropped"));
        self.attempt_failed(key, Outcome::Dropped, true);
    }

    /// Ends the connections of a process that has ended. They are closed, unless its machine is gone too.
    pub fn connections_end(&mut self, process: u32, closed: bool) {
        if !closed {
            return;
        }
        let cut: Vec<(Key, Phase)> = self
            .exchanges
            .iter()
            .filter(|(_, exchange)| exchange.process == Some(process))
            .map(|(key, exchange)| (key, exchange.phase))
            .collect();
        for (key, phase) in cut {
            match phase {
                Phase::Sent => self.dropped(key),
                Phase::Answered => self.over(key, Reply::Failed),
                Phase::Dialling | Phase::Waiting | Phase::Over => (),
            }
        }
    }
}
