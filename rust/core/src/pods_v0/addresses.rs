//! A set of pods in few bytes: the addresses of an upstream in DNS, of which there are many more than pods in use.

use std::net::{IpAddr, Ipv4Addr};

use super::Pod;

/// Sorted, without doubles. Eight bytes for each IPv4 address.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Addresses {
    four: Box<[u64]>,
    six: Box<[Pod]>,
}

impl Addresses {
    pub(super) fn new(pods: &[Pod]) -> Self {
        let mut four: Vec<u64> = pods.iter().filter_map(|pod| packed(*pod)).collect();
        let mut six: Vec<Pod> = pods.iter().filter(|pod| packed(**pod).is_none()).copied().collect();
        four.sort_unstable();
        four.dedup();
        six.sort_unstable();
        six.dedup();
        Addresses { four: four.into(), six: six.into() }
    }

    pub(super) fn contains(&self, pod: Pod) -> bool {
        match packed(pod) {
            Some(number) => self.four.binary_search(&number).is_ok(),
            None => self.six.binary_search(&pod).is_ok(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Pod> {
        self.four.iter().map(|number| unpacked(*number)).chain(self.six.iter().copied())
    }
}

fn packed(pod: Pod) -> Option<u64> {
    match pod.address {
        IpAddr::V4(address) => Some(u64::from(address.to_bits()) << 16 | u64::from(pod.port)),
        IpAddr::V6(_) => None,
    }
}

fn unpacked(number: u64) -> Pod {
    Pod { address: Ipv4Addr::from_bits((number >> 16) as u32).into(), port: number as u16 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_both_families() {
        let pod = |address: &str, port| Pod::new(address.parse().unwrap(), port);
        let all = [
            pod("2001:db8::1", 80),
            pod("255.255.255.255", 65535),
            pod("10.0.0.1", 81),
            pod("10.0.0.1", 80),
            pod("::ffff:10.0.0.1", 80),
            pod("2001:db8::1", 80),
            pod("0.0.0.0", 0),
        ];
        let set = Addresses::new(&all);
        let wanted = [all[6], all[3], all[2], all[1], all[0]];
        assert_eq!(set.iter().collect::<Vec<_>>(), wanted);
        assert_eq!((set.four.len(), set.six.len()), (4, 1));
        assert!(all.iter().all(|pod| set.contains(*pod)));
        for other in [pod("10.0.0.1", 82), pod("10.0.0.2", 80), pod("2001:db8::1", 81), pod("2001:db8::2", 80)] {
            assert!(!set.contains(other), "{other:?}");
        }
        assert!(set == Addresses::new(&wanted) && set != Addresses::new(&all[1..]).into_empty_six());
    }

    impl Addresses {
        fn into_empty_six(self) -> Self {
            Addresses { six: Box::default(), ..self }
        }
    }
}
