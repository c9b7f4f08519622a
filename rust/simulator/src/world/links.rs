//! In: faults of the network and their ends. Out: whether a packet between a proxy and an address gets through.

use crate::agenda::{MILLISECOND, Time};
use crate::random::Random;
use crate::scenario::Scenario;

/// Faults are kept as the time at which they end.
pub struct Links {
    /// Nothing gets to an address, whoever sends it.
    swallowed: Vec<Time>,
    /// A proxy does not reach an upstream, or nothing at all.
    parted: Vec<Vec<Time>>,
    cut: Vec<Time>,
    /// Dials get lost, so many of a thousand.
    lossy: (Time, u32),
    /// All packets take long.
    slow: Time,
}

impl Links {
    pub fn new(scenario: &Scenario, places: usize) -> Self {
        Links {
            swallowed: vec![0; places],
            parted: vec![vec![0; scenario.upstreams]; scenario.replicas],
            cut: vec![0; scenario.replicas],
            lossy: (0, 0),
            slow: 0,
        }
    }

    pub fn swallow(&mut self, place: usize, until: Time) {
        self.swallowed[place] = until;
    }

    pub fn part(&mut self, replica: usize, upstream: usize, until: Time) {
        self.parted[replica][upstream] = until;
    }

    pub fn cut(&mut self, replica: usize, until: Time) {
        self.cut[replica] = until;
    }

    pub fn lose(&mut self, permille: u32, until: Time) {
        self.lossy = (until, permille);
    }

    pub fn slow_down(&mut self, until: Time) {
        self.slow = until;
    }

    /// Until when nothing gets through; a time that is past if something does.
    pub fn blocked(&self, replica: usize, place: usize, upstream: usize) -> Time {
        self.swallowed[place].max(self.parted[replica][upstream]).max(self.cut[replica])
    }

    /// Since when everything gets through, and soon; a time that is to come if it does not.
    pub fn well_since(&self, replica: usize, place: usize, upstream: usize) -> Time {
        self.blocked(replica, place, upstream).max(self.lossy.0).max(self.slow)
    }

    /// Whether a packet that opens a connection is lost by accident.
    pub fn loses(&self, random: &mut Random, now: Time) -> bool {
        let (until, permille) = self.lossy;
        now < until && random.permille(permille)
    }

    /// How long a packet takes, there and back.
    pub fn round_trip(&self, random: &mut Random, now: Time) -> Time {
        let time = random.between(MILLISECOND / 5, 3 * MILLISECOND);
        if now < self.slow { time * 100 } else { time }
    }
}
