//! The C API of [`doors_routing`], declared in `include/doors_caddy.h`. A thin layer, and the only crate with
//! `unsafe` code.
//!
//! The header starts with the rules for all functions, which `guard` and `memory` enforce. The header is
//! generated from the source files of this crate, so exports must not be produced by macros. Rust programs
//! should use [`doors_routing`] directly.
#![allow(non_camel_case_types, reason = "the names are those of the C API")]
#![allow(clippy::missing_safety_doc, reason = "the rules that open the header are the contract of every function")]
#![deny(missing_docs)]
#![warn(clippy::incompatible_msrv)]

mod guard;
mod memory;
mod status;

pub mod check;
pub mod cidrs;
pub mod cipher;
pub mod evictions;
pub mod lookups;
pub mod numbers;
pub mod options;
#[cfg(doors_planted_faults)]
mod planted;
pub mod request;
pub mod router;
pub mod source;
pub mod state;
pub mod step;
pub mod text;
pub mod types;

#[cfg(test)]
mod evictions_test;
#[cfg(test)]
mod flow_test;
#[cfg(test)]
mod misuse_test;
#[cfg(test)]
mod numbers_test;
#[cfg(test)]
mod returns_test;
#[cfg(test)]
mod tests;
