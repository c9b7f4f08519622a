//! In: tokens that did not open, pods that worked. Out: when it is time to say that no token ever opened (the key is
//! probably wrong), which refused tokens are worth a line in the log, and when to ask for a pod that works.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::pacing::{Background, Bucket, due};
use super::upstream::{LastTwo, Sign};
use super::{Pod, SECOND, UpstreamHealth};
use crate::Reason;

/// So many tokens in a row are no accident.
const ENOUGH: u32 = 20;

/// How often it is said.
const SAY_EVERY: u64 = 60 * SECOND;

/// How often a line is written about tokens that are refused for one reason.
const LINE_EVERY: u64 = 10 * SECOND;

/// How often a pod is named for a dial in the background.
const ASK_EVERY: u64 = SECOND / 4;

/// For how long the failure of such a dial leads to the next: no longer than somebody wants a pod.
const GOES_ON: u64 = 2 * SECOND;

/// What is known about the health of one configuration. Whoever makes sources keeps it while one with the same secret and
/// upstreams is in use, so that it outlives reloads.
#[derive(Debug)]
pub(crate) struct SourceHealth {
    id: u64,
    /// A token has opened: the key is right.
    opened: AtomicBool,
    /// Pods that were named because they may take pages.
    pub(super) background: Background,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Paces the answers to tokens that belong to no upstream.
    bucket: Bucket,
    lines: [Line; 3],
    /// The pods that last worked while they were fresh, each with the upstream under which it did.
    worked: LastTwo<Weak<UpstreamHealth>>,
    /// When a request last wanted a pod that takes pages, and when one was last asked for.
    wanted: Option<u64>,
    asked: Option<u64>,
    unopened: u32,
    said: Option<u64>,
}

/// Lines in the log about tokens that were refused for one reason.
#[derive(Debug, Default)]
struct Line {
    written: Option<u64>,
    suppressed: u32,
}

impl SourceHealth {
    /// Nothing is known. `id` is never given twice.
    pub(crate) fn new(id: u64) -> Self {
        let (opened, background, state) = (AtomicBool::new(false), Background::default(), Mutex::default());
        SourceHealth { id, opened, background, state }
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Names a pod for a dial in the background: the first that was not named in the last 3 s without a report since.
    pub(crate) fn hand_out(&self, pods: impl IntoIterator<Item = Pod>, now: u64) -> Option<Pod> {
        pods.into_iter().find(|pod| self.background.name(*pod, now))
    }

    /// A token opened: the key is right. Writes nothing once that is known.
    pub(super) fn opened(&self) {
        if !self.opened.load(Ordering::Relaxed) {
            self.opened.store(true, Ordering::Relaxed);
        }
    }

    /// A token was refused. Whether it is time to say that none ever opened; and when it is time for a line in the log, how
    /// many were refused for this reason without one.
    pub(super) fn refused(&self, reason: Reason, now: u64) -> (bool, Option<u32>) {
        let did_open = !matches!(reason, Reason::Malformed | Reason::Refused);
        if did_open {
            self.opened();
        }
        let mut state = self.lock();
        let State { lines, unopened, said, .. } = &mut *state;
        *unopened = unopened.saturating_add((!did_open).into());
        let nothing_opens =
            !did_open && !self.opened.load(Ordering::Relaxed) && *unopened >= ENOUGH && due(said, SAY_EVERY, now);
        let line = &mut lines[match reason {
            Reason::Malformed => 0,
            Reason::Refused => 1,
            _ => 2,
        }];
        let is_due = due(&mut line.written, LINE_EVERY, now);
        line.suppressed = line.suppressed.saturating_add((!is_due).into());
        (nothing_opens, is_due.then(|| std::mem::take(&mut line.suppressed)))
    }

    /// A pod worked while it was fresh.
    pub(super) fn add(&self, pod: Pod, upstream: &Arc<UpstreamHealth>, at: u64) {
        self.lock().worked.add(Sign { pod, of: Arc::downgrade(upstream), at });
    }

    /// The pods that worked lately, each with its upstream, if a configuration has that still, and the time of its sign.
    pub(super) fn worked(&self, now: u64) -> [Option<(Pod, Arc<UpstreamHealth>, u64)>; 2] {
        self.lock().worked.at(now).map(|sign| {
            let Sign { pod, of, at } = sign?;
            Some((*pod, of.upgrade()?, *at))
        })
    }

    /// A request wants a pod that takes pages. Whether it is time to ask for one; it counts as asked then.
    pub(super) fn asks(&self, now: u64) -> bool {
        let mut state = self.lock();
        state.wanted = state.wanted.max(Some(now));
        due(&mut state.asked, ASK_EVERY, now)
    }

    /// A dial in the background has failed. Whether it is time to ask for the next pod.
    pub(super) fn asks_on(&self, now: u64) -> bool {
        let mut state = self.lock();
        let wanted = state.wanted.is_some_and(|at| now.saturating_sub(at) < GOES_ON);
        wanted && due(&mut state.asked, ASK_EVERY, now)
    }

    /// Whether a page may be told to reload now.
    pub(super) fn paces(&self, gone_rate: u32, now: u64) -> bool {
        gone_rate == 0 || self.lock().bucket.take(gone_rate, now)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn said_once_a_minute_until_a_token_opens() {
        let source = SourceHealth::new(1);
        let unopened = |second: u64| source.refused(Reason::Refused, second * SECOND).0;
        assert!((1..20).all(|second| !unopened(second)));
        assert!(unopened(100));
        assert!(!unopened(159));
        assert!(unopened(160));
        source.opened();
        assert!(!unopened(1000));
    }

    #[test]
    fn one_line_for_each_reason_and_ten_seconds() {
        let source = SourceHealth::new(1);
        let line = |reason, second: u64| source.refused(reason, second * SECOND).1;
        assert_eq!(line(Reason::Refused, 0), Some(0));
        assert!((0..10).all(|second| line(Reason::Refused, second).is_none()));
        assert_eq!(line(Reason::Malformed, 9), Some(0));
        assert_eq!(line(Reason::NoCidr, 9), Some(0));
        assert_eq!(line(Reason::Refused, 10), Some(10));
        assert_eq!(line(Reason::Refused, 20), Some(0));
        assert_eq!((line(Reason::NoCidr, 18), line(Reason::NoCidr, 19)), (None, Some(1)));
    }
}
