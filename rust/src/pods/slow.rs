//! A slow model of what is known about pods: it remembers every event. Shared with the fuzz targets.

use std::collections::BTreeMap;

use super::*;

/// Some share an address and differ in their ports.
pub(super) fn pod(number: u8) -> Pod {
    Pod::new(address(number), 8080 + u16::from(number / 4))
}

pub(super) fn address(number: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, number % 4])
}

/// What happened, as the model keeps it.
#[derive(Clone, Debug)]
enum Event {
    Success { pod: u8, server: u64, at: u64 },
    Refusal { pod: u8, server: u64, at: u64 },
    Unreachable { pod: u8, server: u64, gone_after: u64, at: u64 },
    Probe { pod: u8, at: u64 },
    Look { pod: u8, at: u64 },
    Cleared { pod: u8 },
}

/// What the requests of pods did.
#[derive(Clone, Debug)]
enum Use {
    Used { pod: u8, server: u64, at: u64 },
    Entered { pod: u8, stream: bool },
    Left { pod: u8, stream: bool, at: u64 },
    Refused { pod: u8 },
    Forgotten { pod: u8 },
}

/// What the uses of all pods add up to.
#[derive(Clone, Debug, Default)]
struct Uses {
    pods: BTreeMap<u8, KnownPod>,
    /// Requests of forgotten pods that have not left, and the last use of any such pod.
    lost: u64,
    lost_seen: Option<u64>,
}

/// Remembers every event, and works everything out from the beginning each time it is asked.
pub(super) struct Model {
    /// How many pods are remembered.
    most: usize,
    history: Vec<Event>,
    uses: Vec<Use>,
    used: Vec<u8>,
    dns: Vec<(u64, Vec<u8>)>,
    /// Millionths of a request left in each bucket, and when: by server or by source.
    buckets: Vec<((bool, u64), u128, u64)>,
    /// Refused tokens: why, when, and whether there was a line in the log.
    tokens: Vec<(Reason, u64, bool)>,
}

impl Model {
    pub(super) fn new(most: usize) -> Self {
        let (history, uses, used, dns) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Model { most, history, uses, used, dns, buckets: Vec::new(), tokens: Vec::new() }
    }

    fn touch(&mut self, pod: u8, server: u64, at: u64) {
        if !self.used.contains(&pod) && self.used.len() == self.most {
            let pods = self.add_up().pods;
            let quiet = self.used.iter().position(|other| pods[other].in_flight == 0);
            let forgotten = self.used.remove(quiet.unwrap_or(0));
            self.history.push(Event::Cleared { pod: forgotten });
            self.uses.push(Use::Forgotten { pod: forgotten });
        }
        self.used.retain(|other| *other != pod);
        self.used.push(pod);
        self.uses.push(Use::Used { pod, server, at });
    }

    fn add_up(&self) -> Uses {
        let mut all = Uses::default();
        for one in &self.uses {
            match *one {
                Use::Used { pod: number, server, at } => {
                    let new = KnownPod {
                        pod: pod(number),
                        source: 7,
                        server,
                        first_seen: at,
                        last_seen: at,
                        verdict: Verdict::None,
                        unreachable_since: None,
                        refused: 0,
                        in_flight: 0,
                        streams: 0,
                        fresh: false,
                    };
                    let known = all.pods.entry(number).or_insert(new);
                    (known.server, known.last_seen) = (server, at);
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
                    None if all.lost > 0 => (all.lost, all.lost_seen) = (all.lost - 1, Some(at)),
                    None => (),
                },
                Use::Forgotten { pod } => {
                    let known = all.pods.remove(&pod).unwrap();
                    all.lost += u64::from(known.in_flight);
                    all.lost_seen = all.lost_seen.max(Some(known.last_seen));
                }
            }
        }
        all
    }

    /// Whether a pod gave a sign of life to a server in the last minute and nothing bad happened since.
    fn works(history: &[Event], wanted: u8, id: u64, now: u64) -> bool {
        let last = history.iter().rev().find_map(|event| match event {
            Event::Success { pod, server, at } | Event::Refusal { pod, server, at } if *pod == wanted => {
                Some(*server == id && now - at <= 60 * SECOND)
            }
            Event::Unreachable { pod, .. } | Event::Cleared { pod } if *pod == wanted => Some(false),
            _ => None,
        });
        last.unwrap_or(false)
    }

    /// The verdict, the time of the last dial that counts, the time of the last failure, and since when there is a verdict.
    pub(super) fn verdict(&self, wanted: u8) -> (Verdict, u64, Option<u64>, Option<u64>) {
        let (mut verdict, mut dialled, mut failed, mut span, mut since) = (Verdict::None, 0, None, None, None);
        for (index, event) in self.history.iter().enumerate() {
            match *event {
                Event::Success { pod, .. } | Event::Cleared { pod } if pod == wanted => {
                    (verdict, dialled, failed, span, since) = (Verdict::None, 0, None, None, None);
                }
                Event::Refusal { pod, at, .. } if pod == wanted => {
                    since = since.or(Some(at));
                    dialled = if verdict == Verdict::None { at } else { dialled };
                    (verdict, failed, span) = (Verdict::Gone, Some(at), None);
                }
                Event::Unreachable { pod, server, gone_after, at } if pod == wanted => {
                    since = since.or(Some(at));
                    dialled = if verdict == Verdict::None { at } else { dialled };
                    let first = match (span, failed) {
                        (Some(first), Some(last)) if at - last <= 60 * SECOND => first,
                        _ => at,
                    };
                    (failed, span) = (Some(at), Some(first));
                    let any = (0..8).any(|other| Model::works(&self.history[..=index], other, server, at));
                    if verdict != Verdict::Gone {
                        verdict = if any && at - first >= gone_after { Verdict::Gone } else { Verdict::Unreachable };
                    }
                }
                Event::Probe { pod, at } if pod == wanted => dialled = at,
                _ => (),
            }
        }
        (verdict, dialled, failed, since)
    }

    pub(super) fn failed_recently(&mut self, pod: u8, now: u64) -> bool {
        let (_, dialled, failed, _) = self.verdict(pod);
        let looked = self
            .history
            .iter()
            .any(|event| matches!(event, Event::Look { pod: other, at } if *other == pod && now - at < SECOND));
        match failed.map(|at| now - at) {
            Some(since) if (10 * SECOND..60 * SECOND).contains(&since) && now - dialled >= SECOND && !looked => {
                self.history.push(Event::Look { pod, at: now });
                false
            }
            since => since.is_some_and(|since| since < 60 * SECOND),
        }
    }

    /// Takes one from a bucket that holds at most what flows in within a second.
    pub(super) fn take(&mut self, bucket: (bool, u64), rate: u32, now: u64) -> bool {
        if rate == 0 {
            return true;
        }
        let full = u128::from(rate) * u128::from(SECOND);
        if !self.buckets.iter().any(|(id, ..)| *id == bucket) {
            self.buckets.push((bucket, full, now));
        }
        let (_, left, at) = self.buckets.iter_mut().find(|(id, ..)| *id == bucket).unwrap();
        *left = full.min(*left + u128::from(now - *at) * u128::from(rate));
        *at = now;
        let enough = *left >= u128::from(SECOND);
        *left -= if enough { u128::from(SECOND) } else { 0 };
        enough
    }

    fn paced(&mut self, group: &Group, path: PathKind, action: Action, now: u64) -> Action {
        let paced = action == Action::Gone && path == PathKind::Sync;
        if paced && !self.take((true, group.server), group.gone_rate, now) { Action::Unavailable } else { action }
    }

    pub(super) fn began(&mut self, group: &Group, pod: u8, path: PathKind, now: u64) -> Action {
        self.touch(pod, group.server, now);
        let (verdict, dialled, ..) = self.verdict(pod);
        let action = match verdict {
            Verdict::None => Action::Dial,
            _ if now - dialled >= SECOND => {
                self.history.push(Event::Probe { pod, at: now });
                Action::Probe
            }
            Verdict::Unreachable => Action::Unavailable,
            Verdict::Gone => Action::Gone,
        };
        self.paced(group, path, action, now)
    }

    pub(super) fn ended(
        &mut self,
        group: &Group,
        pod: u8,
        path: PathKind,
        outcome: Outcome,
        now: u64,
    ) -> (Action, bool) {
        self.touch(pod, group.server, now);
        let before = self.verdict(pod).0;
        let server = group.server;
        let action = match outcome {
            Outcome::Connected | Outcome::Answered => {
                self.history.push(Event::Success { pod, server, at: now });
                Action::None
            }
            Outcome::Refused => {
                self.history.push(Event::Refusal { pod, server, at: now });
                self.uses.push(Use::Refused { pod });
                Action::Gone
            }
            Outcome::Unreachable => {
                self.history.push(Event::Unreachable { pod, server, gone_after: group.gone_after, at: now });
                if self.verdict(pod).0 == Verdict::Gone { Action::Gone } else { Action::Unavailable }
            }
            Outcome::OwnFault => Action::Unavailable,
            Outcome::Cancelled => Action::None,
        };
        (self.paced(group, path, action, now), before != self.verdict(pod).0)
    }

    /// Whether a refused token gets a line in the log, and how many did not since the last line.
    pub(super) fn line(&mut self, reason: Reason, now: u64) -> (bool, u32) {
        let earlier = || self.tokens.iter().rev().filter(|(other, ..)| *other == reason);
        let log = !earlier().any(|(_, at, log)| *log && now - at < 10 * SECOND);
        let suppressed = earlier().take_while(|(.., log)| !log).count();
        self.tokens.push((reason, now, log));
        (log, if log { suppressed as u32 } else { 0 })
    }

    pub(super) fn entered(&mut self, group: &Group, pod: u8, stream: bool, now: u64) {
        self.touch(pod, group.server, now);
        self.uses.push(Use::Entered { pod, stream });
    }

    pub(super) fn left(&mut self, pod: u8, stream: bool, now: u64) {
        if self.add_up().pods.get(&pod).is_some_and(|known| known.in_flight > 0) {
            self.used.retain(|other| *other != pod);
            self.used.push(pod);
        }
        self.uses.push(Use::Left { pod, stream, at: now });
    }

    pub(super) fn list(&self) -> Vec<KnownPod> {
        let mut list: Vec<KnownPod> = Vec::new();
        for (number, mut known) in self.add_up().pods {
            (known.verdict, .., known.unreachable_since) = self.verdict(number);
            let dns = self.dns.iter().rev().find(|(id, _)| *id == known.server);
            known.fresh = dns.is_some_and(|(_, pods)| pods.contains(&number));
            list.push(known);
        }
        list.sort_by_key(|known| (known.pod.address(), known.pod.port()));
        list
    }

    pub(super) fn idle(&self, number: u8, idle: u64, started: u64, now: u64) -> Idle {
        let (Uses { pods, lost, lost_seen }, started) = (self.add_up(), started.min(now));
        let here: Vec<_> = pods.values().filter(|known| known.pod.address() == address(number)).collect();
        let (in_flight, streams) = here.iter().fold((0, 0), |(a, b), known| (a + known.in_flight, b + known.streams));
        let last_seen = here.iter().map(|known| known.last_seen).chain(lost_seen).max();
        // When it will be idle, if nothing more comes.
        let at = last_seen.map_or(0, |seen| seen + idle).max(started + idle);
        let (answer, wait) = match at.saturating_sub(now) {
            _ if in_flight > 0 || lost > 0 => (IdleAnswer::Busy, 0),
            0 => (IdleAnswer::Yes, 0),
            wait if started + idle > now => (IdleAnswer::JustStarted, wait),
            wait => (IdleAnswer::Busy, wait),
        };
        Idle { answer, in_flight, streams, last_seen, wait }
    }

    pub(super) fn resolved(&mut self, server: u64, pods: &[u8]) {
        let before = self.dns.iter().rev().find(|(id, _)| *id == server).map(|(_, pods)| pods.clone());
        for pod in pods {
            if !before.as_ref().is_some_and(|before| before.contains(pod)) {
                self.history.push(Event::Cleared { pod: *pod });
            }
        }
        self.dns.push((server, pods.to_vec()));
    }
}
