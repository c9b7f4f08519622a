//! The benchmarks of the library, by criterion: `cargo bench -p doors_routing`, or only some: `cargo bench -p doors_routing -- decide`.
//!
//! In: nothing. Out: `target/criterion/<name>/new/estimates.json`. The names:
//!
//! ```text
//! token/OPERATION/FAMILY      encode, decode, refuse/forged, refuse/malformed, refuse/length; ipv4, ipv6
//! cidr/OPERATION/FAMILY/SIZE  match, miss, worst; 1, 10, 1000, 10000, 100000 prefixes
//! decide/ROW                  the rows of the table of decisions, see decide.rs
//! ```

// One program, because each would be optimised as a whole, which takes longer than to run it.

mod cidr;
mod data;
mod decide;
mod token;

use criterion::{criterion_group, criterion_main};

criterion_group! { name = benches; config = data::criterion(); targets = token::token, cidr::cidr, decide::decide }
criterion_main!(benches);
