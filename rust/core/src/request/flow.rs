//! The state that all requests of one configuration share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::choice::Turns;
use crate::hosts::bounded_refresh;
use crate::options::{MILLISECOND, Options};
use crate::pods::{Group, SourceHealth};
use crate::router::Router;
use crate::state::{Member, State, Upstreams};

/// The state that all requests of one configuration share.
pub(crate) struct Flow {
    pub(crate) tag: u64,
    pub(crate) state: State,
    pub(crate) options: Options,
    /// Must be dropped before `upstreams`, because that removes unused records when it is dropped.
    pub(crate) health: Arc<SourceHealth>,
    pub(crate) upstreams: Arc<Upstreams>,
    pub(crate) router: Arc<Router>,
    /// `None` if there is only one upstream.
    pub(super) turns: Option<Box<Turns>>,
    /// Counts the upstreams that were looked up without being sent a request.
    pub(super) looked_up: AtomicU32,
    /// The earliest time of the next such lookup.
    next_look_up: AtomicU64,
}

/// The interval between lookups of upstreams without addresses. They may have some by now.
const LOOK_UP_EVERY: u64 = 10 * MILLISECOND;

impl Flow {
    pub(crate) fn new(state: &State, router: Router, options: Options) -> Self {
        let options = Options { refresh: bounded_refresh(options.refresh, options.stale_max), ..options };
        let router = Arc::new(router);
        let health = state.shared().records.source(key(&router, &options));
        let upstreams = Upstreams::new(state, router.clone(), &options);
        Flow {
            tag: new_tag(),
            state: state.clone(),
            options,
            health,
            turns: (upstreams.len() > 1).then(|| Box::new(Turns::new())),
            upstreams,
            router,
            looked_up: AtomicU32::new(0),
            next_look_up: AtomicU64::new(0),
        }
    }

    /// The group that events about this member belong to.
    pub(super) fn group<'a>(&'a self, member: &'a Member) -> Group<'a> {
        let Options { gone_after, gone_rate, drain_max, roll_time, .. } = self.options;
        let (source, upstream) = (&*self.health, &member.upstream.health);
        Group { source, upstream, router: &self.router, gone_after, gone_rate, drain_max, roll_time }
    }

    /// Whether to look up one more upstream without addresses. True at most once per interval.
    pub(super) fn looks_up_another(&self, now: u64) -> bool {
        let next = self.next_look_up.load(Ordering::Relaxed);
        now >= next && {
            let after = now.saturating_add(LOOK_UP_EVERY);
            self.next_look_up.compare_exchange(next, after, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        }
    }
}

/// A number that is unique in this process and unlikely to occur in other memory.
fn new_tag() -> u64 {
    const MARK: u64 = 0x6d6f_7264_0000_0000;
    static LAST: AtomicU64 = AtomicU64::new(0);
    MARK ^ LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
}

/// Identifies the keys and the set of upstreams. What is known about one set does not apply to pages of
/// another.
fn key(router: &Router, options: &Options) -> [u8; 32] {
    let name = |upstream: &crate::Upstream| {
        let mut hosts: Vec<String> = upstream.hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        hosts.sort_unstable();
        format!("{}:{}", hosts.join(" "), upstream.port)
    };
    let mut upstreams: Vec<String> = router.upstreams().iter().map(name).collect();
    upstreams.sort_unstable();
    upstreams.dedup();
    let mut digest = Sha256::new();
    router.key_ids().iter().for_each(|id| digest.update(id.as_bytes()));
    digest.update(options.resolver.to_be_bytes());
    for upstream in upstreams {
        digest.update(upstream);
        digest.update("\n");
    }
    digest.finalize().into()
}
