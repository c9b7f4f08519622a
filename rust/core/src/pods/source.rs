//! The health of one configuration: whether its key works, which refused tokens to log, and when to look for
//! a working pod.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::pacing::{Background, Bucket, due};
use super::upstream::{LastTwo, Sign};
use super::{Pod, SECOND, UpstreamHealth};
use crate::Reason;

/// After this many refused tokens, and none decrypted, the key is probably wrong.
const ENOUGH: u32 = 20;

/// The interval between reports that no token could be decrypted.
const SAY_EVERY: u64 = 60 * SECOND;

/// The interval between log lines about refused tokens, per reason.
const LINE_EVERY: u64 = 10 * SECOND;

/// The interval between background dials to find a pod that takes pages.
const SEARCH_EVERY: u64 = SECOND / 4;

/// For this long after a request last wanted a pod, each failed background dial leads to the next one.
const GOES_ON: u64 = 2 * SECOND;

/// The health of one configuration. Kept while a configuration with the same secret and upstreams is in use,
/// so that it outlives reloads.
#[derive(Debug)]
pub(crate) struct SourceHealth {
    id: u64,
    /// Whether a token was ever decrypted, which proves that the key is right.
    opened: AtomicBool,
    /// Background dials to pods that may take pages.
    pub(super) background: Background,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Limits the rate of answers to tokens that belong to no upstream.
    bucket: Bucket,
    lines: [Line; 3],
    /// The last pods that worked while fresh, each with its upstream at that time.
    worked: LastTwo<Weak<UpstreamHealth>>,
    /// When a request last needed a pod that takes pages, and when a dial was last requested.
    wanted: Option<u64>,
    searched: Option<u64>,
    unopened: u32,
    said: Option<u64>,
}

/// Log lines about tokens refused for one reason.
#[derive(Debug, Default)]
struct Line {
    written: Option<u64>,
    suppressed: u32,
}

impl SourceHealth {
    /// Creates an empty record. `id` must be unique.
    pub(crate) fn new(id: u64) -> Self {
        let (opened, background, state) = (AtomicBool::new(false), Background::default(), Mutex::default());
        SourceHealth { id, opened, background, state }
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Requests a background dial of the first pod without a dial in the last 3 s whose outcome is
    /// outstanding.
    pub(crate) fn request_dial(&self, pods: impl IntoIterator<Item = Pod>, now: u64) -> Option<Pod> {
        pods.into_iter().find(|pod| self.background.request(*pod, now))
    }

    /// Records that a token was decrypted. Writes nothing if that is already known.
    pub(super) fn opened(&self) {
        if !self.opened.load(Ordering::Relaxed) {
            self.opened.store(true, Ordering::Relaxed);
        }
    }

    /// Records a refused token. Returns whether to report that no token could be decrypted. If a log line is
    /// due, also returns how many tokens were refused for this reason since the last line.
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

    /// Records that a pod worked while fresh.
    pub(super) fn add(&self, pod: Pod, upstream: &Arc<UpstreamHealth>, at: u64) {
        self.lock().worked.add(Sign { pod, of: Arc::downgrade(upstream), at });
    }

    /// The pods that worked recently, each with its upstream and the time of its sign of life. Omits pods
    /// whose upstream is no longer configured.
    pub(super) fn worked(&self, now: u64) -> [Option<(Pod, Arc<UpstreamHealth>, u64)>; 2] {
        self.lock().worked.at(now).map(|sign| {
            let Sign { pod, of, at } = sign?;
            Some((*pod, of.upgrade()?, *at))
        })
    }

    /// Handles a request that wants a pod that takes pages. Returns whether to request a dial. Counts it if
    /// so.
    pub(super) fn starts_search(&self, now: u64) -> bool {
        let mut state = self.lock();
        state.wanted = state.wanted.max(Some(now));
        due(&mut state.searched, SEARCH_EVERY, now)
    }

    /// Handles a failed background dial. Returns whether to request the next one.
    pub(super) fn continues_search(&self, now: u64) -> bool {
        let mut state = self.lock();
        let wanted = state.wanted.is_some_and(|at| now.saturating_sub(at) < GOES_ON);
        wanted && due(&mut state.searched, SEARCH_EVERY, now)
    }

    /// Whether a page may be told to reload now.
    pub(super) fn admits(&self, gone_rate: u32, now: u64) -> bool {
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
    fn reported_once_a_minute_until_a_token_is_decrypted() {
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
    fn one_line_per_reason_and_ten_seconds() {
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
