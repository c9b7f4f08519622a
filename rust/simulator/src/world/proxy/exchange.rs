//! One request on its way through a replica, from the client's request to the reply. Follows the core's
//! steps.

use std::fmt::Write;
use std::rc::Rc;

use doors_routing::{Action, AnswerStatus, Cause, Incoming, Marks, Method, Outcome, Report, Request, Step};

use super::ask::{Ask, Exchange, Phase, Reply};
use super::replica::Bound;
use crate::agenda::MILLISECOND;
use crate::event::Event;
use crate::journal::Subject;
use crate::slab::Key;
use crate::world::World;

/// The number of retries if the user has configured retries.
pub const RETRIES: u32 = 12;

impl World {
    /// Sends a client's request to one of the replicas. Returns `None` if none is running.
    pub fn send(&mut self, ask: Ask) -> Option<Key> {
        let now = self.now();
        let replica = self.replica_for(ask.page.visitor)?;
        self.tally.requests += 1;
        self.path.clear();
        match ask.home {
            None => self.path.push_str("/some/page"),
            Some(home) => {
                let (token, segment) = (&self.pods.process(home.process).token, ask.kind.segment());
                write!(self.path, "/~/{token}/{segment}/{}", home.instance).expect("writing to a string cannot fail");
            }
        }
        let method = ask.kind.method();
        let incoming = Incoming {
            method,
            has_body: method == Method::Other,
            path: self.path.as_bytes(),
            cookies: self.visitors[usize::from(ask.page.visitor)].cookie.as_bytes(),
        };
        let (clock, random) = (self.replicas[replica].late_clock(now, &mut self.chances.core), self.chances.core.any());
        let bound = self.replicas[replica].current.clone();
        let mut request = Request::default();
        let step = bound.source.begin(&incoming, clock, random, &mut request);
        let key = self.exchanges.insert(Exchange {
            ask,
            replica,
            bound,
            request,
            phase: Phase::Dialling,
            began: now,
            cookie_of: self.visitors[usize::from(ask.page.visitor)].cookie_of,
            place: 0,
            process: None,
            dial: None,
            tried: Vec::new(),
            dials: 0,
            dialled: 0,
            last_choice: false,
            refused: Vec::new(),
            connected: false,
            passed_over: false,
            failing: ask.home.is_some_and(|home| self.may_be_gone(replica, home.process)),
            resume: 0,
            awaits_pod: false,
            reply: Reply::Failed,
        });
        self.journal.note(now, Subject::visitor(ask.page.visitor), || {
            format!(
                "visitor {} page {} sends {:?} through replica {replica}",
                ask.page.visitor, ask.page.page, ask.kind
            )
        });
        self.check_use(key);
        self.agenda.after(ask.kind.patience(), Event::GivesUp(key));
        self.obey(key, step);
        Some(key)
    }

    fn replica_for(&mut self, visitor: u16) -> Option<usize> {
        let random = &mut self.chances.visitors;
        let first = if self.scenario.spread { random.below(self.replicas.len()) } else { usize::from(visitor) };
        let all = (0..self.replicas.len()).map(|next| (first + next) % self.replicas.len());
        all.into_iter().find(|replica| self.replicas[*replica].up)
    }

    /// The time and random number for a call about an exchange.
    pub fn clock(&mut self, replica: usize) -> (u64, u64) {
        let now = self.now();
        (self.replicas[replica].late_clock(now, &mut self.chances.core), self.chances.core.any())
    }

    /// The same for a call that a timer triggers. Such a call is never late.
    pub fn timer_clock(&mut self, replica: usize) -> (u64, u64) {
        (self.replicas[replica].clock(self.now()), self.chances.core.any())
    }

    pub fn obey(&mut self, key: Key, step: Step) {
        let Some(exchange) = self.exchanges.get(key) else { return };
        let (replica, bound, ask) = (exchange.replica, exchange.bound.clone(), exchange.ask);
        self.journal.note(self.agenda.now(), Subject::visitor(ask.page.visitor), || {
            format!("  {:?} of page {}: {:?}", ask.kind, ask.page.page, step.action)
        });
        self.heed(replica, &bound, &step.report);
        match step.action {
            Action::Dial { upstream, pod, probe, last_choice } => {
                self.dial_for(key, upstream, pod, probe, last_choice);
            }
            Action::Choose => self.choose(key),
            Action::Wait { until } => self.hold(key, until),
            Action::Answer { status, retry_after, cause, page } => {
                self.check_answer(key, status, cause);
                match status {
                    AnswerStatus::Gone => {
                        self.tally.gone += 1;
                        match cause {
                            Cause::TokenMalformed | Cause::TokenRefused | Cause::NoCidr => self.tally.nowhere += 1,
                            Cause::Evicted => self.tally.evicted += 1,
                            Cause::DrainMax => self.tally.drained += 1,
                            _ => (),
                        }
                        self.over(key, Reply::Gone);
                    }
                    AnswerStatus::Unavailable => {
                        self.tally.unavailable += 1;
                        self.over(key, Reply::Unavailable { refresh: page.then_some(retry_after) });
                    }
                }
            }
            Action::Done => {
                self.check_done(key);
                self.over(key, Reply::Failed);
            }
        }
    }

    /// Does what a report asks for.
    pub fn heed(&mut self, replica: usize, bound: &Rc<Bound>, report: &Report) {
        if let Some((upstream, pod, verdict)) = report.changed {
            self.check_changed(replica, bound, upstream, pod, verdict);
        }
        if let Some((upstream, pod)) = report.background {
            self.dial_in_background(replica, bound, upstream, pod);
        }
        if report.wake {
            self.wake(replica);
        }
        if report.lookups_due {
            self.look_up(replica);
        }
    }

    pub fn wake(&mut self, replica: usize) {
        let now = self.now();
        for key in self.replicas[replica].waiting.clone() {
            if let Some(exchange) = self.exchanges.get_mut(key) {
                exchange.resume = now;
                self.agenda.at(now, Event::Resume(key));
            }
        }
    }

    fn hold(&mut self, key: Key, until: u64) {
        let now = self.now();
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let replica = &mut self.replicas[exchange.replica];
        let until = replica.world_time(until);
        exchange.phase = Phase::Waiting;
        exchange.resume = until.max(now);
        // A late clock may prolong the wait but never shortens it.
        self.agenda.at(exchange.resume, Event::Resume(key));
        replica.waiting.push(key);
        self.tally.waits += 1;
        if self.awaits_pod(key)
            && let Some(exchange) = self.exchanges.get_mut(key)
        {
            exchange.awaits_pod = true;
            self.replicas[exchange.replica].awaiting_pod += 1;
        }
        self.check_wait(key, until);
    }

    pub fn resume(&mut self, key: Key) {
        let now = self.now();
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        if exchange.phase != Phase::Waiting || now < exchange.resume {
            return;
        }
        let replica = exchange.replica;
        self.stop_waiting(key);
        let (clock, random) = self.timer_clock(replica);
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        exchange.phase = Phase::Dialling;
        let step = exchange.bound.source.resume(&mut exchange.request, clock, random);
        self.obey(key, step);
    }

    fn stop_waiting(&mut self, key: Key) {
        if let Some(exchange) = self.exchanges.get_mut(key) {
            let replica = &mut self.replicas[exchange.replica];
            replica.waiting.retain(|one| *one != key);
            replica.awaiting_pod -= usize::from(std::mem::take(&mut exchange.awaits_pod));
        }
    }

    /// Lets the user's policy choose one of the best pods, or none.
    fn choose(&mut self, key: Key) {
        let Some(exchange) = self.exchanges.get(key) else { return };
        let replica = exchange.replica;
        let (clock, random) = self.clock(replica);
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let (bound, request) = (exchange.bound.clone(), &mut exchange.request);
        let mut places = Vec::new();
        let report = bound.source.choices(request, clock, &mut places);
        let step = if places.is_empty() || self.chances.visitors.permille(20) {
            exchange.passed_over = true;
            bound.source.chose_none(request, clock, random)
        } else {
            let chosen = self.chances.visitors.pick(&places);
            bound.source.chose(request, chosen.upstream, chosen.pod, clock)
        };
        self.heed(replica, &bound, &report);
        self.obey(key, step);
    }

    /// Handles an attempt that ended without a response. The core returns the next step.
    pub fn attempt_failed(&mut self, key: Key, outcome: Outcome, told: bool) {
        let Some(exchange) = self.exchanges.get(key) else { return };
        let replica = exchange.replica;
        let (clock, random) = self.clock(replica);
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        let over = exchange.bound.settings.user_retries && exchange.dials >= RETRIES;
        let Exchange { bound, request, .. } = exchange;
        let step = if over && told && outcome != Outcome::Dropped {
            bound.source.give_up(request, Some(outcome), clock, random)
        } else if told {
            bound.source.next(request, outcome, clock, random)
        } else {
            bound.source.failed(request, outcome, clock, random)
        };
        self.obey(key, step);
    }

    /// Handles the first byte of a response. Returns false if the request moves on because its pod drains.
    pub fn answered(&mut self, key: Key) -> bool {
        let now = self.now();
        let Some(exchange) = self.exchanges.get_mut(key) else { return false };
        exchange.phase = Phase::Answered;
        let (replica, place, bound) = (exchange.replica, exchange.place, exchange.bound.clone());
        let refused = matches!(exchange.reply, Reply::Refused);
        let marked = exchange.process.is_some_and(|process| self.pods.is_marked(process));
        let marks = Marks { draining: marked || refused, refused };
        self.checks.told_outcome(replica, place, Outcome::Answered, now);
        self.checks.told_mark(replica, place, marks.draining, exchange.began, self.scenario.skew, now);
        let (clock, random) = self.clock(replica);
        let Some(exchange) = self.exchanges.get_mut(key) else { return false };
        let step = bound.source.answered(&mut exchange.request, marks, clock, random);
        if step.action == Action::Done {
            self.heed(replica, &bound, &step.report);
            return true;
        }
        self.checks.touched(replica, place, true, now);
        // The connection can be reused.
        if let Some(process) = exchange.process {
            exchange.refused.push((place, process));
            self.replicas[replica].put_idle(place, process, now);
        }
        (exchange.connected, exchange.phase, exchange.reply) = (false, Phase::Dialling, Reply::Failed);
        self.obey(key, step);
        false
    }

    /// Ends a request with a reply to the client.
    pub fn over(&mut self, key: Key, reply: Reply) {
        self.stop_waiting(key);
        self.check_refusal(key, reply);
        self.end_request(key);
        let lost = self.now() < self.calm && self.chances.net.permille(self.scenario.client_loss);
        let delay = self.chances.net.between(MILLISECOND / 5, 2 * MILLISECOND);
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        exchange.phase = Phase::Over;
        exchange.reply = if lost { Reply::Failed } else { reply };
        self.agenda.after(delay, Event::Delivered(key));
    }

    fn end_request(&mut self, key: Key) {
        let Some(exchange) = self.exchanges.get(key) else { return };
        let (replica, place) = (exchange.replica, exchange.place);
        let sent = !matches!(exchange.phase, Phase::Waiting | Phase::Over) && exchange.dials > 0;
        self.checks.touched(replica, place, sent, self.now());
        let (clock, _) = self.clock(replica);
        let Some(exchange) = self.exchanges.get_mut(key) else { return };
        exchange.bound.source.ended(&mut exchange.request, clock);
        // The second call has no effect.
        exchange.bound.source.ended(&mut exchange.request, clock);
        if let Some(home) = exchange.ask.home {
            self.pods.instances[home.instance as usize].stream.take_if(|stream| *stream == key);
        }
    }

    pub fn delivered(&mut self, key: Key) {
        if let Some(Exchange { ask, reply, .. }) = self.exchanges.remove(key) {
            self.journal.note(self.agenda.now(), Subject::visitor(ask.page.visitor), || {
                format!("visitor {} page {} gets {reply:?} for {:?}", ask.page.visitor, ask.page.page, ask.kind)
            });
            self.page_replied(key, ask, reply);
        }
    }

    /// Handles a client's timeout.
    pub fn client_gives_up(&mut self, key: Key) {
        if let Some(exchange) = self.exchanges.get(key) {
            let ask = exchange.ask;
            self.client_leaves(key);
            self.page_replied(key, ask, Reply::Failed);
        }
    }

    /// Handles a client that leaves. Its dial continues.
    pub fn client_leaves(&mut self, key: Key) {
        let Some(exchange) = self.exchanges.get(key) else { return };
        let (phase, replica) = (exchange.phase, exchange.replica);
        if phase == Phase::Over {
            self.exchanges.remove(key);
            return;
        }
        self.stop_waiting(key);
        if phase != Phase::Answered {
            let (clock, random) = self.clock(replica);
            let Some(exchange) = self.exchanges.get_mut(key) else { return };
            let bound = exchange.bound.clone();
            let step = bound.source.next(&mut exchange.request, Outcome::Cancelled, clock, random);
            self.check_cancelled(key, step.action);
            self.heed(replica, &bound, &step.report);
        }
        self.end_request(key);
        self.exchanges.remove(key);
    }

    /// Ends everything that belongs to a proxy process that has ended.
    pub fn forget_exchanges(&mut self, replica: usize) {
        let lost: Vec<Key> =
            self.exchanges.iter().filter(|(_, exchange)| exchange.replica == replica).map(|(key, _)| key).collect();
        for key in lost {
            if let Some(Exchange { ask, .. }) = self.exchanges.remove(key) {
                if let Some(home) = ask.home {
                    self.pods.instances[home.instance as usize].stream.take_if(|stream| *stream == key);
                }
                self.page_replied(key, ask, Reply::Failed);
            }
        }
    }
}
