//! One call from the caller about one request, and the step that it returns.

use super::choice::Dice;
use super::{Action, AnswerStatus, Cause, Flow, Incoming, Last, Marks, Phase, Place, Report, Request, Step};
use crate::options::SECOND;
use crate::pods::{Learned, Outcome, Pod};
use crate::router::{Kind, PathKind};
use crate::state::{Member, Shared};

/// The `Retry-After` of every 503, in seconds. The client's own back-off adds to it.
const RETRY_AFTER: u32 = 1;

/// One call about one request.
pub(super) struct Call<'a> {
    pub(super) flow: &'a Flow,
    pub(super) request: &'a mut Request,
    pub(super) now: u64,
    /// The path, only set while a request begins.
    pub(super) target: &'a [u8],
    pub(super) dice: Dice,
    pub(super) report: Report,
}

impl Flow {
    /// Runs a call and returns its step. Does nothing for a request that this source did not begin.
    fn call(&self, request: &mut Request, now: u64, random: u64, act: impl FnOnce(&mut Call<'_>) -> Action) -> Step {
        if request.tag != self.tag {
            return Step { action: Action::Done, report: Report::default() };
        }
        let mut call =
            Call { flow: self, request, now, target: &[], dice: Dice::new(random), report: Report::default() };
        let action = act(&mut call);
        Step { action, report: call.report }
    }

    pub(crate) fn begin(&self, incoming: &Incoming<'_>, now: u64, random: u64, request: &mut Request) -> Step {
        let decision = self.router.decide(incoming.path, incoming.cookies);
        let reads = incoming.reads();
        *request = Request {
            tag: self.tag,
            began: now,
            decision,
            reads,
            bodiless: !incoming.has_body,
            receiver: decision.path == PathKind::Sync && incoming.method == super::Method::Get,
            ..Request::default()
        };
        let (dice, report) = (Dice::new(random), Report::default());
        let mut call = Call { flow: self, request, now, target: incoming.path, dice, report };
        let action = call.try_now();
        Step { action, report: call.report }
    }

    pub(crate) fn next(&self, request: &mut Request, outcome: Outcome, now: u64, random: u64) -> Step {
        self.call(request, now, random, |call| call.attempt_ended(outcome))
    }

    pub(crate) fn failed(&self, request: &mut Request, outcome: Outcome, now: u64, random: u64) -> Step {
        let mut told = match request.at {
            Some((upstream, pod)) if request.tag == self.tag => self.dialled(upstream, pod, outcome, now, random),
            _ => Report::default(),
        };
        let Step { action, report } = self.next(request, outcome, now, random);
        told.merge(report);
        Step { action, report: told }
    }

    pub(crate) fn resume(&self, request: &mut Request, now: u64, random: u64) -> Step {
        self.call(request, now, random, |call| match call.request.phase {
            Phase::AwaitingLookups => call.try_now(),
            Phase::AwaitingPod => call.await_pod(),
            Phase::Choosing => Action::Choose,
            Phase::Dialling => call.same_dial(),
            Phase::Over => call.again_if_user_says(),
        })
    }

    /// Lists the pods that the user's policy may choose from.
    pub(crate) fn choices(&self, request: &mut Request, now: u64, found: &mut Vec<Place>) -> Report {
        found.clear();
        let step = self.call(request, now, 0, |call| {
            call.list_choices(found);
            Action::Done
        });
        step.report
    }

    pub(crate) fn chose(&self, request: &mut Request, upstream: u32, pod: Pod, now: u64) -> Step {
        self.call(request, now, 0, |call| call.chose(upstream, pod))
    }

    pub(crate) fn chose_none(&self, request: &mut Request, now: u64, random: u64) -> Step {
        self.call(request, now, random, |call| call.chose_none())
    }

    pub(crate) fn give_up(&self, request: &mut Request, outcome: Option<Outcome>, now: u64, random: u64) -> Step {
        self.call(request, now, random, |call| call.give_up(outcome))
    }

    /// Handles the start of a response.
    pub(crate) fn answered(&self, request: &mut Request, marks: Marks, now: u64, random: u64) -> Step {
        self.call(request, now, random, |call| match call.request.phase {
            Phase::Dialling => call.answered(marks),
            _ => Action::Done,
        })
    }

    pub(crate) fn ended(&self, request: &mut Request, now: u64) {
        let _ = self.call(request, now, 0, |call| {
            call.leave();
            call.wait_no_longer();
            (call.request.tag, call.request.phase) = (0, Phase::Over);
            Action::Done
        });
    }
}

impl<'a> Call<'a> {
    pub(super) fn shared(&self) -> &'a Shared {
        self.flow.state.shared()
    }

    pub(super) fn member(&self, upstream: u32) -> Option<&'a Member> {
        self.flow.upstreams.get(upstream)
    }

    /// Makes the next attempt.
    pub(super) fn try_now(&mut self) -> Action {
        match self.request.decision.kind {
            Kind::Pod if !self.request.elsewhere => self.try_own_pod(),
            Kind::Gone => self.without_pod(),
            _ => self.try_any_pod(),
        }
    }

    fn attempt_ended(&mut self, outcome: Outcome) -> Action {
        if self.request.phase != Phase::Dialling {
            return self.done();
        }
        let Some((upstream, pod)) = self.request.at else { return self.done() };
        match self.request.decision.kind {
            _ if matches!(outcome, Outcome::Cancelled | Outcome::Connected | Outcome::Answered) => self.done(),
            Kind::Pod if !self.request.elsewhere => self.own_pod_failed(upstream, pod, outcome),
            _ => self.pod_failed(upstream, pod, outcome),
        }
    }

    /// Sends the request to a pod that already counts it.
    pub(super) fn sent(&mut self, upstream: u32, pod: Pod, probe: bool, reports_answer: bool) -> Action {
        self.request.at = Some((upstream, pod));
        self.request.phase = Phase::Dialling;
        self.request.probe = probe;
        self.request.reports_answer = reports_answer || probe;
        self.same_dial()
    }

    fn same_dial(&mut self) -> Action {
        match self.request.at {
            Some((upstream, pod)) => {
                let Request { probe, last_choice, .. } = *self.request;
                Action::Dial { upstream, pod, probe, last_choice }
            }
            None => self.done(),
        }
    }

    /// Ends the request's count at its pod.
    pub(super) fn leave(&mut self) {
        if let Some((_, pod)) = self.request.at.take() {
            self.shared().pods.left(pod, self.request.stream(), self.now);
        }
    }

    fn answered(&mut self, marks: Marks) -> Action {
        self.note_answer(marks.draining || marks.refused);
        if marks.refused && self.request.loads_page() && !self.request.last_choice {
            return self.taken_back();
        }
        self.request.phase = Phase::Over;
        self.request.last = Last::Nothing;
        Action::Done
    }

    fn note_answer(&mut self, draining: bool) {
        let pods = &self.shared().pods;
        let is_worth = draining || self.request.reports_answer || pods.any_failed_lately(self.now);
        let Some((upstream, pod)) = self.request.at.filter(|_| is_worth) else { return };
        let Some(member) = self.member(upstream) else { return };
        let group = self.flow.group(member);
        let learned = pods.learn(&group, pod, Outcome::Answered, self.now);
        if (draining || learned.marked) && pods.mark(&group, pod, draining, self.request.began, self.now) {
            self.report.draining = Some((upstream, pod, draining));
        }
        self.learned(upstream, pod, &learned);
        self.report.wake |= self.shared().anybody_waits();
    }

    /// Copies the changes from an event about a pod into the report.
    pub(super) fn learned(&mut self, upstream: u32, pod: Pod, learned: &Learned) {
        if learned.changed {
            self.report.changed = Some((upstream, pod, learned.verdict));
        }
        if learned.find_witness {
            self.find_witness(upstream, pod);
        }
        if learned.find_pod {
            self.find_pod();
        }
    }

    pub(super) fn answer(&mut self, status: AnswerStatus, cause: Cause) -> Action {
        self.leave();
        self.wait_no_longer();
        self.request.phase = Phase::Over;
        let retry_after = if status == AnswerStatus::Gone { 0 } else { RETRY_AFTER };
        Action::Answer { status, retry_after, cause, page: self.request.loads_page() }
    }

    pub(super) fn unavailable(&mut self, cause: Cause) -> Action {
        self.answer(AnswerStatus::Unavailable, cause)
    }

    pub(super) fn done(&mut self) -> Action {
        self.leave();
        self.wait_no_longer();
        self.request.phase = Phase::Over;
        Action::Done
    }
}

/// The sum of a time and a duration.
pub(super) fn after(time: u64, duration: u64) -> u64 {
    time.saturating_add(duration)
}

const _: () = assert!(std::mem::size_of::<Request>() <= 320 && SECOND > 0);
