//! What a process and a configuration may have to say about times and bounds.

use std::num::NonZeroU32;

/// One second in the unit of all times and durations here, nanoseconds.
pub const SECOND: u64 = 1_000_000_000;

pub(crate) const MILLISECOND: u64 = SECOND / 1000;

/// The bounds of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many pods are remembered. Default: 10,000. When there are more, one is forgotten with which nothing is wrong, and
    /// only where there is none one against which something is held. For a moment it may be one more for each thread.
    pub max_pods: NonZeroU32,
    /// How many requests may wait for a pod at once. Default: 4,096.
    pub max_waiting: u32,
    /// How many lookups may run at once. Default: 64.
    pub max_lookups: NonZeroU32,
    /// How many more may run, if so many have been running for over a second. Default: 256.
    pub max_slow_lookups: u32,
    /// How many lookups a second may begin for hosts whose addresses are known. Default: 100.
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

/// The options of one configuration. Durations are nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// For how long a pod must have been out of reach until it is gone. Default: 10 s.
    pub gone_after: u64,
    /// How many receiver streams of an upstream may be told 410 in one second; 0 for all. Default: 100.
    pub gone_rate: u32,
    /// For how long a pod may drain until its pages are told 410, those that were not used for longest first; 0 for ever.
    /// `gone_rate` paces them. Default: 0.
    pub drain_max: u64,
    /// How often a page opens a receiver stream: the app's `SolitaireRollTime`. Default: 15 s.
    pub roll_time: u64,
    /// For how long a page load waits for a pod, and the receiver stream of a page that has nothing to reload onto; 0
    /// for not at all. It counts from the beginning of the request. Default: 10 s.
    pub page_wait: u64,
    /// The time from one lookup of a host to the next, while requests use it. Default: 1 s.
    pub refresh: u64,
    /// The age at which addresses are not used without waiting for new ones, if there were no lookups. Default: 300 s.
    pub stale_max: u64,
    /// For how long a request waits for first lookups while no address is known at all. Any other wait for DNS is
    /// 500 ms at most. Default: 3 s.
    pub first_lookup: u64,
    /// The caller's number for the way in which names are looked up (which name servers, which IP versions). Hosts
    /// with the same name and number are one host. Default: 0.
    pub resolver: u64,
    /// The user has a policy of his own: steps say [`Action::Choose`](crate::Action::Choose) for requests that several
    /// pods may take. Default: false.
    pub user_chooses: bool,
    /// The user said how to retry: a request that has failed everywhere starts over instead of ending, until the caller
    /// gives up ([`Source::give_up`](crate::Source::give_up)). Default: false.
    pub user_retries: bool,
}

impl Options {
    /// For how long a page may be silent: its pod ends a stream after that time.
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
