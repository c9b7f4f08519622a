//! In: the fresh pods of the upstreams. Out: the one that is best for a request, without looking at all of very many.

use std::net::IpAddr;

use super::dice::Dice;
use super::tried::Tried;
use crate::pods::{Look, Looker, Pod, Pods, Standing};
use crate::request::{Place, Request};
use crate::state::{Fresh, Member};

/// How many pods of one upstream are looked at, or drawn where there are more.
const LOOKED_AT: usize = 64;

/// How good a pod is for a request; lower is better. What each says beside whose pod it is: see [`Standing`]. Those that are not in
/// their upstream's networks are outside.
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
    OwnRefuses = 4,
    OtherRefuses = 5,
    OwnMarked = 6,
    OtherMarked = 7,
    OwnDraining = 8,
    OtherDraining = 9,
    OwnMissing = 10,
    OtherMissing = 11,
    Outside = 12,
    OutsideFailing = 13,
}

impl Tier {
    /// It is in its upstream's networks.
    pub(crate) fn is_inside(tier: u8) -> bool {
        tier < Tier::Outside as u8
    }

    /// It says that it drains, or did.
    pub(crate) fn drains(tier: u8) -> bool {
        (Tier::OwnMarked as u8..=Tier::OtherDraining as u8).contains(&tier)
    }

    /// It has said since the request began that it drains.
    pub(crate) fn is_draining(tier: u8) -> bool {
        (Tier::OwnDraining as u8..=Tier::OtherDraining as u8).contains(&tier)
    }
}

/// Whose pods are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Own,
    Other { old: bool },
}

impl Whose {
    /// The tier of a pod that is inside.
    fn tier(self, standing: Standing) -> Tier {
        let (own, other) = match standing {
            Standing::Well if self == (Whose::Other { old: true }) => (Tier::OtherOld, Tier::OtherOld),
            Standing::Well => (Tier::Own, Tier::Other),
            Standing::Refuses => (Tier::OwnRefuses, Tier::OtherRefuses),
            Standing::Marked => (Tier::OwnMarked, Tier::OtherMarked),
            Standing::Draining => (Tier::OwnDraining, Tier::OtherDraining),
            Standing::Missing => (Tier::OwnMissing, Tier::OtherMissing),
        };
        if self == Whose::Own { own } else { other }
    }
}

/// The tier of a pod that is outside.
fn outside(standing: Standing) -> Tier {
    if standing == Standing::Well { Tier::Outside } else { Tier::OutsideFailing }
}

/// A request as it looks at pods.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub(crate) pods: &'a Pods,
    pub(crate) now: u64,
    pub(crate) looker: Looker,
    /// What the request has tried.
    pub(crate) tried: &'a Tried,
    /// Those that refused go behind those that drain, which take it, and are as good as those that could not be reached: the request has
    /// few dials left, or a pod is dialled in the background, where each of them has to have its turn.
    pub(crate) is_pressed: bool,
}

impl Sight<'_> {
    /// Looks at a pod of these. `compares`: the better one of several pods is chosen.
    fn look(&self, fresh: &Fresh, pod: Pod, compares: bool) -> Look {
        let looker = Looker { upstream: fresh.upstream(), compares, ..self.looker };
        let look = self.pods.look(pod, looker, self.now);
        match look.standing {
            // Also where the pod has been forgotten since.
            Standing::Well | Standing::Marked if self.tried.is_taken_back(pod) => {
                Look { standing: Standing::Draining, asks: false, ..look }
            }
            Standing::Refuses if self.is_pressed => Look { standing: Standing::Missing, ..look },
            _ => look,
        }
    }
}

/// The best pod so far, among those that are not left out.
pub(crate) struct Best<'a> {
    sight: Sight<'a>,
    leave_out: &'a dyn Fn(Pod) -> bool,
    found: Option<(Tier, u32, Pod)>,
}

impl<'a> Best<'a> {
    pub(crate) fn new(sight: Sight<'a>, leave_out: &'a dyn Fn(Pod) -> bool) -> Self {
        Best { sight, leave_out, found: None }
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

    fn offer(&mut self, tier: Tier, upstream: u32, pod: Pod) {
        if self.beats(tier) {
            self.found = Some((tier, upstream, pod));
        }
    }

    /// Looks at the pod that a cookie names, if it is fresh and well.
    pub(crate) fn named(&mut self, upstream: u32, member: &Member, address: IpAddr, fresh: &Fresh) {
        let pod = member.upstream.pod_at(address);
        let is_fresh = fresh.inside().binary_search(&pod).is_ok() && !(self.leave_out)(pod);
        if is_fresh && self.sight.look(fresh, pod, false).standing == Standing::Well {
            self.offer(Tier::Named, upstream, pod);
        }
    }

    /// Looks at the pods of an upstream.
    pub(crate) fn of(&mut self, whose: Whose, upstream: u32, fresh: &Fresh, dice: &mut Dice) {
        if self.beats(whose.tier(Standing::Well))
            && let Some((standing, pod)) = self.pick(fresh, fresh.inside(), dice)
        {
            self.offer(whose.tier(standing), upstream, pod);
        }
        if self.beats(Tier::Outside)
            && let Some((standing, pod)) = self.pick(fresh, fresh.outside(), dice)
        {
            self.offer(outside(standing), upstream, pod);
        }
    }

    /// Looks at the pods of an upstream for a request that needs no pod inside: a resource, which comes without a token.
    pub(crate) fn of_resource(&mut self, upstream: u32, fresh: &Fresh, dice: &mut Dice) {
        if let Some((standing, pod)) = self.pick(fresh, fresh.all(), dice) {
            self.offer(Whose::Own.tier(standing), upstream, pod);
        }
    }

    /// One pod of those that stand best: of two that are well, drawn at random, the better one. Of those that drain it is the one
    /// whose word is the oldest: a new process is most likely there.
    fn pick(&self, fresh: &Fresh, pods: &[Pod], dice: &mut Dice) -> Option<(Standing, Pod)> {
        let compares = pods.len() > 1;
        let coin = if compares { dice.roll() } else { 0 };
        let (mut well, mut best) = (None::<(Look, Pod)>, None::<(Look, Pod)>);
        // True once there is nothing more to look at.
        let mut look_at = |pod: Pod| {
            if (self.leave_out)(pod) || well.is_some_and(|(_, one)| one == pod) {
                return false;
            }
            let look = self.sight.look(fresh, pod, compares);
            if look.standing == Standing::Well {
                let is_second = well.is_some();
                well = match well.filter(|_| !look.asks) {
                    Some(one) if !prefers(&look, &one.0, coin) => Some(one),
                    _ => Some((look, pod)),
                };
                return is_second || look.asks || !compares;
            }
            if best.is_none_or(|(found, _)| (look.standing, look.said) < (found.standing, found.said)) {
                best = Some((look, pod));
            }
            false
        };
        if pods.len() <= LOOKED_AT {
            let _ = shuffled(pods.len(), dice).any(|index| look_at(pods[index]));
        } else {
            let _ = (0..LOOKED_AT).any(|_| look_at(pods[dice.below(pods.len())]));
        }
        well.or(best).map(|(look, pod)| (look.standing, pod))
    }
}

/// Of 8 draws of a new pod and another one the new one gets so many at most. Then it gets less than twice the share of the others, however
/// many there are of both.
const OF_EIGHT: u64 = 5;

/// Whether a pod is to be preferred to another one that is well too: it has fewer pages. A new one has none, and would get nearly all
/// at once.
fn prefers(one: &Look, other: &Look, coin: u64) -> bool {
    let is_new_chosen = coin % 8 < OF_EIGHT;
    match (one.is_new, other.is_new) {
        (true, false) => one.pages < other.pages && is_new_chosen,
        (false, true) => one.pages <= other.pages || !is_new_chosen,
        _ => one.pages < other.pages,
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
    pub(crate) sight: Sight<'a>,
    pub(crate) least: u8,
    pub(crate) found: &'a mut Vec<Place>,
}

impl Choices<'_> {
    /// Looks at all pods of an upstream.
    pub(crate) fn of(&mut self, whose: Whose, upstream: u32, member: &Member, fresh: &Fresh) {
        let named = self.request.decision.address.filter(|_| whose == Whose::Own && self.request.dials == 0);
        let named = named.map(|address| member.upstream.pod_at(address));
        let inside = fresh.inside().iter().map(|pod| (*pod, true));
        for (pod, is_inside) in inside.chain(fresh.outside().iter().map(|pod| (*pod, false))) {
            if self.request.tried.contains(pod) {
                continue;
            }
            let tier = match self.sight.look(fresh, pod, false).standing {
                standing if !is_inside => outside(standing),
                Standing::Well if named == Some(pod) => Tier::Named,
                standing => whose.tier(standing),
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
