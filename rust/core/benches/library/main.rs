//! The benchmarks of the library. Run all with `cargo bench -p doors_routing`, or some with `cargo bench -p
//! doors_routing -- decide`.
//!
//! Criterion writes `target/criterion/<name>/new/estimates.json`. The names:
//!
//! ```text
//! token/OPERATION/FAMILY      encode, decode, refuse/forged, refuse/malformed, refuse/length; ipv4, ipv6
//! cidr/OPERATION/FAMILY/SIZE  match, miss, worst; 1, 10, 1000, 10000, 100000 prefixes
//! decide/ROW                  the rows of the decision table, see decide.rs
//! ```

// A single program, because link-time optimisation of several takes longer than the benchmarks.

mod cidr;
mod data;
mod decide;
mod token;

use criterion::{criterion_group, criterion_main};

criterion_group! { name = benches; config = data::criterion(); targets = token::token, cidr::cidr, decide::decide }
criterion_main!(benches);
