//! What is known about one pod.
//!
//! ```text
//! verdict   the verdict from its last dials, and how often it may be dialled
//! users     which upstreams use it, and when each last learned that it works
//! load      how many pages it has
//! traffic   the requests in flight
//! ```

mod load;
mod traffic;
mod users;
mod verdict;

pub(crate) use load::Load;
pub(crate) use traffic::Traffic;
pub(crate) use users::Users;
pub(crate) use verdict::{Arrival, Fault, PodState, Suspicion};

use super::leaving::{Draining, Evictions, Leaves, Mark};
use super::{Group, Outcome, Pod, Verdict};
use crate::{PathKind, SECOND};

/// The minimum interval between signs of life passed to an upstream.
const SIGN_EVERY: u64 = SECOND;

/// What is known about one pod.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) state: PodState,
    pub(crate) traffic: Traffic,
    pub(crate) load: Load,
    pub(crate) users: Users,
    /// Why it drains. `None` for most pods.
    pub(crate) draining: Option<Box<Draining>>,
}

impl Known {
    /// Whether forgetting the pod would lose information.
    pub(crate) fn is_held(&self) -> bool {
        self.state.is_held() || self.mark().is_some()
    }

    /// Whether to pass a sign of life to the upstream: at most once a second, unless the pod has failed since
    /// the last one.
    pub(crate) fn tells(&mut self, group: &Group<'_>, outcome: Outcome, now: u64) -> bool {
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

    /// Whether a response of the pod should be reported.
    pub(crate) fn wants_answer(&mut self, group: &Group<'_>, now: u64) -> bool {
        let told = *self.users.told(group, true);
        self.state.is_tainted() || self.mark().is_some() || told.is_none_or(|at| now.saturating_sub(at) >= SIGN_EVERY)
    }

    /// The pod's mark, if the pod signals that it is draining.
    pub(crate) fn mark(&self) -> Option<&Mark> {
        self.draining.as_ref()?.mark.as_ref()
    }

    /// Whether it gets no new pages, for any reason.
    pub(crate) fn drains(&self) -> bool {
        self.draining.as_ref().is_some_and(|draining| draining.since().is_some())
    }

    /// Changes the reasons for which it drains. Without a reason it takes pages again.
    #[cold]
    #[inline(never)]
    pub(crate) fn drain(&mut self, change: impl FnOnce(&mut Draining)) {
        let mut draining = self.draining.take().unwrap_or_default();
        let before = draining.since().is_some();
        change(&mut draining);
        if before && draining.since().is_none() {
            self.load.is_back();
        }
        self.draining = draining.is_needed().then_some(draining);
    }

    /// Applies the evictions.
    #[cold]
    #[inline(never)]
    pub(crate) fn evict(&mut self, pod: Pod, evictions: &Evictions) {
        let eviction = evictions.of(pod, &self.users.both());
        if eviction.is_some() || self.draining.is_some() {
            self.drain(|draining| draining.eviction = eviction);
        }
    }

    /// Handles the response to a request that began at `began`. Returns whether the pod's mark has changed.
    pub(crate) fn answered(&mut self, draining: bool, began: u64, now: u64) -> bool {
        match self.draining.as_mut().and_then(|draining| draining.mark.as_mut()) {
            Some(mark) if draining => {
                mark.confirm(now);
                return false;
            }
            // A request that began before the last mark reveals nothing newer.
            Some(mark) if mark.at >= began => return false,
            None if !draining => return false,
            _ => (),
        }
        self.drain(|reasons| reasons.mark = draining.then(|| Mark::new(now)));
        true
    }

    /// Handles a request of a page. Returns whether the page must reload, which is only possible for a
    /// receiver stream.
    pub(crate) fn leaves(
        &mut self,
        group: &Group<'_>,
        path: PathKind,
        stream: bool,
        target: &[u8],
        now: u64,
    ) -> Option<Leaves> {
        let draining = self.draining.as_mut()?;
        if path == PathKind::Hook {
            draining.hook(group, target, now);
        }
        let is_alive = self.state.verdict() == Verdict::None;
        if stream && is_alive { draining.stream(group, target, self.traffic.streams, now) } else { None }
    }
}
