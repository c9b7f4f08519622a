//! In: the question who would take a page. Out: whether such a pod is known, whether it is worth waiting for one, and whom to ask.

use std::net::IpAddr;

use super::record::Known;
use super::shard::Shard;
use super::{Pod, Pods, SECOND, SourceHealth, UpstreamHealth, Verdict};

/// How many pods of an upstream are looked at to find a witness.
const LOOKED_AT: usize = 16;

/// What to do with a request that no pod could take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// A pod is known that would take the page: try again.
    Again,
    /// Hold the request and ask again at this time, or earlier when a dial succeeded or addresses changed.
    Until(u64),
    /// It has waited long enough. `no_pod`: because no pod is known that would take a page.
    Over { no_pod: bool },
}

impl Pods {
    /// What to do with a request that no pod could take: a page load, or a receiver stream that was told
    /// [`Told::Unavailable`] with `no_pod`. It may wait until `end`; `full`: as many wait already as may.
    /// Also says whether to find a pod, as [`Learned::find_pod`].
    pub(crate) fn wait(&self, source: &SourceHealth, end: u64, full: bool, now: u64) -> (Wait, bool) {
        // This first: it ends every loop of a request that is told to dial and fails in a way that nobody reports.
        let (over, serves) = (now >= end, self.serves_page(source, now));
        if !over && serves {
            return (Wait::Again, false);
        }
        let find_pod = !serves && source.asks(now);
        let wait = match over || full {
            true => Wait::Over { no_pod: !serves },
            false => Wait::Until(now.saturating_add(SECOND).min(end)),
        };
        (wait, find_pod)
    }

    /// Whether a pod is known onto which a page of a pod that lives may reload: one that serves a page, and does not drain. One
    /// that drains would have the page reload again soon, or has ended by then.
    pub(crate) fn takes_page(&self, source: &SourceHealth, now: u64) -> bool {
        self.knows_pod(source, now, |pod, upstream, known| match known {
            Some(known) => !known.drains(),
            None => self.evictions.of(pod, &[upstream.id()]).is_none(),
        })
    }

    /// Whether a pod is known that serves a page load, if need be as the last choice: one that worked in the last minute, has not
    /// failed since, and is fresh. A page whose pod is gone is better off there than nowhere.
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

    /// Names another fresh pod of the upstream than the missing one for a dial in the background: does the network work?
    /// `fresh` are the upstream's addresses in DNS, without doubles, `port` is its port, `random` any number. A pod that
    /// failed a moment ago is named only where no other is seen; one that was named in the last 3 s, without a report since,
    /// is not. Those that were not named lately come first: a pod may be reached each time and bear no witness.
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
        let named = &upstream.background;
        let others = pods().filter(|pod| *pod != missing && !named.is_dialled(*pod, now));
        others.min_by_key(|pod| (fails(pod), named.named_at(*pod))).filter(|pod| named.name(*pod, now))
    }
}
