//! Finds the best pod for a request. Looks at a bounded number of upstreams.

use std::net::IpAddr;

use super::tiers::{Best, Sight, Tier, Whose};
use super::tried::Tried;
use crate::pods::{Looker, Pod};
use crate::request::Place;
use crate::request::call::Call;
use crate::state::Member;

/// How many upstreams are examined for a request that any of them can serve.
const DRAWS: u32 = 16;

/// The criteria of a search.
pub(crate) struct Wanted {
    /// The request's own upstream.
    pub(crate) own: Option<u32>,
    /// The address in its cookie.
    pub(crate) named: Option<IpAddr>,
    /// Restricts the search to its own upstream.
    pub(crate) only_own: bool,
    /// The request will be sent to the pod that is found.
    pub(crate) is_sent: bool,
}

impl<'a> Call<'a> {
    /// Finds the best pod for a request, of an upstream or of any.
    pub(crate) fn search(&mut self, wanted: &Wanted, leave_out: &dyn Fn(Pod) -> bool) -> Option<Place> {
        let Wanted { own, named, only_own, is_sent } = *wanted;
        let tried = self.request.tried;
        let mut best = Best::new(self.sight(is_sent, &tried), leave_out);
        if let Some((own, member)) = own.and_then(|own| Some((own, self.member(own)?)))
            && let Some(fresh) = member.fresh().as_deref()
        {
            self.warn(own, member);
            if only_own {
                best.of_resource(own, fresh, &mut self.dice);
                return best.place();
            }
            if let Some(address) = named {
                best.named(own, member, address, fresh);
            }
            best.of(Whose::Own, own, fresh, &mut self.dice);
        }
        if !only_own {
            self.draw(own, &mut best);
        }
        best.place()
    }

    /// The request's view of pods. `is_sent`: the request will be sent to the pod that is found.
    pub(super) fn sight<'t>(&self, is_sent: bool, tried: &'t Tried) -> Sight<'t>
    where
        'a: 't,
    {
        let looker = Looker {
            upstream: 0,
            began: self.request.began,
            may_test: is_sent && self.request.loads_page(),
            compares: false,
        };
        Sight {
            pods: &self.shared().pods,
            now: self.now,
            looker,
            tried,
            ranks_refusing_low: !is_sent || self.request.has_few_dials_left(),
        }
    }

    /// Looks at upstreams other than the request's own. Starts with the one whose turn it is, and continues
    /// until a healthy pod is found. If there are only a few upstreams, looks at all of them.
    fn draw(&mut self, own: Option<u32>, best: &mut Best<'_>) {
        let Some(turns) = &self.flow.turns else { return };
        let is_well = |best: &Best<'_>| best.tier().is_some_and(|tier| tier <= Tier::Other);
        if is_well(best) {
            return;
        }
        let known = self.flow.upstreams.known();
        for _ in 0..DRAWS.min(known) {
            let Some(drawn) = turns.next(&self.flow.upstreams, self.dice.roll()) else { break };
            self.look_at(drawn, own, best);
            if is_well(best) {
                break;
            }
        }
        if known < self.flow.upstreams.len() && self.flow.looks_up_another(self.now) {
            self.look_up_others(1);
        }
        if known <= DRAWS && !is_well(best) {
            let first = self.dice.roll() >> 32;
            for place in first..first + u64::from(known) {
                let Some(upstream) = self.flow.upstreams.known_at(place) else { return };
                self.look_at(upstream, own, best);
                if is_well(best) {
                    return;
                }
            }
        }
    }

    /// Looks at the pods of an upstream and marks it as used.
    fn look_at(&mut self, upstream: u32, own: Option<u32>, best: &mut Best<'_>) {
        let Some(member) = self.member(upstream) else { return };
        let touch = self.use_host(member);
        let fresh = member.fresh();
        let Some(fresh) = fresh.as_deref() else { return };
        self.warn(upstream, member);
        if own != Some(upstream) {
            best.of(Whose::Other { old: touch.stale }, upstream, fresh, &mut self.dice);
        }
    }

    /// Reports a warning if an upstream has pods outside its networks.
    pub(crate) fn warn(&mut self, upstream: u32, member: &Member) {
        let fresh = member.fresh();
        if let Some(outside) = fresh.as_deref().and_then(|fresh| fresh.outside().first())
            && self.report.outside.is_none()
            && member.warns(self.now)
        {
            self.report.outside = Some((upstream, outside.address()));
        }
    }
}
