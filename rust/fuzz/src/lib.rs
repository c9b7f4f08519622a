//! Fuzz targets. Each module has `run`, which takes one input, panics when an invariant does not hold, and says
//! whether the input reached the part where the library accepts something.
//!
//! ```text
//! token     a token           = opened by another implementation; encode, then decode
//! decision  path and cookies  = the slow model; the same decision twice
//! cidrs     CIDRs, addresses  = a linear scan
//! config    JSON              = what a general JSON parser reads; no secret in errors
//! c_api     calls in C        every handle, outputs written only on success
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

/// A target: one input in, whether it was accepted out.
pub type Run = fn(&[u8]) -> bool;

/// All targets by their names.
pub fn targets() -> BTreeMap<&'static str, Run> {
    BTreeMap::from([
        ("c_api", c_api::run as Run),
        ("cidrs", cidrs::run),
        ("config", config::run),
        ("decision", decision::run),
        ("token", token::run),
    ])
}

/// The keys of the vectors of tokens.
const SECRET: &str = "dYUi5Yiobw4MRlS3RWII9u+9CocobfbgqvzOO0h2jYw= 4m7EIFLGUOYhYG4cIvo/YQ== JeuAwhBKPZ/S4/M/YYEPOqqE10MLElsD \
                      dYUi5Yiobw4MRlS3RWII9g== dYUi5Yiobw4MRlS3RWII9u+9Cocobfbg 4m7EIFLGUOYhYG4cIvo/YX+pbe0+T/Lw35cdG0eo380=";

/// Takes an input apart from its start; zeros when it is used up.
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
