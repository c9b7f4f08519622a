//! In: a request that several pods may take, where the user has a policy of his own. Out: the pods that it may choose from.

use super::tiers::{Choices, Tier, Whose};
use super::tried::Tried;
use crate::pods::Pod;
use crate::request::call::Call;
use crate::request::lookups::LOOKED_UP;
use crate::request::{Action, Phase, Place, Request};

impl Call<'_> {
    /// The user's policy is asked, since several pods may take the request.
    pub(crate) fn lets_choose(&self) -> bool {
        self.flow.options.user_chooses && !self.request.elsewhere
    }

    /// Lets the user's policy choose, once there is something to choose from: lookups that this request began are waited for
    /// even so, since the policy is to see all upstreams.
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

    /// Whether there are pods that the request has not tried: inside, and at all.
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

    /// The user's policy has chosen.
    pub(crate) fn chose(&mut self, upstream: u32, pod: Pod) -> Action {
        if self.request.phase != Phase::Choosing || self.member(upstream).is_none() {
            return self.done();
        }
        self.send(upstream, pod, self.request.offered)
    }

    /// The user's policy has taken none.
    pub(crate) fn chose_none(&mut self) -> Action {
        if self.request.phase != Phase::Choosing {
            return self.done();
        }
        self.request.passed = self.request.offered.saturating_add(1);
        self.try_any_pod()
    }
}
