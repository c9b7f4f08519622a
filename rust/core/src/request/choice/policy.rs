//! Lets the user's load-balancing policy choose among several pods.

use super::tiers::{Choices, Tier, Whose};
use super::tried::Tried;
use crate::pods::Pod;
use crate::request::call::Call;
use crate::request::lookups::LOOKED_UP;
use crate::request::{Action, Phase, Place, Request};

impl Call<'_> {
    /// Whether the user's policy chooses the pod for this request.
    pub(crate) fn lets_choose(&self) -> bool {
        self.flow.options.user_chooses && !self.request.elsewhere
    }

    /// Asks the user's policy to choose once there are candidates. Waits for all lookups that this request
    /// started, because the policy must see every upstream.
    pub(crate) fn let_choose(&mut self, own: Option<u32>) -> Action {
        let (inside, any) = self.has_untried();
        if (!inside || self.request.looked_up.is_some())
            && let Some(until) = self.await_any(own, true)
        {
            return Action::Wait { until };
        }
        self.look_up_others(LOOKED_UP);
        let is_over = self.request.passed > Tier::OutsideFailing as u8;
        if is_over || !(inside || any) {
            let knows_some = self.flow.upstreams.known() > 0;
            if !self.user_retries() || !knows_some {
                return self.unreached();
            }
            self.request.tried = Tried::nothing();
            self.request.passed = 0;
        }
        self.request.phase = Phase::Choosing;
        Action::Choose
    }

    /// Whether there are untried pods: in their upstream's networks, and at all.
    fn has_untried(&self) -> (bool, bool) {
        let is_new = |pod: &Pod| !self.request.tried.contains(*pod);
        let mut any = false;
        for place in 0..self.flow.upstreams.known() {
            let member = self.flow.upstreams.known_at(place.into()).and_then(|index| self.member(index));
            let Some(member) = member else { continue };
            let fresh = member.fresh();
            let Some(fresh) = fresh.as_deref() else { continue };
            if fresh.inside().iter().any(is_new) {
                return (true, true);
            }
            any |= fresh.outside().iter().any(is_new);
        }
        (false, any)
    }

    /// Lists the pods that the user's policy may choose from.
    pub(crate) fn list_choices(&mut self, found: &mut Vec<Place>) {
        found.clear();
        if self.request.phase != Phase::Choosing {
            return;
        }
        let own = self.request.decision.upstream;
        for place in 0..self.flow.upstreams.known() {
            let Some(upstream) = self.flow.upstreams.known_at(place.into()) else { break };
            let Some(member) = self.member(upstream) else { continue };
            self.use_host(member);
            let fresh = member.fresh();
            let Some(fresh) = fresh.as_deref() else { continue };
            self.warn(upstream, member);
            let whose = if own == Some(upstream) { Whose::Own } else { Whose::Other { old: false } };
            let tried = self.request.tried;
            let (sight, request): (_, &Request) = (self.sight(true, &tried), self.request);
            Choices { request, sight, least: request.passed, found }.of(whose, upstream, member, fresh);
        }
        found.sort_unstable_by_key(|place| (place.upstream, place.pod));
        self.request.offered = found.first().map_or(u8::MAX, |place| place.tier);
    }

    /// Handles the choice of the user's policy.
    pub(crate) fn chose(&mut self, upstream: u32, pod: Pod) -> Action {
        if self.request.phase != Phase::Choosing || self.member(upstream).is_none() {
            return self.done();
        }
        self.send(upstream, pod, self.request.offered)
    }

    /// Handles a policy that chose no pod.
    pub(crate) fn chose_none(&mut self) -> Action {
        if self.request.phase != Phase::Choosing {
            return self.done();
        }
        self.request.passed = self.request.offered.saturating_add(1);
        self.try_any_pod()
    }
}
