//! In: the fresh pods of the upstreams. Out: the one that is best for a request, without looking at all of very many.

use std::net::IpAddr;

use super::dice::Dice;
use crate::pods::{Pod, Pods};
use crate::request::{Place, Request};
use crate::state::{Fresh, Member};

/// How many pods of one upstream are looked at, or drawn where there are more.
const LOOKED_AT: usize = 64;

/// How good a pod is for a request; lower is better. Those that could not be reached a moment ago are failing, and those
/// that are not in their upstream's networks are outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Tier {
    /// The one that the cookie names.
    Named = 0,
    /// Of the request's own upstream.
    Own = 1,
    Other = 2,
    /// Of an upstream that was not looked up for a while: its pods may be others by now.
    OtherOld = 3,
    OwnFailing = 4,
    OtherFailing = 5,
    Outside = 6,
    OutsideFailing = 7,
}

impl Tier {
    /// It is in its upstream's networks.
    pub(crate) fn is_inside(self) -> bool {
        self < Tier::Outside
    }
}

/// Whose pods are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Own,
    Other { old: bool },
}

impl Whose {
    fn well(self) -> Tier {
        match self {
            Whose::Own => Tier::Own,
            Whose::Other { old: false } => Tier::Other,
            Whose::Other { old: true } => Tier::OtherOld,
        }
    }

    fn failing(self) -> Tier {
        if self == Whose::Own { Tier::OwnFailing } else { Tier::OtherFailing }
    }
}

/// The best pod so far, among those that are not left out.
pub(crate) struct Best<'a> {
    pods: &'a Pods,
    now: u64,
    leave_out: &'a dyn Fn(Pod) -> bool,
    found: Option<(Tier, u32, Pod)>,
}

impl<'a> Best<'a> {
    pub(crate) fn new(pods: &'a Pods, now: u64, leave_out: &'a dyn Fn(Pod) -> bool) -> Self {
        Best { pods, now, leave_out, found: None }
    }

    /// The tier of the best so far.
    pub(crate) fn tier(&self) -> Option<Tier> {
        self.found.map(|(tier, _, _)| tier)
    }

    pub(crate) fn place(self) -> Option<Place> {
        self.found.map(|(tier, upstream, pod)| Place { upstream, pod, tier: tier as u8 })
    }

    fn beats(&self, tier: Tier) -> bool {
        self.found.is_none_or(|(found, _, _)| tier < found)
    }

    fn offer(&mut self, tier: Tier, upstream: u32, pod: Option<Pod>) {
        if let Some(pod) = pod
            && self.beats(tier)
        {
            self.found = Some((tier, upstream, pod));
        }
    }

    fn failing(&self, pod: Pod) -> bool {
        self.pods.failed_recently(pod, self.now)
    }

    /// Looks at the pod that a cookie names, if it is fresh and well.
    pub(crate) fn named(&mut self, upstream: u32, member: &Member, address: IpAddr, fresh: &Fresh) {
        let pod = member.upstream.pod_at(address);
        if fresh.inside().binary_search(&pod).is_ok() && !(self.leave_out)(pod) && !self.failing(pod) {
            self.offer(Tier::Named, upstream, Some(pod));
        }
    }

    /// Looks at the pods of an upstream.
    pub(crate) fn of(&mut self, whose: Whose, upstream: u32, fresh: &Fresh, dice: &mut Dice) {
        if self.beats(whose.well()) {
            let (well, failing) = self.pick(fresh.inside(), dice);
            self.offer(whose.well(), upstream, well);
            self.offer(whose.failing(), upstream, failing);
        }
        if self.beats(Tier::Outside) {
            let (well, failing) = self.pick(fresh.outside(), dice);
            self.offer(Tier::Outside, upstream, well);
            self.offer(Tier::OutsideFailing, upstream, failing);
        }
    }

    /// Looks at the pods of an upstream for a request that needs no pod inside: a resource, which comes without a token.
    pub(crate) fn of_resource(&mut self, upstream: u32, fresh: &Fresh, dice: &mut Dice) {
        let (well, failing) = self.pick(fresh.all(), dice);
        self.offer(Tier::Own, upstream, well);
        self.offer(Tier::OwnFailing, upstream, failing);
    }

    /// One pod at random that is well, and, if none is found, one that is failing.
    fn pick(&self, pods: &[Pod], dice: &mut Dice) -> (Option<Pod>, Option<Pod>) {
        let mut failing = None;
        let mut well = |pod: Pod| {
            let is_out = (self.leave_out)(pod);
            let is_well = !is_out && !self.failing(pod);
            if !is_out && !is_well && failing.is_none() {
                failing = Some(pod);
            }
            is_well
        };
        let found = if pods.len() <= LOOKED_AT {
            shuffled(pods.len(), dice).map(|index| pods[index]).find(|pod| well(*pod))
        } else {
            (0..LOOKED_AT).map(|_| pods[dice.below(pods.len())]).find(|pod| well(*pod))
        };
        (found, failing)
    }
}

/// The numbers below a bound of at most [`LOOKED_AT`], in random order.
fn shuffled(bound: usize, dice: &mut Dice) -> impl Iterator<Item = usize> {
    let mut order: [u8; LOOKED_AT] = std::array::from_fn(|index| index as u8);
    (0..bound).map(move |first| {
        order.swap(first, first + dice.below(bound - first));
        usize::from(order[first])
    })
}

/// Collects the pods that a user's policy may choose from: those of the best tier from `least` on.
pub(crate) struct Choices<'a> {
    pub(crate) request: &'a Request,
    pub(crate) pods: &'a Pods,
    pub(crate) now: u64,
    pub(crate) least: u8,
    pub(crate) found: &'a mut Vec<Place>,
}

impl Choices<'_> {
    /// Looks at all pods of an upstream.
    pub(crate) fn of(&mut self, whose: Whose, upstream: u32, member: &Member, fresh: &Fresh) {
        let named = self.request.decision.address.filter(|_| whose == Whose::Own && self.request.dials == 0);
        let named = named.map(|address| member.upstream.pod_at(address));
        let inside = fresh.inside().iter().map(|pod| (*pod, whose.well(), whose.failing()));
        let outside = fresh.outside().iter().map(|pod| (*pod, Tier::Outside, Tier::OutsideFailing));
        for (pod, well, failing) in inside.chain(outside) {
            if self.request.tried.contains(pod) {
                continue;
            }
            let tier = match self.pods.failed_recently(pod, self.now) {
                true => failing,
                false if named == Some(pod) && well.is_inside() => Tier::Named,
                false => well,
            };
            self.offer(Place { upstream, pod, tier: tier as u8 });
        }
    }

    fn offer(&mut self, place: Place) {
        let best = self.found.first().map_or(u8::MAX, |best| best.tier);
        if place.tier < self.least || place.tier > best {
            return;
        }
        if place.tier < best {
            self.found.clear();
        }
        self.found.push(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_as_likely_as_the_others() {
        let mut dice = Dice::new(1);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..60_000 {
            *counts.entry(shuffled(3, &mut dice).collect::<Vec<_>>()).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
        assert_eq!(shuffled(0, &mut dice).count(), 0);
        let mut all: Vec<usize> = shuffled(LOOKED_AT, &mut dice).collect();
        all.sort_unstable();
        assert_eq!(all, (0..LOOKED_AT).collect::<Vec<_>>());
    }
}
