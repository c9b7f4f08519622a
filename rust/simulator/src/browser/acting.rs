//! What visitors do: arrive, click, follow links, go back, open a second page, look away, and leave.

use super::{Page, State, Visitor};
use crate::agenda::{SECOND, Time};
use crate::event::{Event, PageEvent, PageKey, VisitorEvent};
use crate::world::World;
use crate::world::proxy::ask::{Kind, Reply};

/// All visitors arrive within this time.
const COME: Time = 30 * SECOND;

impl World {
    pub fn begin_visitors(&mut self) {
        for visitor in 0..self.scenario.visitors as u16 {
            self.visitors.push(Visitor {
                cookie: String::new(),
                cookie_of: None,
                pages: <[Page; 2]>::default(),
                looks_at: None,
                http2: self.chances.visitors.coin(),
                lost: true,
                live: 0,
            });
            let at = self.chances.visitors.between(0, COME);
            self.agenda.at(at, Event::Visitor(visitor, VisitorEvent::Opens));
            if self.scenario.crowd > 0 {
                self.plan_replacement(visitor);
            } else {
                self.agenda.at(at + 8 * self.scenario.think, Event::Visitor(visitor, VisitorEvent::Turns));
            }
        }
    }

    /// Plans the next click.
    pub fn think(&mut self, key: PageKey) {
        let delay = self.chances.visitors.between(SECOND, self.scenario.think);
        self.agenda.after(delay, Event::Page(key, PageEvent::Act));
    }

    pub fn act(&mut self, key: PageKey) {
        self.think(key);
        if self.page(key).state != State::Live || !self.is_visible(key) {
            return;
        }
        match self.chances.visitors.below(20) {
            0 => self.load(key),
            1 | 2 => self.acts(key, Kind::History),
            3..=7 => self.acts(key, Kind::Link),
            _ => self.acts(key, Kind::Hook),
        }
    }

    fn acts(&mut self, key: PageKey, kind: Kind) {
        // The client retries at once after any user action.
        self.page_mut(key).backoff.reset();
        if self.ask(key, kind).is_none() {
            self.act_replied(key, kind, Reply::Failed);
        }
    }

    pub fn act_replied(&mut self, key: PageKey, kind: Kind, reply: Reply) {
        match (kind, reply) {
            (_, Reply::Gone) => self.gone(key),
            // Failed back and forward navigation becomes a page load.
            (Kind::History, Reply::Unavailable { .. } | Reply::Failed) => self.load(key),
            (Kind::Hook | Kind::Link, Reply::Fine) => {
                self.page_mut(key).backoff.reset();
                if !self.visitors[usize::from(key.visitor)].http2 {
                    self.ask(key, Kind::Report);
                }
            }
            _ => (),
        }
    }

    pub fn visitor_event(&mut self, visitor: u16, event: VisitorEvent) {
        match event {
            VisitorEvent::Opens => self.look(visitor, Some(0)),
            VisitorEvent::Turns => {
                let think = self.scenario.think;
                let delay = self.chances.visitors.between(think, 16 * think);
                self.agenda.after(delay, Event::Visitor(visitor, VisitorEvent::Turns));
                // After the last fault all visitors look at their pages, so that the checks can tell whether
                // all are live.
                if self.visitors[usize::from(visitor)].looks_at.is_some() && self.now() < self.calm {
                    let next = self.chances.visitors.pick(&[None, Some(0), Some(0), Some(1)]);
                    self.look(visitor, next);
                    if next.is_none() {
                        self.agenda.after(delay / 2, Event::Visitor(visitor, VisitorEvent::Opens));
                    }
                }
            }
            VisitorEvent::IsReplaced => {
                self.visitor_event(visitor, VisitorEvent::Leaves);
                let somebody = &mut self.visitors[usize::from(visitor)];
                (somebody.cookie, somebody.cookie_of) = (String::new(), None);
                self.visitor_event(visitor, VisitorEvent::Opens);
                self.plan_replacement(visitor);
            }
            VisitorEvent::Leaves => {
                self.visitors[usize::from(visitor)].looks_at = None;
                for page in 0..2 {
                    let key = self.page_key(visitor, page);
                    self.abandon(key);
                    self.page_mut(key).state = State::Closed;
                }
            }
        }
    }

    fn plan_replacement(&mut self, visitor: u16) {
        let stay = self.chances.visitors.between(self.scenario.crowd / 2, 3 * self.scenario.crowd / 2);
        if self.now() + stay < self.calm {
            self.agenda.after(stay, Event::Visitor(visitor, VisitorEvent::IsReplaced));
        }
    }

    /// Makes a visitor look at one page or none.
    fn look(&mut self, visitor: u16, page: Option<usize>) {
        self.visitors[usize::from(visitor)].looks_at = page;
        for other in 0..2 {
            let key = self.page_key(visitor, other);
            self.look_at(key, page == Some(other));
        }
    }
}
