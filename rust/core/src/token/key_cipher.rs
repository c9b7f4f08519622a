//! Encrypts and decrypts the bytes of tokens with one AES key.

use aes_gcm::aead::KeyInit;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aes::Aes192;
use aes_gcm::aes::cipher::consts::U12;
use aes_gcm::{AeadInOut, Aes128Gcm, Aes256Gcm, AesGcm, Nonce, Tag};

use super::secret::Key;

/// The additional authenticated data of every token. Keeps tokens apart from other messages encrypted with
/// the same key.
pub const ASSOCIATED_DATA: &[u8] = b"doors-pod-ip-v1";

pub(crate) const NONCE: usize = 12;
pub(crate) const TAG: usize = 16;

/// One AES key, expanded for use. The key schedule is wiped when dropped. Each variant is boxed: in an inline
/// enum, the unused bytes of a larger variant may hold remains of another key from the stack, which would
/// never be wiped.
pub(crate) enum KeyCipher {
    Aes128(Box<Aes128Gcm>),
    Aes192(Box<AesGcm<Aes192, U12>>),
    Aes256(Box<Aes256Gcm>),
}

impl KeyCipher {
    pub(crate) fn new(key: &Key) -> Self {
        const CHECKED: &str = "the parser accepts no other length";
        match key.bytes().len() {
            16 => KeyCipher::Aes128(Box::new(Aes128Gcm::new_from_slice(key.bytes()).expect(CHECKED))),
            24 => KeyCipher::Aes192(Box::new(AesGcm::new_from_slice(key.bytes()).expect(CHECKED))),
            _ => KeyCipher::Aes256(Box::new(Aes256Gcm::new_from_slice(key.bytes()).expect(CHECKED))),
        }
    }

    pub(crate) fn seal(&self, nonce: &[u8; NONCE], content: &mut [u8]) -> [u8; TAG] {
        const SHORT: &str = "AES-GCM fails only on messages of gigabytes";
        let (nonce, content) = (Nonce::from(*nonce), InOutBuf::from(content));
        let tag = match self {
            KeyCipher::Aes128(cipher) => cipher.encrypt_inout_detached(&nonce, ASSOCIATED_DATA, content),
            KeyCipher::Aes192(cipher) => cipher.encrypt_inout_detached(&nonce, ASSOCIATED_DATA, content),
            KeyCipher::Aes256(cipher) => cipher.encrypt_inout_detached(&nonce, ASSOCIATED_DATA, content),
        };
        tag.expect(SHORT).into()
    }

    /// Leaves `content` unchanged if the tag does not match.
    pub(crate) fn open(&self, nonce: &[u8; NONCE], content: &mut [u8], tag: &[u8; TAG]) -> bool {
        let (nonce, tag, content) = (Nonce::from(*nonce), Tag::from(*tag), InOutBuf::from(content));
        let opened = match self {
            KeyCipher::Aes128(cipher) => cipher.decrypt_inout_detached(&nonce, ASSOCIATED_DATA, content, &tag),
            KeyCipher::Aes192(cipher) => cipher.decrypt_inout_detached(&nonce, ASSOCIATED_DATA, content, &tag),
            KeyCipher::Aes256(cipher) => cipher.decrypt_inout_detached(&nonce, ASSOCIATED_DATA, content, &tag),
        };
        opened.is_ok()
    }
}
