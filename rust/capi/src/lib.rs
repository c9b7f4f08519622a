//! The C API of [`doors_routing`], declared in `include/doors_caddy.h`. A thin layer, and the only crate with
//! `unsafe` code.
//!
//! The header starts with the rules for all functions, which `guard` and `memory` enforce. The header is
//! generated from the source files of this crate, so exports must not be produced by macros. Rust programs
//! should use [`doors_routing`] directly.
//!
//! ```
//! use std::ptr::null_mut;
//!
//! use doors_caddy::cipher::{doors_cipher_decode, doors_cipher_encode, doors_cipher_free, doors_cipher_new};
//! use doors_caddy::numbers::{DOORS_STATUS_OK, DOORS_TOKEN_SIZE};
//! use doors_caddy::types::doors_addr;
//!
//! let secret = "AAECAwQFBgcICQoLDA0ODw==";
//! let pod = doors_addr { bytes: [10, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], len: 4 };
//! let (mut cipher, mut token, mut length) = (null_mut(), [0; DOORS_TOKEN_SIZE as usize], 0);
//! let (mut read, mut key) = (doors_addr { bytes: [0; 16], len: 0 }, 0);
//! unsafe {
//!     let status = doors_cipher_new(secret.as_ptr().cast(), secret.len(), &mut cipher, null_mut());
//!     assert_eq!(status, DOORS_STATUS_OK);
//!     doors_cipher_encode(cipher, &pod, token.as_mut_ptr(), token.len(), &mut length);
//!     doors_cipher_decode(cipher, token.as_ptr(), length, &mut read, &mut key);
//!     doors_cipher_free(cipher);
//! }
//! assert_eq!(read.bytes, pod.bytes);
//! ```
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
mod tests;
