//! What a replica must know from the reports that it got. Independent of the core, and simpler.

use std::collections::{BTreeMap, VecDeque};

use doors_routing::Outcome;

use super::leaving::{Evictions, Uses};
use super::prompt::Refused;
use crate::agenda::{SECOND, Time};

/// Failures further apart than this are unrelated.
pub const GAP: Time = 60 * SECOND;
/// If answers are partial, an address that is missing now counts if one of this many previous answers listed
/// it, or if it was listed within this time.
const ANSWERS: usize = 40;
const LOOK_BACK: Time = 30 * SECOND;

pub struct Ledger {
    pub pods: Vec<Seen>,
    pub hosts: Vec<Told>,
    /// When the maximum number of remembered pods last all had a fault.
    pub crowded: Option<Time>,
    /// For each place, the results of its pages' requests.
    pub refused: Vec<Refused>,
    /// The evictions, and the use of evicted pods' pages.
    pub evictions: Evictions,
    pub uses: Uses,
}

impl Ledger {
    pub fn new(places: usize, names: usize) -> Self {
        Ledger {
            pods: vec![Seen::default(); places],
            hosts: (0..names).map(|_| Told::default()).chain((0..places).map(Told::constant)).collect(),
            crowded: None,
            refused: vec![Refused::default(); places],
            evictions: Evictions::default(),
            uses: Uses::default(),
        }
    }

    /// Records the outcome of a dial or a connection. `most` is the maximum number of remembered pods.
    pub fn tell(&mut self, place: usize, outcome: Outcome, most: usize, now: Time) {
        self.pods[place].tell(outcome, now);
        let is_held = |seen: &&Seen| seen.refused.is_some() || seen.unreachable.is_some() || seen.drops.is_some();
        if self.pods.len() > most && self.pods.iter().filter(is_held).count() >= most {
            self.crowded = Some(now);
        }
    }

    /// Handles a host that no configuration has had for a while. Its data may be forgotten, but running
    /// lookups continue.
    pub fn forget_host(&mut self, host: usize, now: Time) {
        let Told { flying, left, places, mut before, .. } = std::mem::take(&mut self.hosts[host]);
        before.push_back((now, places));
        self.hosts[host] = Told { flying, left, before, ..Told::default() };
    }

    pub fn emptied(&self) -> Self {
        Ledger::new(self.pods.len(), self.hosts.len() - self.pods.len())
    }
}

/// Failures of one kind, each at most [`GAP`] after the previous one. For a gap of exactly that length, the
/// threads' clocks decide, so there is a latest and an earliest first failure.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub first: Time,
    earliest: Time,
    pub last: Time,
}

impl Span {
    fn and(span: &mut Option<Span>, now: Time) {
        let within = |gap| span.filter(|span| now - span.last <= gap);
        let first = within(GAP - SECOND).map_or(now, |span| span.first);
        let earliest = within(GAP + SECOND).map_or(now, |span| span.earliest);
        *span = Some(Span { first, earliest, last: now });
    }

    /// The longest possible duration.
    pub fn lasts(&self) -> Time {
        self.last - self.earliest
    }
}

/// The outcomes of the dials of one pod, and of the connections to it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// When it was last reached, and when it last responded.
    pub reached: Option<Time>,
    pub answered: Option<Time>,
    pub failed: Option<Time>,
    pub refused: Option<Time>,
    /// When it last was unreachable or dropped a connection.
    pub missed: Option<Time>,
    pub unreachable: Option<Span>,
    pub drops: Option<Span>,
    /// When it was declared gone, if it has not been reached since.
    pub gone: Option<Time>,
    /// When DNS listed it again or for the first time, so that the address may belong to another pod.
    pub named: Option<Time>,
    /// When it last signalled that it is draining, if that may still be true, and when it first did.
    pub marked: Option<Time>,
    pub marked_since: Option<Time>,
    /// When a page load last tested whether it still drains.
    pub asked: Option<Time>,
    /// When a request last tested whether the pod is back.
    pub probed: Option<Time>,
    /// The number of dials under way.
    pub flying: u32,
    /// When it was first and last used by anything, and when a request was last sent to it.
    pub first_used: Option<Time>,
    pub used: Option<Time>,
    pub sent: Option<Time>,
}

impl Seen {
    pub fn tell(&mut self, outcome: Outcome, now: Time) {
        match outcome {
            Outcome::Connected => {
                (self.reached, self.refused, self.unreachable) = (Some(now), None, None);
                self.gone.take_if(|_| self.drops.is_none());
            }
            Outcome::Answered => {
                (self.reached, self.answered) = (Some(now), Some(now));
                (self.refused, self.unreachable, self.drops) = (None, None, None);
                self.gone = None;
            }
            Outcome::Refused => {
                (self.failed, self.refused) = (Some(now), Some(now));
                (self.unreachable, self.drops) = (None, None);
            }
            Outcome::Unreachable => {
                (self.failed, self.missed) = (Some(now), Some(now));
                Span::and(&mut self.unreachable, now);
            }
            Outcome::Dropped => {
                (self.failed, self.missed) = (Some(now), Some(now));
                Span::and(&mut self.drops, now);
            }
            Outcome::OwnFault | Outcome::Cancelled => (),
        }
    }

    /// Whether nothing has failed recently.
    pub fn is_clean(&self, now: Time) -> bool {
        self.failed.is_none_or(|failed| now - failed > GAP + SECOND)
    }

    /// Whether its last known event is a recent failure.
    pub fn fails(&self, now: Time) -> bool {
        let since = self.reached.max(self.named);
        self.failed.is_some_and(|failed| now - failed < 9 * SECOND && since.is_none_or(|since| since < failed))
    }

    /// Whether it proves that the network works.
    pub fn is_witness(&self, needs_answer: bool, skew: Time, now: Time) -> bool {
        let alive = if needs_answer { self.answered } else { self.reached.max(self.refused) };
        alive
            .is_some_and(|alive| now - alive <= GAP + SECOND && self.missed.is_none_or(|missed| missed <= alive + skew))
    }

    /// Whether it signals that it is draining and cannot have been replaced by another process.
    pub fn drains(&self) -> bool {
        self.marked.is_some_and(|at| self.named.max(self.failed).is_none_or(|other| other < at))
    }

    /// Whether it would take a page.
    pub fn takes_page(&self, skew: Time, now: Time) -> bool {
        self.reached.is_some_and(|reached| {
            now - reached <= GAP + SECOND && self.failed.is_none_or(|failed| failed <= reached + skew)
        })
    }
}

/// The answers of name servers about one host.
#[derive(Default)]
pub struct Told {
    /// Whether it is an address, which is not looked up.
    pub constant: bool,
    /// When the last lookup started, and how many are running.
    pub asked: Option<Time>,
    pub flying: u32,
    /// The last answer with addresses, and earlier ones that may still apply.
    pub places: Vec<usize>,
    before: VecDeque<(Time, Vec<usize>)>,
    /// When each place was last listed.
    pub named: BTreeMap<usize, Time>,
    /// Places that came back soon after they had left, with times.
    returned: Vec<(Time, usize)>,
    /// When the last answer with addresses arrived, and when the current series of them began; an answer that
    /// the name does not exist ends a series.
    pub at: Option<Time>,
    pub since: Time,
    /// Whether it may have dropped addresses, because the name does not exist or because an answer was
    /// partial.
    pub absent: bool,
    /// When a page load last went to one of its pods, and the shortest refresh interval at that time.
    pub used: Option<(Time, Time)>,
    /// When the last configuration with it ended.
    pub left: Option<Time>,
}

impl Told {
    fn constant(place: usize) -> Self {
        Told { constant: true, at: Some(0), places: vec![place], ..Told::default() }
    }

    /// Whether it was looked up recently and has not lost its addresses.
    pub fn is_recent(&self, refresh: Time, now: Time) -> bool {
        self.constant || !self.absent && self.at.is_some_and(|at| now - at <= refresh + SECOND)
    }

    /// Records an answer. `places` includes the known addresses that the answer does not cover.
    pub fn tell(&mut self, places: Vec<usize>, now: Time) {
        self.flying = self.flying.saturating_sub(1);
        let is_back = |place: &usize| {
            let was_here = |(at, before): &(Time, Vec<usize>)| now - at <= LOOK_BACK + SECOND && before.contains(place);
            !self.places.contains(place) && self.before.iter().any(was_here)
        };
        self.returned.extend(places.iter().filter(|place| is_back(place)).map(|place| (now, *place)));
        self.returned.retain(|(at, _)| now - at <= 2 * LOOK_BACK + SECOND);
        self.named.extend(places.iter().map(|place| (*place, now)));
        let before = std::mem::replace(&mut self.places, places);
        self.before.push_back((self.at.unwrap_or(now), before));
        while self.before.len() > ANSWERS && self.before.front().is_some_and(|(at, _)| now - at > 2 * LOOK_BACK) {
            self.before.pop_front();
        }
        if self.at.is_none() || self.absent {
            self.since = now;
        }
        (self.at, self.absent) = (Some(now), false);
    }

    pub fn fail(&mut self, absent: bool) {
        self.flying = self.flying.saturating_sub(1);
        self.absent |= absent;
    }

    /// Records a refused connection. If the name no longer exists, the address is dropped.
    pub fn refuse(&mut self, place: usize, now: Time) {
        if self.absent && self.places.contains(&place) {
            self.before.push_back((now, self.places.clone()));
            self.places.retain(|one| *one != place);
        }
    }

    /// Whether answers look partial: several addresses were missing and came back.
    pub fn flaps(&self) -> bool {
        self.returned.iter().any(|(_, place)| *place != self.returned[0].1)
    }

    /// Whether any answer that may still apply lists the place.
    pub fn may_name(&self, place: usize) -> bool {
        self.places.contains(&place) || self.before.iter().any(|(_, places)| places.contains(&place))
    }
}
