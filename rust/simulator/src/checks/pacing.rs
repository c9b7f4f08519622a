//! In: pages that are told to reload. Out: whether these were too many at once.

use std::collections::{BTreeMap, VecDeque};

use crate::agenda::{SECOND, Time};

/// What has a pace of its own: an upstream of a replica, by the core's number; or the tokens that do not open, for each configuration with other keys or upstreams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Paced {
    pub replica: usize,
    pub upstream: Option<u64>,
    pub source: u64,
    pub rate: u32,
    /// The eviction with this number has a rate of its own; 0 for those that have not.
    pub eviction: u32,
}

#[derive(Default)]
pub struct Pacing {
    told: BTreeMap<Paced, VecDeque<Time>>,
}

impl Pacing {
    pub fn forget(&mut self, replica: usize) {
        self.told.retain(|paced, _| paced.replica != replica);
    }

    /// Whether a page was told to reload within the last second, of an upstream.
    pub fn told_lately(&self, replica: usize, upstream: u64, skew: Time, now: Time) -> bool {
        let same = self.told.iter().filter(|(paced, _)| (paced.replica, paced.upstream) == (replica, Some(upstream)));
        same.filter_map(|(_, told)| told.back()).any(|at| now - at <= SECOND + 2 * skew)
    }

    /// One more page is told to reload. Within a second that may be what a second brings, and as much again that was saved up before.
    pub fn tell(&mut self, paced: Paced, skew: Time, now: Time) -> bool {
        if paced.rate == 0 {
            return true;
        }
        let told = self.told.entry(paced).or_default();
        told.push_back(now);
        while told.front().is_some_and(|at| now - at >= SECOND) {
            told.pop_front();
        }
        // The clocks of threads make a second a bit longer.
        told.len() as u64 <= u64::from(paced.rate) * (2 * SECOND + 2 * skew) / SECOND
    }
}
