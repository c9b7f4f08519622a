//! Reports what is known about pods: the list of pods, and whether the pods at an address are idle. Holds
//! each shard's lock only briefly, so that requests do not have to wait.

use std::net::IpAddr;

use super::record::Known;
use super::{Pod, Pods, Verdict};

/// A snapshot of one pod. Times are in nanoseconds of the caller's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownPod {
    /// The address and port.
    pub pod: Pod,
    /// The ID of the upstream under which the pod is listed. If several upstreams use the pod, it stays under
    /// this one until this one has not used it for a minute.
    pub upstream: u64,
    /// When the pod was first used: a request began or ended, or a dial ended.
    pub first_seen: u64,
    /// When the pod was last used.
    pub last_seen: u64,
    /// The verdict on the pod.
    pub verdict: Verdict,
    /// When the verdict became other than [`Verdict::None`].
    pub unreachable_since: Option<u64>,
    /// The number of refused dials.
    pub refused: u64,
    /// The number of requests in flight at the pod.
    pub in_flight: u32,
    /// How many of the requests in flight are receiver streams.
    pub streams: u32,
    /// Whether DNS lists the pod for an upstream that used it in the minute before `last_seen`.
    pub fresh: bool,
    /// When the pod's responses began to signal that it is draining. `None` if they do not.
    pub marked_since: Option<u64>,
    /// When the pod was evicted. `None` if it is not.
    pub evicted_since: Option<u64>,
    /// When the pod stopped getting new pages: it signals that it is draining, DNS does not list it, or it is
    /// evicted. `None` if it gets new pages.
    pub draining_since: Option<u64>,
    /// When the pod ran out of work: it is gone, or it is draining and had no request for 4/3 of its
    /// upstream's [`Options::roll_time`](crate::Options::roll_time). Lies in the future until that time has
    /// passed. `None` if the pod does not drain or has requests in flight.
    pub drained_since: Option<u64>,
}

/// Whether a pod is idle. The numbers equal `DOORS_IDLE_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum IdleAnswer {
    /// The pods had no request for the given time.
    Yes = 1,
    /// Requests are in flight, or the last one was too recent.
    Busy = 2,
    /// No request is in flight, but the process has not been observing for the given time.
    JustStarted = 3,
}

/// Whether the pods at an address can be stopped, judging by their requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idle {
    /// Whether the pods are idle.
    pub answer: IdleAnswer,
    /// The number of requests in flight.
    pub in_flight: u32,
    /// How many of the requests in flight are receiver streams.
    pub streams: u32,
    /// When a pod at the address was last used. May be too late if the address is mistaken for that of a
    /// forgotten pod.
    pub last_seen: Option<u64>,
    /// The minimum time until the answer can be [`IdleAnswer::Yes`], in nanoseconds. 0 if it already is, and
    /// while requests are in flight, since their end is unknown.
    pub wait: u64,
}

impl Pods {
    /// Lists at most `most` pods after `after`, ordered by address (IPv4 first) and port. `about` returns
    /// whether DNS lists a pod for the upstream with an ID, and how long a page of that upstream may be
    /// silent. Each entry is consistent; the list as a whole is not a snapshot. Visits all pods, whatever
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

    /// Whether the pods at an address, on all ports, had no request for `idle` nanoseconds. `started` is when
    /// the caller began to report requests. An unknown address had none.
    ///
    /// An idle pod can still have pages: a page in a hidden tab may have disconnected and may come back.
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
