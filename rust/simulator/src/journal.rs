//! Keeps the last events that concern one visitor and one address.
//!
//! In a normal run nothing is kept. A seed that fails runs again, giving the same world, and this time the
//! events about the visitor and the address of the violation are kept.

use std::collections::VecDeque;

use crate::agenda::{MILLISECOND, Time};

/// The maximum number of events; more would not help a reader.
const MOST: usize = 400;

/// The subject of an event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject {
    pub visitor: Option<u16>,
    /// The index of an address in [`crate::world::app::pods::Pods::places`].
    pub place: Option<usize>,
}

impl Subject {
    pub fn visitor(visitor: u16) -> Self {
        Subject { visitor: Some(visitor), place: None }
    }

    pub fn place(place: usize) -> Self {
        Subject { visitor: None, place: Some(place) }
    }

    /// Concerns everyone.
    pub const ALL: Subject = Subject { visitor: None, place: None };
}

#[derive(Default)]
pub struct Journal {
    of: Option<Subject>,
    lines: VecDeque<String>,
}

impl Journal {
    pub fn of(subject: Subject) -> Self {
        Journal { of: Some(subject), lines: VecDeque::new() }
    }

    /// Records an event. `text` is only called if the event is kept.
    pub fn note(&mut self, now: Time, about: Subject, text: impl FnOnce() -> String) {
        let Some(of) = self.of else { return };
        let same_visitor = about.visitor.is_some() && about.visitor == of.visitor;
        let same_place = about.place.is_some() && about.place == of.place;
        if !same_visitor && !same_place && (about.visitor.is_some() || about.place.is_some()) {
            return;
        }
        if self.lines.len() == MOST {
            self.lines.pop_front();
        }
        self.lines.push_back(format!("{:>14}  {}", clock(now), text()));
    }

    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }
}

/// Formats a time as hours, minutes, seconds and milliseconds since the start of the world.
pub fn clock(now: Time) -> String {
    let milliseconds = now / MILLISECOND;
    let (seconds, minutes, hours) = (milliseconds / 1_000, milliseconds / 60_000, milliseconds / 3_600_000);
    format!("{hours}:{:02}:{:02}.{:03}", minutes % 60, seconds % 60, milliseconds % 1000)
}
