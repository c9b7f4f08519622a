//! Times and limits that a process and a configuration can set.

use std::num::NonZeroU32;

/// One second in nanoseconds, the unit of all times and durations in this crate.
pub const SECOND: u64 = 1_000_000_000;

pub(crate) const MILLISECOND: u64 = SECOND / 1000;

/// The limits of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The maximum number of remembered pods. Default: 10,000. Above it, pods without a recorded fault are
    /// forgotten first. May be exceeded briefly by one pod per thread.
    pub max_pods: NonZeroU32,
    /// The maximum number of requests that wait for a pod. Default: 4,096.
    pub max_waiting: u32,
    /// The maximum number of concurrent lookups. Default: 64.
    pub max_lookups: NonZeroU32,
    /// The maximum number of lookups that have been running for over a second and no longer count towards
    /// `max_lookups`. Default: 256.
    pub max_slow_lookups: u32,
    /// The maximum number of lookups started per second for hosts with known addresses. Default: 100.
    pub refreshes_per_second: NonZeroU32,
}

impl Default for Limits {
    fn default() -> Self {
        const fn positive(number: u32) -> NonZeroU32 {
            NonZeroU32::new(number).expect("it is not 0")
        }
        Limits {
            max_pods: const { positive(10_000) },
            max_waiting: 4096,
            max_lookups: const { positive(64) },
            max_slow_lookups: 256,
            refreshes_per_second: const { positive(100) },
        }
    }
}

/// The options of one configuration. Durations are in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long a pod must be unreachable before it is gone. Default: 10 s.
    pub gone_after: u64,
    /// The maximum number of receiver streams per upstream and second that get 410; 0 for no limit. Default:
    /// 100.
    pub gone_rate: u32,
    /// How long a pod may drain before its pages get 410, least recently used first and at most at
    /// `gone_rate`; 0 for no limit. Default: 0.
    pub drain_max: u64,
    /// How often a page opens a receiver stream. Must equal the app's `SolitaireRollTime`. Default: 15 s.
    pub roll_time: u64,
    /// How long a page load waits for a pod, counted from the start of the request. Also applies to the
    /// receiver stream of a page while no known pod would take the page. 0 disables waiting. Default: 10 s.
    pub page_wait: u64,
    /// The interval between lookups of a host that requests use, at least 10 ms. Default: 1 s.
    pub refresh: u64,
    /// The maximum age of addresses after lookups have stopped. A request first waits for a lookup if they
    /// are older. Default: 300 s.
    pub stale_max: u64,
    /// How long a request waits for a first lookup while no address is known. All other waits for DNS last at
    /// most 500 ms. Default: 3 s.
    pub first_lookup: u64,
    /// Identifies a resolver: a combination of name servers and IP versions, numbered by the caller. Hosts
    /// with the same name and resolver share their lookups. Default: 0.
    pub resolver: u64,
    /// The user has configured a load-balancing policy: steps return
    /// [`Action::Choose`](crate::Action::Choose) when several pods can serve a request. Default: false.
    pub user_chooses: bool,
    /// The user has configured retries: a request that failed on every pod starts over until the caller calls
    /// [`Source::give_up`](crate::Source::give_up). Default: false.
    pub user_retries: bool,
}

impl Options {
    /// The longest normal interval without a receiver stream. A pod ends a stream after at most this time.
    pub(crate) fn silence(&self) -> u64 {
        self.roll_time.saturating_add(self.roll_time / 3)
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            gone_after: 10 * SECOND,
            gone_rate: 100,
            drain_max: 0,
            roll_time: 15 * SECOND,
            page_wait: 10 * SECOND,
            refresh: SECOND,
            stale_max: 300 * SECOND,
            first_lookup: 3 * SECOND,
            resolver: 0,
            user_chooses: false,
            user_retries: false,
        }
    }
}
