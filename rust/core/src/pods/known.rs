//! In: what is known about pods. Out: the same for people: the list of pods, and whether those at an address had no request
//! for long enough to be stopped. Nobody waits long for somebody who looks: a lock is held for the pods of one shard.

use std::net::IpAddr;

use super::record::Known;
use super::{Pod, Pods, Verdict};

/// One pod, as it was at one moment. Times are those of the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownPod {
    /// Where it is dialled.
    pub pod: Pod,
    /// The number of the upstream that it belongs to. Where several use it, it stays the same until that one has not
    /// used it for a minute.
    pub upstream: u64,
    /// When it was first used: a request for it began or ended, or a dial ended.
    pub first_seen: u64,
    /// When it was last used.
    pub last_seen: u64,
    /// What is held against it.
    pub verdict: Verdict,
    /// Since when, unless that is nothing.
    pub unreachable_since: Option<u64>,
    /// How many dials its host has refused.
    pub refused: u64,
    /// Requests that were sent to it and have not ended.
    pub in_flight: u32,
    /// Those of them that are receiver streams.
    pub streams: u32,
    /// An upstream that used it in the last minute of its use has it in DNS.
    pub fresh: bool,
    /// Since when its answers say that it drains. `None` while they do not.
    pub marked_since: Option<u64>,
    /// Since when it is evicted. `None` while it is not.
    pub evicted_since: Option<u64>,
    /// Since when it gets no new pages: it says that it drains, DNS does not name it, or it is evicted. `None` while it gets some.
    pub draining_since: Option<u64>,
    /// Since when it has nothing left to do: it is gone, or it drains and had no request for 4/3 of the
    /// [`Options::roll_time`](crate::Options::roll_time) of its upstream. A time to come while that is not over yet. `None` while it does
    /// not drain, or has requests in flight.
    pub drained_since: Option<u64>,
}

/// Whether a pod is idle. The numbers are those of `DOORS_IDLE_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum IdleAnswer {
    /// It had no request for as long as was asked.
    Yes = 1,
    /// Requests are in flight, or the last one is not long enough ago.
    Busy = 2,
    /// None is in flight, but nobody watched for as long as was asked.
    JustStarted = 3,
}

/// What the requests of a pod say about stopping it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idle {
    /// Whether it is idle.
    pub answer: IdleAnswer,
    /// Requests on their way to it.
    pub in_flight: u32,
    /// Those of them that are receiver streams.
    pub streams: u32,
    /// When it was last used; later than that only where pods were forgotten that are taken for it.
    pub last_seen: Option<u64>,
    /// How long it takes at least until the answer can be [`IdleAnswer::Yes`], in nanoseconds; 0 if it is, and while
    /// requests are in flight: nobody knows when they end.
    pub wait: u64,
}

impl Pods {
    /// The first pods after one, or from the first, by address (IPv4 first) and port. `about` says whether the upstream with a
    /// number has a pod in DNS, and for how long a page of its may be silent. Each pod is what it was at one moment, all together are not. Looks at all pods, whatever
    /// `most` is.
    pub(crate) fn list(
        &self,
        after: Option<Pod>,
        most: usize,
        about: impl Fn(u64, Pod) -> (bool, u64),
    ) -> Vec<KnownPod> {
        let mut found = Vec::new();
        for shard in 0..self.shards.len() {
            let wanted = |(pod, _): &(Pod, &Known)| after.is_none_or(|after| *pod > after);
            let shown = |(pod, known): (Pod, &Known)| (shown(pod, known), known.users.upstreams());
            found.extend(self.lock(shard).iter().filter(wanted).map(shown));
            if found.len() > most {
                found.select_nth_unstable_by_key(most, |(known, _)| known.pod);
                found.truncate(most);
            }
        }
        found.sort_unstable_by_key(|(known, _)| known.pod);
        let complete = |(known, upstreams): (KnownPod, [u64; 2])| {
            let [(one, silence), (other, silence_too)] = upstreams.map(|upstream| about(upstream, known.pod));
            let silent = known.last_seen.saturating_add(silence.max(silence_too));
            let drained = known.draining_since.filter(|_| known.in_flight == 0).map(|since| since.max(silent));
            let gone = known.unreachable_since.filter(|_| known.verdict == Verdict::Gone);
            KnownPod { fresh: one || other, drained_since: gone.or(drained), ..known }
        };
        found.into_iter().map(complete).collect()
    }

    /// Whether the pods at an address, on all ports, had no request for `idle` nanoseconds. `started` is when the caller
    /// began to tell of requests. An address that is not known had none.
    ///
    /// No request does not mean no page: a page in a hidden tab may have disconnected and come back.
    pub(crate) fn idle(&self, address: IpAddr, idle: u64, started: u64, now: u64) -> Idle {
        let address = address.to_canonical();
        let shard = self.lock(self.shard(address));
        let forgotten = shard.forgotten();
        let (mut in_flight, mut streams, mut last_seen) = (0u32, 0u32, forgotten.last_seen(address));
        for (_, known) in shard.iter().filter(|(pod, _)| pod.address == address) {
            in_flight = in_flight.saturating_add(known.traffic.in_flight);
            streams = streams.saturating_add(known.traffic.streams);
            last_seen = last_seen.max(Some(known.traffic.last_seen));
        }
        let left = |since: u64| idle.saturating_sub(now.saturating_sub(since));
        let (watch, quiet) = (left(started), last_seen.map_or(0, left));
        let (answer, wait) = if in_flight > 0 || forgotten.in_flight(address) > 0 {
            (IdleAnswer::Busy, 0)
        } else if watch > 0 {
            (IdleAnswer::JustStarted, watch.max(quiet))
        } else if quiet > 0 {
            (IdleAnswer::Busy, quiet)
        } else {
            (IdleAnswer::Yes, 0)
        };
        Idle { answer, in_flight, streams, last_seen, wait }
    }
}

fn shown(pod: Pod, known: &Known) -> KnownPod {
    let Known { state, traffic, users, draining, .. } = known;
    let draining = draining.as_ref();
    KnownPod {
        pod,
        upstream: users.upstream(),
        first_seen: traffic.first_seen,
        last_seen: traffic.last_seen,
        verdict: state.verdict(),
        unreachable_since: state.since(),
        refused: traffic.refused,
        in_flight: traffic.in_flight,
        streams: traffic.streams,
        fresh: false,
        marked_since: draining.and_then(|draining| draining.mark).map(|mark| mark.since),
        evicted_since: draining.and_then(|draining| draining.eviction.as_ref()).map(|eviction| eviction.since()),
        draining_since: draining.and_then(|draining| draining.since()),
        drained_since: None,
    }
}
