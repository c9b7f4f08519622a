//! In: one event. Out: one answer. Ties the tables of pods, servers and sources together.

use std::net::IpAddr;

use super::idle::{self, Idle};
use super::list::KnownPod;
use super::recent::Recent;
use super::server::ServerState;
use super::source::SourceState;
use super::table::Table;
use super::verdict::Proof;
use super::{Action, Answer, Group, Outcome, Pod, Verdict};
use crate::decision::Reason;
use crate::path::PathKind;

/// Enough for the largest configuration there is a use for; only an idle one is forgotten.
const MAX_SERVERS: usize = 200_000;
const MAX_SOURCES: usize = 10_000;

/// So many pods are copied while no other call can go on.
const LIST_AT_ONCE: usize = 64;

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
        let known = &mut self.pods.used(group, pod, now).state;
        let (action, verdict) = (known.arrive(now), known.verdict());
        self.paced(group, path, answer(action, verdict), now)
    }

    pub(super) fn refused_token(&mut self, group: &Group, reason: Reason, path: PathKind, now: u64) -> Answer {
        let source = self.sources.entry(group.source);
        let mut nothing_opens = false;
        match reason {
            Reason::Malformed | Reason::Refused => nothing_opens = source.unopened(now),
            _ => source.opened(),
        }
        let within = path != PathKind::Sync || source.bucket.take(group.gone_rate, now);
        let action = if within { Action::Gone } else { Action::Unavailable };
        let line = source.lines.due(reason, now);
        Answer { nothing_opens, log: line.is_some(), suppressed: line.unwrap_or(0), ..answer(action, Verdict::None) }
    }

    pub(super) fn ended(&mut self, group: &Group, pod: Pod, path: PathKind, outcome: Outcome, now: u64) -> Answer {
        let proof = Proof { server: group.server, at: now };
        let known = self.pods.used(group, pod, now);
        let before = known.state.verdict();
        let action = match outcome {
            Outcome::Cancelled => Action::None,
            Outcome::OwnFault => Action::Unavailable,
            Outcome::Connected | Outcome::Answered => {
                known.state.alive(proof);
                self.servers.entry(group.server).add_candidate(group.server, pod, &self.pods, now);
                Action::None
            }
            Outcome::Refused => {
                known.state.refused(proof);
                known.traffic.refused += 1;
                self.servers.entry(group.server).add_candidate(group.server, pod, &self.pods, now);
                Action::Gone
            }
            Outcome::Unreachable => {
                let ripe = known.state.unreachable(group.gone_after, now);
                let condemned = ripe && self.servers.entry(group.server).any_works(group.server, &self.pods, now);
                let known = &mut self.pods.used(group, pod, now).state;
                if condemned {
                    known.condemn();
                }
                known.answer()
            }
        };
        let verdict = self.verdict(pod);
        let answer = Answer { changed: verdict != before, ..answer(action, verdict) };
        self.paced(group, path, answer, now)
    }

    pub(super) fn resolved(&mut self, server: u64, addresses: &[Pod]) {
        let State { pods, servers, .. } = self;
        servers.entry(server).resolved(addresses, |added| {
            if let Some(known) = pods.peek_mut(added) {
                known.state.clear();
            }
        });
    }

    pub(super) fn entered(&mut self, group: &Group, pod: Pod, stream: bool, now: u64) {
        self.pods.entered(group, pod, stream, now);
    }

    pub(super) fn left(&mut self, pod: Pod, stream: bool, now: u64) {
        self.pods.left(pod, stream, now);
    }

    pub(super) fn known(&self) -> usize {
        self.pods.len()
    }

    /// Adds the next few pods to `list`, which holds those before them. False when there are no more.
    pub(super) fn list_more(&self, list: &mut Vec<KnownPod>) -> bool {
        let before = list.len();
        list.extend(self.pods.after(list.last().map(|known| known.pod)).take(LIST_AT_ONCE).map(|(pod, known)| {
            let fresh = self.servers.peek(&known.server).is_some_and(|server| server.has(pod));
            KnownPod::new(*pod, known, fresh)
        }));
        list.len() == before + LIST_AT_ONCE
    }

    pub(super) fn idle(&self, address: IpAddr, idle: u64, started: u64, now: u64) -> Idle {
        idle::judge(self.pods.at(address), self.pods.forgotten, idle, started, now)
    }

    pub(super) fn failed_recently(&mut self, pod: Pod, now: u64) -> bool {
        self.pods.peek_mut(&pod).is_some_and(|known| known.state.failed_recently(now))
    }

    pub(super) fn verdict(&self, pod: Pod) -> Verdict {
        self.pods.peek(&pod).map_or(Verdict::None, |known| known.state.verdict())
    }

    /// Turns a 410 on the sync path into a 503 when too many pages are told to reload at once.
    fn paced(&mut self, group: &Group, path: PathKind, answer: Answer, now: u64) -> Answer {
        let paced = answer.action == Action::Gone && path == PathKind::Sync;
        if paced && !self.servers.entry(group.server).bucket.take(group.gone_rate, now) {
            return Answer { action: Action::Unavailable, retry_after: RETRY_AFTER, ..answer };
        }
        answer
    }
}

fn answer(action: Action, verdict: Verdict) -> Answer {
    let retry_after = if action == Action::Unavailable { RETRY_AFTER } else { 0 };
    Answer { action, retry_after, verdict, changed: false, nothing_opens: false, log: false, suppressed: 0 }
}
