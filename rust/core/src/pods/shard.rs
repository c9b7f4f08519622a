//! In: pods and what happens to them. Out: what is known about each.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use foldhash::fast::FixedState;

use super::forgotten::Forgotten;
use super::traffic::Traffic;
use super::users::Users;
use super::verdict::PodState;
use super::{Group, Outcome, Pod, SECOND};

/// What is held against a pod that nobody wants any more is worth less than a pod that works. No page waits for so long.
const HELD: u64 = 3600 * SECOND;

/// How often a sign of life of a pod is told to its upstream.
const SIGN_EVERY: u64 = SECOND;

/// What is known about one pod.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) state: PodState,
    pub(super) traffic: Traffic,
    pub(super) users: Users,
    /// Which use of all was the last one of this pod.
    turn: u64,
}

impl Known {
    /// The pods of a shard in the order in which they are forgotten.
    fn rank(&self, now: u64) -> Rank {
        match (self.state.is_held(), self.traffic.in_flight > 0) {
            (true, false) if now.saturating_sub(self.traffic.last_seen) > HELD => Rank::Unwanted,
            (false, false) => Rank::Quiet,
            (false, true) => Rank::Busy,
            (true, false) => Rank::QuietHeld,
            (true, true) => Rank::BusyHeld,
        }
    }

    /// Whether a sign of life is to be told to the upstream: not twice in a second, unless the pod has failed since the last.
    pub(super) fn tells(&mut self, group: &Group<'_>, outcome: Outcome, now: u64) -> bool {
        let Known { state, users, .. } = self;
        let told = users.told(group, outcome == Outcome::Answered);
        let due = told.is_none_or(|at| {
            let failed = if outcome == Outcome::Refused { state.missed_since(at) } else { state.failed_since(at) };
            failed || now.saturating_sub(at) >= SIGN_EVERY
        });
        if due {
            *told = Some(now);
        }
        due
    }

    /// Whether it would be worth telling that the pod has answered.
    pub(super) fn wants_answer(&mut self, group: &Group<'_>, now: u64) -> bool {
        let told = *self.users.told(group, true);
        self.state.is_tainted() || told.is_none_or(|at| now.saturating_sub(at) >= SIGN_EVERY)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Something is held against it, and nobody wants it.
    Unwanted,
    Quiet,
    Busy,
    QuietHeld,
    BusyHeld,
}

/// The pods of one shard.
pub(super) struct Shard {
    pods: HashMap<Pod, Known, FixedState>,
    /// How many of them have something held against them.
    held: usize,
    /// How many uses of pods there were.
    turn: u64,
    forgotten: Forgotten,
    /// The latest failure of a pod that was forgotten although something was held against it.
    failed_at: Option<u64>,
    /// The latest time of all.
    latest: u64,
}

impl Shard {
    /// One of so many.
    pub(super) fn new(shards: usize) -> Self {
        let forgotten = Forgotten::new(shards);
        Shard { pods: HashMap::default(), held: 0, turn: 0, forgotten, failed_at: None, latest: 0 }
    }

    /// In no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Pod, &Known)> {
        self.pods.iter().map(|(pod, known)| (*pod, known))
    }

    /// What is left of the pods that were forgotten.
    pub(super) fn forgotten(&self) -> &Forgotten {
        &self.forgotten
    }

    /// What is known about a pod. It does not count as used.
    pub(super) fn peek(&self, pod: Pod) -> Option<&Known> {
        self.pods.get(&pod)
    }

    /// A pod is used now; what is known about it changes. Also says whether nothing was known before.
    pub(super) fn with<T>(
        &mut self,
        group: &Group<'_>,
        pod: Pod,
        now: u64,
        change: impl FnOnce(&mut Known) -> T,
    ) -> (T, bool) {
        self.latest = self.latest.max(now);
        self.turn += 1;
        let (known, is_new) = match self.pods.entry(pod) {
            Entry::Occupied(entry) => {
                let known = entry.into_mut();
                known.traffic.seen(now);
                known.users.used(group, now);
                known.turn = self.turn;
                (known, false)
            }
            Entry::Vacant(entry) => {
                let (state, traffic, users) = (PodState::default(), Traffic::new(now), Users::new(group, now));
                (entry.insert(Known { state, traffic, users, turn: self.turn }), true)
            }
        };
        let was_held = known.state.is_held();
        let told = change(known);
        self.held = self.held + usize::from(known.state.is_held()) - usize::from(was_held);
        (told, is_new)
    }

    /// A request has left a pod.
    pub(super) fn left(&mut self, pod: Pod, stream: bool, now: u64) {
        let known = self.pods.get_mut(&pod);
        if let Some(known) = known.filter(|known| known.traffic.in_flight > 0) {
            known.traffic.left(stream);
            known.traffic.seen(now);
            self.turn += 1;
            known.turn = self.turn;
        } else {
            // Perhaps a request from before the pod was forgotten.
            self.forgotten.left(pod.address, now);
        }
    }

    /// Another pod may have the address now.
    pub(super) fn clear(&mut self, pod: Pod) {
        if let Some(known) = self.pods.get_mut(&pod) {
            let was_held = known.state.is_held();
            known.state.clear();
            if was_held {
                self.held -= 1;
                self.turn += 1;
                known.turn = self.turn;
            }
        }
    }

    pub(super) fn failed_recently(&mut self, pod: Pod, now: u64) -> bool {
        self.pods.get_mut(&pod).is_some_and(|known| known.state.failed_recently(now))
    }

    /// Whether a pod failed in any way at that time, at which it gave a sign of life, or later.
    pub(super) fn failed_since(&self, pod: Pod, sign: u64) -> bool {
        self.since(pod, sign, PodState::failed_since)
    }

    /// The same, unless it refused: then the network works.
    pub(super) fn missed_since(&self, pod: Pod, sign: u64) -> bool {
        self.since(pod, sign, PodState::missed_since)
    }

    fn since(&self, pod: Pod, sign: u64, failed: fn(&PodState, u64) -> bool) -> bool {
        let known = self.peek(pod);
        // What happened between is lost when the pod was forgotten after its sign.
        let forgotten = known.is_none_or(|known| known.traffic.first_seen >= sign);
        known.is_some_and(|known| failed(&known.state, sign))
            || forgotten && self.failed_at.is_some_and(|at| at >= sign)
    }

    /// Forgets one pod other than `keep`, if need be one against which something is held. False if there is none. Looks at
    /// all pods of the shard.
    pub(super) fn forget(&mut self, keep: Option<Pod>, even_held: bool, now: u64) -> bool {
        let now = self.latest.max(now);
        let others = self.pods.iter().filter(|(pod, _)| Some(**pod) != keep);
        let ranked = others.map(|(pod, known)| ((known.rank(now), known.turn), *pod));
        let first = ranked.min_by_key(|(order, _)| *order);
        let Some((_, pod)) = first.filter(|((rank, _), _)| even_held || *rank < Rank::QuietHeld) else {
            return false;
        };
        if let Some(Known { state, traffic, .. }) = self.pods.remove(&pod) {
            self.forgotten.add(pod.address, traffic.last_seen, traffic.in_flight);
            if state.is_held() {
                self.held -= 1;
                self.failed_at = self.failed_at.max(state.failed_at());
            }
        }
        true
    }
}
