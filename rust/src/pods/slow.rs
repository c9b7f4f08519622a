//! A slow model of what is known about pods: it remembers every event. Shared with the fuzz targets.

use super::*;

pub(super) fn pod(last: u8) -> Pod {
    Pod::new(IpAddr::from([10, 0, 0, last]), 8080)
}

/// What happened, as the model keeps it.
#[derive(Clone, Debug)]
enum Event {
    Success { pod: u8, server: u64, at: u64 },
    Refusal { pod: u8, server: u64, at: u64 },
    Unreachable { pod: u8, server: u64, gone_after: u64, at: u64 },
    Probe { pod: u8, at: u64 },
    Cleared { pod: u8 },
}

/// Remembers every event, and works everything out from the beginning each time it is asked.
pub(super) struct Model {
    /// How many pods are remembered.
    most: usize,
    history: Vec<Event>,
    used: Vec<u8>,
    dns: Vec<(u64, Vec<u8>)>,
    /// Millionths of a request left in each bucket, and when: by server or by source.
    buckets: Vec<((bool, u64), u128, u64)>,
}

impl Model {
    pub(super) fn new(most: usize) -> Self {
        Model { most, history: Vec::new(), used: Vec::new(), dns: Vec::new(), buckets: Vec::new() }
    }

    fn touch(&mut self, pod: u8) {
        self.used.retain(|other| *other != pod);
        self.used.push(pod);
        if self.used.len() > self.most {
            let forgotten = self.used.remove(0);
            self.history.push(Event::Cleared { pod: forgotten });
        }
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

    /// The verdict, the time of the last dial that counts, and the time of the last failure.
    pub(super) fn verdict(&self, wanted: u8) -> (Verdict, u64, Option<u64>) {
        let (mut verdict, mut dialled, mut failed, mut span) = (Verdict::None, 0, None, None);
        for (index, event) in self.history.iter().enumerate() {
            match *event {
                Event::Success { pod, .. } | Event::Cleared { pod } if pod == wanted => {
                    (verdict, dialled, failed, span) = (Verdict::None, 0, None, None);
                }
                Event::Refusal { pod, at, .. } if pod == wanted => {
                    dialled = if verdict == Verdict::None { at } else { dialled };
                    (verdict, failed, span) = (Verdict::Gone, Some(at), None);
                }
                Event::Unreachable { pod, server, gone_after, at } if pod == wanted => {
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
        (verdict, dialled, failed)
    }

    pub(super) fn failed_recently(&self, pod: u8, now: u64) -> bool {
        self.verdict(pod).2.is_some_and(|at| now - at < 10 * SECOND)
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
        self.touch(pod);
        let (verdict, dialled, _) = self.verdict(pod);
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
        self.touch(pod);
        let before = self.verdict(pod).0;
        let server = group.server;
        let action = match outcome {
            Outcome::Connected | Outcome::Answered => {
                self.history.push(Event::Success { pod, server, at: now });
                Action::None
            }
            Outcome::Refused => {
                self.history.push(Event::Refusal { pod, server, at: now });
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
