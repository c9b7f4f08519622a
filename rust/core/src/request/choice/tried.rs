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
    /// A bit for each that was reached, and has not taken the request since it drains.
    taken_back: u16,
}

const _: () = assert!(REMEMBERED <= u16::BITS as usize);

impl Tried {
    pub(crate) fn nothing() -> Self {
        Tried { pods: [Pod::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0); REMEMBERED], count: 0, taken_back: 0 }
    }

    pub(crate) fn add(&mut self, pod: Pod) {
        let place = self.remember(pod);
        self.taken_back &= !(1 << place);
    }

    /// A pod has not taken the request since it drains. It may still, as the last choice.
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
        self.pods[..REMEMBERED.min(self.count as usize)].iter().position(|one| *one == pod)
    }

    fn remember(&mut self, pod: Pod) -> usize {
        self.place(pod).unwrap_or_else(|| {
            let place = self.count as usize % REMEMBERED;
            self.pods[place] = pod;
            self.count = self.count.wrapping_add(1).max(1);
            place
        })
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

    #[test]
    fn what_was_taken_back_may_be_tried_again() {
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
