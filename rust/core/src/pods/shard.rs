//! A part of the pod table: what is known about its pods, and which of them to forget when there are too
//! many.

use super::forgotten::Forgotten;
use super::leaving::{Draining, Evictions, Listed, Target};
use super::queues::Queues;
use super::record::{Known, Load, PodState, Traffic, Users};
use super::{Group, Pod, SECOND};

/// A pod with a fault that was unused for this long is forgotten before any working pod. No page waits that
/// long.
const HELD: u64 = 3600 * SECOND;

/// The queues, in the order in which they are emptied.
const QUIET: usize = 0;
const BUSY: usize = 1;
const QUIET_HELD: usize = 2;
const BUSY_HELD: usize = 3;

/// The queue for a pod.
fn queue(known: &Known) -> usize {
    match (known.is_held(), known.traffic.in_flight > 0) {
        (false, false) => QUIET,
        (false, true) => BUSY,
        (true, false) => QUIET_HELD,
        (true, true) => BUSY_HELD,
    }
}

/// The pods of one shard.
pub(super) struct Shard {
    pods: Queues<Pod, Known, 4>,
    forgotten: Forgotten,
    /// The latest failure of a pod that was forgotten with a fault.
    failed_at: Option<u64>,
    /// The latest time that any call passed.
    latest: u64,
}

impl Shard {
    /// Creates one of `shards` shards.
    pub(super) fn new(shards: usize) -> Self {
        let forgotten = Forgotten::new(shards);
        Shard { pods: Queues::new(), forgotten, failed_at: None, latest: 0 }
    }

    /// All pods, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Pod, &Known)> {
        self.pods.iter()
    }

    /// What remains of forgotten pods.
    pub(super) fn forgotten(&self) -> &Forgotten {
        &self.forgotten
    }

    /// What is known about a pod. Does not count as a use of it.
    pub(super) fn peek(&self, pod: Pod) -> Option<&Known> {
        self.pods.get(&pod)
    }

    /// Changes what is known about a pod that is being used. Returns what `change` returns, and whether the
    /// pod is new.
    pub(super) fn with<T>(
        &mut self,
        group: &Group<'_>,
        evictions: &Evictions,
        pod: Pod,
        now: u64,
        change: impl FnOnce(&mut Known) -> T,
    ) -> (T, bool) {
        self.latest = self.latest.max(now);
        let found = self.pods.find(&pod);
        let slot = found.unwrap_or_else(|| {
            let (state, traffic, users) = (PodState::default(), Traffic::new(now), Users::new(group, now));
            let dns = Listed::new(group.upstream.lists(pod), now);
            let draining = Draining::new(dns, evictions.of(pod, &users.both()));
            self.pods.insert(pod, Known { state, traffic, load: Load::default(), users, draining }, QUIET)
        });
        let known = self.pods.value_mut(slot);
        known.traffic.seen(now);
        if known.users.used(group, now) {
            known.evict(pod, evictions);
        }
        if known.draining.is_some() {
            known.drain(|draining| draining.update_dns(|| group.upstream.lists(pod), now));
        }
        let told = change(known);
        self.sort(slot);
        (told, found.is_none())
    }

    /// Counts the end of a request. If it was the last receiver stream of a draining pod, returns the pod's
    /// upstream.
    pub(super) fn left(&mut self, pod: Pod, stream: bool, now: u64) -> Option<u64> {
        match self.pods.find(&pod) {
            Some(slot) if self.pods.value_mut(slot).traffic.left(stream) => {
                let known = self.pods.value_mut(slot);
                known.traffic.seen(now);
                let is_last = stream && known.traffic.streams == 0 && known.drains();
                let last = is_last.then(|| known.users.upstream());
                self.sort(slot);
                last
            }
            // The request may have begun before the pod was forgotten.
            _ => {
                self.forgotten.left(pod.address, now);
                None
            }
        }
    }

    /// Handles a pod of this upstream that is back in DNS. Another pod may have the address now.
    pub(super) fn clear(&mut self, upstream: u64, pod: Pod) {
        if let Some(slot) = self.pods.find(&pod) {
            let known = self.pods.value_mut(slot);
            let was_held = known.is_held();
            known.state.clear();
            let is_of = known.users.upstreams().contains(&upstream);
            if known.draining.is_some() {
                known.drain(|draining| {
                    draining.mark = None;
                    if is_of {
                        draining.dns = Listed::Yes;
                    }
                });
            }
            known.load.is_back();
            if was_held {
                self.sort(slot);
            }
        }
    }

    /// Handles a pod that DNS no longer lists. Returns its number of receiver streams.
    pub(super) fn left_dns(&mut self, pod: Pod, now: u64) -> u32 {
        let Some(known) = self.peek_mut(pod) else { return 0 };
        known.drain(|draining| {
            if !matches!(draining.dns, Listed::NotSince(_)) {
                draining.dns = Listed::NotSince(now);
            }
        });
        known.traffic.streams
    }

    /// Applies the evictions to each pod. Returns the number of receiver streams of the pods covered by
    /// `target`.
    pub(super) fn follow(&mut self, evictions: &Evictions, target: &Target) -> u32 {
        let mut pages = 0u32;
        for (pod, known) in self.pods.iter_mut() {
            known.evict(pod, evictions);
            if target.covers(pod, &known.users.both()) {
                pages = pages.saturating_add(known.traffic.streams);
            }
        }
        pages
    }

    /// Moves a pod to the end of the queue that matches its state.
    fn sort(&mut self, slot: u32) {
        let queue = queue(self.pods.value(slot));
        self.pods.move_to(slot, queue);
    }

    /// Same as [`Shard::peek`], but mutable.
    pub(super) fn peek_mut(&mut self, pod: Pod) -> Option<&mut Known> {
        self.pods.find(&pod).map(|slot| self.pods.value_mut(slot))
    }

    /// Whether a pod failed at or after the time of its sign of life.
    pub(super) fn failed_since(&self, pod: Pod, sign: u64) -> bool {
        self.since(pod, sign, PodState::failed_since)
    }

    /// Same, except for refusals, which prove that the network works.
    pub(super) fn missed_since(&self, pod: Pod, sign: u64) -> bool {
        self.since(pod, sign, PodState::missed_since)
    }

    fn since(&self, pod: Pod, sign: u64, failed: fn(&PodState, u64) -> bool) -> bool {
        let known = self.peek(pod);
        // If the pod was forgotten after its sign of life, what happened in between is lost.
        let forgotten = known.is_none_or(|known| known.traffic.first_seen >= sign);
        known.is_some_and(|known| failed(&known.state, sign))
            || forgotten && self.failed_at.is_some_and(|at| at >= sign)
    }

    /// Forgets one pod other than `keep`. Takes a recently used pod with a fault only if `even_held`. Returns
    /// false if there is no such pod.
    pub(super) fn forget(&mut self, keep: Option<Pod>, even_held: bool, now: u64) -> bool {
        let (now, pods) = (self.latest.max(now), &self.pods);
        // The pod to keep is the newest, so it is first only if it is alone.
        let first = |queue: usize| pods.first(queue).filter(|slot| Some(pods.key(*slot)) != keep);
        let unwanted = first(QUIET_HELD).filter(|slot| now.saturating_sub(pods.value(*slot).traffic.last_seen) > HELD);
        let last = if even_held { BUSY_HELD } else { BUSY };
        let Some(slot) = unwanted.or_else(|| (QUIET..=last).find_map(first)) else {
            return false;
        };
        let (pod, Known { state, traffic, .. }) = self.pods.remove(slot);
        self.forgotten.add(pod.address, traffic.last_seen, traffic.in_flight);
        if state.is_held() {
            self.failed_at = self.failed_at.max(state.failed_at());
        }
        true
    }
}
