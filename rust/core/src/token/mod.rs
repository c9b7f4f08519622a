//! In: an address, or the text of a token. Out: a token, or the address that it holds and the key that opened it.
//!
//! ```text
//! secret      the text of `secret` -> one to eight keys
//! key_cipher  one key: seals and opens
//! key_id      the public name of a key
//! cipher      address -> token -> address, with all keys
//! cache       the tokens that were opened last, and where they lead
//! stack       nothing of a key stays on the stack
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
