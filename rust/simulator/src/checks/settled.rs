//! Some time after the last fault each visitor has a live page, and nobody is sent away any more. Nothing ever goes round in circles.

use doors_routing::{AnswerStatus, Cause};

use super::World;
use crate::agenda::{SECOND, Time};
use crate::browser::State;
use crate::browser::backoff::LONGEST_PAUSE;
use crate::browser::loading::BY_HAND;
use crate::event::Event;
use crate::journal::Subject;
use crate::slab::Key;
use crate::world::app::STREAM;
use crate::world::operator::SLOWEST;

/// So many events in one second are too many, and so many more for each two visitors: who connects wakes all who wait.
const BUSY: u64 = 20_000;
const BUSY_VISITOR: u64 = 100;
/// How often it is looked whether all have live pages, until it is said that they have not.
const LOOKS: u8 = 3;

impl World {
    /// Within this time after the last fault every visitor has a live page. In the order in which it has to go:
    ///
    /// - the pods that are missing start, and DNS gets to know them;
    /// - name servers forget what they knew, the lookups that are under way end, and the next one of each host is due;
    /// - a request that was on its way to a pod that is gone ends, or a person gives a page load up and loads it by hand;
    /// - a page whose pod is gone asks, gets 503 and pauses, until the pod has been unreachable for `gone_after`; 5 s for a witness. Its pauses grow
    ///   to the longest; the first and the last of them may be the longest, and each attempt has a dial of 3 s that times out;
    /// - pages are told to reload at a pace, and who is not the first pauses again;
    /// - the pages of pods that are evicted, or drain for longer than they may, are told to reload when they open their next streams. If all open
    ///   them at the same moment, so many are told in each roll as in one second; with idle pages first two more rolls pass;
    /// - a page load waits at most for `page_wait`, and after a 503 for a second, or for a person.
    pub fn settles_within(&self, deployed: Time) -> Time {
        let settings = &self.scenario.settings;
        let lookups = self.scenario.cache() + 6 * SECOND + settings.refresh.max(SECOND) * 2;
        let stuck = 40 * SECOND + BY_HAND;
        let gone = settings.gone_after.max(10 * SECOND) + 5 * SECOND + 3 * (LONGEST_PAUSE + 3 * SECOND);
        let pages = 2 * self.scenario.visitors as Time;
        let slowest_rate = if settings.gone_rate == 0 { 2 } else { settings.gone_rate.min(2) };
        let paced = pages * SECOND / Time::from(slowest_rate) + 2 * LONGEST_PAUSE;
        let rolls = if self.scenario.evictions > 0 { 3 + pages / Time::from(SLOWEST) } else { 0 };
        let drains = if settings.drain_max > 0 { 3 + pages / Time::from(slowest_rate) } else { 0 };
        let leaves = settings.drain_max + (rolls + drains) * STREAM;
        let loads = settings.page_wait.max(10 * SECOND) + 8 * 3 * SECOND + SECOND + BY_HAND;
        deployed + lookups + stuck + gone + paced + leaves + loads
    }

    /// Somebody may load another page at this moment: who has none is looked at again.
    pub fn check_settled(&mut self, looks: u8) {
        let now = self.now();
        for number in 0..self.visitors.len() as u16 {
            let visitor = &self.visitors[usize::from(number)];
            let page = &visitor.pages[visitor.looks_at.unwrap_or(0)];
            let lives = page.home.is_some_and(|home| self.pods.lives(home.instance, now));
            let streams = page.stream.is_some() || now - page.last_good < 2 * SECOND;
            if page.state != State::Live || !lives || !streams || page.attached.is_none() {
                if looks < LOOKS {
                    return self.agenda.after(3 * SECOND, Event::Settled(looks + 1));
                }
                let home = page.home.map(|home| (home, self.pods.process(home.process).place));
                let what = format!(
                    "visitor {number} has none: {:?}, lives: {lives}, streams: {streams}, {home:?}",
                    page.state
                );
                let about = Subject { visitor: Some(number), place: home.map(|(_, place)| place) };
                return self.blame("every visitor has a live page some time after the last fault", about, what);
            }
            let live = visitor.live.saturating_sub(self.calm);
            self.tally.slowest = self.tally.slowest.max(live);
        }
        self.check_left_behind();
        self.checks.settled = Some(now);
    }

    /// Now that all is well, nobody is sent away who has a page.
    pub(super) fn check_steady(&mut self, key: Key, status: AnswerStatus, cause: Cause) {
        let Some(settled) = self.checks.settled else { return };
        let Some(exchange) = self.exchanges.get(key) else { return };
        let page = self.page(exchange.ask.page);
        let lived = page.boot == exchange.ask.page.boot && page.attached.is_some_and(|at| at >= self.calm);
        let loads = exchange.ask.home.is_none() && exchange.began > settled && !exchange.passed_over;
        if loads || lived && page.hidden.is_none() {
            let what = format!("{:?} gets {status:?}: {cause:?}", exchange.ask.kind);
            self.blame("nobody is sent away when all is well", Subject::visitor(exchange.ask.page.visitor), what);
        }
    }

    /// Nothing goes round in circles: in one second there are only so many events.
    pub fn check_busy(&mut self, event: Event) {
        let second = self.now() / SECOND;
        let planned = self.agenda.planned();
        let (began, before) = self.checks.second;
        if second != began {
            self.checks.second = (second, planned);
        } else if planned - before > BUSY + BUSY_VISITOR * (self.visitors.len() as u64).pow(2) {
            self.blame(
                "nothing goes round in circles",
                Subject::ALL,
                format!("the last of very many events in one second: {event:?}"),
            );
        }
    }
}
