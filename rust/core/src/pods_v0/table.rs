//! In: pods and what happens to them. Out: what is known about each, in a table that is bounded. When it is full, pods are
//! forgotten with which nothing is wrong, those without requests in flight before the others; then those against which
//! something is held. Of several the one not used for longest goes.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::Bound;

use super::forgotten::Forgotten;
use super::queues::Queues;
use super::signs::Sign;
use super::traffic::Traffic;
use super::users::Users;
use super::verdict::PodState;
use super::{Group, Pod, SECOND};

/// What is held against a pod that nobody wants any more is worth less than a pod that works. No page waits for so long.
const HELD: u64 = 3600 * SECOND;

/// The queues, in the order in which they are emptied.
const QUIET: usize = 0;
const BUSY: usize = 1;
const QUIET_HELD: usize = 2;
const BUSY_HELD: usize = 3;

/// What is known about one pod.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) state: PodState,
    pub(super) traffic: Traffic,
    pub(super) users: Users,
}

impl Known {
    fn queue(&self) -> usize {
        match (self.state.is_held(), self.traffic.in_flight > 0) {
            (false, false) => QUIET,
            (false, true) => BUSY,
            (true, false) => QUIET_HELD,
            (true, true) => BUSY_HELD,
        }
    }
}

pub(super) struct Table {
    pods: Queues<Pod, Known, 4>,
    /// The same pods.
    order: BTreeSet<Pod>,
    most: usize,
    forgotten: Forgotten,
    /// The latest failure of a pod that was forgotten although something was held against it.
    failed_at: Option<u64>,
    /// The latest time of all.
    latest: u64,
}

impl Table {
    pub(super) fn new(most: usize) -> Self {
        let (order, forgotten) = (BTreeSet::new(), Forgotten::default());
        Table { pods: Queues::new(), order, most, forgotten, failed_at: None, latest: 0 }
    }

    /// Changes how many are remembered; forgets at most `at_once` of those that are too many. False when there are more.
    pub(super) fn limit(&mut self, most: usize, at_once: usize) -> bool {
        self.most = most;
        for _ in 0..at_once.min(self.len().saturating_sub(most)) {
            self.forget();
        }
        self.len() <= most
    }

    pub(super) fn len(&self) -> usize {
        self.pods.len()
    }

    /// The pods after one, by address and port, or from the first.
    pub(super) fn after(&self, last: Option<Pod>) -> impl Iterator<Item = (&Pod, &Known)> {
        let start = last.map_or(Bound::Unbounded, Bound::Excluded);
        self.order.range((start, Bound::Unbounded)).filter_map(|pod| Some((pod, self.peek(*pod)?)))
    }

    /// The pods at one address.
    pub(super) fn at(&self, address: IpAddr) -> impl Iterator<Item = &Known> {
        self.order.range(Pod::new(address, 0)..=Pod::new(address, u16::MAX)).filter_map(|pod| self.peek(*pod))
    }

    /// What is left of the pods that were forgotten.
    pub(super) fn forgotten(&self) -> &Forgotten {
        &self.forgotten
    }

    /// What is known about a pod. It does not count as used.
    pub(super) fn peek(&self, pod: Pod) -> Option<&Known> {
        self.pods.get(&pod)
    }

    /// What is known about a pod that [`Table::used`] gave, until another pod is used.
    pub(super) fn known(&self, slot: u32) -> &Known {
        self.pods.value(slot)
    }

    /// The same, to change it. What changes is followed by [`Table::sort`].
    pub(super) fn known_mut(&mut self, slot: u32) -> &mut Known {
        self.pods.value_mut(slot)
    }

    /// Puts a pod at the end of its queue, which depends on what is known about it.
    pub(super) fn sort(&mut self, slot: u32) {
        let queue = self.pods.value(slot).queue();
        self.pods.move_to(slot, queue);
    }

    /// Whether a pod failed in any way after its sign of life.
    pub(super) fn failed_since(&self, sign: &Sign) -> bool {
        self.since(sign, |state| state.failed_since(sign.at))
    }

    /// The same, unless it refused: then the network works.
    pub(super) fn missed_since(&self, sign: &Sign) -> bool {
        self.since(sign, |state| state.missed_since(sign.at))
    }

    fn since(&self, sign: &Sign, failed: impl Fn(&PodState) -> bool) -> bool {
        let known = self.peek(sign.pod);
        // What happened between is lost when the pod was forgotten after its sign.
        let forgotten = known.is_none_or(|known| known.traffic.first_seen >= sign.at);
        known.is_some_and(|known| failed(&known.state)) || forgotten && self.failed_at.is_some_and(|at| at >= sign.at)
    }

    /// What is known about a pod that is used now, nothing if need be.
    pub(super) fn used(&mut self, group: &Group, pod: Pod, now: u64) -> u32 {
        self.latest = self.latest.max(now);
        let Some(slot) = self.pods.find(&pod) else {
            if self.len() >= self.most {
                self.forget();
            }
            self.order.insert(pod);
            let (state, users) = (PodState::default(), Users::new(group, now));
            return self.pods.insert(pod, Known { state, traffic: Traffic::new(now), users }, QUIET);
        };
        let known = self.pods.value_mut(slot);
        known.traffic.seen(now);
        known.users.used(group, now);
        self.sort(slot);
        slot
    }

    /// A request is sent to a pod.
    pub(super) fn entered(&mut self, group: &Group, pod: Pod, stream: bool, now: u64) {
        let slot = self.used(group, pod, now);
        self.known_mut(slot).traffic.entered(stream);
        self.sort(slot);
    }

    /// It has ended.
    pub(super) fn left(&mut self, pod: Pod, stream: bool, now: u64) {
        match self.pods.find(&pod) {
            Some(slot) if self.known_mut(slot).traffic.left(stream) => {
                self.known_mut(slot).traffic.seen(now);
                self.sort(slot);
            }
            // Perhaps a request from before the pod was forgotten.
            _ => self.forgotten.left(pod.address(), now),
        }
    }

    /// Another pod may have the address now.
    pub(super) fn clear(&mut self, pod: Pod) {
        if let Some(slot) = self.pods.find(&pod) {
            let was_held = self.known(slot).state.is_held();
            self.known_mut(slot).state.clear();
            if was_held {
                self.sort(slot);
            }
        }
    }

    pub(super) fn failed_recently(&mut self, pod: Pod, now: u64) -> bool {
        self.pods.find(&pod).is_some_and(|slot| self.known_mut(slot).state.failed_recently(now))
    }

    fn forget(&mut self) {
        let unwanted = self.pods.first(QUIET_HELD).filter(|slot| {
            let Known { traffic, .. } = self.known(*slot);
            self.latest.saturating_sub(traffic.last_seen) > HELD
        });
        let Some(slot) = unwanted.or_else(|| (QUIET..=BUSY_HELD).find_map(|queue| self.pods.first(queue))) else {
            return;
        };
        let (pod, Known { state, traffic, .. }) = self.pods.remove(slot);
        self.order.remove(&pod);
        self.forgotten.add(pod.address(), traffic.last_seen, traffic.in_flight);
        if state.is_held() {
            self.failed_at = self.failed_at.max(state.failed_at());
        }
    }
}
