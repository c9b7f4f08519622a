//! Requests that several pods can serve: those without a token, and those for a resource of a gone pod. Pods
//! are tried in turn until a connection is made; nothing is sent again after that.

use super::call::Call;
use super::choice::{Tier, Tried, Wanted};
use super::{Action, Cause, Last, Phase, Place};
use crate::pods::{Outcome, Pod, Verdict};
use crate::router::Kind;

/// The maximum number of pods that one request tries.
pub(super) const MOST_DIALS: u32 = 8;

impl Call<'_> {
    /// Sends the request to the best pod that it has not tried.
    pub(super) fn try_any_pod(&mut self) -> Action {
        let own = self.request.decision.upstream;
        if let Some(member) = own.and_then(|own| self.member(own))
            && let Some(until) = self.await_own(member)
        {
            return Action::Wait { until };
        }
        if self.lets_choose() {
            return self.let_choose(own);
        }
        let mut best = self.best();
        // DNS may know another pod by now. While any known pod takes pages, do not wait for other upstreams.
        let is_enough =
            |place: &Place| self.request.elsewhere || !Tier::drains(place.tier) && Tier::is_inside(place.tier);
        if !best.as_ref().is_some_and(is_enough)
            && let Some(until) =
                self.await_any(own, !self.request.elsewhere && !best.is_some_and(|best| Tier::drains(best.tier)))
        {
            return Action::Wait { until };
        }
        if best.is_none() && self.user_retries() && !self.request.tried.is_empty() {
            self.request.tried = Tried::nothing();
            best = self.best();
        }
        match best {
            Some(place) => self.send(place.upstream, place.pod, place.tier),
            None => self.unreached(),
        }
    }

    /// The best pod that the request has not tried.
    fn best(&mut self) -> Option<Place> {
        let tried = self.request.tried;
        let (own, elsewhere) = (self.request.decision.upstream, self.request.elsewhere);
        let is_first = self.request.dials == 0 && !elsewhere;
        let named = self.request.decision.address.filter(|_| is_first);
        let wanted = Wanted { own, named, only_own: elsewhere, is_sent: true };
        self.search(&wanted, &|pod| tried.contains(pod))
    }

    /// Counts the request at a pod of the given tier.
    pub(super) fn send(&mut self, upstream: u32, pod: Pod, tier: u8) -> Action {
        let Some(member) = self.member(upstream) else { return self.done() };
        let page = self.request.loads_page();
        let reports = self.shared().pods.entered(&self.flow.group(member), pod, page, self.now);
        let is_last_dial = self.request.dials.saturating_add(1) >= MOST_DIALS;
        // A request that cannot be sent elsewhere must be served by this pod.
        self.request.last_choice = Tier::is_draining(tier)
            || Tier::drains(tier) && !self.request.loads_page()
            || self.request.was_taken_back && (is_last_dial || tier == Tier::OutsideFailing as u8);
        self.sent(upstream, pod, false, reports)
    }

    /// Handles a refusal by a draining pod: tries the next pod, or the same pod again as the last choice.
    pub(super) fn taken_back(&mut self) -> Action {
        if let Some((_, pod)) = self.request.at {
            self.request.tried.take_back(pod);
        }
        self.leave();
        self.request.was_taken_back = true;
        self.request.dials = self.request.dials.saturating_add(1);
        (self.request.passed, self.request.offered) = (0, 0);
        self.try_any_pod()
    }

    /// Handles a failed attempt to reach a pod.
    pub(super) fn pod_failed(&mut self, upstream: u32, pod: Pod, outcome: Outcome) -> Action {
        self.note_failure(upstream, pod, outcome);
        match self.request.last {
            Last::Dropped => self.unreached(),
            _ if self.request.dials >= MOST_DIALS && !self.user_retries() => self.unreached(),
            _ => self.try_any_pod(),
        }
    }

    /// Records the outcome of a failed attempt.
    pub(super) fn note_failure(&mut self, upstream: u32, pod: Pod, outcome: Outcome) {
        self.leave();
        self.request.tried.add(pod);
        self.request.dials = self.request.dials.saturating_add(1);
        (self.request.passed, self.request.offered) = (0, 0);
        self.request.last = match outcome {
            Outcome::OwnFault => Last::OwnFault(pod),
            Outcome::Dropped => Last::Dropped,
            _ => Last::NotReached,
        };
        if outcome == Outcome::Dropped
            && let Some(member) = self.member(upstream)
        {
            let learned = self.shared().pods.learn(&self.flow.group(member), pod, outcome, self.now);
            self.learned(upstream, pod, &learned);
        }
    }

    /// Handles a request that no pod can serve: it waits for one or gets an answer.
    pub(super) fn unreached(&mut self) -> Action {
        let loads_page = self.request.loads_page();
        match self.request.last {
            Last::Dropped if loads_page || self.request.elsewhere => self.unavailable(Cause::PodDropped),
            Last::Dropped => self.done(),
            Last::OwnFault(pod) if self.shared().pods.verdict(pod) == Verdict::None => {
                self.unavailable(Cause::OwnFault)
            }
            last => {
                let cause = if last == Last::Nothing { Cause::NoFreshPod } else { Cause::NoPod };
                if loads_page { self.hold(cause) } else { self.unavailable(cause) }
            }
        }
    }

    /// Handles the end of the caller's retries.
    pub(super) fn give_up(&mut self, outcome: Option<Outcome>) -> Action {
        let at = self.request.at.filter(|_| self.request.phase == Phase::Dialling);
        if let (Some((upstream, pod)), Some(outcome)) = (at, outcome) {
            if matches!(outcome, Outcome::Cancelled | Outcome::Connected | Outcome::Answered) {
                return self.done();
            }
            if self.request.decision.kind == Kind::Pod && !self.request.elsewhere {
                return self.own_pod_failed(upstream, pod, outcome);
            }
            self.note_failure(upstream, pod, outcome);
        }
        match self.request.phase {
            Phase::AwaitingPod => self.await_pod(),
            _ if self.request.has_token() && !self.request.elsewhere => self.done(),
            _ => self.unreached(),
        }
    }

    /// Continues the user's retries after an answer.
    pub(super) fn again_if_user_says(&mut self) -> Action {
        let may = self.user_retries() && !self.request.has_token() && self.request.last != Last::Nothing;
        if may { self.try_any_pod() } else { Action::Done }
    }

    /// Whether the user's retries apply to this request. A request for a resource of another pod bypasses the
    /// user's handler, so they do not apply to it.
    pub(super) fn user_retries(&self) -> bool {
        self.flow.options.user_retries && !self.request.elsewhere
    }
}
