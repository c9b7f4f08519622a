//! In: a pod, and a request that several pods may take. Out: how well this pod would take it.

use std::sync::atomic::Ordering;

use super::leaving::Evictions;
use super::shard::Shard;
use super::{EventKind, Group, LONGEST_GAP, Pod, Pods, Subject};

/// How well a pod takes a request; lower is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    Well,
    /// It refused a connection a moment ago: if it still does, that costs no time.
    Refuses,
    /// It said that it drains, before the request began. Perhaps another process is there by now.
    Marked,
    /// It said so since the request began, or an operator has evicted it.
    Draining,
    /// It could not be reached a moment ago, which may cost the time of a dial, or dropped a connection, which may cost the
    /// request.
    Missing,
}

/// A pod as a request sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) standing: Standing,
    /// When it last said that it drains; 0 where its standing is another.
    pub(crate) said: u64,
    /// This request finds out whether the pod is back, or still drains: it counts as asked.
    pub(crate) asks: bool,
    /// How many pages it has, and whether it has only begun to take them. Only where pods are compared.
    pub(crate) pages: u32,
    pub(crate) is_new: bool,
}

/// Who looks at a pod.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Looker {
    /// The number of the upstream under which it looks.
    pub(crate) upstream: u64,
    /// When the request began.
    pub(crate) began: u64,
    /// It is a page load that is sent where it looks: it may ask a pod whether it still drains.
    pub(crate) may_ask: bool,
    /// It looks at several pods, to choose the better one.
    pub(crate) compares: bool,
}

impl Pods {
    /// How well a pod takes a request. Where pods are not compared it costs no lock while no dial of any pod has failed for a minute
    /// and no pod has ever said that it drains, or was evicted.
    pub(crate) fn look(&self, pod: Pod, looker: Looker, now: u64) -> Look {
        match looker.compares || self.any_failed_lately(now) || self.any_draining.load(Ordering::Relaxed) {
            true => self.lock(self.shard(pod.address)).look(&self.evictions, pod, looker, now),
            false => Look::WELL,
        }
    }

    /// Should a pod be tried last, because its last dial failed within the last 10 s? From then on, until a dial succeeds or
    /// the failure is a minute old, the answer is no once a second: this caller finds out whether the pod is back.
    #[cfg(test)]
    pub(crate) fn failed_recently(&self, pod: Pod, now: u64) -> bool {
        let mut shard = self.lock(self.shard(pod.address));
        self.any_failed_lately(now) && shard.peek_mut(pod).is_some_and(|known| known.state.failed_recently(now))
    }

    /// Whether any pod has failed within the last minute. Costs no lock.
    pub(crate) fn any_failed_lately(&self, now: u64) -> bool {
        let last = self.last_failure.load(Ordering::Relaxed);
        last != 0 && now.saturating_sub(last) < LONGEST_GAP
    }

    /// An answer says that its pod drains, or does not say so although the pod did before. The request began at that time. Whether
    /// the pod says something else than before.
    pub(crate) fn mark(&self, group: &Group<'_>, pod: Pod, draining: bool, began: u64, now: u64) -> bool {
        if draining && !self.any_draining.load(Ordering::Relaxed) {
            self.any_draining.store(true, Ordering::Relaxed);
        }
        let (changed, pages) =
            self.with(group, pod, now, |known| (known.answered(draining, began, now), known.traffic.streams));
        if changed && draining {
            self.journal.add(Subject::Pod(pod, group.upstream.id()), EventKind::Marked, pages, now);
        }
        changed
    }
}

impl Shard {
    fn look(&mut self, evictions: &Evictions, pod: Pod, looker: Looker, now: u64) -> Look {
        let Some(known) = self.peek_mut(pod) else {
            let is_evicted = evictions.of(pod, &[looker.upstream]).is_some();
            let standing = if is_evicted { Standing::Draining } else { Standing::Well };
            return Look { standing, is_new: !is_evicted, ..Look::WELL };
        };
        let mark = known.mark().map_or(0, |mark| mark.at);
        let fails = known.state.failed_recently(now);
        let is_evicted = known.draining.as_ref().is_some_and(|draining| draining.eviction.is_some());
        let standing = match known.draining.as_mut().and_then(|draining| draining.mark.as_mut()) {
            mark if fails && (mark.is_some() || is_evicted) => Standing::Missing,
            None if fails && known.state.is_missed() => Standing::Missing,
            None if fails => Standing::Refuses,
            _ if is_evicted => Standing::Draining,
            Some(mark) if mark.at >= looker.began => Standing::Draining,
            Some(mark) => {
                if looker.may_ask && mark.asks(now) {
                    Standing::Well
                } else {
                    Standing::Marked
                }
            }
            None => Standing::Well,
        };
        let is_well = standing == Standing::Well;
        let said = if matches!(standing, Standing::Marked | Standing::Draining) { mark } else { 0 };
        let asks = is_well && (known.mark().is_some() || known.state.is_failing_within(LONGEST_GAP, now));
        let mut look = Look { standing, said, asks, ..Look::WELL };
        if looker.compares && is_well {
            (look.pages, look.is_new) = (known.load.pages(&known.traffic, now), known.load.is_new(now));
        }
        look
    }
}

impl Look {
    const WELL: Look = Look { standing: Standing::Well, said: 0, asks: false, pages: 0, is_new: false };
}
