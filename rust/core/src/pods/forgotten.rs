//! In: pods that were forgotten while they were used, or a while after. Out: what that means for the address of a pod that
//! may be one of them: never less than the truth.

use std::net::IpAddr;

/// How many counters all shards have for the addresses of any number of forgotten pods. With 20,000 of them in use one address
/// in fifty is taken for one of them.
const COUNTERS: usize = 1 << 18;

/// Each address has two counters of both kinds, which it shares with others. The smaller of the two is nearer to the truth.
/// They are made when the first pod is forgotten.
pub(super) struct Forgotten {
    /// How many there are here, a power of two.
    counters: usize,
    /// One more than the time of the last use; 0 for none.
    seen: Box<[u64]>,
    /// Requests that have not left yet.
    in_flight: Box<[u32]>,
}

impl Forgotten {
    /// For one of so many shards, a power of two.
    pub(super) fn new(shards: usize) -> Self {
        Forgotten { counters: COUNTERS / shards, seen: Box::default(), in_flight: Box::default() }
    }

    /// A pod is forgotten.
    pub(super) fn add(&mut self, address: IpAddr, last_seen: u64, in_flight: u32) {
        if self.seen.is_empty() {
            (self.seen, self.in_flight) = (vec![0; self.counters].into(), vec![0; self.counters].into());
        }
        for counter in self.counters(address) {
            self.see(counter, last_seen);
            self.in_flight[counter] = self.in_flight[counter].saturating_add(in_flight);
        }
    }

    /// A request has left that no known pod has: perhaps one of a pod that was forgotten.
    pub(super) fn left(&mut self, address: IpAddr, now: u64) {
        if self.in_flight(address) == 0 {
            return;
        }
        for counter in self.counters(address) {
            self.see(counter, now);
            self.in_flight[counter] -= 1;
        }
    }

    /// When a forgotten pod at an address was last used, at the latest.
    pub(super) fn last_seen(&self, address: IpAddr) -> Option<u64> {
        let seen = self.counters(address).map(|counter| self.seen.get(counter).copied().unwrap_or(0));
        seen[0].min(seen[1]).checked_sub(1)
    }

    /// How many requests of forgotten pods at an address have not left, at most.
    pub(super) fn in_flight(&self, address: IpAddr) -> u32 {
        let counts = self.counters(address).map(|counter| self.in_flight.get(counter).copied().unwrap_or(0));
        counts[0].min(counts[1])
    }

    fn see(&mut self, counter: usize, at: u64) {
        self.seen[counter] = self.seen[counter].max(at.saturating_add(1));
    }

    /// Two counters that differ.
    fn counters(&self, address: IpAddr) -> [usize; 2] {
        let mixed = mixed(address);
        let [one, other] = [mixed >> 40, mixed >> 16].map(|bits| bits as usize & (self.counters - 1));
        [one, if one == other { one ^ 1 } else { other }]
    }
}

/// A number for an address, by the multiplicative method. Its lowest bits choose the shard, those above the counters. Nobody
/// gains by making addresses that meet.
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

    /// Addresses in order, as clusters give them out, of both families.
    #[test]
    fn few_addresses_are_taken_for_others() {
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
