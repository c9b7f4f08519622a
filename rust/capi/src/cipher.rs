//! Tokens: `doors_cipher`.

use std::ffi::c_char;

use doors_routing::TokenCipher;

use crate::status::Status;
use crate::types::{doors_addr, doors_error};
use crate::{guard, memory};

/// Creates and decrypts tokens. Created by doors_cipher_new(), freed by doors_cipher_free().
pub struct doors_cipher(TokenCipher);

/// Creates a cipher from a secret: one to eight AES keys (16, 24 or 32 bytes each) in standard base64 with
/// padding, separated by ASCII white space. The first key encrypts; all keys decrypt. Sets `*out` to the
/// cipher.
///
/// Returns DOORS_STATUS_OK, _SECRET (`err->index` is the key), _TOO_LARGE or _NULL_POINTER. Messages never
/// contain any part of a key. The caller may wipe `secrets` afterwards; doors_cipher_free() wipes the keys in
/// the cipher.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_cipher_new(
    secrets: *const c_char,
    len: usize,
    out: *mut *mut doors_cipher,
    err: *mut doors_error,
) -> i32 {
    unsafe {
        guard::error(err, || {
            let out = memory::output(out)?;
            let cipher = TokenCipher::new(memory::bytes(secrets, len)?)?;
            out.write(Box::into_raw(Box::new(doors_cipher(cipher))));
            Ok(())
        })
    }
}

/// Creates a token for an address. An IPv4-mapped IPv6 address gives a token for IPv4. Writes
/// DOORS_TOKEN_IPV4 or DOORS_TOKEN_IPV6 characters and a NUL to `token`, and sets `*token_len` to their
/// number without the NUL. Two tokens for one address differ: each contains 12 random bytes from the
/// operating system.
///
/// Create at most 2^32 tokens with one key, over all processes that use it (NIST SP 800-38D, section 8.3):
/// one per process and address, not one per request.
///
/// Returns DOORS_STATUS_OK, _ADDRESS, _BUFFER (`cap` is too small for token and NUL; DOORS_TOKEN_SIZE is
/// always enough), _RANDOM or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_cipher_encode(
    cipher: *const doors_cipher,
    addr: *const doors_addr,
    token: *mut c_char,
    cap: usize,
    token_len: *mut usize,
) -> i32 {
    guard::status(|| unsafe {
        let cipher = memory::handle(cipher)?;
        let (token, token_len) = (memory::output(token)?, memory::output(token_len)?);
        let made = cipher.0.encode(memory::address(addr)?).map_err(|error| error.status)?;
        let text = made.as_bytes();
        if cap <= text.len() {
            return Err(Status::Buffer);
        }
        memory::write_text(text, token);
        token_len.write(text.len());
        Ok(())
    })
}

/// Decrypts a token. Sets `*addr` to the address, as IPv4 if it is IPv4-mapped, and `*key` to the zero-based
/// index of the key that decrypted it.
///
/// Returns DOORS_STATUS_OK, _TOKEN_FORMAT, _TOKEN_REFUSED, _TOO_LARGE or _NULL_POINTER. The alphabet is
/// checked first, then the length, the trailing bits and the keys.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_cipher_decode(
    cipher: *const doors_cipher,
    token: *const c_char,
    len: usize,
    addr: *mut doors_addr,
    key: *mut u32,
) -> i32 {
    guard::status(|| unsafe {
        let cipher = memory::handle(cipher)?;
        let (addr, key) = (memory::output(addr)?, memory::output(key)?);
        let opened = cipher.0.decode(memory::bytes(token, len)?).map_err(|error| error.status())?;
        addr.write(Some(opened.address).into());
        key.write(opened.key);
        Ok(())
    })
}

/// Sets `*count` to the number of keys, 1 to 8.
///
/// Returns DOORS_STATUS_OK or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_cipher_keys(cipher: *const doors_cipher, count: *mut u32) -> i32 {
    guard::status(|| unsafe {
        let cipher = memory::handle(cipher)?;
        memory::output(count)?.write(cipher.0.key_ids().len() as u32);
        Ok(())
    })
}

/// Gets the ID of the key with a zero-based index. Writes 8 characters and a NUL (DOORS_KEY_ID_SIZE) to `id`:
/// the first hexadecimal digits, in lower case, of the SHA-256 of `doors-key-id` followed by the key's bytes.
/// An ID is not a secret. Log it to compare the keys of a proxy with those of its apps.
///
/// Returns DOORS_STATUS_OK, _NO_MATCH (no such key) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_cipher_key_id(cipher: *const doors_cipher, index: u32, id: *mut c_char) -> i32 {
    guard::status(|| unsafe { memory::key_id(memory::handle(cipher)?.0.key_ids(), index, id) })
}

/// Frees a cipher and wipes its keys. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_cipher_free(cipher: *mut doors_cipher) {
    guard::value((), || unsafe { memory::free(cipher) })
}
