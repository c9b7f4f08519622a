//! Checks that not too many pages are told to reload at once.

use std::collections::{BTreeMap, VecDeque};

use crate::agenda::{SECOND, Time};

/// The scope of a rate limit: an upstream of a replica, by the core's ID, or all tokens that cannot be
/// decrypted, for each configuration with different keys or upstreams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Paced {
    pub replica: usize,
    pub upstream: Option<u64>,
    pub source: u64,
    pub rate: u32,
    /// The number of the eviction if it has its own rate, otherwise 0.
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

    /// Whether a page of an upstream was told to reload within the last second.
    pub fn told_lately(&self, replica: usize, upstream: u64, skew: Time, now: Time) -> bool {
        let same = self.told.iter().filter(|(paced, _)| (paced.replica, paced.upstream) == (replica, Some(upstream)));
        same.filter_map(|(_, told)| told.back()).any(|at| now - at <= SECOND + 2 * skew)
    }

    /// Records a page that is told to reload. Within a second, the rate of one second is allowed twice,
    /// because as much may have been saved up before.
    pub fn tell(&mut self, paced: Paced, skew: Time, now: Time) -> bool {
        if paced.rate == 0 {
            return true;
        }
        let told = self.told.entry(paced).or_default();
        told.push_back(now);
        while told.front().is_some_and(|at| now - at >= SECOND) {
            told.pop_front();
        }
        // With the threads' clocks, a second may last a little longer.
        told.len() as u64 <= u64::from(paced.rate) * (2 * SECOND + 2 * skew) / SECOND
    }
}
