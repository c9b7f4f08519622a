//! Tokens: encryption, decryption, and the keys for both.
//!
//! ```text
//! secret      parses `secret` into one to eight keys
//! key_cipher  encrypts and decrypts with one key
//! key_id      the public name of a key
//! cipher      encrypts and decrypts tokens with all keys
//! cache       recently decrypted tokens and their targets
//! stack       wipes keys from the stack
//! ```

pub(crate) mod cache;
mod cipher;
mod key_cipher;
mod key_id;
pub(crate) mod secret;
pub(crate) mod stack;

pub use cipher::{Opened, TOKEN_IPV4, TOKEN_IPV6, Token, TokenCipher, TokenError};
pub use key_cipher::ASSOCIATED_DATA;
pub use key_id::{KEY_ID, KeyId};
