//! In: the upstreams that have addresses, where any of them may serve a request. Out: the one whose turn it is.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::state::Upstreams;

/// How many upstreams take turns at the same time. Requests go from seat to seat, so that only with more of them in
/// flight a pod needs a second connection.
const SEATS: usize = 64;

/// How many requests an upstream gets for each of its pods before its seat goes to the next one.
const STAY: u64 = 16;

/// Where nobody has sat yet.
const NEW: u64 = u64::MAX;

/// Lets upstreams take turns. Some of them have a seat, and requests go from seat to seat; an upstream that has had as
/// many requests as its pods are worth makes room for the next. So every pod gets the same share, and requests meet
/// connections, and memory, that were in use a moment ago: with a thousand upstreams a fresh draw among all of them for
/// each request costs a fifth of the throughput.
pub(crate) struct Turns {
    /// How many have had a seat, from a random number on.
    taken: AtomicU64,
    /// How many requests have come to a seat.
    drawn: AtomicU64,
    /// The index of an upstream, and in the lower half how many requests are left to it.
    seats: [AtomicU64; SEATS],
}

impl Turns {
    pub(crate) fn new() -> Self {
        Turns { taken: AtomicU64::new(0), drawn: AtomicU64::new(0), seats: [const { AtomicU64::new(NEW) }; SEATS] }
    }

    /// The upstream whose turn it is. `None` if none has addresses.
    pub(crate) fn next(&self, upstreams: &Upstreams, random: u64) -> Option<u32> {
        let place = (self.drawn.fetch_add(1, Ordering::Relaxed) % SEATS as u64) as usize;
        let seat = &self.seats[place];
        let mut held = seat.load(Ordering::Relaxed);
        let worth = |index| upstreams.get(index)?.fresh().as_ref().map(|fresh| fresh.worth());
        loop {
            // An upstream that has no addresses any more loses its seat.
            if held != NEW && held & u64::from(u32::MAX) > 0 && worth((held >> 32) as u32).is_some() {
                match seat.compare_exchange_weak(held, held - 1, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => return Some((held >> 32) as u32),
                    Err(now) => held = now,
                }
                continue;
            }
            let index = self.another(upstreams, random)?;
            let Some(pods) = worth(index) else { return Some(index) };
            let stay = (pods * STAY).clamp(1, u32::MAX.into());
            // Those who are first stay for different times, so that not all seats change hands at once.
            let stay = if held == NEW { 1 + stay * place as u64 / SEATS as u64 } else { stay };
            match seat.compare_exchange(held, u64::from(index) << 32 | (stay - 1), Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return Some(index),
                Err(now) => held = now,
            }
        }
    }

    /// The upstream that is next to have a seat.
    fn another(&self, upstreams: &Upstreams, random: u64) -> Option<u32> {
        if self.taken.load(Ordering::Relaxed) == 0 {
            let start = 1 + (random >> 32);
            let _ = self.taken.compare_exchange(0, start, Ordering::Relaxed, Ordering::Relaxed);
        }
        upstreams.known_at(self.taken.fetch_add(1, Ordering::Relaxed))
    }
}
