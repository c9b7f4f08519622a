//! In: what a replica was told. Out: what it must know. Written apart from the core, and simpler.

use std::collections::{BTreeMap, VecDeque};

use doors_routing::Outcome;

use super::leaving::{Evictions, Uses};
use super::prompt::Refused;
use crate::agenda::{SECOND, Time};

/// Failures further apart do not belong together.
pub const GAP: Time = 60 * SECOND;
/// An address that an answer lacks may have been named by one of the last so many, or within so long before, if answers are parts.
const ANSWERS: usize = 40;
const LOOK_BACK: Time = 30 * SECOND;

pub struct Ledger {
    pub pods: Vec<Seen>,
    pub hosts: Vec<Told>,
    /// When something was last held against as many pods as are remembered.
    pub crowded: Option<Time>,
    /// For each place how the requests of its pages fare.
    pub refused: Vec<Refused>,
    /// What is evicted, and how the pages of evicted pods were used.
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

    /// What became of a dial or a connection. `most` pods are remembered.
    pub fn tell(&mut self, place: usize, outcome: Outcome, most: usize, now: Time) {
        self.pods[place].tell(outcome, now);
        let is_held = |seen: &&Seen| seen.refused.is_some() || seen.unreachable.is_some() || seen.drops.is_some();
        if self.pods.len() > most && self.pods.iter().filter(is_held).count() >= most {
            self.crowded = Some(now);
        }
    }

    /// No configuration has had a host for long: what name servers said about it may be forgotten. Its lookups go on that have begun.
    pub fn forget_host(&mut self, host: usize, now: Time) {
        let Told { flying, left, places, mut before, .. } = std::mem::take(&mut self.hosts[host]);
        before.push_back((now, places));
        self.hosts[host] = Told { flying, left, before, ..Told::default() };
    }

    pub fn emptied(&self) -> Self {
        Ledger::new(self.pods.len(), self.hosts.len() - self.pods.len())
    }
}

/// Failures of one kind, none further than [`GAP`] from the one before. At a gap of just that length the clocks of threads decide: so the first
/// one at the latest, and at the earliest.
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

    /// For how long at most.
    pub fn lasts(&self) -> Time {
        self.last - self.earliest
    }
}

/// What became of the dials of one pod, and of the connections to it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// When it was last reached, and when it last answered.
    pub reached: Option<Time>,
    pub answered: Option<Time>,
    pub failed: Option<Time>,
    pub refused: Option<Time>,
    /// When it last was unreachable or dropped a connection.
    pub missed: Option<Time>,
    pub unreachable: Option<Span>,
    pub drops: Option<Span>,
    /// Since when it has been held to be gone, if it has not been reached since.
    pub gone: Option<Time>,
    /// When DNS named it again, or for the first time: another pod may have the address since.
    pub named: Option<Time>,
    /// When it last said that it drains, if it may still, and when it first did.
    pub marked: Option<Time>,
    pub marked_since: Option<Time>,
    /// When a page load last asked it whether it still does.
    pub asked: Option<Time>,
    /// When a request was last sent to find out whether it is back.
    pub probed: Option<Time>,
    /// Dials that go on.
    pub flying: u32,
    /// When it was first used, and last: by anything at all, and by a request that was sent there.
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

    /// Nothing failed for a while.
    pub fn is_clean(&self, now: Time) -> bool {
        self.failed.is_none_or(|failed| now - failed > GAP + SECOND)
    }

    /// The last thing that is known of it is a failure, and that a moment ago.
    pub fn fails(&self, now: Time) -> bool {
        let since = self.reached.max(self.named);
        self.failed.is_some_and(|failed| now - failed < 9 * SECOND && since.is_none_or(|since| since < failed))
    }

    /// It shows that the network works.
    pub fn is_witness(&self, needs_answer: bool, skew: Time, now: Time) -> bool {
        let alive = if needs_answer { self.answered } else { self.reached.max(self.refused) };
        alive
            .is_some_and(|alive| now - alive <= GAP + SECOND && self.missed.is_none_or(|missed| missed <= alive + skew))
    }

    /// It says that it drains, and no other process can be there by now.
    pub fn drains(&self) -> bool {
        self.marked.is_some_and(|at| self.named.max(self.failed).is_none_or(|other| other < at))
    }

    /// It would take a page.
    pub fn takes_page(&self, skew: Time, now: Time) -> bool {
        self.reached.is_some_and(|reached| {
            now - reached <= GAP + SECOND && self.failed.is_none_or(|failed| failed <= reached + skew)
        })
    }
}

/// What name servers said about one host.
#[derive(Default)]
pub struct Told {
    /// It is an address, of which no name server is asked.
    pub constant: bool,
    /// When the last lookup began, and how many go on.
    pub asked: Option<Time>,
    pub flying: u32,
    /// The last answer with addresses, and those before that may still count.
    pub places: Vec<usize>,
    before: VecDeque<(Time, Vec<usize>)>,
    /// When each place was last named.
    pub named: BTreeMap<usize, Time>,
    /// Places that came back soon after they had left, and when.
    returned: Vec<(Time, usize)>,
    /// When it came, and since when there have been answers with addresses, without an answer that there is no such name.
    pub at: Option<Time>,
    pub since: Time,
    /// Its addresses may have been given up, since there is no such name, or since it was a part.
    pub absent: bool,
    /// When a page load last went to one of its pods, and the shortest refresh interval that counted then.
    pub used: Option<(Time, Time)>,
    /// Since when no configuration has it.
    pub left: Option<Time>,
}

impl Told {
    fn constant(place: usize) -> Self {
        Told { constant: true, at: Some(0), places: vec![place], ..Told::default() }
    }

    /// It was looked up not long ago, and its addresses were not given up.
    pub fn is_recent(&self, refresh: Time, now: Time) -> bool {
        self.constant || !self.absent && self.at.is_some_and(|at| now - at <= refresh + SECOND)
    }

    /// An answer. The addresses known before of which it says nothing are among its places.
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

    /// A pod refused a connection. If there is no such name any more, its address is given up.
    pub fn refuse(&mut self, place: usize, now: Time) {
        if self.absent && self.places.contains(&place) {
            self.before.push_back((now, self.places.clone()));
            self.places.retain(|one| *one != place);
        }
    }

    /// Answers look as if they were parts of the truth: several addresses were missing, and came back.
    pub fn flaps(&self) -> bool {
        self.returned.iter().any(|(_, place)| *place != self.returned[0].1)
    }

    /// Whether any answer that may still count named it.
    pub fn may_name(&self, place: usize) -> bool {
        self.places.contains(&place) || self.before.iter().any(|(_, places)| places.contains(&place))
    }
}
