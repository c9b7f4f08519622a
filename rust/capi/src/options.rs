//! Bounds of a process and options of a configuration: `doors_limits`, `doors_options`.

use std::num::NonZeroU32;

use doors_routing::{Limits, Options};

use crate::numbers::*;
use crate::status::Status;
use crate::{guard, memory};

/// The bounds of a process. doors_limits_init() fills in good values.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_limits {
    /// How many pods are remembered, at least 1. 10,000.
    pub max_pods: u32,
    /// How many requests may wait for a pod at once. 4,096.
    pub max_waiting: u32,
    /// How many lookups may run at once, at least 1. 64.
    pub max_lookups: u32,
    /// How many more may run, if so many have been running for over a second. 256.
    pub max_slow_lookups: u32,
    /// How many lookups a second may begin for hosts whose addresses are known, at least 1. 100.
    pub refreshes_per_second: u32,
    /// Zero.
    pub reserved: [u32; 3],
}

/// The options of one configuration. Durations are nanoseconds. doors_options_init() fills in good values.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_options {
    /// For how long a pod must have been out of reach until it is gone. 10 s.
    pub gone_after: i64,
    /// For how long a pod may drain until its pages are told 410, those that were not used for longest first; 0 for ever.
    /// `gone_rate` paces them. 0.
    pub drain_max: i64,
    /// How often a page opens a receiver stream: the app's `SolitaireRollTime`. 15 s.
    pub roll_time: i64,
    /// For how long a page load waits for a pod, and the receiver stream of a page that has nothing to reload onto; 0 for not
    /// at all. It counts from the beginning of the request. 10 s.
    pub page_wait: i64,
    /// The time from one lookup of a host to the next, while requests use it. 1 s; less than 10 ms is 10 ms.
    pub refresh: i64,
    /// The age at which addresses are not used without waiting for new ones, if there were no lookups. 300 s.
    pub stale_max: i64,
    /// For how long a request waits for first lookups while no address is known at all. Any other wait for DNS is 500 ms at
    /// most. 3 s.
    pub first_lookup: i64,
    /// The caller's number for the way in which names are looked up: which name servers, which IP versions. Hosts with the
    /// same name and number are one host. 0.
    pub resolver: u64,
    /// How many receiver streams of an upstream may be told 410 in one second; 0 for all. 100.
    pub gone_rate: u32,
    /// What of DOORS_OPTION_* applies, added up. 0.
    pub flags: u32,
    /// Zero.
    pub reserved: [u64; 2],
}

impl doors_limits {
    pub(crate) fn read(&self) -> Result<Limits, Status> {
        let doors_limits { max_pods, max_waiting, max_lookups, max_slow_lookups, refreshes_per_second, reserved } =
            *self;
        memory::reserved(&reserved)?;
        let positive = |number| NonZeroU32::new(number).ok_or(Status::Range);
        Ok(Limits {
            max_pods: positive(max_pods)?,
            max_waiting,
            max_lookups: positive(max_lookups)?,
            max_slow_lookups,
            refreshes_per_second: positive(refreshes_per_second)?,
        })
    }
}

impl doors_options {
    pub(crate) fn read(&self) -> Result<Options, Status> {
        memory::reserved(&self.reserved)?;
        if self.flags & !(DOORS_OPTION_USER_CHOOSES | DOORS_OPTION_USER_RETRIES) != 0 {
            return Err(Status::Range);
        }
        Ok(Options {
            gone_after: memory::duration(self.gone_after)?,
            gone_rate: self.gone_rate,
            drain_max: memory::duration(self.drain_max)?,
            roll_time: memory::duration(self.roll_time)?,
            page_wait: memory::duration(self.page_wait)?,
            refresh: memory::duration(self.refresh)?,
            stale_max: memory::duration(self.stale_max)?,
            first_lookup: memory::duration(self.first_lookup)?,
            resolver: self.resolver,
            user_chooses: self.flags & DOORS_OPTION_USER_CHOOSES != 0,
            user_retries: self.flags & DOORS_OPTION_USER_RETRIES != 0,
        })
    }
}

/// Fills in the good values that stand beside the members. `*out` gets them.
///
/// Returns DOORS_STATUS_OK or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_limits_init(out: *mut doors_limits) -> i32 {
    guard::status(|| unsafe {
        let limits = Limits::default();
        memory::output(out)?.write(doors_limits {
            max_pods: limits.max_pods.get(),
            max_waiting: limits.max_waiting,
            max_lookups: limits.max_lookups.get(),
            max_slow_lookups: limits.max_slow_lookups,
            refreshes_per_second: limits.refreshes_per_second.get(),
            reserved: [0; 3],
        });
        Ok(())
    })
}

/// Fills in the good values that stand beside the members. `*out` gets them.
///
/// Returns DOORS_STATUS_OK or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_options_init(out: *mut doors_options) -> i32 {
    guard::status(|| unsafe {
        let options = Options::default();
        memory::output(out)?.write(doors_options {
            gone_after: memory::lasted(options.gone_after),
            drain_max: memory::lasted(options.drain_max),
            roll_time: memory::lasted(options.roll_time),
            page_wait: memory::lasted(options.page_wait),
            refresh: memory::lasted(options.refresh),
            stale_max: memory::lasted(options.stale_max),
            first_lookup: memory::lasted(options.first_lookup),
            resolver: options.resolver,
            gone_rate: options.gone_rate,
            flags: 0,
            reserved: [0; 2],
        });
        Ok(())
    })
}
