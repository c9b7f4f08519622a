//! The network between proxies and addresses, and its faults.

use crate::agenda::{MILLISECOND, Time};
use crate::random::Random;
use crate::scenario::Scenario;

/// Each fault is stored as the time when it ends.
pub struct Links {
    /// No packet reaches an address.
    swallowed: Vec<Time>,
    /// A proxy cannot reach an upstream, or anything.
    parted: Vec<Vec<Time>>,
    cut: Vec<Time>,
    /// When the last two cuts of each proxy began, newest first.
    cuts: Vec<[Time; 2]>,
    /// How many of a thousand dials are lost.
    lossy: (Time, u32),
    /// All packets are slow.
    slow: Time,
}

impl Links {
    pub fn new(scenario: &Scenario, places: usize) -> Self {
        Links {
            swallowed: vec![0; places],
            parted: vec![vec![0; scenario.upstreams]; scenario.replicas],
            cut: vec![0; scenario.replicas],
            cuts: vec![[0; 2]; scenario.replicas],
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

    pub fn cut(&mut self, replica: usize, now: Time, until: Time) {
        if self.cut[replica] < now {
            self.cuts[replica] = [now, self.cuts[replica][0]];
        }
        self.cut[replica] = until;
    }

    pub fn lose(&mut self, permille: u32, until: Time) {
        self.lossy = (until, permille);
    }

    pub fn slow_down(&mut self, until: Time) {
        self.slow = until;
    }

    /// The time until which no packet gets through. Lies in the past if packets get through now.
    pub fn blocked(&self, replica: usize, place: usize, upstream: usize) -> Time {
        self.blocked_alone(replica, place, upstream).max(self.cut[replica])
    }

    /// The same, apart from cuts of the replica.
    pub fn blocked_alone(&self, replica: usize, place: usize, upstream: usize) -> Time {
        self.swallowed[place].max(self.parted[replica][upstream])
    }

    /// The time since which packets get through without delay. Lies in the future if they do not yet.
    pub fn well_since(&self, replica: usize, place: usize, upstream: usize) -> Time {
        self.blocked(replica, place, upstream).max(self.lossy.0).max(self.slow)
    }

    /// When the last two cuts of a replica began, newest first, and when the newest ends. During a cut, the
    /// replica can reach nothing.
    pub fn last_cuts(&self, replica: usize) -> ([Time; 2], Time) {
        (self.cuts[replica], self.cut[replica])
    }

    /// Whether a packet that opens a connection is lost at random.
    pub fn loses(&self, random: &mut Random, now: Time) -> bool {
        let (until, permille) = self.lossy;
        now < until && random.permille(permille)
    }

    /// The round-trip time of a packet.
    pub fn round_trip(&self, random: &mut Random, now: Time) -> Time {
        let time = random.between(MILLISECOND / 5, 3 * MILLISECOND);
        if now < self.slow { time * 100 } else { time }
    }
}
