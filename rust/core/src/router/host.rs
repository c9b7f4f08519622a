//! Checks the value of `host`: a DNS name or an IP address.

use std::net::{IpAddr, Ipv4Addr};

use crate::error::shown;
use crate::token::secret;

use super::{cidr, warning};

const RULE: &str = "it must be a DNS name or an IP address";

/// Checks a host. A DNS name has at most 253 characters, labels of 1 to 63 letters, digits, `-` and `_`, and
/// an optional final dot. An IP address must be one that can be dialled and is not link-local, without
/// brackets, zone, port, scheme or final dot.
pub(crate) fn check(host: &str) -> Result<(), String> {
    if host.is_empty() {
        return Err(format!("is empty; {RULE}"));
    }
    if let Ok(address) = host.parse() {
        return check_address(host, address);
    }
    let refuse = |cause: &str| Err(format!("{} {cause}; {RULE}", shown(host)));
    if host.contains("://") {
        return refuse("holds a scheme");
    }
    if host.contains(['[', ']']) {
        return refuse("holds brackets; write an IPv6 address without them");
    }
    if host.contains('%') {
        return refuse("holds a zone or an escape");
    }
    if host.contains(':') {
        return refuse("holds a colon but is no IPv6 address; the port is an option of its own");
    }
    if host.contains('/') {
        return refuse("holds a slash");
    }
    if host.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return refuse("holds white space or a control character");
    }
    if !host.is_ascii() {
        return refuse("holds characters outside ASCII; write an international name in its xn-- form");
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.len() > 253 {
        return refuse("has more than 253 characters");
    }
    if !name.split('.').all(is_label) {
        return refuse("is no DNS name (labels of 1 to 63 letters, digits, - and _, no - at either end)");
    }
    if secret::is_misplaced_key(host) {
        return refuse("is a key");
    }
    if name.parse::<Ipv4Addr>().is_ok() {
        return Err(format!("{host} is an address with a final dot; write {name}"));
    }
    let numeric = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    if name.rsplit('.').next().is_some_and(numeric) {
        return refuse("ends in a number but is not a valid IPv4 address");
    }
    Ok(())
}

/// Rejects addresses that no pod can have, by the same rules that make a CIDR of them a warning.
fn check_address(host: &str, address: IpAddr) -> Result<(), String> {
    let refuse = |cause: &str| Err(format!("{host} {cause}; it must be a DNS name or the IP address of a pod"));
    let address = address.to_canonical();
    if !cidr::dialable(address) {
        return refuse("is an address that nothing can dial");
    }
    if warning::is_link_local(address) {
        return refuse("is a link-local address, where clouds keep their metadata services");
    }
    Ok(())
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        let long = format!("{}.example", ["a"; 123].join("."));
        assert_eq!(long.len(), 253);
        for host in [
            "svc.ns.svc.cluster.local",
            "svc.",
            "a",
            "my_svc",
            "xn--bcher-kva.example",
            "10.0.0.1",
            "::1",
            "127.0.0.1",
            "fec0::1",
            &long,
        ] {
            assert_eq!(check(host), Ok(()), "{host}");
        }
        for (host, cause) in [
            ("", "is empty"),
            ("http://a", "scheme"),
            ("[::1]", "brackets"),
            ("a:80", "the port is an option of its own"),
            ("10.0.0.1:80", "port"),
            ("fe80::1%eth0", "zone"),
            ("a/b", "slash"),
            ("a b", "white space"),
            ("a\n", "white space"),
            ("bücher.example", "xn--"),
            ("a..b", "is no DNS name"),
            (".", "is no DNS name"),
            ("-a", "is no DNS name"),
            ("a-.b", "is no DNS name"),
            ("*.a", "is no DNS name"),
            ("10.0.0.256", "is not a valid IPv4 address"),
            ("10.0.0", "is not a valid IPv4 address"),
            (&format!("a{long}"), "253"),
            (&"a".repeat(64), "is no DNS name"),
            ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "a value of 32 characters is a key"),
            ("10.0.0.1.", "10.0.0.1. is an address with a final dot; write 10.0.0.1"),
            ("0.0.0.0", "0.0.0.0 is an address that nothing can dial"),
            ("::", "nothing can dial"),
            ("::ffff:0.0.0.0", "nothing can dial"),
            ("255.255.255.255", "nothing can dial"),
            ("224.0.0.1", "nothing can dial"),
            ("ff02::1", "nothing can dial"),
            ("169.254.169.254", "169.254.169.254 is a link-local address"),
            ("::ffff:169.254.0.1", "link-local"),
            ("fe80::1", "link-local"),
            ("febf::1", "link-local"),
        ] {
            let error = check(host).unwrap_err();
            assert!(error.contains(cause), "{host}: {error}");
        }
    }
}
