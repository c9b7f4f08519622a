//! Which known pods would take a page, whether to wait for one, and which to dial in the background.

use std::net::IpAddr;

use super::record::Known;
use super::shard::Shard;
use super::{Pod, Pods, SECOND, SourceHealth, UpstreamHealth, Verdict};

/// How many pods of an upstream are considered as witnesses.
const LOOKED_AT: usize = 16;

/// What to do with a request that no pod could serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// A known pod would take the page: try again.
    Again,
    /// Hold the request and check again at this time, or earlier after a successful dial or a change of
    /// addresses.
    Until(u64),
    /// The request has waited long enough. `no_pod`: no known pod would take a page.
    Over { no_pod: bool },
}

impl Pods {
    /// Decides about a request that no pod could serve: a page load, or a receiver stream that got
    /// [`Told::Unavailable`] with `no_pod`. It may wait until `end`. `full`: the maximum number of requests
    /// is already waiting. Also returns whether to look for a pod, like [`Learned::find_pod`].
    pub(crate) fn wait(&self, source: &SourceHealth, end: u64, full: bool, now: u64) -> (Wait, bool) {
        // Must come first: it ends the loop of a request whose failed dials are not reported.
        let (over, serves) = (now >= end, self.serves_page(source, now));
        if !over && serves {
            return (Wait::Again, false);
        }
        let find_pod = !serves && source.starts_search(now);
        let wait = match over || full {
            true => Wait::Over { no_pod: !serves },
            false => Wait::Until(now.saturating_add(SECOND).min(end)),
        };
        (wait, find_pod)
    }

    /// Whether a page of a live pod may reload: a known pod serves pages and does not drain. A draining pod
    /// would make the page reload again soon, or might have ended by then.
    pub(crate) fn takes_page(&self, source: &SourceHealth, now: u64) -> bool {
        self.knows_pod(source, now, |pod, upstream, known| match known {
            Some(known) => !known.drains(),
            None => self.evictions.of(pod, &[upstream.id()]).is_none(),
        })
    }

    /// Whether a known pod serves page loads, if need be as the last choice: it is fresh, worked in the last
    /// minute and has not failed since. For a page of a gone pod, that is better than nothing.
    pub(crate) fn serves_page(&self, source: &SourceHealth, now: u64) -> bool {
        self.knows_pod(source, now, |_, _, _| true)
    }

    fn knows_pod(
        &self,
        source: &SourceHealth,
        now: u64,
        takes: impl Fn(Pod, &UpstreamHealth, Option<&Known>) -> bool,
    ) -> bool {
        source.worked(now).into_iter().flatten().any(|(pod, upstream, sign)| {
            let works = |shard: &Shard| {
                let known = shard.peek(pod);
                let is_well = known.is_none_or(|known| known.state.verdict() == Verdict::None);
                is_well && takes(pod, &upstream, known) && !shard.failed_since(pod, sign)
            };
            upstream.may_have(pod) && works(&self.lock(self.shard(pod.address)))
        })
    }

    /// Requests a background dial of another fresh pod than `missing`, to find out whether the network works.
    /// `fresh` are the upstream's addresses in DNS without duplicates, `port` is its port, `random` any
    /// number. Skips pods dialled in the last 3 s whose outcome is outstanding. Uses recently failed pods
    /// only if there is no other. Prefers pods without a recent dial, because a pod may be reachable each
    /// time and still not qualify as a witness.
    pub(crate) fn witness(
        &self,
        upstream: &UpstreamHealth,
        missing: Pod,
        (fresh, port): (&[IpAddr], u16),
        now: u64,
        random: u64,
    ) -> Option<Pod> {
        let start = ((u128::from(random) * fresh.len() as u128) >> 64) as usize;
        let (before, behind) = fresh.split_at(start);
        let pods = || behind.iter().chain(before).take(LOOKED_AT).map(|one| Pod::new(*one, port));
        let fails = |pod: &Pod| {
            let shard = self.lock(self.shard(pod.address));
            shard.peek(*pod).is_some_and(|known| known.state.is_failing(now))
        };
        let background = &upstream.background;
        let others = pods().filter(|pod| *pod != missing && !background.is_dialled(*pod, now));
        others.min_by_key(|pod| (fails(pod), background.requested_at(*pod))).filter(|pod| background.request(*pod, now))
    }
}
