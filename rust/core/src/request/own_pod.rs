//! Requests with a token: sends them to the pod that owns the page, or answers when that pod cannot be
//! reached.

use super::call::Call;
use super::{Action, AnswerStatus, Cause};
use crate::pods::{Began, Leaving, Outcome, Pod, Told, Verdict};
use crate::router::{PathKind, Reason};

impl Call<'_> {
    /// Sends the request to its pod, unless the pod's state rules that out.
    pub(super) fn try_own_pod(&mut self) -> Action {
        let decision = self.request.decision;
        let (Some(upstream), Some(address)) = (decision.upstream, decision.address) else { return self.done() };
        let Some(member) = self.member(upstream) else { return self.done() };
        let pod = member.upstream.pod_at(address);
        let stream = self.request.stream();
        let (group, pods) = (self.flow.group(member), &self.shared().pods);
        let (began, learned) = pods.began(&group, pod, decision.path, stream, self.target, self.now);
        self.learned(upstream, pod, &learned);
        // Only a drain with a time limit needs lookups here. Without one, open pages cause none.
        if learned.unlisted && self.flow.options.drain_max > 0 {
            self.use_host(member);
        }
        match began {
            Began::Dial { probe, report } => self.sent(upstream, pod, probe, report),
            Began::Told(told) => self.tell(told, cause(told, learned.verdict), false),
            Began::Leaves(Leaving::Evicted) => self.answer(AnswerStatus::Gone, Cause::Evicted),
            Began::Leaves(Leaving::DrainMax) => self.answer(AnswerStatus::Gone, Cause::DrainMax),
        }
    }

    /// Handles a failed attempt to reach the request's own pod.
    pub(super) fn own_pod_failed(&mut self, upstream: u32, pod: Pod, outcome: Outcome) -> Action {
        let Some(member) = self.member(upstream) else { return self.done() };
        let (path, stream) = (self.request.decision.path, self.request.stream());
        self.request.at = None;
        self.request.dials = self.request.dials.saturating_add(1);
        let (told, learned) = self.shared().pods.failed(&self.flow.group(member), pod, path, stream, outcome, self.now);
        self.learned(upstream, pod, &learned);
        let cause = cause(told, learned.verdict);
        match outcome {
            // The pod may have seen the request, so it must not be sent again.
            Outcome::Dropped => {
                let known = matches!(cause, Cause::NoPod | Cause::PodGone);
                self.tell(told, if known { cause } else { Cause::PodDropped }, true)
            }
            _ => self.tell(told, cause, false),
        }
    }

    /// Answers a request whose token leads to no pod.
    pub(super) fn without_pod(&mut self) -> Action {
        let decision = self.request.decision;
        let rate = self.flow.options.gone_rate;
        let refused =
            self.shared().pods.refused_token(&self.flow.health, rate, decision.reason, decision.path, self.now);
        self.report.refused_token = refused.log;
        self.report.nothing_opens = refused.nothing_opens;
        if refused.find_pod {
            self.find_pod();
        }
        let cause = match decision.reason {
            Reason::Malformed => Cause::TokenMalformed,
            Reason::NoCidr => Cause::NoCidr,
            _ => Cause::TokenRefused,
        };
        self.tell(refused.told, cause, false)
    }

    /// Answers the request, with two exceptions. If its page could not reload, holds it. If it asks for a
    /// resource, sends it to another pod of the upstream, since every pod can serve it.
    fn tell(&mut self, told: Told, cause: Cause, dropped: bool) -> Action {
        if told == (Told::Unavailable { no_pod: true }) && self.request.receiver && !dropped {
            return self.hold(cause);
        }
        let may_move = told == Told::Gone || dropped && self.request.bodiless;
        let is_resource = self.request.decision.path == PathKind::Resource && self.request.reads;
        if may_move && is_resource && self.request.decision.upstream.is_some() {
            let dials = self.request.dials;
            self.request.start_over();
            (self.request.elsewhere, self.request.dials) = (true, dials);
            if let (true, Some(pod)) = (dials > 0, self.own_pod()) {
                self.request.tried.add(pod);
            }
            return self.try_any_pod();
        }
        match told {
            Told::Gone => self.answer(AnswerStatus::Gone, cause),
            Told::Unavailable { .. } => self.unavailable(cause),
        }
    }

    /// The pod in the token.
    fn own_pod(&self) -> Option<Pod> {
        let decision = self.request.decision;
        Some(self.member(decision.upstream?)?.upstream.pod_at(decision.address?))
    }
}

/// The cause reported with the answer to a request that needed one particular pod.
fn cause(told: Told, verdict: Verdict) -> Cause {
    match (told, verdict) {
        (Told::Unavailable { no_pod: true }, _) => Cause::NoPod,
        (_, Verdict::Gone) => Cause::PodGone,
        (_, Verdict::Unreachable) => Cause::PodUnreachable,
        (_, Verdict::None) => Cause::OwnFault,
    }
}
