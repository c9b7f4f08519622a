//! Checks the value of `host`: a DNS name or an IP address.

use std::net::{IpAddr, Ipv4Addr};

use crate::error::shown;
use crate::token::secret;

use super::{cidr, warning};

const RULE: &str = "write a DNS name or an IP address";

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
    let refuse = |rule: &str| Err(format!("{} {rule}", shown(host)));
    if host.contains("://") {
        return refuse("contains a scheme; write only the DNS name or IP address");
    }
    if host.contains(['[', ']']) {
        return refuse("contains brackets; write the IPv6 address without them");
    }
    if host.contains('%') {
        return refuse("contains a percent sign; write the IPv6 address without its zone");
    }
    if host.contains(':') {
        return refuse("contains a colon but is not an IPv6 address; write the port in its own option");
    }
    if host.contains('/') {
        return refuse("contains a slash; write only the DNS name or IP address");
    }
    if host.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return refuse(&format!("contains white space or a control character; {RULE}"));
    }
    if !host.is_ascii() {
        return refuse("contains characters outside ASCII; write an international name in its xn-- form");
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.len() > 253 {
        return refuse("is longer than 253 characters, the limit of a DNS name");
    }
    if !name.split('.').all(is_label) {
        return refuse(
            "is not a valid DNS name; each label must be 1 to 63 letters, digits, \"-\" and \"_\", without \"-\" at either end",
        );
    }
    if secret::is_misplaced_key(host) {
        return refuse(&format!("is a key in base64; {RULE}"));
    }
    if name.parse::<Ipv4Addr>().is_ok() {
        return Err(format!("{host} is an IP address with a final dot; write {name}"));
    }
    let numeric = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    if name.rsplit('.').next().is_some_and(numeric) {
        return refuse(&format!("ends in a number but is not a valid IPv4 address; {RULE}"));
    }
    Ok(())
}

/// Rejects addresses that no pod can have. The same addresses in a CIDR cause a warning.
fn check_address(host: &str, address: IpAddr) -> Result<(), String> {
    let refuse = |cause: &str| Err(format!("{host} {cause}; write a DNS name or the IP address of a pod"));
    let address = address.to_canonical();
    if !cidr::dialable(address) {
        return refuse("is an unspecified, multicast or broadcast address");
    }
    if warning::is_link_local(address) {
        return refuse("is a link-local address, where cloud metadata services listen");
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
            ("a:80", "write the port in its own option"),
            ("10.0.0.1:80", "port"),
            ("fe80::1%eth0", "without its zone"),
            ("a/b", "slash"),
            ("a b", "white space"),
            ("a\n", "white space"),
            ("bücher.example", "xn--"),
            ("a..b", "is not a valid DNS name"),
            (".", "is not a valid DNS name"),
            ("-a", "is not a valid DNS name"),
            ("a-.b", "is not a valid DNS name"),
            ("*.a", "is not a valid DNS name"),
            ("10.0.0.256", "is not a valid IPv4 address"),
            ("10.0.0", "is not a valid IPv4 address"),
            (&format!("a{long}"), "253"),
            (&"a".repeat(64), "is not a valid DNS name"),
            ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "a value of 32 characters is a key"),
            ("10.0.0.1.", "10.0.0.1. is an IP address with a final dot; write 10.0.0.1"),
            ("0.0.0.0", "0.0.0.0 is an unspecified, multicast or broadcast address"),
            ("::", "unspecified, multicast or broadcast"),
            ("::ffff:0.0.0.0", "unspecified, multicast or broadcast"),
            ("255.255.255.255", "unspecified, multicast or broadcast"),
            ("224.0.0.1", "unspecified, multicast or broadcast"),
            ("ff02::1", "unspecified, multicast or broadcast"),
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
