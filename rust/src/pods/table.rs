//! In: pods and what happens to them. Out: what is known about each, in a table that is bounded: when it is full, the one
//! not used for longest is forgotten, and none with requests in flight as long as there are others.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::Bound;

use lru::LruCache;

use super::signs::Sign;
use super::traffic::Traffic;
use super::verdict::PodState;
use super::{Group, Pod};

/// What is known about one pod.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) state: PodState,
    pub(super) traffic: Traffic,
    /// What its last request or dial belonged to.
    pub(super) source: u64,
    pub(super) server: u64,
}

/// What is left of pods that were forgotten.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Forgotten {
    /// When the last of them was last used.
    pub(super) last_seen: Option<u64>,
    /// Their requests that have not left yet.
    pub(super) in_flight: u64,
}

impl Forgotten {
    fn seen(&mut self, now: u64) {
        self.last_seen = self.last_seen.max(Some(now));
    }
}

pub(super) struct Table {
    /// Pods with requests in flight.
    busy: LruCache<Pod, Known>,
    /// All others.
    quiet: LruCache<Pod, Known>,
    /// All pods of both.
    order: BTreeSet<Pod>,
    most: usize,
    pub(super) forgotten: Forgotten,
}

impl Table {
    pub(super) fn new(most: usize) -> Self {
        // The crate's own bound would claim all its memory at once.
        let (busy, quiet) = (LruCache::unbounded(), LruCache::unbounded());
        Table { busy, quiet, order: BTreeSet::new(), most, forgotten: Forgotten::default() }
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
        self.order.len()
    }

    /// The pods after one, by address and port, or from the first.
    pub(super) fn after(&self, last: Option<Pod>) -> impl Iterator<Item = (&Pod, &Known)> {
        let start = last.map_or(Bound::Unbounded, Bound::Excluded);
        self.order.range((start, Bound::Unbounded)).filter_map(|pod| Some((pod, self.peek(pod)?)))
    }

    /// The pods at one address.
    pub(super) fn at(&self, address: IpAddr) -> impl Iterator<Item = &Known> {
        self.order.range(Pod::new(address, 0)..=Pod::new(address, u16::MAX)).filter_map(|pod| self.peek(pod))
    }

    /// What is known about a pod. It does not count as used.
    pub(super) fn peek(&self, pod: &Pod) -> Option<&Known> {
        self.busy.peek(pod).or_else(|| self.quiet.peek(pod))
    }

    /// The same, to change it.
    pub(super) fn peek_mut(&mut self, pod: &Pod) -> Option<&mut Known> {
        match self.busy.peek_mut(pod) {
            None => self.quiet.peek_mut(pod),
            known => known,
        }
    }

    /// What is known about a pod that was used a moment ago.
    pub(super) fn known(&mut self, pod: Pod) -> &mut Known {
        self.peek_mut(&pod).expect("it is there")
    }

    /// Whether a pod failed in any way after its sign of life.
    pub(super) fn failed_since(&self, sign: &Sign) -> bool {
        self.peek(&sign.pod).is_some_and(|known| known.state.failed_since(sign.at))
    }

    /// The same, unless it refused: then the network works.
    pub(super) fn missed_since(&self, sign: &Sign) -> bool {
        self.peek(&sign.pod).is_some_and(|known| known.state.missed_since(sign.at))
    }

    /// What is known about a pod that is used now, nothing if need be.
    pub(super) fn used(&mut self, group: &Group, pod: Pod, now: u64) -> &mut Known {
        let known = if self.busy.contains(&pod) {
            self.busy.get_mut(&pod).expect("it is there")
        } else {
            if !self.quiet.contains(&pod) {
                if self.len() >= self.most {
                    self.forget();
                }
                self.order.insert(pod);
            }
            self.quiet.get_or_insert_mut(pod, || Known::new(now))
        };
        known.traffic.seen(now);
        (known.source, known.server) = (group.source, group.server);
        known
    }

    /// A request is sent to a pod.
    pub(super) fn entered(&mut self, group: &Group, pod: Pod, stream: bool, now: u64) {
        self.used(group, pod, now).traffic.entered(stream);
        if let Some(known) = self.quiet.pop(&pod) {
            self.busy.put(pod, known);
        }
    }

    /// It has ended.
    pub(super) fn left(&mut self, pod: Pod, stream: bool, now: u64) {
        let Some(known) = self.busy.get_mut(&pod) else {
            // Perhaps the request of a pod that was forgotten since.
            if self.forgotten.in_flight > 0 {
                self.forgotten.in_flight -= 1;
                self.forgotten.seen(now);
            }
            return;
        };
        known.traffic.left(stream);
        known.traffic.seen(now);
        if known.traffic.in_flight == 0
            && let Some(known) = self.busy.pop(&pod)
        {
            self.quiet.put(pod, known);
        }
    }

    fn forget(&mut self) {
        if let Some((pod, known)) = self.quiet.pop_lru().or_else(|| self.busy.pop_lru()) {
            self.order.remove(&pod);
            self.forgotten.seen(known.traffic.last_seen);
            self.forgotten.in_flight += u64::from(known.traffic.in_flight);
        }
    }
}

impl Known {
    fn new(now: u64) -> Self {
        Known { state: PodState::default(), traffic: Traffic::new(now), source: 0, server: 0 }
    }
}
