//! Ranks fresh pods by how well they suit a request. Looks at a bounded number of pods.

use std::net::IpAddr;

use super::dice::Dice;
use super::tried::Tried;
use crate::pods::{Look, Looker, Pod, Pods, Standing};
use crate::request::{Place, Request};
use crate::state::{Fresh, Member};

/// The maximum number of pods examined per upstream. If there are more, they are drawn at random.
const LOOKED_AT: usize = 64;

/// How well a pod suits a request; lower is better. See [`Standing`] for the states in the names. "Outside"
/// means outside the networks of the pod's upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Tier {
    /// The pod in the request's cookie.
    Named = 0,
    /// A pod of the request's own upstream.
    Own = 1,
    Other = 2,
    /// A pod of an upstream without a recent lookup. Its pods may have changed.
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
    /// Whether pods of this tier are in their upstream's networks.
    pub(crate) fn is_inside(tier: u8) -> bool {
        tier < Tier::Outside as u8
    }

    /// Whether pods of this tier are draining or have signalled that they are.
    pub(crate) fn drains(tier: u8) -> bool {
        (Tier::OwnMarked as u8..=Tier::OtherDraining as u8).contains(&tier)
    }

    /// Whether pods of this tier signalled during this request that they are draining.
    pub(crate) fn is_draining(tier: u8) -> bool {
        (Tier::OwnDraining as u8..=Tier::OtherDraining as u8).contains(&tier)
    }
}

/// Which upstream's pods are examined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Own,
    Other { old: bool },
}

impl Whose {
    /// The tier of a pod inside the networks.
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

/// The tier of a pod outside the networks.
fn outside(standing: Standing) -> Tier {
    if standing == Standing::Well { Tier::Outside } else { Tier::OutsideFailing }
}

/// A request's view of pods.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub(crate) pods: &'a Pods,
    pub(crate) now: u64,
    pub(crate) looker: Looker,
    /// The pods that the request has tried.
    pub(crate) tried: &'a Tried,
    /// Ranks refusing pods behind draining ones, level with unreachable ones. Set when the request has few
    /// dials left. Also set for background dials, so that every such pod gets its turn.
    pub(crate) ranks_refusing_low: bool,
}

impl Sight<'_> {
    /// Looks at one pod. `compares`: the better of several pods will be chosen.
    fn look(&self, fresh: &Fresh, pod: Pod, compares: bool) -> Look {
        let looker = Looker { upstream: fresh.upstream(), compares, ..self.looker };
        let look = self.pods.look(pod, looker, self.now);
        match look.standing {
            // This holds even if the pod has been forgotten since.
            Standing::Well | Standing::Marked if self.tried.is_taken_back(pod) => {
                Look { standing: Standing::Draining, tests_pod: false, ..look }
            }
            Standing::Refuses if self.ranks_refusing_low => Look { standing: Standing::Missing, ..look },
            _ => look,
        }
    }
}

/// The best pod so far, ignoring those that are left out.
pub(crate) struct Best<'a> {
    sight: Sight<'a>,
    leave_out: &'a dyn Fn(Pod) -> bool,
    found: Option<(Tier, u32, Pod)>,
}

impl<'a> Best<'a> {
    pub(crate) fn new(sight: Sight<'a>, leave_out: &'a dyn Fn(Pod) -> bool) -> Self {
        Best { sight, leave_out, found: None }
    }

    /// The tier of the best pod so far.
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

    /// Considers the pod named by a cookie, if it is fresh and healthy.
    pub(crate) fn named(&mut self, upstream: u32, member: &Member, address: IpAddr, fresh: &Fresh) {
        let pod = member.upstream.pod_at(address);
        let is_fresh = fresh.inside().binary_search(&pod).is_ok() && !(self.leave_out)(pod);
        if is_fresh && self.sight.look(fresh, pod, false).standing == Standing::Well {
            self.offer(Tier::Named, upstream, pod);
        }
    }

    /// Considers the pods of an upstream.
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

    /// Considers the pods of an upstream for a resource. A resource needs no token, so pods outside the
    /// networks qualify.
    pub(crate) fn of_resource(&mut self, upstream: u32, fresh: &Fresh, dice: &mut Dice) {
        if let Some((standing, pod)) = self.pick(fresh, fresh.all(), dice) {
            self.offer(Whose::Own.tier(standing), upstream, pod);
        }
    }

    /// Picks one of the pods with the best standing. Among healthy pods, picks the better of two drawn at
    /// random. Among draining pods, picks the one with the oldest mark, since it is the most likely to have
    /// been replaced.
    fn pick(&self, fresh: &Fresh, pods: &[Pod], dice: &mut Dice) -> Option<(Standing, Pod)> {
        let compares = pods.len() > 1;
        let coin = if compares { dice.roll() } else { 0 };
        let (mut well, mut best) = (None::<(Look, Pod)>, None::<(Look, Pod)>);
        // Returns true once no further pod needs to be examined.
        let mut look_at = |pod: Pod| {
            if (self.leave_out)(pod) || well.is_some_and(|(_, one)| one == pod) {
                return false;
            }
            let look = self.sight.look(fresh, pod, compares);
            if look.standing == Standing::Well {
                let is_second = well.is_some();
                well = match well.filter(|_| !look.tests_pod) {
                    Some(one) if !prefers(&look, &one.0, coin) => Some(one),
                    _ => Some((look, pod)),
                };
                return is_second || look.tests_pod || !compares;
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

/// A new pod wins at most this many of 8 draws against an old one. So it gets less than twice as many
/// requests as an old pod, whatever the number of new and old pods.
const OF_EIGHT: u64 = 5;

/// Whether a healthy pod is preferred to another because it has fewer pages. A new pod has none and would
/// otherwise get nearly all requests.
fn prefers(one: &Look, other: &Look, coin: u64) -> bool {
    let is_new_chosen = coin % 8 < OF_EIGHT;
    match (one.is_new, other.is_new) {
        (true, false) => one.pages < other.pages && is_new_chosen,
        (false, true) => one.pages <= other.pages || !is_new_chosen,
        _ => one.pages < other.pages,
    }
}

/// The numbers below `bound` in random order. `bound` must not exceed [`LOOKED_AT`].
fn shuffled(bound: usize, dice: &mut Dice) -> impl Iterator<Item = usize> {
    let mut order: [u8; LOOKED_AT] = std::array::from_fn(|index| index as u8);
    (0..bound).map(move |first| {
        order.swap(first, first + dice.below(bound - first));
        usize::from(order[first])
    })
}

/// Collects the pods that a user's policy may choose from: the best tier, starting at `least`.
pub(crate) struct Choices<'a> {
    pub(crate) request: &'a Request,
    pub(crate) sight: Sight<'a>,
    pub(crate) least: u8,
    pub(crate) found: &'a mut Vec<Place>,
}

impl Choices<'_> {
    /// Considers all pods of an upstream.
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
    fn all_orders_are_equally_likely() {
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
