//! A slow model of the pod table: what was reported about the pods of a random world.

use std::collections::{BTreeMap, BTreeSet};

use doors_routing::{Outcome, Pod, SECOND};

pub const GONE_AFTER: u64 = 10 * SECOND;

/// What was reported about a pod.
#[derive(Clone, Copy, Default)]
struct Shown {
    worked: Option<u64>,
    refused: Option<u64>,
    /// When the pod first failed, other than by refusing, since it last worked.
    missed_since: Option<u64>,
    /// When the pod last failed at all, and when it last failed without working since.
    failed: Option<u64>,
    failing: Option<u64>,
}

#[derive(Default)]
pub struct Known {
    shown: BTreeMap<Pod, Shown>,
    /// The fresh pods as last seen, and the upstreams that ever had any.
    seen: BTreeSet<Pod>,
    resolved: BTreeSet<u32>,
}

impl Known {
    /// Records a report.
    pub fn show(&mut self, now: u64, pod: Pod, outcome: Outcome) {
        let shown = self.shown.entry(pod).or_default();
        match outcome {
            Outcome::Connected | Outcome::Answered => {
                (shown.worked, shown.failing) = (Some(now), None);
                if outcome == Outcome::Answered {
                    *shown = Shown { worked: Some(now), failed: shown.failed, ..Shown::default() };
                }
            }
            Outcome::Refused => {
                shown.refused = Some(now);
                (shown.failed, shown.failing) = (Some(now), Some(now));
            }
            _ => {
                shown.missed_since.get_or_insert(now);
                (shown.failed, shown.failing) = (Some(now), Some(now));
            }
        }
    }

    /// Handles fresh pods. A new address in DNS may be another pod.
    pub fn look_at_dns(&mut self, fresh: BTreeSet<Pod>) {
        for pod in fresh.difference(&self.seen) {
            if let Some(shown) = self.shown.get_mut(pod) {
                shown.failing = None;
                // The first addresses of an upstream are not new.
                if self.resolved.contains(&upstream_of(*pod)) {
                    (shown.refused, shown.missed_since) = (None, None);
                }
            }
        }
        self.resolved.extend(fresh.iter().map(|pod| upstream_of(*pod)));
        self.seen = fresh;
    }

    /// Whether a pod may be declared gone.
    pub fn is_dead(&self, now: u64, pod: Pod) -> bool {
        let shown = self.shown.get(&pod).copied().unwrap_or_default();
        shown.refused.is_some() || shown.missed_since.is_some_and(|since| now - since >= GONE_AFTER)
    }

    /// Whether its last dial failed less than 10 s ago.
    pub fn is_failing(&self, now: u64, pod: Pod) -> bool {
        self.shown.get(&pod).and_then(|shown| shown.failing).is_some_and(|at| now - at < 10 * SECOND)
    }

    pub fn ever_failed(&self, pod: Pod) -> bool {
        self.shown.get(&pod).is_some_and(|shown| shown.failed.is_some())
    }

    /// The pods that worked in the last minute and have not failed since.
    pub fn working(&self, now: u64) -> impl Iterator<Item = Pod> {
        let works = move |shown: &Shown| {
            let lately = shown.worked.is_some_and(|at| now - at <= 60 * SECOND);
            lately && shown.failed.is_none_or(|failed| Some(failed) <= shown.worked)
        };
        self.shown.iter().filter(move |(_, shown)| works(shown)).map(|(pod, _)| *pod)
    }
}

pub fn upstream_of(pod: Pod) -> u32 {
    let std::net::IpAddr::V4(address) = pod.address() else { unreachable!() };
    address.octets()[2].into()
}
