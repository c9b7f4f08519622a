//! In: which pods a server has, and which of them work. Out: whether any worked within the last minute; if none did,
//! the fault is on our side.

use std::collections::HashSet;

use super::pacing::Bucket;
use super::table::Table;
use super::{Pod, SECOND};

/// How long a sign of life counts.
const WITNESS: u64 = 60 * SECOND;

/// What is known about one server.
#[derive(Debug, Default)]
pub(super) struct ServerState {
    pub(super) bucket: Bucket,
    /// Its addresses in DNS, as last told.
    addresses: HashSet<Pod>,
    /// Pods that gave a sign of life; some may have failed since.
    candidates: HashSet<Pod>,
    /// The one that worked when we last looked: asked first.
    witness: Option<Pod>,
}

impl ServerState {
    /// A pod of this server gave a sign of life.
    pub(super) fn add_candidate(&mut self, id: u64, pod: Pod, pods: &Table, now: u64) {
        self.candidates.insert(pod);
        // Twice as many as there can be witnesses: so this seldom happens, and always makes room.
        if self.candidates.len() > 2 * pods.most() {
            self.candidates.retain(|pod| works(id, pod, pods, now));
        }
    }

    /// Whether any pod of this server gave a sign of life within the last minute and has not failed since.
    pub(super) fn any_works(&mut self, id: u64, pods: &Table, now: u64) -> bool {
        if self.witness.is_some_and(|pod| works(id, &pod, pods, now)) {
            return true;
        }
        self.witness = self.candidates.iter().find(|pod| works(id, pod, pods, now)).copied();
        if self.witness.is_none() {
            self.candidates.clear();
        }
        self.witness.is_some()
    }

    /// Whether a pod is among its addresses in DNS.
    pub(super) fn has(&self, pod: &Pod) -> bool {
        self.addresses.contains(pod)
    }

    /// Takes the addresses in DNS; calls `added` for each that was not there before.
    pub(super) fn resolved(&mut self, addresses: &[Pod], mut added: impl FnMut(&Pod)) {
        let fresh: HashSet<Pod> = addresses.iter().copied().collect();
        fresh.difference(&self.addresses).for_each(&mut added);
        self.addresses = fresh;
    }
}

fn works(server: u64, pod: &Pod, pods: &Table, now: u64) -> bool {
    let proof = pods.peek(pod).and_then(|known| known.state.proof());
    proof.is_some_and(|proof| proof.server == server && now.saturating_sub(proof.at) <= WITNESS)
}
