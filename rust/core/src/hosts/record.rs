//! What is known about one host after each lookup and refused dial, and which changes to report.

use std::net::IpAddr;
use std::sync::Arc;

use super::addresses::{Addresses, MAX_ADDRESSES, contains};
use super::parts::Parts;
use super::{HostChange, LookupFailure, Missing};

/// What is known about one host.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// The current addresses.
    addresses: Option<Arc<Addresses>>,
    generation: u64,
    /// Created with the first answer. Among very many hosts, most never get one.
    parts: Option<Box<Parts>>,
    /// Whether answers list only some of the addresses.
    partial: bool,
    /// When the last answer with addresses arrived.
    answered: Option<u64>,
    /// Whether the last authoritative answer said that there is no address. Lookup failures do not change it.
    absent: bool,
    /// The failure of the last lookup.
    failure: Option<LookupFailure>,
    /// When the current series of failures began.
    failed: u64,
    /// One bit per kind of failure reported since the last answer.
    reported: u32,
}

/// The result of processing an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) change: HostChange,
    /// Whether addresses were kept that the answer does not cover. If so, an earlier failure continues.
    pub(super) withheld: bool,
}

impl Record {
    /// The record of an IP address.
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

    /// Processes the addresses of a successful lookup, in canonical form. For the IP versions in `missing`
    /// the answer is absent or partial, so their addresses are kept.
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

    /// Adds the current addresses of the missing IP versions. Returns whether there are any.
    fn completed(&self, addresses: &[IpAddr], missing: Missing) -> (Vec<IpAddr>, bool) {
        let is_of = |address: &IpAddr| if address.is_ipv4() { missing.v4 } else { missing.v6 };
        let kept = self.list().iter().filter(|address| is_of(address) && !contains(addresses, **address));
        let mut completed = addresses.to_vec();
        completed.extend(kept.take(MAX_ADDRESSES.saturating_sub(addresses.len())));
        completed.sort_unstable();
        let withheld = completed.iter().any(is_of);
        (completed, withheld)
    }

    /// Processes a failed lookup. The addresses are kept. `report`: the returned change will be reported.
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

    /// Handles an address that refused a dial. Drops it if the host has no addresses in DNS or if its last
    /// answer was partial and lacked the address. Otherwise DNS still lists the address or may list it.
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

    /// Replaces the addresses with a sorted list. Returns whether they differ.
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
