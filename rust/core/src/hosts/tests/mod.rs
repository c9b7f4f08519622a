//! Tests of hosts in virtual time.

mod bounds;
mod model;
mod parts;
mod record;
mod reloads;
mod requests;
mod schedule;
mod threads;
mod waiting;
mod world;

use std::net::{IpAddr, Ipv4Addr};

use crate::SECOND;

const MILLISECOND: u64 = SECOND / 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

fn addresses(list: &[&str]) -> Vec<IpAddr> {
    list.iter().map(|text| text.parse().unwrap()).collect()
}

fn one() -> Vec<IpAddr> {
    addresses(&["127.0.1.1"])
}

fn two() -> Vec<IpAddr> {
    addresses(&["127.0.1.1", "127.0.1.2"])
}

fn numbered(numbers: impl IntoIterator<Item = u8>) -> Vec<IpAddr> {
    let mut list: Vec<IpAddr> = numbers.into_iter().map(|n| Ipv4Addr::new(10, 0, 0, n).into()).collect();
    list.sort_unstable();
    list
}

/// Random numbers that are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
