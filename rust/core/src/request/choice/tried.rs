//! The pods that a request has tried without success.

use std::net::IpAddr;

use crate::pods::Pod;

/// How many pods a request remembers. More than it dials, unless the user has configured retries.
const REMEMBERED: usize = 16;

/// The last [`REMEMBERED`] pods that one request could not reach. Kept small, because each open page keeps
/// one for hours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tried {
    pods: [u64; REMEMBERED],
    count: u32,
    /// One bit per pod that was reached but refused the request because it was draining.
    taken_back: u16,
}

const _: () = assert!(REMEMBERED <= u16::BITS as usize);

impl Tried {
    pub(crate) fn nothing() -> Self {
        Tried { pods: [0; REMEMBERED], count: 0, taken_back: 0 }
    }

    pub(crate) fn add(&mut self, pod: Pod) {
        let place = self.remember(pod);
        self.taken_back &= !(1 << place);
    }

    /// Records that a draining pod refused the request. The pod can still be the last choice.
    pub(crate) fn take_back(&mut self, pod: Pod) {
        let place = self.remember(pod);
        self.taken_back |= 1 << place;
    }

    pub(crate) fn contains(&self, pod: Pod) -> bool {
        self.place(pod).is_some_and(|place| self.taken_back & 1 << place == 0)
    }

    pub(crate) fn is_taken_back(&self, pod: Pod) -> bool {
        self.taken_back != 0 && self.place(pod).is_some_and(|place| self.taken_back & 1 << place != 0)
    }

    fn place(&self, pod: Pod) -> Option<usize> {
        let number = number(pod);
        self.pods[..REMEMBERED.min(self.count as usize)].iter().position(|one| *one == number)
    }

    fn remember(&mut self, pod: Pod) -> usize {
        self.place(pod).unwrap_or_else(|| {
            let place = self.count as usize % REMEMBERED;
            self.pods[place] = number(pod);
            self.count = self.count.wrapping_add(1).max(1);
            place
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// A number for a pod. Unique for IPv4 addresses, and for IPv6 addresses within one /64 network and port.
fn number(pod: Pod) -> u64 {
    match pod.address() {
        IpAddr::V4(address) => u64::from(address.to_bits()) << 16 | u64::from(pod.port()),
        IpAddr::V6(address) => {
            let [network, interface] = [address.to_bits() >> 64, address.to_bits()].map(|bits| bits as u64);
            // Any odd number with mixed bits spreads networks and ports. This one is 2^64 divided by the
            // golden ratio.
            (network.rotate_left(16) ^ u64::from(pod.port())).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ interface
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_have_distinct_numbers() {
        let addresses =
            ["10.0.0.1", "10.0.0.2", "10.0.1.1", "fd00:1::1", "fd00:1::2", "fd00:2::1", "fd00:2:0:1::1", "::1"];
        let pods =
            addresses.iter().flat_map(|address| [1, 80, 65535].map(|port| Pod::new(address.parse().unwrap(), port)));
        let mut numbers: Vec<u64> = pods.map(number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 3 * addresses.len());
    }

    #[test]
    fn the_last_sixteen() {
        let pod = |last: u8| Pod::new([10, 0, 0, last].into(), 80);
        let mut tried = Tried::nothing();
        assert!(tried.is_empty() && !tried.contains(Pod::new([0, 0, 0, 0].into(), 0)));
        for last in 0..16 {
            tried.add(pod(last));
            tried.add(pod(0));
        }
        assert!((0..16).all(|last| tried.contains(pod(last))));
        tried.add(pod(16));
        assert!(!tried.contains(pod(0)) && (1..=16).all(|last| tried.contains(pod(last))));
    }

    #[test]
    fn a_pod_that_refused_may_be_tried_again() {
        let pod = |last: u8| Pod::new([10, 0, 0, last].into(), 80);
        let mut tried = Tried::nothing();
        tried.take_back(pod(1));
        tried.add(pod(2));
        assert_eq!([1, 2].map(|last| tried.contains(pod(last))), [false, true]);
        assert_eq!([1, 2, 3].map(|last| tried.is_taken_back(pod(last))), [true, false, false]);
        tried.add(pod(1));
        assert!(tried.contains(pod(1)) && !tried.is_taken_back(pod(1)));
    }
}
