//! Checks that some time after the last fault each visitor has a live page and keeps it, and that nothing
//! ever loops.

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

/// The maximum number of events per second, plus an allowance per two visitors: a new connection wakes all
/// waiting requests.
const BUSY: u64 = 20_000;
const BUSY_VISITOR: u64 = 100;
/// How often to check for live pages before reporting a violation.
const LOOKS: u8 = 3;

impl World {
    /// The time after the last fault within which every visitor must have a live page. The necessary steps
    /// are:
    ///
    /// - Missing pods start and get into DNS.
    /// - Name servers' caches expire, running lookups end, and the next one of each host is due.
    /// - A request to a gone pod ends, or a visitor abandons a page load and reloads manually.
    /// - A page of a gone pod gets 503 and pauses until the pod has been unreachable for `gone_after`, plus 5
    ///   s for a witness. Its pauses grow to the longest; the first and the last may be that long, and each
    ///   attempt has a dial that times out after 3 s.
    /// - Pages are told to reload at a limited rate, and all except the first pause again.
    /// - Pages of evicted pods, or of pods that have drained for too long, are told to reload when they open
    ///   their next streams. If all open them at once, each roll allows only as many as one second does. With
    ///   `idle_first`, two more rolls pass.
    /// - A page load waits for at most `page_wait`, and after a 503 for a second or for the visitor.
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

    /// Checks that all visitors have live pages. Visitors without one are checked again, since they may be
    /// loading another page.
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
                    "visitor {number} has no live page: {:?}, lives: {lives}, streams: {streams}, {home:?}",
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

    /// Checks that no live page is told to reload after everything has settled.
    pub(super) fn check_steady(&mut self, key: Key, status: AnswerStatus, cause: Cause) {
        let Some(settled) = self.checks.settled else { return };
        let Some(exchange) = self.exchanges.get(key) else { return };
        let page = self.page(exchange.ask.page);
        let lived = page.boot == exchange.ask.page.boot && page.attached.is_some_and(|at| at >= self.calm);
        let loads = exchange.ask.home.is_none() && exchange.began > settled && !exchange.passed_over;
        if loads || lived && page.hidden.is_none() {
            let what = format!("{:?} gets {status:?}: {cause:?}", exchange.ask.kind);
            self.blame(
                "no page reloads after everything has settled",
                Subject::visitor(exchange.ask.page.visitor),
                what,
            );
        }
    }

    /// Checks the number of events per second, to detect loops.
    pub fn check_busy(&mut self, event: Event) {
        let second = self.now() / SECOND;
        let planned = self.agenda.planned();
        let (began, before) = self.checks.second;
        if second != began {
            self.checks.second = (second, planned);
        } else if planned - before > BUSY + BUSY_VISITOR * (self.visitors.len() as u64).pow(2) {
            self.blame(
                "nothing loops",
                Subject::ALL,
                format!("too many events in one second, the last of which is {event:?}"),
            );
        }
    }
}
