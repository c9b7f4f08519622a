//! In: what is known about one pod. Out: the same as a plain value.

use super::table::Known;
use super::{Pod, Verdict};

/// One pod, as it was at one moment. Times are those of the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownPod {
    /// Where it is dialled.
    pub pod: Pod,
    /// [`super::Group::source`] of its requests and dials. Where several use it, it stays the same until that one has not
    /// used it for a minute.
    pub source: u64,
    /// [`super::Group::server`] of the same.
    pub server: u64,
    /// When it was first used: a request for it began, entered or left, or a dial ended.
    pub first_seen: u64,
    /// When it was last used.
    pub last_seen: u64,
    /// What is held against it.
    pub verdict: Verdict,
    /// Since when, unless that is nothing.
    pub unreachable_since: Option<u64>,
    /// How many dials its host has refused.
    pub refused: u64,
    /// Requests that entered and have not left.
    pub in_flight: u32,
    /// Those of them that are receiver streams.
    pub streams: u32,
    /// A server that used it in the last minute of its use has it in DNS, as last told.
    pub fresh: bool,
}

impl KnownPod {
    pub(super) fn new(pod: Pod, known: &Known, fresh: bool) -> Self {
        let Known { state, traffic, users } = known;
        KnownPod {
            pod,
            source: users.source,
            server: users.server,
            first_seen: traffic.first_seen,
            last_seen: traffic.last_seen,
            verdict: state.verdict(),
            unreachable_since: state.since(),
            refused: traffic.refused,
            in_flight: traffic.in_flight,
            streams: traffic.streams,
            fresh,
        }
    }
}
