//! Checks ports, which are numbers from 1 to 65535.

use std::fmt;

use crate::error::shown;

/// The rule, as messages state it.
pub(crate) const RULE: &str = "write a whole number from 1 to 65535";

/// Checks a number.
pub(crate) fn from_number(number: u64) -> Result<u16, String> {
    u16::try_from(number).ok().filter(|port| *port != 0).ok_or_else(|| not_a_port(&number))
}

/// The error for a value that is not a port.
pub(crate) fn not_a_port(value: &dyn fmt::Display) -> String {
    format!("{value} is not a valid port; {RULE}")
}

/// Checks text: decimal digits without a sign or leading zeros.
pub(crate) fn parse(text: &str) -> Result<u16, String> {
    let digits = !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || text.starts_with('0') {
        return Err(not_a_port(&shown(text)));
    }
    text.parse().map_err(|_| not_a_port(&shown(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports() {
        assert_eq!((parse("1"), parse("65535")), (Ok(1), Ok(65535)));
        for text in ["", "0", "65536", "080", "+80", "-1", "80.0", " 80", "8o", "99999999999999999999"] {
            assert!(parse(text).unwrap_err().contains(RULE), "{text:?}");
        }
        assert_eq!((from_number(1), from_number(65535)), (Ok(1), Ok(65535)));
        assert!(from_number(0).is_err() && from_number(65536).is_err());
    }
}
