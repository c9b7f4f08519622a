//! Fuzz targets. Each module has a function `run`, which takes one input, panics if an invariant is violated,
//! and returns whether the library accepted anything in the input.
//!
//! ```text
//! token     a token           compared with another implementation; encode, then decode
//! decision  path and cookies  compared with a slow model; the same decision twice
//! cidrs     CIDRs, addresses  compared with a linear scan
//! config    JSON              compared with a general JSON parser; no secret in errors
//! c_api     calls in C        every handle; outputs written only on success
//! ```

use std::collections::BTreeMap;

pub mod c_api;
mod c_flow;
pub mod cidrs;
pub mod config;
pub mod decision;
pub mod token;

#[path = "../../core/tests/model/mod.rs"]
mod model;

/// A target: takes one input and returns whether it was accepted.
pub type Run = fn(&[u8]) -> bool;

/// All targets by name.
pub fn targets() -> BTreeMap<&'static str, Run> {
    BTreeMap::from([
        ("c_api", c_api::run as Run),
        ("cidrs", cidrs::run),
        ("config", config::run),
        ("decision", decision::run),
        ("token", token::run),
    ])
}

/// The keys of the token vectors.
const SECRET: &str = "dYUi5Yiobw4MRlS3RWII9u+9CocobfbgqvzOO0h2jYw= 4m7EIFLGUOYhYG4cIvo/YQ== JeuAwhBKPZ/S4/M/YYEPOqqE10MLElsD \
                      dYUi5Yiobw4MRlS3RWII9g== dYUi5Yiobw4MRlS3RWII9u+9Cocobfbg 4m7EIFLGUOYhYG4cIvo/YX+pbe0+T/Lw35cdG0eo380=";

/// Consumes an input from its start. Returns zeros at the end.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> u8 {
        self.bytes(1).first().copied().unwrap_or_default()
    }

    fn number(&mut self) -> u64 {
        self.bytes(8).iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// At most `count` bytes.
    fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        bytes
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
