//! Page loads, and the resulting page: a live one, one that reloads by itself, or the browser's own error
//! page.

use super::{Backoff, Page, State};
use crate::agenda::{SECOND, Time};
use crate::event::{Event, PageEvent, PageKey};
use crate::journal::Subject;
use crate::world::World;
use crate::world::proxy::ask::{Home, Kind, Reply};

/// The longest time until a visitor reloads a page manually.
pub const BY_HAND: Time = 15 * SECOND;

impl World {
    pub fn load(&mut self, key: PageKey) {
        self.abandon(key);
        let key = self.page_key(key.visitor, usize::from(key.page));
        let boot = key.boot;
        *self.page_mut(key) = Page { boot, state: State::Loading, ..Page::default() };
        let loading = self.ask(key, Kind::Page);
        self.page_mut(key).loading = loading;
        if loading.is_none() {
            self.broken(key);
        }
    }

    pub fn loaded(&mut self, key: PageKey, reply: Reply) {
        self.page_mut(key).loading = None;
        match reply {
            Reply::Page { home, cookie } => self.shown(key, home, cookie),
            Reply::Unavailable { refresh: Some(seconds) } => {
                self.page_mut(key).state = State::Retry;
                self.agenda.after(u64::from(seconds) * SECOND, Event::Page(key, PageEvent::Refresh));
            }
            _ => self.broken(key),
        }
    }

    fn broken(&mut self, key: PageKey) {
        self.page_mut(key).state = State::Broken;
        self.visitors[usize::from(key.visitor)].lost = true;
        let delay = self.chances.visitors.between(2 * SECOND, BY_HAND);
        self.agenda.after(delay, Event::Page(key, PageEvent::ByHand));
    }

    fn shown(&mut self, key: PageKey, home: Home, cookie: bool) {
        let now = self.now();
        self.note(Subject::visitor(key.visitor), || {
            format!("visitor {} page {} lives in process {}", key.visitor, key.page, home.process)
        });
        if cookie {
            self.set_cookie(key, home.process);
        }
        let visible = self.is_visible(key);
        let page = self.page_mut(key);
        page.state = State::Live;
        page.home = Some(home);
        page.last_good = now;
        page.hidden = (!visible).then_some(now);
        page.backoff = Backoff::default();
        self.open_stream(key);
        if self.chances.visitors.permille(300) {
            self.ask(key, Kind::Resource);
        }
        if self.visitors[usize::from(key.visitor)].http2 {
            self.report(key);
        }
        self.think(key);
    }

    fn set_cookie(&mut self, key: PageKey, process: u32) {
        let token = &self.pods.process(process).token;
        let visitor = &mut self.visitors[usize::from(key.visitor)];
        visitor.cookie.clear();
        // Next to a session cookie.
        visitor.cookie.push_str("session=1; up=");
        visitor.cookie.push_str(token);
        visitor.cookie_of = Some(process);
    }
}
