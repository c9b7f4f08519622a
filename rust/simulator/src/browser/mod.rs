//! Visitors and their browsers, which behave like the Doors client.
//!
//! ```text
//! loading   page loads and their results
//! streams   the receiver stream and the reports of a live page
//! acting    what visitors do: click, go back, look away, come and go
//! backoff   pauses between attempts
//! ```

mod acting;
pub mod backoff;
pub mod loading;
mod streams;

pub use streams::ROLL;

use crate::agenda::Time;
use crate::event::{Event, PageEvent, PageKey};
use crate::slab::Key;
use crate::world::World;
use crate::world::proxy::ask::{Ask, Home, Kind, Reply};
use backoff::Backoff;
use loading::BY_HAND;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Closed,
    Loading,
    /// "One moment, please": it reloads by itself.
    Retry,
    /// The browser's own error page, which runs no script.
    Broken,
    Live,
    /// The page reloads as soon as it becomes visible.
    Asleep,
}

#[derive(Default)]
pub struct Page {
    /// The number of page loads.
    pub boot: u32,
    pub state: State,
    pub home: Option<Home>,
    /// The newest receiver stream, and when it was opened.
    pub stream: Option<Key>,
    opened: Time,
    turn: u32,
    /// The previous receiver stream.
    older: Option<Key>,
    backoff: Backoff,
    /// The stream of reports, over HTTP/2.
    reports: Option<Key>,
    reported: Time,
    report_backoff: Backoff,
    /// When a receiver stream last worked.
    pub last_good: Time,
    /// When it was hidden.
    pub hidden: Option<Time>,
    /// The other requests of the page.
    loading: Option<Key>,
    /// When the pod first had the page's stream.
    pub attached: Option<Time>,
}

pub struct Visitor {
    /// The Cookie header, and the process whose token it contains.
    pub cookie: String,
    pub cookie_of: Option<u32>,
    pub pages: [Page; 2],
    /// The visible page.
    pub looks_at: Option<usize>,
    http2: bool,
    /// Whether the visitor has lost a page and not yet got another, and when the last live page ended.
    pub lost: bool,
    pub live: Time,
}

impl World {
    pub fn page(&self, key: PageKey) -> &Page {
        &self.visitors[usize::from(key.visitor)].pages[usize::from(key.page)]
    }

    fn page_mut(&mut self, key: PageKey) -> &mut Page {
        &mut self.visitors[usize::from(key.visitor)].pages[usize::from(key.page)]
    }

    /// The key of a page in its present state.
    pub fn page_key(&self, visitor: u16, page: usize) -> PageKey {
        PageKey { visitor, page: page as u8, boot: self.visitors[usize::from(visitor)].pages[page].boot }
    }

    fn is_visible(&self, key: PageKey) -> bool {
        self.visitors[usize::from(key.visitor)].looks_at == Some(usize::from(key.page))
    }

    /// Sends a request of a page.
    fn ask(&mut self, page: PageKey, kind: Kind) -> Option<Key> {
        let home = if kind == Kind::Page { None } else { self.page(page).home };
        self.send(Ask { kind, page, home })
    }

    pub fn page_event(&mut self, key: PageKey, event: PageEvent) {
        if self.page(key).boot != key.boot {
            return;
        }
        match event {
            PageEvent::Roll(turn) => self.roll(key, turn),
            PageEvent::Reopen => self.reopen(key),
            PageEvent::Report => self.report(key),
            PageEvent::Act => self.act(key),
            PageEvent::Refresh | PageEvent::ByHand => self.load(key),
        }
    }

    pub fn page_replied(&mut self, exchange: Key, ask: Ask, reply: Reply) {
        let key = ask.page;
        if self.page(key).boot != key.boot {
            return;
        }
        match ask.kind {
            Kind::Page => self.loaded(key, reply),
            Kind::Receiver => self.stream_replied(key, exchange, reply),
            Kind::Reports => self.reports_replied(key, reply),
            Kind::Report | Kind::Hook | Kind::Link | Kind::History => self.act_replied(key, ask.kind, reply),
            Kind::Resource => (),
        }
    }

    /// Handles 410 for a page.
    fn gone(&mut self, key: PageKey) {
        self.visitors[usize::from(key.visitor)].lost = true;
        if self.is_visible(key) {
            self.load(key);
        } else {
            self.fall_asleep(key);
        }
    }

    fn fall_asleep(&mut self, key: PageKey) {
        self.abandon(key);
        self.page_mut(key).state = State::Asleep;
        if self.is_visible(key) {
            // The visitor will use the page before long.
            let key = self.page_key(key.visitor, usize::from(key.page));
            let delay = self.chances.visitors.between(0, BY_HAND);
            self.agenda.after(delay, Event::Page(key, PageEvent::ByHand));
        }
    }

    /// Cancels all requests of a page and invalidates its timers.
    fn abandon(&mut self, key: PageKey) {
        let page = self.page_mut(key);
        page.boot += 1;
        let asked = [page.stream.take(), page.older.take(), page.reports.take(), page.loading.take()];
        for exchange in asked.into_iter().flatten() {
            self.client_leaves(exchange);
        }
    }
}
