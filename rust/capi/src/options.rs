//! Limits of a process and options of a configuration: `doors_limits`, `doors_options`.

use std::num::NonZeroU32;

use doors_routing::{Limits, Options};

use crate::numbers::*;
use crate::status::Status;
use crate::{guard, memory};

/// The limits of a process. doors_limits_init() sets the defaults.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_limits {
    /// The maximum number of remembered pods, at least 1. Default: 10,000.
    pub max_pods: u32,
    /// The maximum number of requests that wait for a pod. Default: 4,096.
    pub max_waiting: u32,
    /// The maximum number of concurrent lookups, at least 1. Default: 64.
    pub max_lookups: u32,
    /// The maximum number of lookups that have been running for over a second and no longer count towards
    /// `max_lookups`. Default: 256.
    pub max_slow_lookups: u32,
    /// The maximum number of lookups started per second for hosts with known addresses, at least 1. Default:
    /// 100.
    pub refreshes_per_second: u32,
    /// Must be 0.
    pub reserved: [u32; 3],
}

/// The options of one configuration. Durations are in nanoseconds. doors_options_init() sets the defaults.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_options {
    /// How long a pod must be unreachable before it is gone. Default: 10 s.
    pub gone_after: i64,
    /// How long a pod may drain before its pages get 410, least recently used first and at most at
    /// `gone_rate`; 0 for no limit. Default: 0.
    pub drain_max: i64,
    /// How often a page opens a receiver stream. Must equal the app's `SolitaireRollTime`. Default: 15 s.
    pub roll_time: i64,
    /// How long a page load waits for a pod, counted from the start of the request. Also applies to the
    /// receiver stream of a page while no known pod would take the page. 0 disables waiting. Default: 10 s.
    pub page_wait: i64,
    /// The interval between lookups of a host that requests use. Default: 1 s, minimum: 10 ms.
    pub refresh: i64,
    /// The maximum age of addresses after lookups have stopped. A request first waits for a lookup if they
    /// are older. Default: 300 s.
    pub stale_max: i64,
    /// How long a request waits for a first lookup while no address is known. All other waits for DNS last at
    /// most 500 ms. Default: 3 s.
    pub first_lookup: i64,
    /// Identifies a resolver: a combination of name servers and IP versions, numbered by the caller. Hosts
    /// with the same name and resolver share their lookups. Default: 0.
    pub resolver: u64,
    /// The maximum number of receiver streams per upstream and second that get 410; 0 for no limit. Default:
    /// 100.
    pub gone_rate: u32,
    /// Any of DOORS_OPTION_*, combined with `|`. Default: 0.
    pub flags: u32,
    /// Must be 0.
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

/// Sets all members of `*out` to their defaults.
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

/// Sets all members of `*out` to their defaults.
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
