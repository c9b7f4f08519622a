//! Counts what happened in a run, so that an empty world does not pass for a busy one.

use std::fmt;
use std::ops::AddAssign;

use crate::agenda::{HOUR, MINUTE, SECOND, Time};

/// The counts of one or many worlds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub worlds: u64,
    pub time: Time,
    pub visitor_time: u128,
    pub events: u64,
    pub requests: u64,
    pub dials: u64,
    pub lookups: u64,
    pub faults: u64,
    pub evictions: u64,
    pub pages: u64,
    pub gone: u64,
    /// How many of them had a token that no key decrypts, or with an address outside all networks.
    pub nowhere: u64,
    /// How many had a live pod that is evicted, or that has drained for too long.
    pub evicted: u64,
    pub drained: u64,
    pub unavailable: u64,
    pub waits: u64,
    pub background: u64,
    pub failovers: u64,
    /// How long after the last fault the last visitor got a live page, and the allowed time.
    pub slowest: Time,
    pub bound: Time,
}

impl Tally {
    pub fn over(&mut self, now: Time, events: u64) {
        (self.worlds, self.time, self.events) = (1, now, events);
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.worlds += other.worlds;
        self.time += other.time;
        self.visitor_time += other.visitor_time;
        self.events += other.events;
        self.requests += other.requests;
        self.dials += other.dials;
        self.lookups += other.lookups;
        self.faults += other.faults;
        self.evictions += other.evictions;
        self.pages += other.pages;
        self.gone += other.gone;
        self.nowhere += other.nowhere;
        self.evicted += other.evicted;
        self.drained += other.drained;
        self.unavailable += other.unavailable;
        self.waits += other.waits;
        self.background += other.background;
        self.failovers += other.failovers;
        if other.slowest > self.slowest {
            (self.slowest, self.bound) = (other.slowest, other.bound);
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.time / (24 * HOUR);
        writeln!(
            out,
            "{} worlds, {}.{:03} virtual years ({days} days, {} hours); {} events",
            self.worlds,
            days / 365,
            days % 365 * 1000 / 365,
            self.time / HOUR % 24,
            self.events
        )?;
        writeln!(
            out,
            "{} visitor-days, {} pages, {} requests, {} dials, {} in the background, {} failovers, {} lookups, {} faults, {} evictions",
            self.visitor_time / u128::from(24 * HOUR),
            self.pages,
            self.requests,
            self.dials,
            self.background,
            self.failovers,
            self.lookups,
            self.faults,
            self.evictions
        )?;
        writeln!(
            out,
            "{} pages told to reload: {} with a token that was refused, {} of evicted pods, {} after drain_max; {} told to try again, {} waits",
            self.gone, self.nowhere, self.evicted, self.drained, self.unavailable, self.waits
        )?;
        write!(
            out,
            "after the last fault the slowest visitor had a live page within {} s of {} s allowed",
            self.slowest / SECOND,
            self.bound / SECOND
        )?;
        if self.time < MINUTE { write!(out, " (hardly anything ran)") } else { Ok(()) }
    }
}
