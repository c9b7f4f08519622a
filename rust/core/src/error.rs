//! In: what went wrong while something was built. Out: a status, an index and a message that helps and holds no
//! secret.

use std::fmt;

/// The largest accepted configuration, list of CIDRs or secret, in bytes: 64 MiB.
pub const MAX_INPUT: usize = 64 << 20;

/// Values up to this many characters are repeated in messages. The shortest key in base64 has 24, so that a key
/// given in the wrong place is never repeated.
const MAX_SHOWN: usize = 20;

/// Why a call failed. The numbers are those of `DOORS_STATUS_*` in the C header and are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    /// The operating system gave no random bytes.
    Random = 6,
    /// The secret breaks a rule.
    Secret = 10,
    /// A CIDR breaks a rule.
    Cidr = 11,
    /// Another part of the configuration breaks a rule.
    Config = 12,
    /// The input has more than [`MAX_INPUT`] bytes.
    TooLarge = 13,
    /// The token holds a character outside base64url, or non-zero trailing bits.
    TokenFormat = 20,
    /// The token has a length that no token has, or no key opens it.
    TokenRefused = 21,
}

/// An error of building something: what broke which rule, for the person who wrote the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The kind of error.
    pub status: Status,
    /// From 0: the key (secrets), the CIDR (lists of CIDRs) or the upstream (configurations), where one is to blame.
    pub index: Option<u32>,
    /// One line: the field, the value where it is short and no secret, the rule.
    pub message: String,
}

impl Error {
    pub(crate) fn new(status: Status, index: Option<u32>, message: impl Into<String>) -> Self {
        Error { status, index, message: message.into() }
    }

    /// The same error, its message preceded by the name of the field.
    pub(crate) fn at(mut self, field: &dyn fmt::Display) -> Self {
        self.message = format!("{field}: {}", self.message);
        self
    }

    pub(crate) fn too_large(what: &str, length: usize) -> Self {
        let message = format!("{what} has {length} bytes; at most {MAX_INPUT} are allowed");
        Error::new(Status::TooLarge, None, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// A value as messages may show it: quoted and escaped when short, otherwise only its length, since it may be a
/// secret in the wrong place.
pub(crate) fn shown(value: &str) -> String {
    let length = value.chars().count();
    if length <= MAX_SHOWN { format!("{value:?}") } else { format!("a value of {length} characters") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_not_shown() {
        assert_eq!(shown("abc\n"), r#""abc\n""#);
        assert_eq!(shown(&"x".repeat(20)), format!("\"{}\"", "x".repeat(20)));
        assert_eq!(shown(&"x".repeat(21)), "a value of 21 characters");
    }

    #[test]
    fn the_field_comes_first() {
        let error = Error::new(Status::Cidr, Some(1), "is wrong").at(&"upstreams[1].cidr");
        assert_eq!(error.to_string(), "upstreams[1].cidr: is wrong");
        assert_eq!((error.status, error.index), (Status::Cidr, Some(1)));
    }
}
