//! The random numbers of one part of the world, the same in each run.
//!
//! Each part has its own numbers, so that one part that draws more does not affect the others. All numbers
//! are integers: floating point may be rounded differently on another machine.

/// The numbers of one part of the world.
pub struct Random(fastrand::Rng);

impl Random {
    /// `part` is any text that is unique to the part.
    pub fn new(seed: u64, part: &str) -> Self {
        // FNV-1a, because the standard library's hashes may change with its version.
        let hash = part
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        let mut random = fastrand::Rng::with_seed(seed ^ hash);
        // The first number of this generator depends on little more than the seed.
        random.u64(..);
        Random(random)
    }

    pub fn any(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// From 0 to `most` - 1; 0 if `most` is 0.
    pub fn below(&mut self, most: usize) -> usize {
        if most == 0 { 0 } else { self.0.usize(..most) }
    }

    /// Both limits included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        self.0.u64(least..=most.max(least))
    }

    /// Small values are as likely as large ones: each doubling has the same probability.
    pub fn magnitude(&mut self, least: u64, most: u64) -> u64 {
        let least = least.max(1);
        let doublings = (most.max(least) / least).ilog2();
        let base = least << self.between(0, u64::from(doublings));
        self.between(base, (base.saturating_mul(2) - 1).min(most))
    }

    /// True this many times in a thousand.
    pub fn permille(&mut self, times: u32) -> bool {
        self.0.u32(..1000) < times
    }

    pub fn coin(&mut self) -> bool {
        self.0.bool()
    }

    /// An element of a non-empty list.
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        self.0.shuffle(list);
    }
}
