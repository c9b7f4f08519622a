//! Upper bounds for the last use and the requests in flight of forgotten pods, by address.

use std::net::IpAddr;

/// The number of counters in all shards, for any number of forgotten pods. With 20,000 pods in use, one
/// address in fifty is mistaken for one of them.
const COUNTERS: usize = 1 << 18;

/// Each address has two counters of each kind and shares them with other addresses. The smaller one is closer
/// to the truth. Allocated when the first pod is forgotten.
pub(super) struct Forgotten {
    /// The number of counters here, a power of two.
    counters: usize,
    /// The time of the last use plus one; 0 for none.
    seen: Box<[u64]>,
    /// Requests that have not ended.
    in_flight: Box<[u32]>,
}

impl Forgotten {
    /// Creates the counters of one of `shards` shards, a power of two.
    pub(super) fn new(shards: usize) -> Self {
        Forgotten { counters: COUNTERS / shards, seen: Box::default(), in_flight: Box::default() }
    }

    /// Records a pod that is being forgotten.
    pub(super) fn add(&mut self, address: IpAddr, last_seen: u64, in_flight: u32) {
        if self.seen.is_empty() {
            (self.seen, self.in_flight) = (vec![0; self.counters].into(), vec![0; self.counters].into());
        }
        for counter in self.counters(address) {
            self.see(counter, last_seen);
            self.in_flight[counter] = self.in_flight[counter].saturating_add(in_flight);
        }
    }

    /// Counts the end of a request to an unknown pod, which may have been forgotten.
    pub(super) fn left(&mut self, address: IpAddr, now: u64) {
        if self.in_flight(address) == 0 {
            return;
        }
        for counter in self.counters(address) {
            self.see(counter, now);
            self.in_flight[counter] -= 1;
        }
    }

    /// The latest time at which a forgotten pod with this address may have been used.
    pub(super) fn last_seen(&self, address: IpAddr) -> Option<u64> {
        let seen = self.counters(address).map(|counter| self.seen.get(counter).copied().unwrap_or(0));
        seen[0].min(seen[1]).checked_sub(1)
    }

    /// The maximum number of unfinished requests of forgotten pods with this address.
    pub(super) fn in_flight(&self, address: IpAddr) -> u32 {
        let counts = self.counters(address).map(|counter| self.in_flight.get(counter).copied().unwrap_or(0));
        counts[0].min(counts[1])
    }

    fn see(&mut self, counter: usize, at: u64) {
        self.seen[counter] = self.seen[counter].max(at.saturating_add(1));
    }

    /// Two different counters.
    fn counters(&self, address: IpAddr) -> [usize; 2] {
        let mixed = mixed(address);
        let [one, other] = [mixed >> 40, mixed >> 16].map(|bits| bits as usize & (self.counters - 1));
        [one, if one == other { one ^ 1 } else { other }]
    }
}

/// A multiplicative hash of an address. Its lowest bits select the shard, the bits above them the counters.
/// Colliding addresses give an attacker no advantage.
pub(super) fn mixed(address: IpAddr) -> u64 {
    let bits = match address {
        IpAddr::V4(address) => u64::from(address.to_bits()),
        IpAddr::V6(address) => {
            let bits = address.to_bits();
            (bits >> 64) as u64 ^ (bits as u64).rotate_left(29)
        }
    };
    let mixed = (bits ^ bits >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ mixed >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> IpAddr {
        IpAddr::from((0x0a00_0000 + number).to_be_bytes())
    }

    #[test]
    fn nothing_is_known_before_the_first() {
        let mut forgotten = Forgotten::new(1);
        forgotten.left(address(1), 5);
        assert_eq!((forgotten.last_seen(address(1)), forgotten.in_flight(address(1))), (None, 0));
        forgotten.add(address(1), 0, 2);
        assert_eq!((forgotten.last_seen(address(1)), forgotten.in_flight(address(1))), (Some(0), 2));
        assert_eq!((forgotten.last_seen(address(2)), forgotten.in_flight(address(2))), (None, 0));
        forgotten.left(address(2), 7);
        forgotten.left(address(1), 9);
        assert_eq!((forgotten.last_seen(address(1)), forgotten.in_flight(address(1))), (Some(9), 1));
        forgotten.add(address(1), 3, 0);
        assert_eq!(forgotten.last_seen(address(1)), Some(9));
        forgotten.left(address(1), 9);
        forgotten.left(address(1), 11);
        assert_eq!((forgotten.last_seen(address(1)), forgotten.in_flight(address(1))), (Some(9), 0));
    }

    /// Sequential addresses of both families, as clusters assign them.
    #[test]
    fn few_addresses_are_mistaken_for_others() {
        let six = |number: u32| {
            let (network, host) = (u128::from(number / 256) << 64, u128::from(number % 256));
            IpAddr::from((0x2001_0db8_u128 << 96 | network | host).to_be_bytes())
        };
        let (mut four_only, mut both) = (Forgotten::new(1), Forgotten::new(1));
        for number in 0..20_000 {
            four_only.add(address(number), 1, 1);
            both.add(if number % 2 == 0 { address(number) } else { six(number) }, 1, 1);
        }
        for (forgotten, other) in
            [(&four_only, address as fn(u32) -> IpAddr), (&four_only, six), (&both, address), (&both, six)]
        {
            let wrong = (20_000..40_000).filter(|number| forgotten.in_flight(other(*number)) > 0).count();
            assert!(wrong < 600, "{wrong}");
        }
        assert!((0..20_000).all(|number| four_only.in_flight(address(number)) > 0));
    }
}
