//! An operator who evicts pods, changes evictions and cancels them, on all replicas.

use std::net::IpAddr;

use doors_routing::Target;

use super::World;
use super::app::pods::Place;
use crate::agenda::{MINUTE, SECOND};
use crate::event::Event;
use crate::journal::Subject;

/// The minimum rate of evictions that remain when it is calm.
pub const SLOWEST: u32 = 10;

/// The pods to evict: those in a network, those of an upstream, or those that match both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aim {
    network: Option<(IpAddr, u8)>,
    upstream: Option<usize>,
}

impl Aim {
    pub fn has(&self, place: &Place) -> bool {
        self.upstream.is_none_or(|upstream| upstream == place.upstream)
            && self.network.is_none_or(|(network, bits)| contains(network, bits, place.address))
    }
}

/// One eviction, as intended by the operator.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    pub aim: Aim,
    pub rate: u32,
    pub idle_first: bool,
}

impl World {
    pub fn begin_evictions(&mut self) {
        self.plan_eviction();
    }

    fn plan_eviction(&mut self) {
        let most = self.scenario.evictions;
        let at = self.now() + self.chances.operator.between(most / 4, most);
        if most > 0 && at < self.calm {
            self.agenda.at(at, Event::Evict);
        }
    }

    /// Evicts some pods, or changes an eviction.
    pub fn evict(&mut self) {
        self.plan_eviction();
        let aim = match self.orders.is_empty() || self.chances.operator.permille(800) {
            true => self.draw_aim(),
            false => self.chances.operator.pick(&self.orders).aim,
        };
        let (rate, idle_first) = (self.chances.operator.pick(&[0, 0, 1, 2, 10, 100]), self.chances.operator.coin());
        let order = Order { aim, rate, idle_first };
        self.order(order);
        let lasts = self.chances.operator.magnitude(10 * SECOND, 30 * MINUTE);
        let end = self.now() + lasts;
        if end < self.calm && self.chances.operator.permille(900) {
            self.agenda.at(end, Event::Undo(aim));
        }
    }

    fn draw_aim(&mut self) -> Aim {
        let upstream = self.chances.operator.below(self.scenario.upstreams);
        let places: Vec<usize> = self.pods.places_of(upstream).collect();
        let address = self.pods.places[self.chances.operator.pick(&places)].address;
        let host = if address.is_ipv4() { 32 } else { 128 };
        // One address, several adjacent ones, or the whole network of the upstream.
        let bits = self.chances.operator.pick(&[host, host, host - 1, host - 2, if host == 32 { 24 } else { 64 }]);
        let network = Some((first(address, bits), bits));
        // If a pod could belong to two upstreams, the meaning of an upstream would be ambiguous.
        match self.chances.operator.below(6) {
            0 if self.scenario.is_plain() => Aim { network: None, upstream: Some(upstream) },
            1 if self.scenario.is_plain() => Aim { network, upstream: Some(upstream) },
            _ => Aim { network, upstream: None },
        }
    }

    fn order(&mut self, order: Order) {
        match self.orders.iter_mut().find(|known| known.aim == order.aim) {
            Some(known) => *known = order,
            None => self.orders.push(order),
        }
        self.tally.evictions += 1;
        self.note(Subject::ALL, || format!("the operator evicts {order:?}"));
        for replica in 0..self.replicas.len() {
            self.tell_replica(replica, order);
        }
    }

    fn tell_replica(&mut self, replica: usize, order: Order) {
        let now = self.now();
        if !self.replicas[replica].up {
            return;
        }
        let Some(target) = self.target(replica, order.aim) else { return };
        let Order { rate, idle_first, .. } = order;
        if !self.replicas[replica].state.evict(target, rate, idle_first, self.replicas[replica].clock(now)) {
            self.blame("256 evictions are allowed", Subject::ALL, format!("replica {replica} rejects {order:?}"));
        }
        self.checks.told_to_evict(replica, order, now);
    }

    fn target(&self, replica: usize, aim: Aim) -> Option<Target> {
        let number = |upstream| self.replicas[replica].current.number(upstream);
        let upstream = match aim.upstream {
            Some(upstream) => Some(number(upstream)?),
            None => None,
        };
        Some(Target::new(aim.network, upstream).expect("the network is valid"))
    }

    /// Repeats the evictions to a restarted replica, which knows none.
    pub fn evict_again(&mut self, replica: usize) {
        for order in self.orders.clone() {
            self.tell_replica(replica, order);
        }
    }

    pub fn undo(&mut self, aim: Aim) {
        let Some(order) = self.orders.iter().position(|order| order.aim == aim) else { return };
        self.orders.remove(order);
        self.note(Subject::ALL, || format!("the operator cancels an eviction: {aim:?}"));
        for replica in 0..self.replicas.len() {
            if !self.replicas[replica].up {
                continue;
            }
            let Some(target) = self.target(replica, aim) else { continue };
            let clock = self.replicas[replica].clock(self.now());
            let was_known = self.replicas[replica].state.undo(&target, clock);
            if was_known != self.checks.told_to_undo(replica, aim) {
                let what = format!("replica {replica} knew {aim:?}: {was_known}");
                self.blame("an eviction lasts until it is cancelled", Subject::ALL, what);
            }
        }
    }

    /// Keeps the remaining evictions when it is calm, at a rate at which the last page reloads before long.
    /// May add others.
    pub fn calm_operator(&mut self) {
        if self.scenario.evictions > 0 && self.chances.operator.coin() {
            let (aim, idle_first) = (self.draw_aim(), self.chances.operator.coin());
            self.order(Order { aim, rate: SLOWEST, idle_first });
        }
        for order in self.orders.clone() {
            if self.chances.operator.coin() {
                self.undo(order.aim);
            } else {
                self.order(Order { rate: order.rate.max(SLOWEST), ..order });
            }
        }
    }
}

/// The first address of the network that contains an address.
fn first(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => (u32::from(address) & (u32::MAX << (32 - bits))).to_be_bytes().into(),
        IpAddr::V6(address) => (u128::from(address) & (u128::MAX << (128 - bits))).to_be_bytes().into(),
    }
}

fn contains(network: IpAddr, bits: u8, address: IpAddr) -> bool {
    network.is_ipv4() == address.is_ipv4() && first(address, bits) == network
}
