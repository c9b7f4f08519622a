//! Detects name servers that return only some of the addresses, and decides which addresses are then current.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::addresses::{MAX_ADDRESSES, contains};
use crate::SECOND;

/// How far to look back. An address that was missing for longer has left; if it comes back, it is new.
const LOOK_BACK: u64 = 30 * SECOND;
const LOOK_BACK_ANSWERS: u64 = 10;

/// How many different addresses must have come back. A single one may be a pod whose readiness flaps.
const ENOUGH_RETURNS: usize = 2;

/// Detects whether a name server returns only some of the addresses, and different ones each time. If so, an
/// address that is missing from an answer may still exist; otherwise it has left. The sign is that several
/// addresses come back soon after they were missing.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The last answer, sorted, and when it arrived.
    last: Box<[IpAddr]>,
    here: Sighting,
    /// The addresses that the last answer lacks, with the last answer that listed each.
    missing: BTreeMap<IpAddr, Sighting>,
    /// The addresses that were missing and came back, with the answer in which each did.
    returned: BTreeMap<IpAddr, Sighting>,
}

/// When and in which answer, counted from 1, an address was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Sighting {
    answer: u64,
    at: u64,
}

impl Sighting {
    /// Whether this sighting is recent, as of the answer `last`.
    fn is_recent(self, last: Sighting) -> bool {
        last.at.saturating_sub(self.at) <= LOOK_BACK && last.answer - self.answer < LOOK_BACK_ANSWERS
    }
}

impl Parts {
    /// Processes the next answer. `before` holds the addresses so far. Both lists must be sorted. Returns the
    /// new addresses, and whether answers are partial. If they are, the list also contains what recent
    /// answers listed. Addresses are kept for `LOOK_BACK`.
    pub(super) fn answer(&mut self, now: u64, answer: &[IpAddr], before: &[IpAddr]) -> (Vec<IpAddr>, bool) {
        let lacking = self.last.iter().filter(|address| !contains(answer, **address));
        self.missing.extend(lacking.map(|address| (*address, self.here)));
        let here = Sighting { answer: self.here.answer + 1, at: now };
        for address in answer {
            if self.missing.remove(address).is_some_and(|last| last.is_recent(here)) {
                self.returned.insert(*address, here);
            }
        }
        self.last = answer.into();
        self.here = here;
        self.missing.retain(|_, sighting| now.saturating_sub(sighting.at) <= LOOK_BACK);
        self.returned.retain(|_, sighting| sighting.is_recent(here));
        keep_latest(&mut self.missing);
        keep_latest(&mut self.returned);
        let mut fresh = answer.to_vec();
        if self.returned.len() < ENOUGH_RETURNS {
            return (fresh, false);
        }
        let stays = |address: &IpAddr, sighting: &Sighting| sighting.is_recent(here) || contains(before, *address);
        let others = self.missing.iter().filter(|(address, sighting)| stays(address, sighting));
        fresh.extend(others.map(|(address, _)| *address).take(MAX_ADDRESSES.saturating_sub(answer.len())));
        fresh.sort_unstable();
        (fresh, true)
    }

    /// Handles an address that refused a dial. Returns whether the last answer lacks it.
    pub(super) fn forget(&mut self, address: IpAddr) -> bool {
        self.missing.remove(&address).is_some()
    }

    #[cfg(test)]
    pub(super) fn last(&self) -> &[IpAddr] {
        &self.last
    }

    #[cfg(test)]
    pub(super) fn sizes(&self) -> [usize; 3] {
        [self.last.len(), self.missing.len(), self.returned.len()]
    }
}

/// Limits memory: forgets the oldest addresses if there are too many.
fn keep_latest(sightings: &mut BTreeMap<IpAddr, Sighting>) {
    let Some(over) = sightings.len().checked_sub(MAX_ADDRESSES).filter(|over| *over > 0) else { return };
    let mut all: Vec<Sighting> = sightings.values().copied().collect();
    all.sort_unstable();
    let first_kept = all[over];
    sightings.retain(|_, sighting| *sighting >= first_kept);
    // Addresses from one answer have the same age. Drops the highest of them.
    while sightings.len() > MAX_ADDRESSES {
        sightings.pop_last();
    }
}
