//! Fuzzes CIDR lists. The input is CIDRs, `|` and addresses, separated by white space. Looks up each address,
//! and both ends of each CIDR, in the list and by a linear scan.

use std::net::IpAddr;

use doors_routing::{CidrList, Status};

use crate::model::{self, Prefix};

/// Parses one CIDR independently of the library.
pub(crate) fn prefix(text: &str) -> Option<Prefix> {
    let (address, length) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let number: usize = length.parse().ok()?;
    let bits = model::bits(address);
    if length != number.to_string() || number > bits.len() || bits[number..].contains('1') {
        return None;
    }
    match address {
        IpAddr::V6(six) if number >= 96 && six.to_ipv4_mapped().is_some() => {
            Some(Prefix { bits: bits[96..number].to_string(), four: true })
        }
        _ => Some(Prefix { bits: bits[..number].to_string(), four: address.is_ipv4() }),
    }
}

/// The first and the last address.
fn ends(prefix: &Prefix) -> [IpAddr; 2] {
    ['0', '1'].map(|fill| {
        let mut bits = prefix.bits.clone();
        let all = if prefix.four { 32 } else { 128 };
        bits.extend(std::iter::repeat_n(fill, all - bits.len()));
        if prefix.four {
            IpAddr::from(u32::from_str_radix(&bits, 2).unwrap().to_be_bytes())
        } else {
            IpAddr::from(u128::from_str_radix(&bits, 2).unwrap().to_be_bytes())
        }
    })
}

/// The expected result for a list: its prefixes, or the index of the invalid CIDR.
fn slow(words: &[&[u8]]) -> Result<Vec<Prefix>, Option<u32>> {
    let mut prefixes: Vec<Prefix> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let one = str::from_utf8(word).ok().and_then(prefix).filter(|one| !prefixes.contains(one));
        prefixes.push(one.ok_or(Some(index as u32))?);
    }
    if prefixes.is_empty() { Err(None) } else { Ok(prefixes) }
}

/// Runs one input.
pub fn run(input: &[u8]) -> bool {
    let middle = input.iter().position(|byte| *byte == b'|').unwrap_or(input.len());
    let (text, rest) = input.split_at(middle);
    let words: Vec<&[u8]> = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let (list, prefixes) = match (CidrList::new(text), slow(&words)) {
        (Ok(list), Ok(prefixes)) => (list, prefixes),
        (Err(error), Err(index)) => {
            assert_eq!((error.status, error.index), (Status::Cidr, index), "{}", error.message);
            return false;
        }
        (real, slow) => panic!("the library: {:?}; the model: {slow:?}", real.map(drop)),
    };
    let asked = String::from_utf8_lossy(rest.get(1..).unwrap_or_default()).into_owned();
    let asked = asked.split_whitespace().filter_map(|word| word.parse().ok());
    let mut found = false;
    for address in asked.chain(prefixes.iter().flat_map(ends)) {
        let expected = model::lookup(&prefixes, address).map(|index| index as u32);
        assert_eq!(list.lookup(address), expected, "{address}");
        assert_eq!(list.lookup(address.to_canonical()), expected, "{address}");
        found |= expected.is_some();
    }
    found
}
