//! Key IDs: public names of keys, for comparing both sides of a key rotation.

use std::fmt;

use sha2::{Digest, Sha256};

use super::secret::Key;

/// The length of a key ID, in characters.
pub const KEY_ID: usize = 8;

/// Hashed before the key, so that the ID is unlike any other hash of the key.
const CONTEXT: &[u8] = b"doors-key-id";

/// The public name of a key: the first 8 lower-case hexadecimal digits of the SHA-256 of `doors-key-id` and
/// the key's bytes. Reveals nothing about the key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; KEY_ID]);

impl KeyId {
    /// Wipes the hash function's copy of the key.
    pub(crate) fn new(key: &Key) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let hash = Sha256::new().chain_update(CONTEXT).chain_update(key.bytes()).finalize();
        let mut id = [0; KEY_ID];
        for (digits, byte) in id.chunks_exact_mut(2).zip(hash) {
            digits[0] = DIGITS[usize::from(byte >> 4)];
            digits[1] = DIGITS[usize::from(byte & 15)];
        }
        KeyId(id)
    }

    /// The text as bytes: [`KEY_ID`] hexadecimal digits.
    pub fn as_bytes(&self) -> &[u8; KEY_ID] {
        &self.0
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "KeyId({})", self.as_str())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use crate::TokenCipher;

    #[test]
    fn both_texts_are_the_id() {
        let cipher = TokenCipher::new(b"AAECAwQFBgcICQoLDA0ODw==").unwrap();
        let id = cipher.key_ids()[0];
        // The first bytes of the SHA-256 of `doors-key-id` and the key.
        assert_eq!((id.as_str(), id.as_bytes()), ("fbfa3369", b"fbfa3369"));
        assert_eq!(format!("{id} {id:?}"), "fbfa3369 KeyId(fbfa3369)");
    }
}
