//! In: what is known about all pods of an address. Out: whether it had no request for long enough to be stopped.

use std::net::IpAddr;

use super::table::Table;

/// Whether a pod is idle. The numbers are those of `DOORS_IDLE_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum IdleAnswer {
    /// It had no request for as long as was asked.
    Yes = 1,
    /// Requests are in flight, or the last one is not long enough ago.
    Busy = 2,
    /// None is in flight, but nobody watched for as long as was asked.
    JustStarted = 3,
}

/// What the requests of a pod say about stopping it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idle {
    /// Whether it is idle.
    pub answer: IdleAnswer,
    /// Requests on their way to it.
    pub in_flight: u32,
    /// Those of them that are receiver streams.
    pub streams: u32,
    /// When it was last used; later than that only where pods were forgotten that are taken for it.
    pub last_seen: Option<u64>,
    /// How long it takes at least until the answer can be [`IdleAnswer::Yes`], in nanoseconds; 0 if it is, and while
    /// requests are in flight: nobody knows when they end.
    pub wait: u64,
}

/// Judges the pods of one address.
pub(super) fn judge(pods: &Table, address: IpAddr, idle: u64, started: u64, now: u64) -> Idle {
    let forgotten = pods.forgotten();
    let (mut in_flight, mut streams, mut last_seen) = (0u32, 0u32, forgotten.last_seen(address));
    for known in pods.at(address) {
        let traffic = &known.traffic;
        in_flight = in_flight.saturating_add(traffic.in_flight);
        streams = streams.saturating_add(traffic.streams);
        last_seen = last_seen.max(Some(traffic.last_seen));
    }
    let left = |since: u64| idle.saturating_sub(now.saturating_sub(since));
    let (watch, quiet) = (left(started), last_seen.map_or(0, left));
    let (answer, wait) = if in_flight > 0 || forgotten.in_flight(address) > 0 {
        (IdleAnswer::Busy, 0)
    } else if watch > 0 {
        (IdleAnswer::JustStarted, watch.max(quiet))
    } else if quiet > 0 {
        (IdleAnswer::Busy, quiet)
    } else {
        (IdleAnswer::Yes, 0)
    };
    Idle { answer, in_flight, streams, last_seen, wait }
}
