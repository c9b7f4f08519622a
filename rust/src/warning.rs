//! In: a CIDR of the configuration. Out: why it is allowed but probably a mistake.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const LOOPBACK4: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8);
const LOOPBACK6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128);
const LINK_LOCAL4: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16);
const LINK_LOCAL6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10);
const MULTICAST4: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(224, 0, 0, 0), 4);
const MULTICAST6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8);

/// What to warn about, as the end of a sentence that begins with the field and the CIDR. One warning a CIDR, the
/// widest reason first.
pub(crate) fn about(net: IpNet) -> Option<&'static str> {
    if net.prefix_len() == 0 {
        return Some("covers every address: whoever has the secret can make the proxy dial anything");
    }
    if overlap(net, LOOPBACK4.into()) || overlap(net, LOOPBACK6.into()) {
        return Some("covers loopback addresses: whoever has the secret can make the proxy dial its own machine");
    }
    if overlap(net, LINK_LOCAL4.into()) || overlap(net, LINK_LOCAL6.into()) {
        return Some("covers link-local addresses, where clouds keep their metadata services");
    }
    if within(net, MULTICAST4.into()) || within(net, MULTICAST6.into()) || nowhere(net) {
        return Some("holds only addresses that nothing can dial and never matches");
    }
    None
}

/// Prefixes overlap only when one holds the other.
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
            ("127.0.1.0/24", "loopback"),
            ("0.0.0.0/1", "loopback"),
            ("::1/128", "loopback"),
            ("::/8", "loopback"),
            ("169.254.169.254/32", "link-local"),
            ("128.0.0.0/1", "link-local"),
            ("fe80::/64", "link-local"),
            ("224.0.0.0/8", "never matches"),
            ("ff02::/16", "never matches"),
            ("0.0.0.0/32", "never matches"),
            ("255.255.255.255/32", "never matches"),
        ] {
            assert!(about(cidr.parse().unwrap()).unwrap().contains(reason), "{cidr}");
        }
        for cidr in ["10.0.0.0/8", "192.168.0.0/16", "2001:db8::/32", "fd00::/8", "240.0.0.0/8"] {
            assert_eq!(about(cidr.parse().unwrap()), None, "{cidr}");
        }
    }
}
