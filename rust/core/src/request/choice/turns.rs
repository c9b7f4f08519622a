//! Takes turns among the upstreams with known addresses, when any of them may serve a request.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::state::Upstreams;

/// How many upstreams get requests at the same time. Successive requests use different seats, so a pod needs
/// a second connection only if more requests than seats are in flight.
const SEATS: usize = 64;

/// How many requests per pod an upstream gets before its seat goes to the next upstream.
const STAY: u64 = 16;

/// Marks a seat that has never been used.
const NEW: u64 = u64::MAX;

/// Lets upstreams take turns. A limited number of upstreams have a seat, and requests rotate over the seats.
/// An upstream leaves its seat after a number of requests proportional to its pods, so every pod gets the
/// same share. Successive requests reuse recently used connections and memory. With a thousand upstreams, a
/// random draw for each request would cost a fifth of the throughput.
pub(crate) struct Turns {
    /// How many upstreams have had a seat, counted from a random number.
    taken: AtomicU64,
    /// How many requests have used a seat.
    drawn: AtomicU64,
    /// The index of an upstream in the upper half, and its remaining requests in the lower half.
    seats: [AtomicU64; SEATS],
}

impl Turns {
    pub(crate) fn new() -> Self {
        Turns { taken: AtomicU64::new(0), drawn: AtomicU64::new(0), seats: [const { AtomicU64::new(NEW) }; SEATS] }
    }

    /// The upstream whose turn it is, or `None` if none has addresses.
    pub(crate) fn next(&self, upstreams: &Upstreams, random: u64) -> Option<u32> {
        let place = (self.drawn.fetch_add(1, Ordering::Relaxed) % SEATS as u64) as usize;
        let seat = &self.seats[place];
        let mut held = seat.load(Ordering::Relaxed);
        let worth = |index| upstreams.get(index)?.fresh().as_ref().map(|fresh| fresh.worth());
        loop {
            // An upstream without addresses loses its seat.
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
            // The first upstreams stay for different times, so that the seats do not all change at once.
            let stay = if held == NEW { 1 + stay * place as u64 / SEATS as u64 } else { stay };
            match seat.compare_exchange(held, u64::from(index) << 32 | (stay - 1), Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return Some(index),
                Err(now) => held = now,
            }
        }
    }

    /// The upstream that gets the next seat.
    fn another(&self, upstreams: &Upstreams, random: u64) -> Option<u32> {
        if self.taken.load(Ordering::Relaxed) == 0 {
            let start = 1 + (random >> 32);
            let _ = self.taken.compare_exchange(0, start, Ordering::Relaxed, Ordering::Relaxed);
        }
        upstreams.known_at(self.taken.fetch_add(1, Ordering::Relaxed))
    }
}
