//! Parses CIDRs, and finds the CIDR with the longest prefix that contains an address.
//!
//! The two address families are searched separately, see ranges.rs.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

use crate::error::{Error, MAX_INPUT, Status, shown};

use super::ranges::Ranges;

/// Parses one CIDR. `::ffff:a.b.c.d/n` with n of 96 or more becomes an IPv4 CIDR.
///
/// # Errors
/// The rule that the text breaks, with the correct form if there is one. The text itself is repeated only if
/// it is short or contains a valid address, so that a misplaced key is never repeated.
pub(crate) fn parse(text: &str) -> Result<IpNet, String> {
    if let Some(separator) = text.chars().find(|char| char.is_ascii_whitespace() || *char == ',') {
        let separator = if separator == ',' { "a comma" } else { "white space" };
        return Err(format!("{} contains {separator}; write each CIDR as a separate value", shown(text)));
    }
    let Some((address, length)) = text.split_once('/') else {
        return Err(match text.parse::<IpAddr>() {
            Ok(address) => format!("{text} has no prefix length; write {} for this one address", single(address)),
            Err(_) => not_a_cidr(text),
        });
    };
    let address: IpAddr = address.parse().map_err(|_| not_a_cidr(text))?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = prefix_length(length).filter(|length| *length <= most).ok_or_else(|| {
        format!("{} has no valid prefix length; write a number from 0 to {most} after the slash", shown(text))
    })?;
    let net = IpNet::new(address, length).expect("the length was checked");
    if net.trunc().addr() != net.addr() {
        let right = unmapped(net.trunc());
        return Err(format!("{text} has host bits set; write {right}"));
    }
    Ok(unmapped(net))
}

fn not_a_cidr(text: &str) -> String {
    format!("{} is not a valid CIDR; write one such as 10.0.0.0/24 or 2001:db8::/64", shown(text))
}

/// Decimal digits without a sign or leading zeros.
fn prefix_length(text: &str) -> Option<u8> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

fn single(address: IpAddr) -> IpNet {
    IpNet::from(address.to_canonical())
}

fn unmapped(net: IpNet) -> IpNet {
    if let IpNet::V6(six) = net
        && let Some(four) = six.addr().to_ipv4_mapped()
        && let Some(length) = six.prefix_len().checked_sub(96)
        && let Ok(four) = Ipv4Net::new(four, length)
    {
        return IpNet::V4(four);
    }
    net
}

/// A CIDR as written, with its usual form if that differs.
pub(crate) fn spelled(text: &str, net: IpNet) -> String {
    let usual = net.to_string();
    if text == usual { usual } else { format!("{text} ({usual})") }
}

/// CIDRs by address and length, without duplicates, each with a value.
pub(crate) type Collected<T> = BTreeMap<IpNet, T>;

/// Adds a CIDR, or returns the value that it already has.
pub(crate) fn collect<T: Copy>(collected: &mut Collected<T>, net: IpNet, value: T) -> Result<(), T> {
    match collected.entry(net) {
        Entry::Occupied(present) => Err(*present.get()),
        Entry::Vacant(place) => {
            place.insert(value);
            Ok(())
        }
    }
}

/// A set of CIDRs, each with a value.
pub(crate) struct Table<V> {
    four: Ranges<u32, V>,
    six: Ranges<u128, V>,
}

impl<V: Copy> Table<V> {
    pub(crate) fn new<T: Copy>(collected: &Collected<T>, to_value: impl Fn(T) -> V) -> Self {
        // Ordered by address and length, as the map is.
        let four = collected.iter().filter_map(|(net, value)| match net {
            IpNet::V4(net) => Some((net.addr().to_bits(), net.prefix_len(), to_value(*value))),
            IpNet::V6(_) => None,
        });
        let six = collected.iter().filter_map(|(net, value)| match net {
            IpNet::V4(_) => None,
            IpNet::V6(net) => Some((net.addr().to_bits(), net.prefix_len(), to_value(*value))),
        });
        Table { four: Ranges::new(four), six: Ranges::new(six) }
    }

    /// The value of the longest prefix that contains the address. IPv4-mapped addresses count as IPv4.
    /// Unspecified, multicast and broadcast addresses are in no CIDR, because they cannot be dialled.
    pub(crate) fn lookup(&self, address: IpAddr) -> Option<V> {
        match address.to_canonical() {
            IpAddr::V4(address) if dialable_four(address) => self.four.find(address.to_bits()),
            IpAddr::V6(address) if dialable_six(address) => self.six.find(address.to_bits()),
            _ => None,
        }
    }
}

/// Whether a pod can have this canonical address.
pub(crate) fn dialable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => dialable_four(address),
        IpAddr::V6(address) => dialable_six(address),
    }
}

fn dialable_four(address: Ipv4Addr) -> bool {
    !address.is_unspecified() && !address.is_multicast() && !address.is_broadcast()
}

fn dialable_six(address: Ipv6Addr) -> bool {
    !address.is_unspecified() && !address.is_multicast()
}

/// A list of CIDRs that finds the one containing an address. Immutable; can be used from any number of
/// threads.
///
/// ```
/// use doors_routing::CidrList;
///
/// let list = CidrList::new(b"10.0.0.0/8 10.1.0.0/16 2001:db8::/32")?;
/// assert_eq!(list.lookup("10.1.2.3".parse().unwrap()), Some(1)); // the longest prefix
/// assert_eq!(list.lookup("10.2.2.3".parse().unwrap()), Some(0));
/// assert_eq!(list.lookup("192.0.2.1".parse().unwrap()), None);
/// assert!(CidrList::new(b"10.0.0.1/8").is_err()); // host bits are set
/// # Ok::<(), doors_routing::Error>(())
/// ```
pub struct CidrList {
    table: Table<u32>,
}

impl CidrList {
    /// Parses CIDRs of both families, separated by white space.
    ///
    /// # Errors
    /// [`Status::Cidr`] with the index of the invalid CIDR, or without an index if the list is empty;
    /// [`Status::TooLarge`].
    pub fn new(text: &[u8]) -> Result<Self, Error> {
        if text.len() > MAX_INPUT {
            return Err(Error::too_large("the list of CIDRs", text.len()));
        }
        let mut collected = Collected::new();
        let mut count = 0;
        for word in text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
            let refuse = |rule: String| Error::new(Status::Cidr, Some(count), format!("CIDR {count}: {rule}"));
            let word = String::from_utf8_lossy(word);
            let net = parse(&word).map_err(refuse)?;
            collect(&mut collected, net, count).map_err(|same| {
                refuse(format!("{} is the same network as CIDR {same}; remove one of them", spelled(&word, net)))
            })?;
            count += 1;
        }
        if count == 0 {
            return Err(Error::new(Status::Cidr, None, "the list of CIDRs is empty; write at least one"));
        }
        Ok(CidrList { table: Table::new(&collected, |index| index) })
    }

    /// The zero-based index of the CIDR with the longest prefix that contains the address.
    #[inline]
    pub fn lookup(&self, address: IpAddr) -> Option<u32> {
        self.table.lookup(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(list: &str, address: &str) -> Option<u32> {
        CidrList::new(list.as_bytes()).unwrap().lookup(address.parse().unwrap())
    }

    #[test]
    fn the_longest_prefix_wins_in_any_order() {
        for list in ["10.0.0.0/8 10.1.0.0/16 0.0.0.0/0", "0.0.0.0/0 10.1.0.0/16 10.0.0.0/8"] {
            let words: Vec<_> = list.split(' ').collect();
            for (address, cidr) in [("10.1.2.3", "10.1.0.0/16"), ("10.2.0.1", "10.0.0.0/8"), ("1.1.1.1", "0.0.0.0/0")] {
                assert_eq!(words[lookup(list, address).unwrap() as usize], cidr);
            }
        }
    }

    #[test]
    fn families_are_separate_and_mapped_is_ipv4() {
        assert_eq!(lookup("::/0", "10.0.0.1"), None);
        assert_eq!(lookup("::/0", "::ffff:10.0.0.1"), None);
        assert_eq!(lookup("0.0.0.0/0", "2001:db8::1"), None);
        assert_eq!(lookup("10.0.0.0/24", "::ffff:10.0.0.1"), Some(0));
        assert_eq!(lookup("::ffff:10.0.0.0/120", "10.0.0.1"), Some(0));
        assert_eq!(lookup("::ffff:10.0.0.0/120", "10.0.1.1"), None);
        assert_eq!(lookup("::ffff:0:0/96", "10.0.0.1"), Some(0));
    }

    #[test]
    fn some_addresses_are_in_no_cidr() {
        for address in ["0.0.0.0", "224.0.0.1", "239.255.255.255", "255.255.255.255", "::", "ff02::1", "::ffff:0.0.0.0"]
        {
            assert_eq!(lookup("0.0.0.0/0 ::/0", address), None, "{address}");
        }
    }

    #[test]
    fn wrong_cidrs_offer_the_right_form() {
        for (text, rule) in [
            ("10.0.0.7/24", "10.0.0.7/24 has host bits set; write 10.0.0.0/24"),
            ("2001:db8::1/32", "write 2001:db8::/32"),
            ("::ffff:10.0.0.7/120", "write 10.0.0.0/24"),
            ("10.0.0.7", "10.0.0.7 has no prefix length; write 10.0.0.7/32 for this one address"),
            ("2001:db8::1", "write 2001:db8::1/128"),
            ("::ffff:10.0.0.7", "write 10.0.0.7/32"),
            ("10.0.0.0/33", "number from 0 to 32"),
            ("::/129", "number from 0 to 128"),
            ("10.0.0.0/024", "number from 0 to 32"),
            ("10.0.0.0/+8", "number from 0 to 32"),
            ("10.0.0.0/", "number from 0 to 32"),
            ("10.0.0.0/8/8", "number from 0 to 32"),
            ("10.00.0.0/8", "is not a valid CIDR"),
            ("fe80::%eth0/64", "is not a valid CIDR"),
            ("example", "\"example\" is not a valid CIDR"),
            ("/24", "is not a valid CIDR"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(rule), "{text}: {error}");
        }
        assert!(parse("10.0.0.0/24 10.0.1.0/24").unwrap_err().contains("contains white space; write each CIDR"));
        assert!(parse("10.0.0.0/24,10.0.1.0/24").unwrap_err().contains("contains a comma; write each CIDR"));
    }

    #[test]
    fn lists_name_the_place() {
        for (list, index, rule) in [
            ("10.0.0.0/24 x", Some(1), "CIDR 1: \"x\""),
            (
                "10.0.0.0/24 ::ffff:10.0.0.0/120",
                Some(1),
                "::ffff:10.0.0.0/120 (10.0.0.0/24) is the same network as CIDR 0",
            ),
            (" ", None, "empty"),
        ] {
            let error = CidrList::new(list.as_bytes()).err().unwrap();
            assert_eq!((error.status, error.index), (Status::Cidr, index));
            assert!(error.message.contains(rule), "{error}");
        }
    }
}
