//! Waiting for DNS: which lookups a request without a pod waits for, and how long.

use std::sync::atomic::Ordering;

use super::call::{Call, after};
use super::{Flow, Phase};
use crate::hosts::Touch;
use crate::options::{MILLISECOND, SECOND};
use crate::state::Member;

/// The longest total wait of a request for DNS, regardless of how many hosts it needs and how often it waits.
const LONGEST: u64 = 500 * MILLISECOND;

/// How long DNS may be silent about an upstream before other upstreams are looked up too. A healthy name
/// server answers sooner, so the others stay unused.
const LOOK_AROUND_AFTER: u64 = 100 * MILLISECOND;

/// How many unused upstreams are looked up at once for one request.
pub(super) const LOOKED_UP: u32 = 16;

/// The same with a user's policy, because it must see all upstreams.
const LOOKED_UP_FOR_POLICY: u32 = 1000;

impl Call<'_> {
    /// Waits for the first addresses of the request's own upstream, and for new ones after a long time
    /// without lookups.
    pub(super) fn await_own(&mut self, member: &Member) -> Option<u64> {
        let touch = member.upstream.host.touch(self.now, self.flow.options.stale_max, true);
        self.report.lookups_due |= touch.lookups_due;
        if !touch.pending || touch.ready {
            return None;
        }
        let since = *self.request.dns_wait_began.get_or_insert(self.now);
        let mut until = after(since, LONGEST);
        if self.now >= until {
            return None;
        }
        let look_around = after(since, LOOK_AROUND_AFTER);
        if self.flow.turns.is_some() && !self.request.looked_around && member.fresh().is_none() {
            if self.now < look_around {
                until = look_around;
            } else {
                self.request.looked_around = true;
                self.look_up_others(LOOKED_UP);
            }
        }
        self.request.phase = Phase::AwaitingLookups;
        Some(until)
    }

    /// Waits for running lookups when a request could reach none of the known pods. After a quiet time, the
    /// pods may have changed. Waits longer for first lookups while no address is known at all.
    pub(super) fn await_any(&mut self, own: Option<u32>, others: bool) -> Option<u64> {
        let Flow { upstreams, options, .. } = self.flow;
        let is_first_call = self.request.looked_up.is_none();
        let first = match self.request.looked_up {
            Some(first) => first,
            None => *self.request.looked_up.insert(self.flow.looked_up.fetch_add(self.most(), Ordering::Relaxed)),
        };
        let since = *self.request.dns_wait_began.get_or_insert(self.now);
        let is_known = upstreams.known() > 0;
        let patience = |is_first: bool| {
            after(since, if is_first && !is_known { options.first_lookup.max(LONGEST) } else { LONGEST })
        };
        let old = options.stale_max.min(options.refresh.saturating_mul(2));
        let others = if others { self.most().min(upstreams.len()) } else { 0 };
        let others = (0..others).map(|step| first.wrapping_add(step) % upstreams.len());
        let all = own.into_iter().chain(others);
        let mut until = None;
        for (place, upstream) in (0..).zip(all).skip(self.request.settled as usize) {
            let Some(member) = upstreams.get(upstream) else { continue };
            let touch = member.upstream.host.touch(self.now, old, true);
            self.report.lookups_due |= touch.lookups_due;
            let wait = patience(touch.first);
            if touch.pending && self.now < wait {
                until = until.max(Some(wait));
                // The first call starts all lookups; later calls continue where the last one stopped.
                if !is_first_call && options.user_chooses {
                    break;
                }
            } else if until.is_none() {
                self.request.settled = place + 1;
            }
        }
        if until.is_some() {
            self.request.phase = Phase::AwaitingLookups;
        }
        until
    }

    /// Marks the host of an upstream as used, without waiting for it.
    pub(super) fn use_host(&mut self, member: &Member) -> Touch {
        let touch = member.upstream.host.touch(self.now, self.flow.options.stale_max, false);
        self.report.lookups_due |= touch.lookups_due;
        touch
    }

    /// How many other upstreams are looked up for the request.
    fn most(&self) -> u32 {
        if self.flow.options.user_chooses { LOOKED_UP_FOR_POLICY } else { LOOKED_UP }
    }

    /// Looks up at most `most` upstreams without addresses, without waiting for them.
    pub(super) fn look_up_others(&mut self, most: u32) {
        let upstreams = &self.flow.upstreams;
        let most = most.min(upstreams.len());
        let first = self.flow.looked_up.fetch_add(most, Ordering::Relaxed);
        for step in 0..most {
            let member = upstreams.get(first.wrapping_add(step) % upstreams.len());
            if let Some(member) = member.filter(|member| member.fresh().is_none()) {
                self.use_host(member);
            }
        }
    }
}

const _: () = assert!(LONGEST < SECOND);
