//! The back-off of the Doors client: its pauses between failed attempts.

use crate::agenda::{MILLISECOND, SECOND, Time};
use crate::random::Random;

const FIRST: Time = 200 * MILLISECOND;
const LONGEST: Time = 12 * SECOND;

/// The longest pause, including jitter.
pub const LONGEST_PAUSE: Time = LONGEST + LONGEST / 5;

/// Pauses grow by a quarter up to 12 s, plus or minus a fifth. An attempt that lasted a second is repeated at
/// once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    pub fn next(&mut self, lasted: Time, random: &mut Random) -> Time {
        if lasted >= SECOND {
            self.failures = 0;
            return MILLISECOND;
        }
        let mut pause = FIRST;
        for _ in 0..self.failures.min(30) {
            pause = (pause + pause / 4).min(LONGEST);
        }
        self.failures += 1;
        random.between(pause - pause / 5, pause + pause / 5)
    }

    pub fn reset(&mut self) {
        self.failures = 0;
    }
}
