//! Background dials, to find out whether a pod can be reached.

use super::call::Call;
use super::choice::{Dice, Wanted};
use super::{Flow, Report, Request};
use crate::pods::{Outcome, Pod};

/// The maximum number of pods skipped because a background dial to them is under way.
const PASSED_OVER: usize = 12;

impl Flow {
    /// Marks an upstream as used, because its pods are shown.
    pub(crate) fn use_upstream(&self, upstream: u32, now: u64) -> Report {
        let Some(member) = self.upstreams.get(upstream) else { return Report::default() };
        let touch = member.upstream.host.touch(now, self.options.stale_max, false);
        Report { lookups_due: touch.lookups_due, ..Report::default() }
    }

    /// Handles the outcome of a dial.
    pub(crate) fn dialled(&self, upstream: u32, pod: Pod, outcome: Outcome, now: u64, random: u64) -> Report {
        let Some(member) = self.upstreams.get(upstream) else { return Report::default() };
        if matches!(outcome, Outcome::Answered | Outcome::Dropped) {
            return Report::default(); // not the outcome of a dial
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
            call.use_host(member); // the upstream's current addresses matter now
        }
        let learned = shared.pods.learn(&self.group(member), pod, outcome, now);
        call.learned(upstream, pod, &learned);
        if outcome == Outcome::Refused {
            let dropped = shared.refused(&member.upstream.host, pod.address(), now);
            call.report.dropped = dropped.map(|host| (host, pod.address()));
        }
        // Thousands of requests may be waiting. Do not wake them for a pod that takes no pages, such as a
        // draining one.
        let is_news = outcome == Outcome::Connected && shared.anybody_waits();
        call.report.wake |= is_news && shared.pods.serves_page(&self.health, now);
        call.report
    }
}

impl Call<'_> {
    /// Requests a background dial to a pod that may take pages. Tries pods in the same order as a page load.
    /// Returns false if there is none.
    pub(super) fn find_pod(&mut self) -> bool {
        let own = self.request.decision.upstream.or((self.flow.upstreams.len() == 1).then_some(0));
        if let Some(member) = own.and_then(|own| self.member(own)) {
            self.use_host(member);
        }
        let wanted = Wanted { own, named: None, only_own: false, is_sent: false };
        let mut passed = [None; PASSED_OVER];
        for round in 0..PASSED_OVER {
            let Some(place) = self.search(&wanted, &|pod| passed.contains(&Some(pod))) else { break };
            if self.flow.health.request_dial([place.pod], self.now).is_some() {
                self.report.background = self.report.background.or(Some((place.upstream, place.pod)));
                return true;
            }
            passed[round] = Some(place.pod);
        }
        self.look_up_others(super::lookups::LOOKED_UP);
        false
    }

    /// Requests a background dial to another pod of the upstream, to find out whether the network works.
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
