//! In: what happens to one pod. Out: what is known about it.
//!
//! ```text
//! verdict   what its last dials say, and how often it may be dialled
//! mark      whether its answers say that it drains
//! users     which upstreams use it, and when it last showed them that it works
//! load      how many pages it has
//! traffic   which requests are on their way to it
//! ```

mod load;
mod mark;
mod traffic;
mod users;
mod verdict;

pub(crate) use load::Load;
pub(crate) use mark::Mark;
pub(crate) use traffic::Traffic;
pub(crate) use users::Users;
pub(crate) use verdict::{Arrival, Fault, PodState, Suspicion};

use super::{Group, Outcome};
use crate::SECOND;

/// How often a sign of life of a pod is told to its upstream.
const SIGN_EVERY: u64 = SECOND;

/// What is known about one pod.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) state: PodState,
    /// It says that it drains.
    pub(crate) mark: Option<Mark>,
    pub(crate) traffic: Traffic,
    pub(crate) load: Load,
    pub(crate) users: Users,
}

impl Known {
    /// Whether something is known about the pod that is lost when it is forgotten.
    pub(crate) fn is_held(&self) -> bool {
        self.state.is_held() || self.mark.is_some()
    }

    /// Whether a sign of life is to be told to the upstream: not twice in a second, unless the pod has failed since the last.
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

    /// Whether it would be worth telling that the pod has answered.
    pub(crate) fn wants_answer(&mut self, group: &Group<'_>, now: u64) -> bool {
        let told = *self.users.told(group, true);
        self.state.is_tainted() || self.mark.is_some() || told.is_none_or(|at| now.saturating_sub(at) >= SIGN_EVERY)
    }

    /// An answer came to a request that began at that time. Whether the pod says something else than before.
    pub(crate) fn answered(&mut self, draining: bool, began: u64, now: u64) -> bool {
        match &mut self.mark {
            Some(mark) if draining => mark.confirm(now),
            // What the pod was asked before its last word says nothing about the time since.
            Some(mark) if mark.at >= began => (),
            None if !draining => (),
            mark => {
                *mark = draining.then(|| Mark::new(now));
                self.load.is_back();
                return true;
            }
        }
        false
    }
}
