//! In: what is known about pods. Out: one plain value a pod, in a stable order.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::table::Known;
use super::{Pod, Verdict};

/// The addresses of a server in DNS.
pub(super) type Addresses = Arc<HashSet<Pod>>;

/// One pod, as it was at one moment. Times are those of the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownPod {
    /// Where it is dialled.
    pub pod: Pod,
    /// [`super::Group::source`] of its last request or dial.
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
    /// Its server has it in DNS, as last told.
    pub fresh: bool,
}

impl KnownPod {
    pub(super) fn new(pod: Pod, known: &Known) -> Self {
        let Known { state, traffic, source, server } = known;
        KnownPod {
            pod,
            source: *source,
            server: *server,
            first_seen: traffic.first_seen,
            last_seen: traffic.last_seen,
            verdict: state.verdict(),
            unreachable_since: state.since(),
            refused: traffic.refused,
            in_flight: traffic.in_flight,
            streams: traffic.streams,
            fresh: false,
        }
    }
}

/// The numbers of the servers of some pods, each once.
pub(super) fn servers(pods: &[KnownPod]) -> Vec<u64> {
    let mut servers: Vec<u64> = pods.iter().map(|known| known.server).collect();
    servers.sort_unstable();
    servers.dedup();
    servers
}

/// Tells which pods are fresh, and sorts all by address (IPv4 first) and port.
pub(super) fn finish(pods: &mut [KnownPod], fresh: &HashMap<u64, Addresses>) {
    for known in pods.iter_mut() {
        known.fresh = fresh.get(&known.server).is_some_and(|addresses| addresses.contains(&known.pod));
    }
    pods.sort_unstable_by_key(|known| known.pod);
}
