//! In: which addresses an upstream has in DNS, and which of its pods work. Out: who can bear witness that a fault is not
//! on our side, and which pods are fresh.

use std::sync::Arc;

use super::addresses::Addresses;
use super::pacing::Bucket;
use super::signs::{LastTwo, Sign};
use super::{Outcome, Pod, SECOND};

/// How often the caller is asked to find a witness.
const ASK_EVERY: u64 = SECOND;

/// What is known about one upstream.
#[derive(Debug, Default)]
pub(super) struct ServerState {
    pub(super) bucket: Bucket,
    /// Its addresses in DNS, as last told; nothing before that.
    pub(super) addresses: Option<Arc<Addresses>>,
    /// Its pods that were reached, or whose host refused: they show that the network works.
    pub(super) alive: LastTwo,
    /// Its pods that answered. Apart from the others, which are more: pods that accept and answer nothing are among them.
    pub(super) answered: LastTwo,
    /// When the caller was last asked to find a witness.
    asked: Option<u64>,
}

impl ServerState {
    /// A pod gave a sign of life.
    pub(super) fn add(&mut self, sign: Sign, outcome: Outcome) {
        let signs = if outcome == Outcome::Answered { &mut self.answered } else { &mut self.alive };
        signs.add(sign);
    }

    /// Whether it is time to ask for a witness. It counts as asked then.
    pub(super) fn asks(&mut self, now: u64) -> bool {
        due(&mut self.asked, ASK_EVERY, now)
    }

    /// Whether a pod is among its addresses in DNS.
    pub(super) fn has(&self, pod: Pod) -> bool {
        self.addresses.as_ref().is_some_and(|addresses| addresses.contains(pod))
    }

    /// The same, or nobody knows.
    pub(super) fn may_have(&self, pod: Pod) -> bool {
        self.addresses.as_ref().is_none_or(|addresses| addresses.contains(pod))
    }
}

/// Whether something that happens every so often is due. It counts as done then.
pub(super) fn due(last: &mut Option<u64>, every: u64, now: u64) -> bool {
    let due = last.is_none_or(|at| now.saturating_sub(at) >= every);
    if due {
        *last = Some(now);
    }
    due
}
