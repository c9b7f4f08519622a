//! Input data for the benchmarks: routers, prefixes, addresses and tokens. The same in every run, so that
//! figures are comparable.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use aes_gcm::aead::KeyInit;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut, Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::Criterion;
use doors_routing::{ASSOCIATED_DATA, CidrList, Router};

/// A key of 32 bytes: 0, 1, 2, ...
pub const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// Far more tokens than a router caches, so that each has been evicted when its turn comes again.
pub const ROTATING: usize = 4096;
/// The numbers of prefixes in benchmarks that depend on it.
pub const SIZES: [usize; 5] = [1, 10, 1_000, 10_000, 100_000];

/// About a second per benchmark, and less than two minutes for all.
pub fn criterion() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(700))
        .without_plots()
        .configure_from_args()
}

/// An address family.
#[derive(Clone, Copy, PartialEq)]
pub enum Family {
    Four,
    Six,
}

impl Family {
    pub const BOTH: [Family; 2] = [Family::Four, Family::Six];

    pub fn name(self) -> &'static str {
        if self == Family::Four { "ipv4" } else { "ipv6" }
    }
}

/// A pseudorandom sequence (SplitMix64 by S. Vigna).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// The network for a number: a /24 or a /64, different for each number below 2^20 and spread over the address
/// space.
fn network(family: Family, number: usize) -> (IpAddr, u8) {
    // An odd factor scatters the numbers without collisions.
    let scattered = (number as u32).wrapping_mul(0x9e37_79b1);
    match family {
        // From 16.0.0.0 to 31.255.255.0.
        Family::Four => (Ipv4Addr::from(0x1000_0000 | (scattered & 0xf_ffff) << 8).into(), 24),
        Family::Six => (Ipv6Addr::from((0x2001_0db8_u128 << 96) | u128::from(scattered) << 64).into(), 64),
    }
}

/// `count` disjoint prefixes.
pub fn prefixes(family: Family, count: usize) -> Vec<String> {
    (0..count).map(|number| network(family, number)).map(|(address, length)| format!("{address}/{length}")).collect()
}

/// Addresses in those prefixes (`inside`) or in other networks of the same kind.
pub fn addresses(family: Family, count: usize, inside: bool) -> Vec<IpAddr> {
    let mut numbers = Numbers(7);
    let mut address = || {
        let number = numbers.next() as usize % count + if inside { 0 } else { count };
        match network(family, number).0 {
            IpAddr::V4(net) => Ipv4Addr::from(u32::from(net) + 1 + numbers.next() as u32 % 254).into(),
            IpAddr::V6(net) => Ipv6Addr::from(u128::from(net) | u128::from(numbers.next())).into(),
        }
    };
    (0..ROTATING).map(|_| address()).collect()
}

/// The prefixes with the slowest lookups: nested as deeply as possible, down to one address, then the
/// addresses next to it. The addresses lie at the end of these chains, every other one in the last prefix.
pub fn worst(family: Family, count: usize) -> (Vec<String>, Vec<IpAddr>) {
    let mut prefixes = Vec::with_capacity(count);
    let (bits, base) = if family == Family::Four { (32, 0x0a00_0000) } else { (128, 0x2001_0db8_u128 << 96) };
    let spelled = |bits_of: u128, length: u32| match family {
        Family::Four => format!("{}/{length}", Ipv4Addr::from(bits_of as u32)),
        Family::Six => format!("{}/{length}", Ipv6Addr::from(bits_of)),
    };
    for length in (1..=bits).rev().take(count) {
        let host = bits - length;
        prefixes.push(spelled(base >> host << host, length));
    }
    let beside = count - prefixes.len();
    prefixes.extend((1..=beside as u128).map(|number| spelled(base | number, bits)));
    let mut numbers = Numbers(7);
    let addresses = (0..ROTATING).map(|_| {
        let near = base | u128::from(numbers.next() % (2 * (beside as u64 + 1)));
        if family == Family::Four { Ipv4Addr::from(near as u32).into() } else { Ipv6Addr::from(near).into() }
    });
    (prefixes, addresses.collect())
}

/// A list of CIDRs.
pub fn list(prefixes: &[String]) -> CidrList {
    CidrList::new(prefixes.join(" ").as_bytes()).expect("valid prefixes")
}

/// A router with one upstream per prefix and the cookie `up`.
pub fn router(prefixes: &[String]) -> Router {
    let upstream = |prefix| format!(r#"{{"cidr":"{prefix}","host":"svc.example","port":8080}}"#);
    let upstreams: Vec<_> = prefixes.iter().map(upstream).collect();
    let json = format!(r#"{{"secret":"{SECRET}","cookie_name":"up","upstreams":[{}]}}"#, upstreams.join(","));
    Router::from_json(json.as_bytes()).expect("a valid configuration")
}

/// Tokens of addresses. Unlike real tokens, they have the same nonces in every run.
pub fn tokens(addresses: &[IpAddr]) -> Vec<String> {
    let key: Vec<u8> = (0..32).collect();
    seal(addresses, &key)
}

/// Well-formed tokens that no key decrypts.
pub fn forged(addresses: &[IpAddr]) -> Vec<String> {
    seal(addresses, &[1; 32])
}

fn seal(addresses: &[IpAddr], key: &[u8]) -> Vec<String> {
    let cipher = Aes256Gcm::new_from_slice(key).expect("32 bytes");
    let mut numbers = Numbers(11);
    let mut seal = |address: &IpAddr| {
        let mut nonce = [0; 12];
        nonce.copy_from_slice(&(u128::from(numbers.next()) << 64 | u128::from(numbers.next())).to_be_bytes()[..12]);
        let mut content = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let tag = cipher
            .encrypt_inout_detached(&Nonce::from(nonce), ASSOCIATED_DATA, InOutBuf::from(&mut content[..]))
            .expect("a short message");
        URL_SAFE_NO_PAD.encode([&nonce[..], &content, &tag].concat())
    };
    addresses.iter().map(&mut seal).collect()
}

/// Paths of system requests with these tokens.
pub fn paths(tokens: &[String]) -> Vec<String> {
    tokens.iter().map(|token| format!("/~/{token}/s/1")).collect()
}

/// `Cookie` headers with these tokens.
pub fn cookies(tokens: &[String]) -> Vec<String> {
    tokens.iter().map(|token| format!("theme=dark; up={token}")).collect()
}
