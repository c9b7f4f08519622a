//! How suitable a pod is for a request that several pods can serve.

use std::sync::atomic::Ordering;

use super::leaving::Evictions;
use super::shard::Shard;
use super::{EventKind, Group, LONGEST_GAP, Pod, Pods, Subject};

/// How suitable a pod is for a request; lower is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    Well,
    /// The pod refused a connection recently. If it still does, the attempt costs no time.
    Refuses,
    /// The pod signalled that it is draining, before the request began. Another process may have replaced it.
    Marked,
    /// The pod has signalled that it is draining since the request began, or an operator has evicted it.
    Draining,
    /// The pod recently could not be reached or dropped a connection. An attempt may cost a dial timeout or
    /// even the request.
    Missing,
}

/// A request's view of a pod.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) standing: Standing,
    /// When the pod last signalled that it is draining; 0 for other standings.
    pub(crate) said: u64,
    /// Whether this request tests if the pod is back or still drains. Counted as the test.
    pub(crate) tests_pod: bool,
    /// The pod's number of pages, and whether the pod is new. Only set when pods are compared.
    pub(crate) pages: u32,
    pub(crate) is_new: bool,
}

/// The request that looks at a pod.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Looker {
    /// The ID of the upstream whose pod it is.
    pub(crate) upstream: u64,
    /// When the request began.
    pub(crate) began: u64,
    /// Whether the request is a page load that will be sent to the pod found. It may then test whether the
    /// pod is still draining.
    pub(crate) may_test: bool,
    /// Whether the request compares several pods.
    pub(crate) compares: bool,
}

impl Pods {
    /// How suitable a pod is for a request. Takes no lock if pods are not compared, no dial has failed for a
    /// minute, and no pod has ever drained or been evicted.
    pub(crate) fn look(&self, pod: Pod, looker: Looker, now: u64) -> Look {
        match looker.compares || self.any_failed_lately(now) || self.any_draining.load(Ordering::Relaxed) {
            true => self.lock(self.shard(pod.address)).look(&self.evictions, pod, looker, now),
            false => Look::WELL,
        }
    }

    /// Whether a pod should be tried last because its last dial failed less than 10 s ago. After that, one
    /// caller a second gets false, so that its request tests whether the pod is back. This ends when a dial
    /// succeeds or the failure is a minute old.
    #[cfg(test)]
    pub(crate) fn failed_recently(&self, pod: Pod, now: u64) -> bool {
        let mut shard = self.lock(self.shard(pod.address));
        self.any_failed_lately(now) && shard.peek_mut(pod).is_some_and(|known| known.state.failed_recently(now))
    }

    /// Whether any pod has failed within the last minute. Takes no lock.
    pub(crate) fn any_failed_lately(&self, now: u64) -> bool {
        let last = self.last_failure.load(Ordering::Relaxed);
        last != 0 && now.saturating_sub(last) < LONGEST_GAP
    }

    /// Handles a response of a pod. `draining`: the response has the mark of a draining pod. `began` is when
    /// the request began. Returns whether the pod's mark has changed.
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
                if looker.may_test && mark.may_test(now) {
                    Standing::Well
                } else {
                    Standing::Marked
                }
            }
            None => Standing::Well,
        };
        let is_well = standing == Standing::Well;
        let said = if matches!(standing, Standing::Marked | Standing::Draining) { mark } else { 0 };
        let tests_pod = is_well && (known.mark().is_some() || known.state.is_failing_within(LONGEST_GAP, now));
        let mut look = Look { standing, said, tests_pod, ..Look::WELL };
        if looker.compares && is_well {
            (look.pages, look.is_new) = (known.load.pages(&known.traffic, now), known.load.is_new(now));
        }
        look
    }
}

impl Look {
    const WELL: Look = Look { standing: Standing::Well, said: 0, tests_pod: false, pages: 0, is_new: false };
}
