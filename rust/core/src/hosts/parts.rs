//! In: each answer and each refused dial, with the time. Out: whether answers are parts of the truth, and which addresses
//! are in force then.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::addresses::{MOST, contains};
use crate::SECOND;

/// What is looked at. An address that was away for longer has left, and does not come back but is new.
const LOOK_BACK: u64 = 30 * SECOND;
const LOOK_BACK_ANSWERS: u64 = 10;

/// How many different addresses must have come back. One may be a pod whose readiness flaps.
const ENOUGH_RETURNS: usize = 2;

/// Finds out whether a name server names only some of the addresses, and others each time. Then an address that is missing
/// from an answer says nothing, while otherwise it has left. The sign is that several addresses come back soon after they
/// were missing.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The last answer, sorted, and when it came.
    last: Box<[IpAddr]>,
    here: Sighting,
    /// The addresses that the last answer lacks: where they were named last.
    missing: BTreeMap<IpAddr, Sighting>,
    /// The addresses that were missing: where they came back.
    returned: BTreeMap<IpAddr, Sighting>,
}

/// Where an address was seen: when, and in which answer, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Sighting {
    answer: u64,
    at: u64,
}

impl Sighting {
    /// Whether it is in one of the last answers, seen from the last of them.
    fn is_recent(self, last: Sighting) -> bool {
        last.at.saturating_sub(self.at) <= LOOK_BACK && last.answer - self.answer < LOOK_BACK_ANSWERS
    }
}

impl Parts {
    /// Takes the next answer and what was in force before it, both sorted. It returns what is in force now: the answer,
    /// or, if answers are parts, what one of the last of them named too. What was in force stays so for `LOOK_BACK`.
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
        fresh.extend(others.map(|(address, _)| *address).take(MOST.saturating_sub(answer.len())));
        fresh.sort_unstable();
        (fresh, true)
    }

    /// Takes an address that refused a dial. It returns whether the last answer lacks it.
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

/// Bounds what is remembered: of too many addresses those that were seen first are forgotten.
fn keep_latest(sightings: &mut BTreeMap<IpAddr, Sighting>) {
    let Some(over) = sightings.len().checked_sub(MOST).filter(|over| *over > 0) else { return };
    let mut all: Vec<Sighting> = sightings.values().copied().collect();
    all.sort_unstable();
    let first_kept = all[over];
    sightings.retain(|_, sighting| *sighting >= first_kept);
    // Those of one answer are equally old; of these the last ones go.
    while sightings.len() > MOST {
        sightings.pop_last();
    }
}
