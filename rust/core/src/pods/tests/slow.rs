//! A slow model of pods: it remembers every event and derives all results from them. Time never goes back
//! here.

use super::*;

#[path = "slow_calls.rs"]
mod calls;
#[path = "slow_uses.rs"]
mod uses;

use uses::Uses;

/// Some share an address and differ in their ports.
pub(super) fn pod(number: u8) -> Pod {
    Pod::new(address(number), 8080 + u16::from(number / 4))
}

pub(super) fn address(number: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, number % 4])
}

/// The number of pods, and of upstreams.
pub(super) const PODS: u8 = 6;
pub(super) const UPSTREAMS: u64 = 3;

/// The source of an upstream. The last upstream has its own source.
pub(super) fn source(upstream: u64) -> u64 {
    upstream / 2
}

const MINUTE: u64 = 60 * SECOND;

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Said(Outcome),
    /// A connection was made while the pod was not dropping connections.
    Reached,
    Condemned {
        drops: bool,
    },
    Probed,
    Looked,
    /// A response signalled that it is draining, or did not, with the time when its request began.
    Drains,
    Silent {
        began: u64,
    },
    /// The pod is back in DNS.
    Back,
    /// The pod was used, with the state of DNS at that time.
    Asked(Option<bool>),
    /// The pod is back in DNS for an upstream that uses it, or it left DNS for all of them.
    Named,
    Vanished,
    Forgotten {
        held: bool,
    },
}

use What::*;

#[derive(Clone, Copy, Debug)]
struct Event {
    pod: u8,
    upstream: u64,
    what: What,
    at: u64,
    /// This event starts a fault of the pod.
    holds: bool,
    /// The event was reported to the upstream, and the pod was fresh then.
    told: bool,
    fresh: bool,
    /// The number of uses of pods before it.
    uses: usize,
}

impl Event {
    fn is_failure(&self) -> bool {
        self.is_miss() || self.what == Said(Outcome::Refused)
    }

    fn is_miss(&self) -> bool {
        matches!(self.what, Said(Outcome::Unreachable | Outcome::Dropped))
    }
}

/// The options of all requests.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    pub(super) gone_after: u64,
    pub(super) gone_rate: u32,
    pub(super) drain_max: u64,
}

/// The owner of an entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Upstream(u64),
    Source(u64),
    /// The pages of an upstream, by the number of their eviction.
    Eviction(u64, u64),
}

/// Remembers every event and derives each result from the beginning.
pub(super) struct Model {
    rules: Rules,
    history: Vec<Event>,
    uses: Uses,
    /// When the current fault of each pod began.
    since: BTreeMap<u8, u64>,
    /// The fault of a pod that has a witness: whether it is one of drops, since when it needs one, and since
    /// when it has one.
    beside: BTreeMap<u8, (bool, u64, u64)>,
    /// Unreachable pods that had a witness once: since when they are unreachable, and since when they need
    /// another.
    again: BTreeMap<u8, (u64, u64)>,
    dns: BTreeMap<u64, Vec<u8>>,
    /// When a dial was last requested, and when a request last wanted a pod that takes pages.
    searched: BTreeMap<Of, u64>,
    wanted: BTreeMap<u64, u64>,
    /// When a background dial of a pod was requested, and whether its outcome is outstanding.
    named: BTreeMap<(Of, u8), (u64, bool)>,
    /// What is left in each bucket, in millionths of a request, and the time to which this applies.
    buckets: BTreeMap<Of, (u128, u64)>,
    /// Refused tokens: source, reason, time, and whether a line was logged.
    tokens: Vec<(u64, Reason, u64, bool)>,
    evictions: Vec<Eviction>,
    /// How many evictions there ever were.
    evicted: u64,
}

#[derive(Clone, Copy)]
struct Eviction {
    number: u64,
    target: Target,
    rate: u32,
    since: u64,
}

impl Model {
    pub(super) fn new(most: usize, rules: Rules) -> Self {
        let (since, beside, again, dns, searched, wanted, named, buckets) = Default::default();
        let (history, uses, tokens) = (Vec::new(), Uses::new(most), Vec::new());
        let (evictions, evicted) = Default::default();
        Model {
            rules,
            history,
            uses,
            since,
            beside,
            again,
            dns,
            searched,
            wanted,
            named,
            buckets,
            tokens,
            evictions,
            evicted,
        }
    }

    fn event(&self, pod: u8, upstream: u64, what: What, at: u64) -> Event {
        Event { pod, upstream, what, at, holds: false, told: false, fresh: false, uses: self.uses.count() }
    }

    fn record(&mut self, pod: u8, upstream: u64, what: What, at: u64) {
        let before = self.verdict(pod);
        self.history.push(self.event(pod, upstream, what, at));
        if before == Verdict::None && self.verdict(pod) != Verdict::None {
            self.history.last_mut().unwrap().holds = true;
            self.since.insert(pod, at);
        }
    }

    /// The events of a pod since it was last forgotten.
    fn record_of(&self, pod: u8) -> impl Iterator<Item = &Event> + Clone {
        let newest = self.history.iter().rev().filter(move |event| event.pod == pod);
        newest.take_while(|event| !matches!(event.what, Forgotten { .. }))
    }

    /// The events since the last `good` one, newest first.
    fn after(&self, pod: u8, good: impl Fn(What) -> bool + Clone) -> impl Iterator<Item = &Event> + Clone {
        self.record_of(pod).take_while(move |event| event.what != Back && !good(event.what))
    }

    fn well(what: What) -> bool {
        matches!(what, Reached | Said(Outcome::Answered))
    }

    /// A response settles drops, and so does a refusal, after which another pod accepts.
    fn no_drops(what: What) -> bool {
        Model::well(what) || what == Said(Outcome::Refused)
    }

    fn gone_by_drops(&self, pod: u8) -> bool {
        self.after(pod, Model::no_drops).any(|event| event.what == Condemned { drops: true })
    }

    /// When ongoing failures of one kind began, and how long they have lasted.
    fn lasting(&self, pod: u8, outcome: Outcome, good: fn(What) -> bool, now: u64) -> Option<(u64, u64)> {
        let mut times = self.after(pod, good).filter(|event| event.what == Said(outcome)).map(|event| event.at);
        let last = times.next().filter(|at| now - at <= MINUTE)?;
        let first = times.try_fold(last, |next, at| if next - at <= MINUTE { Ok(at) } else { Err(next) });
        let first = first.unwrap_or_else(|first| first);
        Some((first, last - first))
    }

    fn is_dropping(&self, pod: u8, now: u64) -> bool {
        self.gone_by_drops(pod) || self.lasting(pod, Outcome::Dropped, Model::no_drops, now).is_some()
    }

    pub(super) fn verdict(&self, pod: u8) -> Verdict {
        let connected = |what| Model::well(what) || what == Said(Outcome::Connected);
        let mut dials = self.after(pod, connected);
        let gone = |event: &Event| matches!(event.what, Said(Outcome::Refused) | Condemned { drops: false });
        if self.gone_by_drops(pod) || dials.clone().any(gone) {
            Verdict::Gone
        } else if dials.any(|event| event.what == Said(Outcome::Unreachable)) {
            Verdict::Unreachable
        } else {
            Verdict::None
        }
    }

    fn is_held(&self, pod: u8) -> bool {
        let drops = self.after(pod, Model::no_drops).any(|event| event.what == Said(Outcome::Dropped));
        drops || self.verdict(pod) != Verdict::None
    }

    /// When a pod began to signal that it is draining, and when it last did.
    fn mark(&self, pod: u8) -> Option<(u64, u64)> {
        let events: Vec<&Event> = self.record_of(pod).collect();
        events.into_iter().rev().fold(None, |mark: Option<(u64, u64)>, event| match event.what {
            Drains => Some((mark.map_or(event.at, |(since, _)| since), event.at)),
            Silent { began } => mark.filter(|(_, at)| *at >= began),
            Back | Said(Outcome::Refused) => None,
            _ => mark,
        })
    }

    /// Whether forgetting the pod would lose information.
    fn is_kept(&self, pod: u8) -> bool {
        self.is_held(pod) || self.mark(pod).is_some()
    }

    /// The last two pods with a reported event, each with its last time.
    fn last_two(&self, told: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut found: Vec<Event> = Vec::new();
        for event in self.history.iter().rev() {
            if told(event) && !found.iter().any(|other| other.pod == event.pod) {
                found.push(*event);
            }
        }
        found.truncate(2);
        found
    }

    /// When an upstream that uses a pod last learned that it responded or can be reached.
    fn last_told(&self, pod: u8, upstream: u64, answered: bool) -> Option<u64> {
        let since = self.uses.is_user_since(pod, upstream);
        let told = |event: &&Event| {
            let same = (event.what == Said(Outcome::Answered)) == answered;
            event.told && same && event.upstream == upstream && event.uses > since
        };
        self.record_of(pod).find(told).map(|event| event.at)
    }

    /// Whether the upstream learns of a sign of life: at most once a second, unless the pod failed in
    /// between.
    fn tells(&self, pod: u8, upstream: u64, outcome: Outcome, now: u64) -> bool {
        let failure = if outcome == Outcome::Refused { Event::is_miss } else { Event::is_failure };
        let failed = |at| self.record_of(pod).any(|event| failure(event) && event.at >= at);
        let told = self.last_told(pod, upstream, outcome == Outcome::Answered);
        told.is_none_or(|at| now - at >= SECOND || failed(at))
    }

    /// Whether the response to a request that is sent now should be reported.
    fn wants_answer(&self, pod: u8, upstream: u64, now: u64) -> bool {
        let failing = self.after(pod, Model::well).any(Event::is_failure);
        let told = self.last_told(pod, upstream, true);
        failing || self.is_kept(pod) || told.is_none_or(|at| now - at >= SECOND)
    }

    /// Whether a pod failed since a sign of life. If it was forgotten, the failures of all pods forgotten
    /// with a fault count.
    fn failed_since(&self, sign: &Event, failure: fn(&Event) -> bool) -> bool {
        let lost = self.uses.first_seen(sign.pod).is_none_or(|first| first >= sign.at);
        let failed = |event: &Event| failure(event) && event.at >= sign.at;
        let forgotten = |(index, event): (usize, &Event)| {
            let own = |before: &&Event| before.pod == event.pod && before.is_failure();
            event.what == Forgotten { held: true }
                && self.history[..index].iter().rev().find(own).is_some_and(|last| last.at >= sign.at)
        };
        self.record_of(sign.pod).any(failed) || lost && self.history.iter().enumerate().any(forgotten)
    }

    /// When another pod proved that the fault is not on our side, by a sign after `since`; if `answered`, by a
    /// response.
    fn witnessed(&self, pod: u8, upstream: u64, answered: bool, since: u64, now: u64) -> Option<u64> {
        let told = |event: &Event| event.told && event.upstream == upstream;
        let answers = |event: &Event| told(event) && event.what == Said(Outcome::Answered);
        let others = |event: &Event| told(event) && matches!(event.what, Reached | Said(Outcome::Refused));
        let works = |sign: &Event| {
            let counts = sign.at >= since && now - sign.at <= MINUTE;
            sign.pod != pod && counts && !self.failed_since(sign, Event::is_miss)
        };
        let mut signs: Vec<Event> = self.last_two(answers).into_iter().collect();
        if !answered {
            signs.extend(self.last_two(others));
        }
        signs.iter().filter(|sign| works(sign)).map(|sign| sign.at).min()
    }

    fn may_have(&self, upstream: u64, pod: u8) -> bool {
        self.dns.get(&upstream).is_none_or(|pods| pods.contains(&pod))
    }

    /// The time since which DNS does not list a pod. `None` if DNS lists it, and 0 if nothing is known.
    fn unlisted(&self, pod: u8) -> Option<Option<u64>> {
        let events: Vec<&Event> = self.record_of(pod).collect();
        let mut asked = false;
        events.into_iter().rev().fold(None, |unlisted, event| {
            let is_first = matches!(event.what, Asked(_)) && !std::mem::replace(&mut asked, true);
            match (event.what, unlisted) {
                (Asked(None), _) if is_first => Some(None),
                (Asked(Some(false)), _) if is_first => Some(Some(event.at)),
                (Asked(Some(true)) | Named, _) => None,
                (Asked(Some(false)), Some(None)) | (Vanished, None | Some(None)) => Some(Some(event.at)),
                (_, unlisted) => unlisted,
            }
        })
    }

    /// The eviction of a known pod.
    fn eviction(&self, number: u8) -> Option<Eviction> {
        let users = self.uses.both(number)?;
        self.evictions.iter().rfind(|eviction| eviction.target.covers(pod(number), &users)).copied()
    }

    /// When a pod began to drain.
    fn draining(&self, pod: u8) -> Option<u64> {
        let mark = self.mark(pod).map(|(since, _)| since);
        let evicted = self.eviction(pod).map(|eviction| eviction.since);
        mark.into_iter().chain(self.unlisted(pod).flatten()).chain(evicted).min()
    }

    pub(super) fn serves_page(&self, wanted: u64, now: u64) -> bool {
        self.knows_pod(wanted, now, |_| true)
    }

    pub(super) fn takes_page(&self, wanted: u64, now: u64) -> bool {
        self.knows_pod(wanted, now, |sign| {
            let covers = |eviction: &Eviction| eviction.target.covers(pod(sign.pod), &[sign.upstream]);
            let forgotten = self.uses.both(sign.pod).is_none() && self.evictions.iter().any(covers);
            self.draining(sign.pod).is_none() && !forgotten
        })
    }

    fn knows_pod(&self, wanted: u64, now: u64, takes: impl Fn(&Event) -> bool) -> bool {
        let worked = |event: &Event| event.fresh && source(event.upstream) == wanted;
        self.last_two(worked).iter().any(|sign| {
            now - sign.at <= MINUTE
                && self.may_have(sign.upstream, sign.pod)
                && self.verdict(sign.pod) == Verdict::None
                && takes(sign)
                && !self.failed_since(sign, Event::is_failure)
        })
    }

    /// Whether a dial would exceed the limit of one per second for a pod with a fault.
    fn just_dialled(&self, pod: u8, now: u64) -> bool {
        let events: Vec<&Event> = self.after(pod, Model::well).collect();
        events.iter().any(|event| {
            let dials = match event.what {
                Probed | Condemned { .. } => true,
                Said(Outcome::Refused | Outcome::Unreachable) => event.holds,
                _ => false,
            };
            dials && now - event.at < SECOND
        })
    }
}
