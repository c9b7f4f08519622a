//! The streams of a live page: one receiver stream is always open, and the next opens before the last ends.
//! Over HTTP/2 there is also a stream of reports.

use super::State;
use crate::agenda::{MILLISECOND, MINUTE, SECOND, Time};
use crate::event::{Event, PageEvent, PageKey};
use crate::slab::Key;
use crate::world::World;
use crate::world::proxy::ask::{Kind, Reply};

/// The time until the client opens the next stream.
pub const ROLL: Time = 15 * SECOND;
/// A hidden page closes its stream after `HIDDEN`. A page without a stream ends after `TTL`.
const HIDDEN: Time = 20 * MINUTE;
const TTL: Time = 40 * MINUTE;

impl World {
    pub fn open_stream(&mut self, key: PageKey) {
        let now = self.now();
        let stream = self.ask(key, Kind::Receiver);
        let page = self.page_mut(key);
        page.turn += 1;
        page.opened = now;
        page.older = std::mem::replace(&mut page.stream, stream);
        let turn = page.turn;
        match stream {
            Some(_) => self.agenda.after(ROLL, Event::Page(key, PageEvent::Roll(turn))),
            None => self.stream_failed(key),
        }
    }

    pub fn roll(&mut self, key: PageKey, turn: u32) {
        let now = self.now();
        let page = self.page(key);
        let hidden = page.hidden.is_some_and(|since| now - since > HIDDEN);
        if page.state == State::Live && page.turn == turn && page.stream.is_some() && !hidden {
            self.open_stream(key);
        }
    }

    pub fn reopen(&mut self, key: PageKey) {
        let now = self.now();
        let page = self.page(key);
        if page.state != State::Live || page.stream.is_some() {
            return;
        }
        if now - page.last_good > TTL {
            return self.fall_asleep(key);
        }
        if page.hidden.is_none_or(|since| now - since <= HIDDEN) {
            self.open_stream(key);
        }
    }

    /// Handles the arrival of a stream at its pod.
    pub fn page_attached(&mut self, key: PageKey, now: Time) {
        let page = self.page_mut(key);
        if page.boot != key.boot {
            return;
        }
        page.last_good = now;
        if page.attached.is_none() {
            page.attached = Some(now);
            let visitor = &mut self.visitors[usize::from(key.visitor)];
            if std::mem::take(&mut visitor.lost) {
                visitor.live = now;
            }
        }
    }

    pub fn stream_replied(&mut self, key: PageKey, exchange: Key, reply: Reply) {
        let page = self.page_mut(key);
        let is_newest = page.stream == Some(exchange);
        page.older.take_if(|older| *older == exchange);
        page.stream.take_if(|stream| *stream == exchange);
        match reply {
            Reply::Gone => self.gone(key),
            Reply::Fine if is_newest => self.agenda.after(MILLISECOND, Event::Page(key, PageEvent::Reopen)),
            _ if is_newest => self.stream_failed(key),
            _ => (),
        }
    }

    fn stream_failed(&mut self, key: PageKey) {
        let now = self.now();
        let page = &mut self.visitors[usize::from(key.visitor)].pages[usize::from(key.page)];
        let pause = page.backoff.next(now - page.opened, &mut self.chances.visitors);
        self.agenda.after(pause, Event::Page(key, PageEvent::Reopen));
    }

    /// Starts or continues the stream of reports.
    pub fn report(&mut self, key: PageKey) {
        let now = self.now();
        if self.page(key).state != State::Live || self.page(key).reports.is_some() {
            return;
        }
        let reports = self.ask(key, Kind::Reports);
        let page = self.page_mut(key);
        (page.reports, page.reported) = (reports, now);
        if reports.is_none() {
            self.reports_failed(key);
        }
    }

    pub fn reports_replied(&mut self, key: PageKey, reply: Reply) {
        self.page_mut(key).reports = None;
        match reply {
            Reply::Gone => self.gone(key),
            Reply::Fine => self.agenda.after(MILLISECOND, Event::Page(key, PageEvent::Report)),
            _ => self.reports_failed(key),
        }
    }

    fn reports_failed(&mut self, key: PageKey) {
        let now = self.now();
        let page = &mut self.visitors[usize::from(key.visitor)].pages[usize::from(key.page)];
        let pause = page.report_backoff.next(now - page.reported, &mut self.chances.visitors);
        self.agenda.after(pause, Event::Page(key, PageEvent::Report));
    }

    /// Handles a change of a page's visibility.
    pub fn look_at(&mut self, key: PageKey, visible: bool) {
        let now = self.now();
        let page = self.page_mut(key);
        if !visible {
            page.hidden.get_or_insert(now);
            return;
        }
        page.hidden = None;
        page.backoff.reset();
        match page.state {
            State::Closed | State::Asleep => self.load(key),
            State::Live if page.stream.is_none() => self.agenda.after(MILLISECOND, Event::Page(key, PageEvent::Reopen)),
            _ => (),
        }
    }
}
