//! The addresses of a host in canonical form.

use std::net::IpAddr;

/// The maximum number of addresses per host. A DNS message can contain a few thousand.
pub(super) const MAX_ADDRESSES: usize = 10_000;

/// The current addresses of a host: 1 to 10,000, sorted (IPv4 first), without duplicates. IPv4-mapped
/// addresses are stored as IPv4. Immutable.
#[derive(Debug, PartialEq, Eq)]
pub struct Addresses {
    generation: u64,
    list: Box<[IpAddr]>,
}

impl Addresses {
    /// Takes a sorted list without duplicates.
    pub(super) fn new(generation: u64, sorted: &[IpAddr]) -> Self {
        Addresses { generation, list: sorted.into() }
    }

    /// A sequence number for the addresses of one host, starting at 1.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The addresses.
    pub fn list(&self) -> &[IpAddr] {
        &self.list
    }

    /// Whether an address, in canonical form, is in the list.
    pub fn contains(&self, address: IpAddr) -> bool {
        contains(&self.list, address)
    }
}

/// Whether a sorted list contains an address.
pub(super) fn contains(sorted: &[IpAddr], address: IpAddr) -> bool {
    sorted.binary_search(&address).is_ok()
}

/// Sorts addresses and removes duplicates; converts IPv4-mapped addresses to IPv4. Drops unspecified and
/// multicast addresses, since no pod has one. A name server that blocks a name may answer 0.0.0.0, and the
/// proxy would then dial itself.
pub(super) fn canonical(answer: &[IpAddr]) -> Vec<IpAddr> {
    let addresses = answer.iter().map(IpAddr::to_canonical);
    let mut list: Vec<IpAddr> =
        addresses.filter(|address| !address.is_unspecified() && !address.is_multicast()).collect();
    list.sort_unstable();
    list.dedup();
    list.truncate(MAX_ADDRESSES);
    list
}

/// Parses an IP address, with or without the brackets of a URL.
pub(super) fn literal(name: &str) -> Option<IpAddr> {
    let inner = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.unwrap_or(name).parse().ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(list: &[&str]) -> Vec<IpAddr> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn the_canonical_form() {
        let answer = parse(&[
            "127.0.2.1",
            "::ffff:127.0.1.1",
            "fd00::1",
            "127.0.1.1",
            "0.0.0.0",
            "::",
            "::ffff:0.0.0.0",
            "224.0.0.1",
            "::ffff:224.0.0.1",
            "ff02::1",
        ]);
        assert_eq!(canonical(&answer), parse(&["127.0.1.1", "127.0.2.1", "fd00::1"]));
    }

    #[test]
    fn answers_are_limited() {
        let answer: Vec<IpAddr> = (1..=2 * MAX_ADDRESSES as u32).rev().map(|n| IpAddr::from(n.to_be_bytes())).collect();
        let kept = canonical(&answer);
        assert_eq!(
            (kept.len(), kept[0], kept[MAX_ADDRESSES - 1]),
            (MAX_ADDRESSES, answer[2 * MAX_ADDRESSES - 1], answer[MAX_ADDRESSES])
        );
    }

    #[test]
    fn literals() {
        for (text, address) in
            [("127.0.1.1", "127.0.1.1"), ("::1", "::1"), ("[fd00::1]", "fd00::1"), ("::ffff:127.0.1.1", "127.0.1.1")]
        {
            assert_eq!(literal(text), Some(address.parse().unwrap()), "{text}");
        }
        for name in ["app", "", "[", "[]", "[app]", "[[::1]]", "[::1", "::1]", "127.0.0.1:80"] {
            assert_eq!(literal(name), None, "{name}");
        }
    }
}
