//! In: pods that a request could not reach. Out: whether it has tried one.

use std::net::{IpAddr, Ipv4Addr};

use crate::pods::Pod;

/// How many pods a request remembers: more than it dials, unless the user says how to retry.
const REMEMBERED: usize = 16;

/// The pods that one request could not reach: the last [`REMEMBERED`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tried {
    pods: [Pod; REMEMBERED],
    count: u32,
}

impl Tried {
    pub(crate) fn nothing() -> Self {
        Tried { pods: [Pod::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0); REMEMBERED], count: 0 }
    }

    pub(crate) fn add(&mut self, pod: Pod) {
        if !self.contains(pod) {
            self.pods[self.count as usize % REMEMBERED] = pod;
            self.count = self.count.wrapping_add(1).max(1);
        }
    }

    pub(crate) fn contains(&self, pod: Pod) -> bool {
        self.pods[..REMEMBERED.min(self.count as usize)].contains(&pod)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
