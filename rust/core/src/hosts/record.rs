//! In: the outcome of each lookup of one host and each refused dial, with the time.
//! Out: the addresses in force, and the change to report.

use std::net::IpAddr;
use std::sync::Arc;

use super::addresses::{Addresses, MOST, contains};
use super::parts::Parts;
use super::{HostChange, LookupFailure, Missing};

/// What is known about one host.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// In force.
    addresses: Option<Arc<Addresses>>,
    generation: u64,
    /// From the first answer on; most of many hosts have none.
    parts: Option<Box<Parts>>,
    /// Answers name only a part of the addresses.
    partial: bool,
    /// When the last answer with addresses came.
    answered: Option<u64>,
    /// The last name server that knew anything said that there is no address. A failure to answer does not change it.
    absent: bool,
    /// That of the last lookup.
    failure: Option<LookupFailure>,
    /// When the first of the failures in a row came.
    failed: u64,
    /// A bit for each kind of failure that was reported since the last answer.
    reported: u32,
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) change: HostChange,
    /// There are addresses about which the answer says nothing, so that a failure before is not over.
    pub(super) withheld: bool,
}

impl Record {
    /// That of a literal address.
    pub(super) fn constant(address: IpAddr) -> Self {
        let mut record = Record::default();
        record.replace(&[address]);
        record
    }

    pub(super) fn addresses(&self) -> Option<&Arc<Addresses>> {
        self.addresses.as_ref()
    }

    pub(super) fn list(&self) -> &[IpAddr] {
        self.addresses.as_ref().map_or(&[], |addresses| addresses.list())
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn partial(&self) -> bool {
        self.partial
    }

    pub(super) fn age(&self, now: u64) -> Option<u64> {
        self.answered.map(|at| now.saturating_sub(at))
    }

    pub(super) fn failure(&self) -> Option<LookupFailure> {
        self.failure
    }

    pub(super) fn failing_for(&self, now: u64) -> Option<u64> {
        self.failure.map(|_| now.saturating_sub(self.failed))
    }

    /// Takes the addresses of a lookup that found some, in canonical form. Of the missing IP versions it says nothing, or
    /// names only a part: their addresses stay in force.
    pub(super) fn answer(&mut self, now: u64, addresses: &[IpAddr], missing: Missing) -> Answered {
        let (addresses, withheld) = self.completed(addresses, missing);
        let mut change = match self.answered {
            None => HostChange::Resolved,
            Some(_) if self.reported != 0 && !withheld => HostChange::Recovered,
            Some(_) => HostChange::None,
        };
        self.answered = Some(now);
        self.absent = false;
        if !withheld {
            self.failure = None;
            self.reported = 0;
        }
        let before = self.addresses.clone();
        let before = before.as_ref().map_or(&[][..], |addresses| addresses.list());
        let (fresh, partial) = self.parts.get_or_insert_default().answer(now, &addresses, before);
        let changed = self.replace(&fresh);
        if change == HostChange::None && partial != self.partial {
            self.partial = partial;
            change = if partial { HostChange::Partial } else { HostChange::Whole };
        }
        if change == HostChange::None && changed {
            change = HostChange::Changed;
        }
        Answered { change, withheld }
    }

    /// Adds the addresses in force of the missing IP versions, and says whether there is anything of those.
    fn completed(&self, addresses: &[IpAddr], missing: Missing) -> (Vec<IpAddr>, bool) {
        let is_of = |address: &IpAddr| if address.is_ipv4() { missing.v4 } else { missing.v6 };
        let kept = self.list().iter().filter(|address| is_of(address) && !contains(addresses, **address));
        let mut completed = addresses.to_vec();
        completed.extend(kept.take(MOST.saturating_sub(addresses.len())));
        completed.sort_unstable();
        let withheld = completed.iter().any(is_of);
        (completed, withheld)
    }

    /// Takes a failed lookup. The addresses stay in force. `report`: somebody is told of the change that this returns.
    pub(super) fn fail(&mut self, now: u64, failure: LookupFailure, report: bool) -> HostChange {
        if self.failure.is_none() {
            self.failed = now;
        }
        self.failure = Some(failure);
        if failure == LookupFailure::NotFound {
            self.absent = true;
        }
        let bit = 1 << failure as u32;
        if !report || self.reported & bit != 0 {
            return HostChange::None;
        }
        self.reported |= bit;
        HostChange::Failing
    }

    /// Takes an address that refused a dial. Only a host without addresses in DNS gives it up, or one whose last answer
    /// was a part that lacked it: in any other case DNS says, or may still say, that the pod is there.
    pub(super) fn drop_refused(&mut self, address: IpAddr) -> bool {
        if !contains(self.list(), address) {
            return false;
        }
        let lacked = self.parts.as_mut().is_some_and(|parts| parts.forget(address));
        if !lacked && !self.absent {
            return false;
        }
        let rest: Vec<IpAddr> = self.list().iter().copied().filter(|other| *other != address).collect();
        self.replace(&rest)
    }

    /// Puts other addresses in force, sorted. It returns whether they are others.
    pub(super) fn replace(&mut self, addresses: &[IpAddr]) -> bool {
        if self.list() == addresses {
            return false;
        }
        self.generation += 1;
        self.addresses = (!addresses.is_empty()).then(|| Arc::new(Addresses::new(self.generation, addresses)));
        true
    }

    #[cfg(test)]
    pub(super) fn parts(&self) -> Option<&Parts> {
        self.parts.as_deref()
    }
}
