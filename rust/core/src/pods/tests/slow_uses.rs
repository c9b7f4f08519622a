//! The part of the model that tracks the use of pods: it adds up all uses each time.

use super::*;

#[derive(Clone, Copy, Debug)]
enum Use {
    Used { pod: u8, upstream: u64, at: u64 },
    Entered { pod: u8, stream: bool },
    Left { pod: u8, stream: bool, at: u64 },
    Refused { pod: u8 },
    Forgotten { pod: u8 },
}

/// An upstream that recently used a pod.
#[derive(Clone, Copy, Debug)]
struct User {
    upstream: u64,
    at: u64,
    since: usize,
}

/// The sum of all uses.
#[derive(Clone, Debug, Default)]
struct Sum {
    pods: BTreeMap<u8, KnownPod>,
    /// By address: unfinished requests of forgotten pods, and the last use of any.
    lost: BTreeMap<IpAddr, (u32, u64)>,
}

pub(super) struct Uses {
    /// The maximum number of remembered pods.
    most: usize,
    uses: Vec<Use>,
    /// The remembered pods by last use.
    order: Vec<u8>,
}

impl Uses {
    pub(super) fn new(most: usize) -> Self {
        Uses { most, uses: Vec::new(), order: Vec::new() }
    }

    fn sum(&self) -> Sum {
        let mut all = Sum::default();
        for one in &self.uses {
            match *one {
                Use::Used { pod: number, upstream, at } => {
                    let new = KnownPod {
                        pod: pod(number),
                        upstream,
                        first_seen: at,
                        last_seen: at,
                        verdict: Verdict::None,
                        unreachable_since: None,
                        refused: 0,
                        in_flight: 0,
                        streams: 0,
                        fresh: false,
                        marked_since: None,
                        evicted_since: None,
                        draining_since: None,
                        drained_since: None,
                    };
                    all.pods.entry(number).or_insert(new).last_seen = at;
                }
                Use::Refused { pod } => all.pods.get_mut(&pod).unwrap().refused += 1,
                Use::Entered { pod, stream } => {
                    let known = all.pods.get_mut(&pod).unwrap();
                    known.in_flight += 1;
                    known.streams += u32::from(stream);
                }
                Use::Left { pod, stream, at } => match all.pods.get_mut(&pod).filter(|known| known.in_flight > 0) {
                    Some(known) => {
                        known.in_flight -= 1;
                        let streams = known.streams.saturating_sub(stream.into());
                        (known.streams, known.last_seen) = (streams.min(known.in_flight), at);
                    }
                    None => {
                        if let Some(lost) = all.lost.get_mut(&address(pod)).filter(|(count, _)| *count > 0) {
                            *lost = (lost.0 - 1, at);
                        }
                    }
                },
                Use::Forgotten { pod } => {
                    let known = all.pods.remove(&pod).unwrap();
                    let lost = all.lost.entry(address(pod)).or_default();
                    *lost = (lost.0 + known.in_flight, lost.1.max(known.last_seen));
                }
            }
        }
        all
    }

    /// The upstreams that recently used a pod: the one that it is listed under, until it has not used the pod
    /// for a minute and another has; and the last other one.
    fn users(&self, wanted: u8) -> (User, Option<User>) {
        let newest = self.uses.iter().enumerate().rev();
        let since = newest.take_while(|(_, one)| !matches!(one, Use::Forgotten { pod } if *pod == wanted));
        let mut users: Vec<User> = since
            .filter_map(|(since, one)| match *one {
                Use::Used { pod, upstream, at } if pod == wanted => Some(User { upstream, at, since }),
                _ => None,
            })
            .collect();
        users.reverse();
        let (mut listed, mut other): (User, Option<User>) = (users[0], None);
        for user in users {
            if user.upstream == listed.upstream {
                listed.at = user.at;
            } else if user.at - listed.at > 60 * SECOND {
                (listed, other) = (user, None);
            } else if let Some(other) = other.as_mut().filter(|other| other.upstream == user.upstream) {
                other.at = user.at;
            } else {
                other = Some(user);
            }
        }
        (listed, other)
    }

    /// The use with which an upstream became one of the two that recently used a pod.
    pub(super) fn is_user_since(&self, pod: u8, upstream: u64) -> usize {
        let (listed, other) = self.users(pod);
        [Some(listed), other].into_iter().flatten().find(|user| user.upstream == upstream).unwrap().since
    }

    /// The number of uses.
    pub(super) fn count(&self) -> usize {
        self.uses.len()
    }

    pub(super) fn first_seen(&self, pod: u8) -> Option<u64> {
        self.sum().pods.get(&pod).map(|known| known.first_seen)
    }

    /// The pod to forget before another is used: one with a fault that was unused for an hour, one without
    /// requests and faults, one without faults, or any.
    pub(super) fn to_forget(&self, pod: u8, held: impl Fn(u8) -> bool, now: u64) -> Option<u8> {
        let Sum { pods, .. } = self.sum();
        if pods.contains_key(&pod) || pods.len() < self.most {
            return None;
        }
        let quiet = |pod: &u8| pods[pod].in_flight == 0;
        let first = |of: &dyn Fn(&u8) -> bool| self.order.iter().find(|pod| of(pod)).copied();
        first(&|pod| held(*pod) && quiet(pod))
            .filter(|pod| now - pods[pod].last_seen > 3600 * SECOND)
            .or_else(|| first(&|pod| !held(*pod) && quiet(pod)))
            .or_else(|| first(&|pod| !held(*pod)))
            .or_else(|| first(&quiet))
            .or_else(|| first(&|_| true))
    }

    pub(super) fn forget(&mut self, pod: u8) {
        self.order.retain(|other| *other != pod);
        self.uses.push(Use::Forgotten { pod });
    }

    /// Moves a known pod to the end of the order.
    pub(super) fn touched(&mut self, pod: u8) {
        if self.order.contains(&pod) {
            self.order.retain(|other| *other != pod);
            self.order.push(pod);
        }
    }

    pub(super) fn used(&mut self, upstream: u64, pod: u8, at: u64) {
        self.uses.push(Use::Used { pod, upstream, at });
        self.order.retain(|other| *other != pod);
        self.order.push(pod);
    }

    pub(super) fn refused(&mut self, pod: u8) {
        self.uses.push(Use::Refused { pod });
    }

    pub(super) fn entered(&mut self, pod: u8, stream: bool) {
        self.uses.push(Use::Entered { pod, stream });
    }

    pub(super) fn left(&mut self, pod: u8, stream: bool, at: u64) {
        if self.sum().pods.get(&pod).is_some_and(|known| known.in_flight > 0) {
            self.touched(pod);
        }
        self.uses.push(Use::Left { pod, stream, at });
    }

    /// Each pod, with the upstreams that used it in the last minute of its use.
    pub(super) fn list(&self) -> Vec<(u8, KnownPod, Vec<u64>)> {
        let pods = self.sum().pods.into_iter();
        let shown = |(number, mut known): (u8, KnownPod)| {
            let (listed, other) = self.users(number);
            known.upstream = listed.upstream;
            let other = other.filter(|other| other.at + 60 * SECOND >= listed.at);
            (number, known, [Some(listed), other].into_iter().flatten().map(|user| user.upstream).collect())
        };
        pods.map(shown).collect()
    }

    /// The last two upstreams that used a known pod.
    pub(super) fn both(&self, pod: u8) -> Option<[u64; 2]> {
        self.first_seen(pod)?;
        let (listed, other) = self.users(pod);
        Some([listed.upstream, other.unwrap_or(listed).upstream])
    }

    /// Whether a pod is known and its recent upstreams satisfy `are`.
    pub(super) fn are_users(&self, pod: u8, are: impl Fn(&[u64]) -> bool) -> bool {
        self.list().iter().any(|(number, _, users)| *number == pod && are(users))
    }

    pub(super) fn idle(&self, address: IpAddr, idle: u64, started: u64, now: u64) -> Idle {
        let Sum { pods, lost } = self.sum();
        let here: Vec<_> = pods.values().filter(|known| known.pod.address() == address).collect();
        let (in_flight, streams) = here.iter().fold((0, 0), |(a, b), known| (a + known.in_flight, b + known.streams));
        let lost = lost.get(&address);
        let last_seen = here.iter().map(|known| known.last_seen).chain(lost.map(|lost| lost.1)).max();
        // When it will be idle if nothing else happens.
        let at = last_seen.map_or(0, |seen| seen + idle).max(started + idle);
        let (answer, wait) = match at.saturating_sub(now) {
            _ if in_flight > 0 || lost.is_some_and(|lost| lost.0 > 0) => (IdleAnswer::Busy, 0),
            0 => (IdleAnswer::Yes, 0),
            wait if started + idle > now => (IdleAnswer::JustStarted, wait),
            wait => (IdleAnswer::Busy, wait),
        };
        Idle { answer, in_flight, streams, last_seen, wait }
    }
}
