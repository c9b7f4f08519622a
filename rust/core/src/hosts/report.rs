//! The types that describe lookups and their results.

use std::sync::Arc;

use super::addresses::Addresses;

/// The ID of a host, unique within a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(u64);

impl HostId {
    /// Creates the ID with this number. Reports about an unknown number have no effect.
    pub const fn new(number: u64) -> Self {
        HostId(number)
    }

    /// The number, starting at 1.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// A lookup to start now. Always report its end: after 60 s without a report it counts as
/// [`LookupFailure::Timeout`], and until then it occupies a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup<'a> {
    /// The host to pass to the report.
    pub host: HostId,
    /// The name to look up, in lower case. At most 254 characters, perhaps with a final dot.
    pub name: &'a str,
    /// The resolver to use: [`Options::resolver`](crate::Options::resolver) of the sources that use the host.
    pub resolver: u64,
}

/// Why a lookup found no addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum LookupFailure {
    /// The name does not exist, or has no address that a pod can have. All name servers that know the name
    /// agree.
    NotFound = 1,
    /// No name server answered in time.
    Timeout = 2,
    /// A name server answered with an error, such as SERVFAIL or REFUSED.
    ServerFailure = 3,
    /// Any other failure, such as an unreachable name server.
    Failed = 4,
}

impl LookupFailure {
    /// A short identifier for logs and metric labels.
    pub fn name(self) -> &'static str {
        match self {
            LookupFailure::NotFound => "not_found",
            LookupFailure::Timeout => "timeout",
            LookupFailure::ServerFailure => "server_failure",
            LookupFailure::Failed => "failed",
        }
    }
}

/// The IP versions for which an answer is missing or partial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// IPv4 addresses may be missing.
    pub v4: bool,
    /// IPv6 addresses may be missing.
    pub v6: bool,
    /// The reason, or `None` if the answers are only late.
    pub failure: Option<LookupFailure>,
}

impl Missing {
    /// Whether anything is missing.
    pub(super) fn any(self) -> bool {
        self.v4 || self.v6
    }
}

/// A change to a host that is worth reporting to an operator. Unchanged results are not reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum HostChange {
    /// No change.
    #[default]
    None = 0,
    /// The first answer with addresses.
    Resolved = 1,
    /// The addresses have changed.
    Changed = 2,
    /// The first failed lookup, and the first one with each other [`LookupFailure`] until the host recovers.
    Failing = 3,
    /// The first answer with addresses after reported failures.
    Recovered = 4,
    /// An address was dropped because it refused a connection and is no longer in DNS.
    Dropped = 5,
    /// From now on answers count as partial: several addresses were missing and came back. A missing address
    /// is kept for up to 30 s.
    Partial = 6,
    /// Answers count as complete again.
    Whole = 7,
}

impl HostChange {
    /// A short identifier for logs and metric labels.
    pub fn name(self) -> &'static str {
        match self {
            HostChange::None => "unchanged",
            HostChange::Resolved => "resolved",
            HostChange::Changed => "changed",
            HostChange::Failing => "failing",
            HostChange::Recovered => "recovered",
            HostChange::Dropped => "dropped",
            HostChange::Partial => "partial",
            HostChange::Whole => "whole",
        }
    }
}

/// What the end of a lookup has changed, and what to do now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostReport {
    /// The change to log, if any.
    pub change: HostChange,
    /// Resume all waiting requests now.
    pub wake: bool,
    /// Call [`State::due`](crate::State::due) now: a lookup is due earlier than its last call announced.
    pub lookups_due: bool,
}

/// What is known about a host, for display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownHost {
    /// The name in lower case, or an address. For several hosts of one upstream: all of them, separated by
    /// spaces. The other fields then combine these hosts: all addresses, the oldest answer and the longest
    /// failure.
    pub name: Arc<str>,
    /// The resolver: see [`Options::resolver`](crate::Options::resolver). 0 for an address.
    pub resolver: u64,
    /// The current addresses, if any.
    pub addresses: Option<Arc<Addresses>>,
    /// The number of changes of the addresses; 0 before the first.
    pub generation: u64,
    /// Nanoseconds since the last answer with addresses. `None` before the first, and for an address.
    pub age: Option<u64>,
    /// Why the last lookup failed. `None` if it succeeded or none has ended.
    pub failure: Option<LookupFailure>,
    /// Nanoseconds since the first failure of the current series.
    pub failing_for: Option<u64>,
    /// Whether answers count as partial: see [`HostChange::Partial`].
    pub partial: bool,
    /// Whether lookups continue.
    pub active: bool,
    /// The number of sources that use the host.
    pub users: u32,
    /// The interval between lookups in nanoseconds: the smallest of its users. 0 without users.
    pub refresh: u64,
}
