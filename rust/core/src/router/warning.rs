//! Finds CIDRs in the configuration that are valid but probably mistakes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const LINK_LOCAL4: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16);
const LINK_LOCAL6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10);
const MULTICAST4: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(224, 0, 0, 0), 4);
const MULTICAST6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8);

/// Addresses outside the link-local networks where clouds serve metadata and credentials: AWS (the second one
/// is the agent that supplies credentials to pods), Google, Oracle, Scaleway and Alibaba.
const METADATA6: [Ipv6Addr; 5] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
];
const METADATA4: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);

/// The warning about a CIDR, as the end of a sentence that starts with the field and the CIDR. At most one
/// warning per CIDR, for the broadest reason. Loopback networks are for pods on the proxy's machine. Only the
/// caller knows whether they expose one of its own ports.
pub(crate) fn about(net: IpNet) -> Option<&'static str> {
    if net.prefix_len() == 0 {
        return Some(
            "covers every address: anyone with the secret can make the proxy connect anywhere; write only the networks of your pods",
        );
    }
    if overlap(net, LINK_LOCAL4.into()) || overlap(net, LINK_LOCAL6.into()) {
        return Some(
            "covers link-local addresses, where cloud metadata services listen; write only the networks of your pods",
        );
    }
    if METADATA6.into_iter().any(|address| net.contains(&IpAddr::V6(address))) || net.contains(&IpAddr::V4(METADATA4)) {
        return Some("covers the address of a cloud metadata service; write only the networks of your pods");
    }
    if within(net, MULTICAST4.into()) || within(net, MULTICAST6.into()) || nowhere(net) {
        return Some("covers only unspecified, multicast or broadcast addresses; it never matches a pod");
    }
    None
}

/// Whether a canonical address is link-local.
pub(crate) fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => LINK_LOCAL4.contains(&address),
        IpAddr::V6(address) => LINK_LOCAL6.contains(&address),
    }
}

/// Prefixes overlap only if one contains the other.
fn overlap(one: IpNet, other: IpNet) -> bool {
    one.contains(&other) || other.contains(&one)
}

fn within(inner: IpNet, outer: IpNet) -> bool {
    outer.contains(&inner)
}

fn nowhere(net: IpNet) -> bool {
    let single = net.prefix_len() == net.max_prefix_len();
    single && (net.addr().is_unspecified() || net.addr() == IpAddr::from(Ipv4Addr::BROADCAST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named() {
        for (cidr, reason) in [
            ("0.0.0.0/0", "every address"),
            ("::/0", "every address"),
            ("0.0.0.0/1", "a cloud metadata service"),
            ("169.254.169.254/32", "link-local"),
            ("128.0.0.0/1", "link-local"),
            ("fe80::/64", "link-local"),
            ("fd00:ec2::254/128", "a cloud metadata service"),
            ("fd00:ec2::23/128", "a cloud metadata service"),
            ("fd20:ce::254/128", "a cloud metadata service"),
            ("fd00:c1::a9fe:a9fe/128", "a cloud metadata service"),
            ("fd00:42::42/128", "a cloud metadata service"),
            ("fd00::/8", "a cloud metadata service"),
            ("100.64.0.0/10", "a cloud metadata service"),
            ("100.100.100.200/32", "a cloud metadata service"),
            ("224.0.0.0/8", "never matches"),
            ("ff02::/16", "never matches"),
            ("0.0.0.0/32", "never matches"),
            ("255.255.255.255/32", "never matches"),
        ] {
            assert!(about(cidr.parse().unwrap()).unwrap().contains(reason), "{cidr}");
        }
        for cidr in [
            "10.0.0.0/8",
            "10.0.0.1/32",
            "127.0.1.0/24",
            "::1/128",
            "0.0.0.0/8",
            "2001:db8::1/128",
            "192.168.0.0/16",
            "2001:db8::/32",
            "fd00:1::/64",
            "100.64.0.0/16",
            "240.0.0.0/8",
        ] {
            assert_eq!(about(cidr.parse().unwrap()), None, "{cidr}");
        }
    }
}
