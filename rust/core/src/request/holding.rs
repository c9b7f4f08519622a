//! Holds requests that no pod can serve now, and requests of pages that could not reload. Ends when they can
//! be tried again or have waited long enough.

use super::call::{Call, after};
use super::{Action, Cause, Phase};
use crate::options::MILLISECOND;
use crate::pods::Wait;

/// The minimum interval between two attempts of one waiting request.
const PAUSE: u64 = 250 * MILLISECOND;

impl Call<'_> {
    /// Holds the request until a pod is known that would take a page.
    pub(super) fn hold(&mut self, cause: Cause) -> Action {
        self.leave();
        self.request.held = cause;
        self.request.failed = self.now;
        self.request.phase = Phase::AwaitingPod;
        self.await_pod()
    }

    /// Tries again, keeps waiting, or gives up.
    pub(super) fn await_pod(&mut self) -> Action {
        let end = after(self.request.began, self.flow.options.page_wait);
        self.request.waits = self.request.waits || self.shared().begin_waiting();
        let is_full = !self.request.waits;
        let (wait, find_pod) = self.shared().pods.wait(&self.flow.health, end, is_full, self.now);
        let named = find_pod && self.find_pod();
        match wait {
            // Must come first: it ends every loop.
            Wait::Over { .. } => self.unavailable(self.request.held),
            _ if self.has_news() => {
                self.wait_no_longer();
                self.request.start_over();
                self.try_now()
            }
            Wait::Again => {
                let again = after(self.request.failed, PAUSE);
                if self.now < again {
                    // The pause also counts as a wait, so that the limit of waiting requests applies.
                    return if is_full { self.unavailable(self.request.held) } else { Action::Wait { until: again } };
                }
                self.wait_no_longer();
                self.request.start_over();
                self.try_now()
            }
            // A request that asked for a background dial resumes in time to ask for the next one.
            Wait::Until(until) if named => Action::Wait { until: until.min(after(self.now, PAUSE)) },
            Wait::Until(until) => Action::Wait { until },
        }
    }

    /// Whether there are fresh pods now and were none before.
    fn has_news(&self) -> bool {
        let is_time = self.now >= after(self.request.failed, PAUSE);
        self.request.held == Cause::NoFreshPod && is_time && self.flow.upstreams.known() > 0
    }

    /// Ends the request's count among those that wait for a pod.
    pub(super) fn wait_no_longer(&mut self) {
        if std::mem::take(&mut self.request.waits) {
            self.shared().end_waiting();
        }
    }
}
