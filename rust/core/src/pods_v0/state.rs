//! In: one event. Out: one answer. Ties the tables of pods, servers and sources together.

use std::net::IpAddr;
use std::sync::Arc;

use super::addresses::Addresses;
use super::idle::{self, Idle};
use super::list::KnownPod;
use super::pacing::Bucket;
use super::recent::Recent;
use super::server::ServerState;
use super::signs::{LastTwo, Sign};
use super::source::SourceState;
use super::table::Table;
use super::verdict::Ripe;
use super::{Action, Answer, Group, Outcome, Pod, SECOND, Verdict};
use crate::router::{PathKind, Reason};

/// Enough for the largest configuration there is a use for; only an idle one is forgotten.
const MAX_SERVERS: usize = 200_000;
const MAX_SOURCES: usize = 10_000;

/// So many pods are looked at while no other call can go on.
pub(super) const AT_ONCE: usize = 64;

/// The client's own back-off does the rest.
const RETRY_AFTER: u32 = 1;

pub(super) struct State {
    pods: Table,
    servers: Recent<u64, ServerState>,
    sources: Recent<u64, SourceState>,
}

impl State {
    pub(super) fn new(most: usize) -> Self {
        State { pods: Table::new(most), servers: Recent::new(MAX_SERVERS), sources: Recent::new(MAX_SOURCES) }
    }

    pub(super) fn began(&mut self, group: &Group, pod: Pod, path: PathKind, now: u64) -> Answer {
        self.sources.entry(group.source).opened();
        let slot = self.pods.used(group, pod, now);
        let known = &self.pods.known(slot).state;
        let before = known.verdict();
        let ripe = known.ripe(group.gone_after, now);
        let unwitnessed =
            ripe.is_some_and(|ripe| !self.judge(group, pod, slot, ripe, now) && ripe == Ripe::Unreachable);
        let known = &mut self.pods.known_mut(slot).state;
        let (action, verdict) = (known.arrive(now), known.verdict());
        let answer = Answer { changed: verdict != before, ..answer(action, verdict) };
        self.settled(group, path, answer, unwitnessed, now)
    }

    pub(super) fn refused_token(&mut self, group: &Group, reason: Reason, path: PathKind, now: u64) -> Answer {
        let source = self.sources.entry(group.source);
        let mut nothing_opens = false;
        match reason {
            Reason::Malformed | Reason::Refused => nothing_opens = source.unopened(now),
            _ => source.opened(),
        }
        let line = source.lines.due(reason, now);
        let answer = self.gated(group, path, answer(Action::Gone, Verdict::None), now);
        let bucket = &mut self.sources.entry(group.source).bucket;
        Answer {
            nothing_opens,
            log: line.is_some(),
            suppressed: line.unwrap_or(0),
            ..paced(bucket, group, path, answer, now)
        }
    }

    pub(super) fn ended(&mut self, group: &Group, pod: Pod, path: PathKind, outcome: Outcome, now: u64) -> Answer {
        let slot = self.pods.used(group, pod, now);
        let known = self.pods.known_mut(slot);
        let before = known.state.verdict();
        let mut alive = false;
        match outcome {
            Outcome::Cancelled | Outcome::OwnFault => (),
            Outcome::Connected => alive = known.state.connected(now),
            Outcome::Answered => {
                known.state.answered();
                alive = true;
            }
            Outcome::Refused => {
                known.state.refused(now);
                known.traffic.refused += 1;
                alive = true;
            }
            Outcome::Unreachable => known.state.unreachable(now),
            Outcome::Dropped => known.state.drop_connection(now),
        }
        let ripe = known.state.ripe(group.gone_after, now);
        self.pods.sort(slot);
        if alive {
            self.add_sign(group, pod, outcome, now);
        }
        let unwitnessed =
            ripe.is_some_and(|ripe| !self.judge(group, pod, slot, ripe, now) && ripe == Ripe::Unreachable);
        let known = &self.pods.known(slot).state;
        let verdict = known.verdict();
        let action = match outcome {
            Outcome::Connected | Outcome::Answered | Outcome::Cancelled => Action::None,
            Outcome::OwnFault => Action::Unavailable,
            Outcome::Refused | Outcome::Unreachable | Outcome::Dropped => known.answer(),
        };
        let answer = Answer { changed: verdict != before, ..answer(action, verdict) };
        self.settled(group, path, answer, unwitnessed, now)
    }

    /// A request that no pod could take asks whether to try again, to wait, or to give up.
    pub(super) fn wait(&mut self, group: &Group, since: u64, waiting: u32, now: u64) -> Answer {
        let end = since.saturating_add(group.page_wait);
        // This first: it ends every loop of a request that is told to dial and fails in a way that nobody reports.
        let (over, takes_page) = (now >= end, self.takes_page(group.source, now));
        if !over && takes_page {
            return answer(Action::Dial, Verdict::None);
        }
        let find_pod = !takes_page && self.sources.entry(group.source).asks(now);
        let answer = if over || waiting >= group.max_waiting {
            answer(Action::Unavailable, Verdict::None)
        } else {
            Answer { until: now.saturating_add(SECOND).min(end), ..answer(Action::Wait, Verdict::None) }
        };
        Answer { no_pod: !takes_page, find_pod, ..answer }
    }

    /// The addresses of a server in DNS, as last told.
    pub(super) fn addresses(&self, server: u64) -> Option<Arc<Addresses>> {
        self.servers.peek(&server).and_then(|server| server.addresses.clone())
    }

    pub(super) fn set_addresses(&mut self, server: u64, addresses: Arc<Addresses>) {
        self.servers.entry(server).addresses = Some(addresses);
    }

    /// Other pods may have these addresses now.
    pub(super) fn clear(&mut self, pods: &[Pod]) {
        pods.iter().for_each(|pod| self.pods.clear(*pod));
    }

    pub(super) fn entered(&mut self, group: &Group, pod: Pod, stream: bool, now: u64) {
        self.pods.entered(group, pod, stream, now);
    }

    pub(super) fn left(&mut self, pod: Pod, stream: bool, now: u64) {
        self.pods.left(pod, stream, now);
    }

    /// Changes how many pods are remembered. False when more have to be forgotten.
    pub(super) fn limit(&mut self, most: usize) -> bool {
        self.pods.limit(most, AT_ONCE)
    }

    pub(super) fn known(&self) -> usize {
        self.pods.len()
    }

    /// Adds the next few pods to `list`, which holds those before them. False when there are no more.
    pub(super) fn list_more(&self, list: &mut Vec<KnownPod>) -> bool {
        let before = list.len();
        list.extend(self.pods.after(list.last().map(|known| known.pod)).take(AT_ONCE).map(|(pod, known)| {
            let has = |server: u64| self.servers.peek(&server).is_some_and(|server| server.has(*pod));
            let fresh = known.users.servers().any(has);
            KnownPod::new(*pod, known, fresh)
        }));
        list.len() == before + AT_ONCE
    }

    pub(super) fn idle(&self, address: IpAddr, idle: u64, started: u64, now: u64) -> Idle {
        idle::judge(&self.pods, address, idle, started, now)
    }

    pub(super) fn failed_recently(&mut self, pod: Pod, now: u64) -> bool {
        self.pods.failed_recently(pod, now)
    }

    pub(super) fn verdict(&self, pod: Pod) -> Verdict {
        self.pods.peek(pod).map_or(Verdict::None, |known| known.state.verdict())
    }

    /// A pod gave a sign of life: it may witness for others, and if it is fresh it would take a page.
    fn add_sign(&mut self, group: &Group, pod: Pod, outcome: Outcome, now: u64) {
        let sign = Sign { pod, server: group.server, at: now };
        let server = self.servers.entry(group.server);
        server.add(sign, outcome);
        if outcome != Outcome::Refused && server.may_have(pod) {
            self.sources.entry(group.source).worked.add(sign);
        }
    }

    /// Declares a pod gone if another one shows that the fault is not on our side. False when there is none.
    fn judge(&mut self, group: &Group, pod: Pod, slot: u32, ripe: Ripe, now: u64) -> bool {
        let server = self.servers.entry(group.server);
        let pods = &self.pods;
        let works = |signs: &LastTwo| signs.at(now).any(|sign| sign.pod != pod && !pods.missed_since(sign));
        let witnessed = works(&server.answered) || ripe == Ripe::Unreachable && works(&server.alive);
        if witnessed {
            self.pods.known_mut(slot).state.condemn(ripe, now);
        }
        witnessed
    }

    /// Whether a pod is known that would take a page of a source.
    fn takes_page(&self, source: u64, now: u64) -> bool {
        let takes = |sign: &Sign| {
            let fresh = self.servers.peek(&sign.server).is_none_or(|server| server.may_have(sign.pod));
            fresh && self.verdict(sign.pod) == Verdict::None && !self.pods.failed_since(sign)
        };
        self.sources.peek(&source).is_some_and(|source| source.worked.at(now).any(takes))
    }

    /// The answer that a request of a page gets, with what the caller is asked to find out.
    fn settled(&mut self, group: &Group, path: PathKind, answer: Answer, unwitnessed: bool, now: u64) -> Answer {
        match answer.action {
            Action::Gone => {
                let answer = self.gated(group, path, answer, now);
                let bucket = &mut self.servers.entry(group.server).bucket;
                paced(bucket, group, path, answer, now)
            }
            Action::Unavailable if unwitnessed => {
                Answer { find_witness: self.servers.entry(group.server).asks(now), ..answer }
            }
            _ => answer,
        }
    }

    /// Turns a 410 into a 503 while no pod is known onto which the page could reload. A resource is not a page: it goes to
    /// another pod.
    fn gated(&mut self, group: &Group, path: PathKind, answer: Answer, now: u64) -> Answer {
        if path == PathKind::Resource || self.takes_page(group.source, now) {
            return answer;
        }
        // A request without a token waits, and asks then.
        let find_pod = path != PathKind::Page && self.sources.entry(group.source).asks(now);
        Answer { no_pod: true, find_pod, ..unavailable(answer) }
    }
}

/// Turns a 410 on the sync path into a 503 when too many pages are told to reload at once.
fn paced(bucket: &mut Bucket, group: &Group, path: PathKind, answer: Answer, now: u64) -> Answer {
    let paced = answer.action == Action::Gone && path == PathKind::Sync;
    if paced && !bucket.take(group.gone_rate, now) { unavailable(answer) } else { answer }
}

fn unavailable(answer: Answer) -> Answer {
    Answer { action: Action::Unavailable, retry_after: RETRY_AFTER, ..answer }
}

fn answer(action: Action, verdict: Verdict) -> Answer {
    let retry_after = if action == Action::Unavailable { RETRY_AFTER } else { 0 };
    Answer {
        action,
        retry_after,
        verdict,
        changed: false,
        nothing_opens: false,
        log: false,
        suppressed: 0,
        no_pod: false,
        find_pod: false,
        find_witness: false,
        until: 0,
    }
}
