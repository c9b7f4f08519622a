//! The error for invalid user input: a status, an index and a message without secrets.

use std::fmt;

/// The maximum length of a configuration, a list of CIDRs or a secret, in bytes: 64 MiB.
pub const MAX_INPUT: usize = 64 << 20;

/// The longest value that a message repeats, in characters. The shortest key has 24 characters in base64, so
/// a misplaced key never appears in a message.
const MAX_SHOWN: usize = 20;

/// Why a call failed. The numbers equal `DOORS_STATUS_*` in the C header. They are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    /// The operating system supplied no random bytes.
    Random = 6,
    /// The secret is invalid.
    Secret = 10,
    /// A CIDR is invalid.
    Cidr = 11,
    /// Another part of the configuration is invalid.
    Config = 12,
    /// The input is longer than [`MAX_INPUT`] bytes.
    TooLarge = 13,
    /// The token contains a character outside base64url or has non-zero trailing bits.
    TokenFormat = 20,
    /// The token has an impossible length, or no key decrypts it.
    TokenRefused = 21,
}

/// An error in user input. The message says what is wrong and which rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The kind of error.
    pub status: Status,
    /// The zero-based index of the invalid key, CIDR or upstream, if there is one.
    pub index: Option<u32>,
    /// One line: the field, the value (only if short and not secret) and the rule.
    pub message: String,
}

impl Error {
    pub(crate) fn new(status: Status, index: Option<u32>, message: impl Into<String>) -> Self {
        Error { status, index, message: message.into() }
    }

    /// Prefixes the message with the name of the field.
    pub(crate) fn at(mut self, field: &dyn fmt::Display) -> Self {
        self.message = format!("{field}: {}", self.message);
        self
    }

    pub(crate) fn too_large(what: &str, length: usize) -> Self {
        let message = format!("{what} has {length} bytes; the limit is {MAX_INPUT}");
        Error::new(Status::TooLarge, None, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Formats a value for a message: quoted and escaped if short, otherwise only its length, since it may be a
/// misplaced secret.
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
