//! Tokens: `doors_cipher`.

use std::ffi::c_char;

use doors_routing::TokenCipher;

use crate::status::Status;
use crate::types::{doors_addr, doors_error};
use crate::{guard, memory};

/// Makes and reads tokens. From doors_cipher_new() to doors_cipher_free().
pub struct doors_cipher(TokenCipher);

/// Makes a cipher from a secret: one to eight AES keys (16, 24 or 32 bytes each) in standard base64 with padding,
/// separated by ASCII white space. The first key encrypts, all decrypt. `*out` gets the cipher.
///
/// Returns DOORS_STATUS_OK, _SECRET (`err->index` is the key), _TOO_LARGE or _NULL_POINTER. No message holds any part
/// of a key. The caller may wipe `secrets` afterwards; doors_cipher_free() wipes the keys in the cipher.
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

/// Makes a token for an address. An IPv4-mapped IPv6 address gives a token for IPv4. `token` gets DOORS_TOKEN_IPV4 or
/// DOORS_TOKEN_IPV6 characters and a NUL, and `*token_len` their number without the NUL. Two tokens for one address differ:
/// each holds 12 random bytes from the operating system.
///
/// Make at most 2^32 tokens with one key, over all processes that have it (NIST SP 800-38D, section 8.3): one for each
/// process and address, not one for each request.
///
/// Returns DOORS_STATUS_OK, _ADDRESS, _BUFFER (`cap` leaves no room for token and NUL; DOORS_TOKEN_SIZE always does),
/// _RANDOM or _NULL_POINTER.
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

/// Reads a token. `*addr` gets the address, IPv4 for an IPv4-mapped one; `*key` gets the index of the key that opened it,
/// from 0.
///
/// Returns DOORS_STATUS_OK, _TOKEN_FORMAT, _TOKEN_REFUSED, _TOO_LARGE or _NULL_POINTER. The alphabet is checked
/// first, then the length, then the trailing bits, then the keys.
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

/// `*count` gets the number of keys, 1 to 8.
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

/// Tells the id of one key, counted from 0: `id` gets 8 characters and a NUL (DOORS_KEY_ID_SIZE), the first
/// hexadecimal digits (lower case) of the SHA-256 of `doors-key-id` followed by the key's bytes. It is not a secret: log
/// it, to compare the keys of a proxy with those of its apps.
///
/// Returns DOORS_STATUS_OK, _NO_MATCH (no such key) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_cipher_key_id(cipher: *const doors_cipher, index: u32, id: *mut c_char) -> i32 {
    guard::status(|| unsafe { memory::key_id(memory::handle(cipher)?.0.key_ids(), index, id) })
}

/// Frees a cipher and wipes its keys. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_cipher_free(cipher: *mut doors_cipher) {
    guard::value((), || unsafe { memory::free(cipher) })
}
