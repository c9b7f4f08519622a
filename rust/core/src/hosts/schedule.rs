//! Decides when to look up one host, from its users, its requests and the ends of its lookups.

use crate::SECOND;

/// The lookups of a host stop after this many refresh intervals without a request.
const IDLE_AFTER: u64 = 10;

/// Shortens each interval at random by up to one part in this many, so that hosts that started together
/// spread out. Never lengthens it: the interval is an upper bound.
const JITTER: u64 = 5;

/// Prevents a misconfigured interval from causing a busy loop.
const LEAST_REFRESH: u64 = SECOND / 100;

/// How long a lookup stays wanted after a request last began to wait for it. A request that waits longer
/// reports again.
const LONGEST_WAIT: u64 = 10 * SECOND;

/// The effective interval of a user: an answer must not become older than `stale_max` before the next lookup.
pub(crate) fn bounded_refresh(refresh: u64, stale_max: u64) -> u64 {
    refresh.min(stale_max).max(LEAST_REFRESH)
}

/// The phase of a host's cycle: idle, queued, running, waiting, queued, ...
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing is planned.
    #[default]
    Idle,
    /// The next lookup is due at `Schedule::due`.
    Waiting,
    /// A lookup is due and waits for its turn.
    Queued,
    /// A lookup is running.
    Running,
}

#[derive(Debug, Default)]
pub(super) struct Schedule {
    phase: Phase,
    users: u32,
    /// The number of users per interval. There is rarely more than one interval.
    intervals: Vec<(u64, u32)>,
    /// The smallest interval.
    refresh: u64,
    last_used: u64,
    due: u64,
    /// When a request last waited for the pending lookup. The lookup then continues even after the last user
    /// has left.
    awaited: Option<u64>,
}

impl Schedule {
    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn users(&self) -> u32 {
        self.users
    }

    pub(super) fn refresh(&self) -> u64 {
        self.refresh
    }

    /// Whether a lookup is due or running.
    pub(super) fn pending(&self) -> bool {
        matches!(self.phase, Phase::Queued | Phase::Running)
    }

    /// Whether a request waits or waited for the pending lookup.
    pub(super) fn awaited(&self) -> bool {
        self.awaited.is_some()
    }

    /// Adds a user.
    pub(super) fn join(&mut self, refresh: u64) {
        let refresh = refresh.max(LEAST_REFRESH);
        self.users += 1;
        match self.intervals.iter_mut().find(|interval| interval.0 == refresh) {
            Some(interval) => interval.1 += 1,
            None => {
                self.intervals.reserve_exact(1); // a second is rare
                self.intervals.push((refresh, 1));
            }
        }
        self.set_refresh();
    }

    /// Removes a user with this interval. Returns whether it was the last one. After that nothing is planned,
    /// but a pending lookup continues for the requests that wait for it.
    pub(super) fn leave(&mut self, refresh: u64) -> bool {
        let refresh = refresh.max(LEAST_REFRESH);
        let Some(at) = self.intervals.iter().position(|interval| interval.0 == refresh) else {
            return false;
        };
        self.users -= 1;
        self.intervals[at].1 -= 1;
        if self.intervals[at].1 == 0 {
            self.intervals.swap_remove(at);
        }
        self.set_refresh();
        if self.users > 0 {
            return false;
        }
        if self.phase == Phase::Waiting || self.phase == Phase::Queued && self.awaited.is_none() {
            self.phase = Phase::Idle;
        }
        true
    }

    fn set_refresh(&mut self) {
        self.refresh = self.intervals.iter().map(|interval| interval.0).min().unwrap_or(0);
    }

    /// Brings the planned lookup forward if the interval has become shorter. Returns the new time.
    pub(super) fn bring_forward(&mut self, now: u64) -> Option<u64> {
        let due = now.saturating_add(self.refresh);
        if self.phase != Phase::Waiting || self.due <= due {
            return None;
        }
        self.due = due;
        Some(due)
    }

    /// Whether the pending lookup is wanted.
    pub(super) fn wanted(&self, now: u64) -> bool {
        self.users > 0 || self.awaited.is_some_and(|at| now.saturating_sub(at) <= LONGEST_WAIT)
    }

    /// Whether the host has been unused for so long that its lookups stop. `used`: there was a request since
    /// the last call.
    fn quiet(&mut self, now: u64, used: bool) -> bool {
        if used {
            self.last_used = self.last_used.max(now);
        }
        now.saturating_sub(self.last_used) >= self.refresh.saturating_mul(IDLE_AFTER)
    }

    /// Handles a request. Returns whether to queue a lookup for it. Without users, that is only done for a
    /// request that will wait.
    pub(super) fn touch(&mut self, now: u64, waits: bool) -> bool {
        self.last_used = self.last_used.max(now);
        if self.phase != Phase::Idle || self.users == 0 && !waits {
            return false;
        }
        self.phase = Phase::Queued;
        true
    }

    /// Records that a request waits for the pending lookup.
    pub(super) fn wait(&mut self, now: u64) {
        self.awaited = self.awaited.max(Some(now));
    }

    /// Handles the time of a planned lookup. Returns whether to queue it; otherwise the host is now idle.
    pub(super) fn tick(&mut self, now: u64, used: bool) -> bool {
        if self.users == 0 || self.quiet(now, used) {
            self.phase = Phase::Idle;
            return false;
        }
        self.phase = Phase::Queued;
        true
    }

    /// Whether to queue the planned lookup now.
    pub(super) fn hasten(&mut self) -> bool {
        if self.phase != Phase::Waiting {
            return false;
        }
        self.phase = Phase::Queued;
        true
    }

    /// Starts a queued lookup. Returns false if it is no longer wanted; the host is then idle. A `refresh` is
    /// not wanted if there was no request in the meantime.
    pub(super) fn begin(&mut self, now: u64, refresh: bool, used: bool) -> bool {
        if self.phase != Phase::Queued {
            return false;
        }
        let in_vain = refresh && self.quiet(now, used);
        let begins = self.wanted(now) && !in_vain;
        if begins {
            self.phase = Phase::Running;
        } else {
            self.phase = Phase::Idle;
            self.awaited = None;
        }
        begins
    }

    /// Handles the end of a lookup. Returns when the next one is due, or `None` if no user is left.
    pub(super) fn end(&mut self, now: u64, random: u64) -> Option<u64> {
        self.awaited = None;
        if self.users == 0 {
            self.phase = Phase::Idle;
            return None;
        }
        let most = self.refresh / JITTER;
        let jitter = (u128::from(most) * u128::from(random)) >> 64;
        self.due = now.saturating_add(self.refresh - jitter as u64);
        self.phase = Phase::Waiting;
        Some(self.due)
    }
}
