//! A slow model of what is known about pods: it remembers every event, and works out from all of them what was promised.
//! Shared with the fuzz target. Time never goes back here.

use std::collections::BTreeMap;

use super::*;

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

/// How many pods, servers and sources there are. The last server is the only one of its source.
pub(super) const PODS: u8 = 6;
pub(super) const SERVERS: u64 = 3;

pub(super) fn source(server: u64) -> u64 {
    7 + server / 2
}

const MINUTE: u64 = 60 * SECOND;

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Said(Outcome),
    /// A connection was made while nothing said that the pod drops them.
    Reached,
    Condemned {
        drops: bool,
    },
    Probed,
    Looked,
    /// It is back in DNS.
    Back,
    Forgotten {
        held: bool,
    },
}

use What::*;

#[derive(Clone, Copy, Debug)]
struct Event {
    pod: u8,
    server: u64,
    what: What,
    at: u64,
    /// With it something is held against the pod, and before nothing was.
    holds: bool,
}

impl Event {
    fn is_failure(&self) -> bool {
        self.is_miss() || self.what == Said(Outcome::Refused)
    }

    fn is_miss(&self) -> bool {
        matches!(self.what, Said(Outcome::Unreachable | Outcome::Dropped))
    }
}

/// Remembers every event, and works everything out from the beginning each time it is asked.
pub(super) struct Model {
    history: Vec<Event>,
    uses: Uses,
    /// Since when something is held against a pod.
    since: BTreeMap<u8, u64>,
    dns: BTreeMap<u64, Vec<u8>>,
    /// Which of the successes were those of fresh pods, by their place in the history.
    fresh: Vec<usize>,
    /// When the caller was last asked for something: by source and by server.
    asked: BTreeMap<(bool, u64), u64>,
    /// Millionths of a request left in each bucket, and when: by server or by source.
    buckets: BTreeMap<(bool, u64), (u128, u64)>,
    /// Refused tokens: of which source, why, when, and whether there was a line in the log.
    tokens: Vec<(u64, Reason, u64, bool)>,
}

/// The members of an answer that the model knows; it says nothing about the key.
pub(super) fn of(answer: Answer) -> Answer {
    Answer { nothing_opens: false, ..answer }
}

const NOTHING: Answer = Answer {
    action: Action::None,
    retry_after: 0,
    verdict: Verdict::None,
    changed: false,
    nothing_opens: false,
    log: false,
    suppressed: 0,
    no_pod: false,
    find_pod: false,
    find_witness: false,
    until: 0,
};

impl Model {
    pub(super) fn new(most: usize) -> Self {
        let (history, fresh, tokens) = (Vec::new(), Vec::new(), Vec::new());
        let (since, dns, asked, buckets) = Default::default();
        Model { history, uses: Uses::new(most), since, dns, fresh, asked, buckets, tokens }
    }

    fn record(&mut self, pod: u8, server: u64, what: What, at: u64) {
        let before = self.verdict(pod);
        self.history.push(Event { pod, server, what, at, holds: false });
        if before == Verdict::None && self.verdict(pod) != Verdict::None {
            self.history.last_mut().unwrap().holds = true;
            self.since.insert(pod, at);
        }
    }

    /// What happened to a pod since it was last forgotten.
    fn record_of(&self, pod: u8) -> impl Iterator<Item = &Event> + Clone {
        let newest = self.history.iter().rev().filter(move |event| event.pod == pod);
        newest.take_while(|event| !matches!(event.what, Forgotten { .. }))
    }

    /// What happened since something that makes good what was before, the newest first.
    fn after(&self, pod: u8, good: impl Fn(What) -> bool + Clone) -> impl Iterator<Item = &Event> + Clone {
        self.record_of(pod).take_while(move |event| event.what != Back && !good(event.what))
    }

    fn well(what: What) -> bool {
        matches!(what, Reached | Said(Outcome::Answered))
    }

    /// What drops leave is made good by an answer, and by a refusal, for then something else accepts later.
    fn no_drops(what: What) -> bool {
        Model::well(what) || what == Said(Outcome::Refused)
    }

    fn gone_by_drops(&self, pod: u8) -> bool {
        self.after(pod, Model::no_drops).any(|event| event.what == Condemned { drops: true })
    }

    /// How long failures of one kind have lasted until now, if they go on.
    fn lasting(&self, pod: u8, outcome: Outcome, good: fn(What) -> bool, now: u64) -> Option<u64> {
        let mut times = self.after(pod, good).filter(|event| event.what == Said(outcome)).map(|event| event.at);
        let last = times.next().filter(|at| now - at <= MINUTE)?;
        let first = times.try_fold(last, |next, at| if next - at <= MINUTE { Ok(at) } else { Err(next) });
        Some(last - first.unwrap_or_else(|first| first))
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

    /// The last two pods of which something was told, with the last time.
    fn last_two(&self, told: impl Fn(usize, &Event) -> bool) -> Vec<Event> {
        let mut found: Vec<Event> = Vec::new();
        for (index, event) in self.history.iter().enumerate().rev() {
            if told(index, event) && !found.iter().any(|other| other.pod == event.pod) {
                found.push(*event);
            }
        }
        found.truncate(2);
        found
    }

    /// Whether a pod failed since a sign of life. What it did is lost when it is forgotten; then the failures of all that were
    /// forgotten although something was held against them count.
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

    /// Whether another pod shows that the fault is not on our side; one that answered, if need be.
    fn is_witnessed(&self, pod: u8, server: u64, answered: bool, now: u64) -> bool {
        let answers = |_, event: &Event| event.server == server && event.what == Said(Outcome::Answered);
        let others =
            |_, event: &Event| event.server == server && matches!(event.what, Reached | Said(Outcome::Refused));
        let works =
            |sign: Event| sign.pod != pod && now - sign.at <= MINUTE && !self.failed_since(&sign, Event::is_miss);
        self.last_two(answers).into_iter().any(works) || !answered && self.last_two(others).into_iter().any(works)
    }

    fn may_have(&self, server: u64, pod: u8) -> bool {
        self.dns.get(&server).is_none_or(|pods| pods.contains(&pod))
    }

    fn takes_page(&self, wanted: u64, now: u64) -> bool {
        let worked = |index, event: &Event| self.fresh.contains(&index) && source(event.server) == wanted;
        self.last_two(worked).iter().any(|sign| {
            now - sign.at <= MINUTE
                && self.may_have(sign.server, sign.pod)
                && self.verdict(sign.pod) == Verdict::None
                && !self.failed_since(sign, Event::is_failure)
        })
    }

    /// Calls a pod gone that failed for long enough, if there is a witness. True if only the witness is missing.
    fn judge(&mut self, group: &Group, pod: u8, now: u64) -> bool {
        let good = |what| Model::no_drops(what) || what == Said(Outcome::Connected);
        let lasts = |span: Option<u64>| span.is_some_and(|span| span >= group.gone_after);
        let unreachable = lasts(self.lasting(pod, Outcome::Unreachable, good, now));
        let drops = match self.verdict(pod) {
            Verdict::Gone => return false,
            Verdict::Unreachable if unreachable => false,
            _ if lasts(self.lasting(pod, Outcome::Dropped, Model::no_drops, now)) => true,
            _ => return false,
        };
        let witnessed = self.is_witnessed(pod, group.server, drops, now);
        if witnessed {
            self.record(pod, group.server, Condemned { drops }, now);
        }
        !witnessed && !drops
    }

    fn used(&mut self, group: &Group, pod: u8, now: u64) {
        let (uses, held) = (&self.uses, |pod| self.is_held(pod));
        if let Some(pod) = uses.to_forget(pod, held, now) {
            let held = self.is_held(pod);
            self.uses.forget(pod);
            self.record(pod, 0, Forgotten { held }, now);
        }
        self.uses.used(group, pod, now);
    }

    /// Whether a dial would be one too many: one a second is allowed while something is held against the pod.
    fn just_dialled(&self, pod: u8, now: u64) -> bool {
        let events: Vec<&Event> = self.after(pod, Model::well).collect();
        events.iter().enumerate().any(|(index, event)| {
            let failed = || events[index..].iter().find(|before| before.is_failure()).map(|failure| failure.at);
            let dials = match event.what {
                Probed => true,
                Condemned { .. } => failed().is_some_and(|at| event.at - at < 10 * SECOND),
                Said(Outcome::Refused | Outcome::Unreachable) => event.holds,
                _ => false,
            };
            dials && now - event.at < SECOND
        })
    }

    pub(super) fn failed_recently(&mut self, pod: u8, now: u64) -> bool {
        let events: Vec<Event> = self.after(pod, Model::well).copied().collect();
        let looked = events.iter().any(|event| event.what == Looked && now - event.at < SECOND);
        let failed = events.iter().find(|event| event.is_failure()).map(|event| now - event.at);
        match failed {
            Some(since) if (10 * SECOND..MINUTE).contains(&since) && !looked && !self.just_dialled(pod, now) => {
                self.history.push(Event { pod, server: 0, what: Looked, at: now, holds: false });
                false
            }
            since => since.is_some_and(|since| since < MINUTE),
        }
    }

    fn asks(&mut self, what: (bool, u64), now: u64) -> bool {
        let due = self.asked.get(&what).is_none_or(|at| now - at >= SECOND);
        if due {
            self.asked.insert(what, now);
        }
        due
    }

    /// Takes one from a bucket that holds at most what flows in within a second.
    fn take(&mut self, bucket: (bool, u64), rate: u32, now: u64) -> bool {
        let full = u128::from(rate) * u128::from(SECOND);
        let (left, at) = self.buckets.entry(bucket).or_insert((full, now));
        *left = full.min(*left + u128::from(now - *at) * u128::from(rate));
        *at = now;
        let enough = rate == 0 || *left >= u128::from(SECOND);
        *left -= if enough && rate > 0 { u128::from(SECOND) } else { 0 };
        enough
    }

    /// What a page gets that is to be told 410.
    fn gone(&mut self, group: &Group, path: PathKind, bucket: (bool, u64), answer: Answer, now: u64) -> Answer {
        let unavailable = Answer { action: Action::Unavailable, retry_after: 1, ..answer };
        if path != PathKind::Resource && !self.takes_page(group.source, now) {
            let find_pod = path != PathKind::Page && self.asks((false, group.source), now);
            return Answer { no_pod: true, find_pod, ..unavailable };
        }
        if path == PathKind::Sync && !self.take(bucket, group.gone_rate, now) { unavailable } else { answer }
    }

    fn settled(&mut self, group: &Group, path: PathKind, unwitnessed: bool, answer: Answer, now: u64) -> Answer {
        match answer.action {
            Action::Gone => self.gone(group, path, (true, group.server), answer, now),
            Action::Unavailable => {
                let find_witness = unwitnessed && self.asks((true, group.server), now);
                Answer { retry_after: 1, find_witness, ..answer }
            }
            _ => answer,
        }
    }

    pub(super) fn began(&mut self, group: &Group, pod: u8, path: PathKind, now: u64) -> Answer {
        self.used(group, pod, now);
        let before = self.verdict(pod);
        let unwitnessed = self.judge(group, pod, now);
        let verdict = self.verdict(pod);
        let action = match verdict {
            Verdict::None => Action::Dial,
            _ if !self.just_dialled(pod, now) => {
                self.record(pod, group.server, Probed, now);
                Action::Probe
            }
            Verdict::Unreachable => Action::Unavailable,
            Verdict::Gone => Action::Gone,
        };
        let answer = Answer { action, verdict, changed: verdict != before, ..NOTHING };
        self.settled(group, path, unwitnessed, answer, now)
    }

    pub(super) fn ended(&mut self, group: &Group, pod: u8, path: PathKind, outcome: Outcome, now: u64) -> Answer {
        self.used(group, pod, now);
        let before = self.verdict(pod);
        let reached = outcome == Outcome::Connected && !self.is_dropping(pod, now);
        self.record(pod, group.server, if reached { Reached } else { Said(outcome) }, now);
        if (reached || outcome == Outcome::Answered) && self.may_have(group.server, pod) {
            self.fresh.push(self.history.len() - 1);
        }
        if outcome == Outcome::Refused {
            self.uses.refused(pod);
        }
        let unwitnessed = self.judge(group, pod, now);
        let verdict = self.verdict(pod);
        let action = match outcome {
            Outcome::Connected | Outcome::Answered | Outcome::Cancelled => Action::None,
            Outcome::OwnFault => Action::Unavailable,
            _ if verdict == Verdict::Gone => Action::Gone,
            _ => Action::Unavailable,
        };
        let answer = Answer { action, verdict, changed: verdict != before, ..NOTHING };
        self.settled(group, path, unwitnessed, answer, now)
    }

    pub(super) fn refused_token(&mut self, group: &Group, reason: Reason, path: PathKind, now: u64) -> Answer {
        let earlier = || self.tokens.iter().rev().filter(|(of, why, ..)| (*of, *why) == (group.source, reason));
        let log = !earlier().any(|(.., at, log)| *log && now - at < 10 * SECOND);
        let suppressed = if log { earlier().take_while(|(.., log)| !log).count() as u32 } else { 0 };
        self.tokens.push((group.source, reason, now, log));
        let answer = Answer { action: Action::Gone, log, suppressed, ..NOTHING };
        self.gone(group, path, (false, group.source), answer, now)
    }

    pub(super) fn wait(&mut self, group: &Group, since: u64, waiting: u32, now: u64) -> Answer {
        let (over, known) = (now - since >= group.page_wait, self.takes_page(group.source, now));
        if known && !over {
            return Answer { action: Action::Dial, ..NOTHING };
        }
        let answer = Answer { no_pod: !known, find_pod: !known && self.asks((false, group.source), now), ..NOTHING };
        match over || waiting >= group.max_waiting {
            true => Answer { action: Action::Unavailable, retry_after: 1, ..answer },
            false => Answer { action: Action::Wait, until: (now + SECOND).min(since + group.page_wait), ..answer },
        }
    }

    pub(super) fn entered(&mut self, group: &Group, pod: u8, stream: bool, now: u64) {
        self.used(group, pod, now);
        self.uses.entered(pod, stream);
    }

    pub(super) fn left(&mut self, pod: u8, stream: bool, now: u64) {
        self.uses.left(pod, stream, now);
    }

    pub(super) fn list(&self) -> Vec<KnownPod> {
        let has = |server: u64, pod: u8| self.dns.get(&server).is_some_and(|pods| pods.contains(&pod));
        let mut list: Vec<KnownPod> = Vec::new();
        for (number, mut known, servers) in self.uses.list() {
            known.verdict = self.verdict(number);
            known.unreachable_since = self.since.get(&number).copied().filter(|_| known.verdict != Verdict::None);
            known.fresh = servers.iter().any(|server| has(*server, number));
            list.push(known);
        }
        list.sort_by_key(|known| (known.pod.address(), known.pod.port()));
        list
    }

    pub(super) fn idle(&self, number: u8, idle: u64, started: u64, now: u64) -> Idle {
        self.uses.idle(address(number), idle, started.min(now), now)
    }

    pub(super) fn resolved(&mut self, server: u64, pods: &[u8]) {
        let was_there = |one: &u8| self.dns.get(&server).is_some_and(|before| before.contains(one));
        let mut added: Vec<u8> = pods.iter().filter(|one| !was_there(one)).copied().collect();
        added.sort_by_key(|one| pod(*one));
        for pod in added {
            // It goes over to those against which nothing is held, and is the last of them.
            if self.is_held(pod) {
                self.uses.touched(pod);
            }
            self.history.push(Event { pod, server, what: Back, at: 0, holds: false });
        }
        self.dns.insert(server, pods.to_vec());
    }
}
