//! In: nothing. Out: the types in which callers and hosts talk about lookups.

use std::fmt;
use std::sync::Arc;

use super::addresses::Addresses;

/// The number of a host. No other host of the same state ever gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(u64);

impl HostId {
    /// The host with this number; reports about a number that belongs to no host do nothing.
    pub const fn new(number: u64) -> Self {
        HostId(number)
    }

    /// Its number, from 1.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// A lookup to begin now. Report its end, whatever it is: one that is not reported counts as [`LookupFailure::Timeout`]
/// after 60 s, and until then takes the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup<'a> {
    /// What to report the end for.
    pub host: HostId,
    /// The name to look up, in lower case.
    pub name: &'a str,
    /// The number for the way to look it up, as in the options of those who use it.
    pub resolver: u64,
}

/// Why a lookup brought no addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum LookupFailure {
    /// The name does not exist, or has no address that a pod can have. All name servers that know the name agree.
    NotFound = 1,
    /// No name server answered in time.
    Timeout = 2,
    /// A name server answered with an error, such as SERVFAIL or REFUSED.
    ServerFailure = 3,
    /// Anything else, such as a name server that cannot be reached.
    Failed = 4,
}

impl fmt::Display for LookupFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LookupFailure::NotFound => "no such host or no address",
            LookupFailure::Timeout => "name server timed out",
            LookupFailure::ServerFailure => "name server failed",
            LookupFailure::Failed => "lookup failed",
        })
    }
}

/// The IP versions that an answer says nothing about, or names only a part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// IPv4 addresses may be missing.
    pub v4: bool,
    /// IPv6 addresses may be missing.
    pub v6: bool,
    /// Why, `None` if they are only late.
    pub failure: Option<LookupFailure>,
}

impl Missing {
    /// Whether anything is missing.
    pub(super) fn any(self) -> bool {
        self.v4 || self.v6
    }
}

/// What has changed about a host: one for each change that an operator would call one, never one for each lookup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum HostChange {
    /// Nothing.
    #[default]
    None = 0,
    /// The first answer with addresses.
    Resolved = 1,
    /// Other addresses than before.
    Changed = 2,
    /// The first failed lookup, and the first of each other [`LookupFailure`] until the host recovers.
    Failing = 3,
    /// The first answer with addresses after failures that were reported.
    Recovered = 4,
    /// An address that refused a connection was given up, since DNS has it no longer.
    Dropped = 5,
    /// From now on answers are taken for parts of the truth: several addresses were missing and came back. One that is
    /// missing stays in force for up to 30 s.
    Partial = 6,
    /// Answers are whole again.
    Whole = 7,
}

impl fmt::Display for HostChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HostChange::None => "unchanged",
            HostChange::Resolved => "resolved",
            HostChange::Changed => "changed",
            HostChange::Failing => "failing",
            HostChange::Recovered => "recovered",
            HostChange::Dropped => "dropped",
            HostChange::Partial => "answers are partial",
            HostChange::Whole => "answers are whole",
        })
    }
}

/// What the end of a lookup has changed, and what to do now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostReport {
    /// What to log, if anything.
    pub change: HostChange,
    /// The requests that wait are to be resumed now.
    pub wake: bool,
    /// `due` is to be called now: something is due earlier than it said.
    pub lookups_due: bool,
}

/// What is known about a host, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownHost {
    /// The name in lower case, or an address. For several hosts of one upstream all of them, separated by spaces; the rest is about
    /// all together then: all addresses, the oldest answer, the failure that has lasted for longest.
    pub name: Arc<str>,
    /// The number for the way to look it up; 0 for an address.
    pub resolver: u64,
    /// The addresses in force, if any.
    pub addresses: Option<Arc<Addresses>>,
    /// Counts the changes of the addresses; 0 before the first.
    pub generation: u64,
    /// Nanoseconds since the last answer with addresses. `None` before the first, and for an address.
    pub age: Option<u64>,
    /// Why the last lookup failed, `None` if it did not or none has ended.
    pub failure: Option<LookupFailure>,
    /// Nanoseconds since the first of the failures in a row.
    pub failing_for: Option<u64>,
    /// Whether answers are taken for parts of the truth.
    pub partial: bool,
    /// Whether lookups go on.
    pub active: bool,
    /// How many sources use it.
    pub users: u32,
    /// The time between two lookups in nanoseconds: the smallest that its users ask for. 0 without users.
    pub refresh: u64,
}
