//! In: the question whether a pod can be reached. Out: the pod that is dialled in the background to find out, and what its
//! dial says, as that of any dial.

use super::call::Call;
use super::choice::{Dice, Wanted};
use super::{Flow, Report, Request};
use crate::pods::{Outcome, Pod};

/// How many pods are passed over because they are dialled in the background already.
const PASSED_OVER: usize = 12;

impl Flow {
    /// Somebody looks at an upstream.
    pub(crate) fn use_upstream(&self, upstream: u32, now: u64) -> Report {
        let Some(member) = self.upstreams.get(upstream) else { return Report::default() };
        let touch = member.upstream.host.touch(now, self.options.stale_max, false);
        Report { lookups_due: touch.lookups_due, ..Report::default() }
    }

    /// What became of a dial.
    pub(crate) fn dialled(&self, upstream: u32, pod: Pod, outcome: Outcome, now: u64, random: u64) -> Report {
        let Some(member) = self.upstreams.get(upstream) else { return Report::default() };
        if matches!(outcome, Outcome::Answered | Outcome::Dropped) {
            return Report::default(); // no dial
        }
        let mut nobody = Request::default();
        nobody.decision.upstream = Some(upstream);
        let mut call = Call {
            flow: self,
            request: &mut nobody,
            now,
            target: &[],
            dice: Dice::new(random),
            report: Report::default(),
        };
        let shared = call.shared();
        if matches!(outcome, Outcome::Refused | Outcome::Unreachable) {
            call.use_host(member); // what DNS says about the upstream matters now
        }
        let learned = shared.pods.learn(&self.group(member), pod, outcome, now);
        call.learned(upstream, pod, &learned);
        if outcome == Outcome::Refused {
            let dropped = shared.refused(&member.upstream.host, pod.address(), now);
            call.report.dropped = dropped.map(|host| (host, pod.address()));
        }
        // A pod that takes no page, such as one that drains, is no news to those who wait, of whom there may be thousands.
        let is_news = outcome == Outcome::Connected && shared.anybody_waits();
        call.report.wake |= is_news && shared.pods.serves_page(&self.health, now);
        call.report
    }
}

impl Call<'_> {
    /// Names a pod that may take pages, in the order in which a page load would try them. False if there is none.
    pub(super) fn find_pod(&mut self) -> bool {
        let own = self.request.decision.upstream.or((self.flow.upstreams.len() == 1).then_some(0));
        if let Some(member) = own.and_then(|own| self.member(own)) {
            self.use_host(member);
        }
        let wanted = Wanted { own, named: None, only_own: false, is_sent: false };
        let mut passed = [None; PASSED_OVER];
        for round in 0..PASSED_OVER {
            let Some(place) = self.search(&wanted, &|pod| passed.contains(&Some(pod))) else { break };
            if self.flow.health.hand_out([place.pod], self.now).is_some() {
                self.report.background = self.report.background.or(Some((place.upstream, place.pod)));
                return true;
            }
            passed[round] = Some(place.pod);
        }
        self.look_up_others(super::lookups::LOOKED_UP);
        false
    }

    /// Names another pod of the upstream: does the network work?
    pub(super) fn find_witness(&mut self, upstream: u32, missing: Pod) {
        let Some(member) = self.member(upstream) else { return };
        let addresses = member.upstream.host.peek();
        let fresh = addresses.as_deref().map_or(&[][..], |addresses| addresses.list());
        let at = (fresh, member.upstream.port);
        let random = self.dice.roll();
        let witness = self.shared().pods.witness(&member.upstream.health, missing, at, self.now, random);
        self.report.background = self.report.background.or(witness.map(|witness| (upstream, witness)));
    }
}
