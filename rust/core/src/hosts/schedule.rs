//! In: users that come and go, requests, timers and ended lookups of one host, each with the time.
//! Out: whether and when to look it up.

use crate::SECOND;

/// How many refresh intervals without a request end the lookups of a host.
const IDLE_AFTER: u64 = 10;

/// A part of a refresh interval of at most one in so many is left out at random, so that hosts that started together do
/// not stay together. It only shortens: the interval is an upper bound.
const JITTER: u64 = 5;

/// Keeps a mistaken interval from turning into a busy loop.
const LEAST_REFRESH: u64 = SECOND / 100;

/// For how long after the last request that waits for a lookup somebody may still be there. Requests that wait for
/// longer come back in the meantime.
const LONGEST_WAIT: u64 = 10 * SECOND;

/// The interval that counts for a user: an answer must not get older than `stale_max` before the next lookup.
pub(crate) fn bounded_refresh(refresh: u64, stale_max: u64) -> u64 {
    refresh.min(stale_max).max(LEAST_REFRESH)
}

/// Where a host is in its cycle: idle, queued, running, waiting, queued, ...
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing is planned.
    #[default]
    Idle,
    /// The next lookup is due at `Schedule::due`.
    Waiting,
    /// A lookup is due and waits for its turn.
    Queued,
    /// A lookup is under way.
    Running,
}

#[derive(Debug, Default)]
pub(super) struct Schedule {
    phase: Phase,
    users: u32,
    /// How many users ask for which interval. There is rarely more than one.
    intervals: Vec<(u64, u32)>,
    /// The smallest of these.
    refresh: u64,
    last_used: u64,
    due: u64,
    /// When a request last said that it waits for the pending lookup, which goes on for it when the last user has left.
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

    /// Whether a lookup will end without a further event.
    pub(super) fn pending(&self) -> bool {
        matches!(self.phase, Phase::Queued | Phase::Running)
    }

    /// Whether a request waits, or waited, for the pending lookup.
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
                self.intervals.reserve_exact(1); // there is rarely a second
                self.intervals.push((refresh, 1));
            }
        }
        self.set_refresh();
    }

    /// Removes a user who joined with this interval. It returns whether that was the last one. Nothing is planned from
    /// then on, but a lookup that is pending goes on for those who wait for it.
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

    /// Brings the planned lookup forward if the interval has become shorter. It returns the new time.
    pub(super) fn bring_forward(&mut self, now: u64) -> Option<u64> {
        let due = now.saturating_add(self.refresh);
        if self.phase != Phase::Waiting || self.due <= due {
            return None;
        }
        self.due = due;
        Some(due)
    }

    /// Whether somebody wants the pending lookup.
    pub(super) fn wanted(&self, now: u64) -> bool {
        self.users > 0 || self.awaited.is_some_and(|at| now.saturating_sub(at) <= LONGEST_WAIT)
    }

    /// Whether nobody has used the host for so long that its lookups end. `used`: a request came since the last call.
    fn quiet(&mut self, now: u64, used: bool) -> bool {
        if used {
            self.last_used = self.last_used.max(now);
        }
        now.saturating_sub(self.last_used) >= self.refresh.saturating_mul(IDLE_AFTER)
    }

    /// A request. It returns whether a lookup must be queued for it. Without a user there is one only for a request that
    /// will wait for it.
    pub(super) fn touch(&mut self, now: u64, waits: bool) -> bool {
        self.last_used = self.last_used.max(now);
        if self.phase != Phase::Idle || self.users == 0 && !waits {
            return false;
        }
        self.phase = Phase::Queued;
        true
    }

    /// A request waits for the pending lookup.
    pub(super) fn wait(&mut self, now: u64) {
        self.awaited = self.awaited.max(Some(now));
    }

    /// The planned lookup is due. It returns whether it must be queued; otherwise the host has become idle.
    pub(super) fn tick(&mut self, now: u64, used: bool) -> bool {
        if self.users == 0 || self.quiet(now, used) {
            self.phase = Phase::Idle;
            return false;
        }
        self.phase = Phase::Queued;
        true
    }

    /// Whether the planned lookup is to be queued now instead.
    pub(super) fn hasten(&mut self) -> bool {
        if self.phase != Phase::Waiting {
            return false;
        }
        self.phase = Phase::Queued;
        true
    }

    /// Begins a queued lookup. It returns false when nobody wants it any more; the host is idle then. One that is only to
    /// `refresh` what is known has stood in the queue for nobody if there was no request in the meantime.
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

    /// The lookup has ended, in whatever way. It returns when the next one is due, `None` when no user is left.
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
