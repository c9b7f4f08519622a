//! Fuzzes tokens and compares with another implementation, which decodes base64 bit by bit and tries one key
//! after another. The input is the text of a token; or 0, the number of a key, a nonce of 12 bytes and
//! content to encrypt; or 1 and an address to encode.

use std::net::IpAddr;
use std::sync::LazyLock;

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::aes::Aes192;
use aes_gcm::{Aes128Gcm, Aes256Gcm, AesGcm, Nonce};
use doors_routing::{Opened, TOKEN_IPV4, TOKEN_IPV6, TokenCipher, TokenError};

use crate::{Reader, SECRET};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const PURPOSE: &[u8] = b"doors-pod-ip-v1";

static CIPHER: LazyLock<TokenCipher> = LazyLock::new(|| TokenCipher::new(SECRET.as_bytes()).unwrap());
static KEYS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| SECRET.split_whitespace().map(key).collect());

/// Decodes a key in padded standard base64.
fn key(text: &str) -> Vec<u8> {
    let text = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    let bits: String = text.bytes().map(|byte| format!("{:06b}", value(byte).unwrap())).collect();
    bytes_of(&bits)
}

fn value(character: u8) -> Option<usize> {
    ALPHABET.iter().position(|one| *one == character)
}

fn bytes_of(bits: &str) -> Vec<u8> {
    bits.as_bytes().chunks_exact(8).map(|eight| eight.iter().fold(0, |byte, bit| byte << 1 | (bit & 1))).collect()
}

fn text_of(bytes: &[u8]) -> Vec<u8> {
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    bits.chunks(6)
        .map(|six| ALPHABET[(0..6).fold(0, |value, index| value << 1 | usize::from(*six.get(index).unwrap_or(&0)))])
        .collect()
}

fn open_with(key: &[u8], nonce: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, payload) = (Nonce::<U12>::try_from(nonce).ok()?, Payload { msg: sealed, aad: PURPOSE });
    match key.len() {
        16 => Aes128Gcm::new_from_slice(key).ok()?.decrypt(&nonce, payload).ok(),
        24 => AesGcm::<Aes192, U12>::new_from_slice(key).ok()?.decrypt(&nonce, payload).ok(),
        _ => Aes256Gcm::new_from_slice(key).ok()?.decrypt(&nonce, payload).ok(),
    }
}

fn seal_with(key: &[u8], nonce: &[u8; 12], content: &[u8], purpose: &[u8]) -> Vec<u8> {
    let (nonce, payload) = (Nonce::<U12>::from(*nonce), Payload { msg: content, aad: purpose });
    match key.len() {
        16 => Aes128Gcm::new_from_slice(key).unwrap().encrypt(&nonce, payload).unwrap(),
        24 => AesGcm::<Aes192, U12>::new_from_slice(key).unwrap().encrypt(&nonce, payload).unwrap(),
        _ => Aes256Gcm::new_from_slice(key).unwrap().encrypt(&nonce, payload).unwrap(),
    }
}

fn slow(token: &[u8]) -> Result<Opened, TokenError> {
    let values: Option<Vec<usize>> = token.iter().map(|character| value(*character)).collect();
    let values = values.ok_or(TokenError::Format)?;
    if !matches!(values.len(), TOKEN_IPV4 | TOKEN_IPV6) {
        return Err(TokenError::Refused);
    }
    let bits: String = values.iter().map(|value| format!("{value:06b}")).collect();
    let bytes = bytes_of(&bits);
    if bits[bytes.len() * 8..].contains('1') {
        return Err(TokenError::Format);
    }
    for (index, key) in KEYS.iter().enumerate() {
        let Some(content) = open_with(key, &bytes[..12], &bytes[12..]) else { continue };
        let address = match content.len() {
            4 => IpAddr::from(<[u8; 4]>::try_from(content).unwrap()),
            _ => IpAddr::from(<[u8; 16]>::try_from(content).unwrap()),
        };
        return Ok(Opened { address: address.to_canonical(), key: index as u32 });
    }
    Err(TokenError::Refused)
}

fn check(token: &[u8]) -> bool {
    let opened = CIPHER.decode(token);
    assert_eq!(opened, slow(token));
    assert_eq!(opened, CIPHER.decode(token), "the same twice");
    if opened.is_ok() {
        // Changing any one character of a token invalidates it.
        for index in 0..token.len() {
            let mut changed = token.to_vec();
            changed[index] = ALPHABET[(value(changed[index]).unwrap() + 1 + index) % 64];
            assert!(changed == token || CIPHER.decode(&changed).is_err());
        }
    }
    opened.is_ok()
}

/// Runs one input.
pub fn run(input: &[u8]) -> bool {
    match input {
        [0, number, rest @ ..] => {
            let mut reader = Reader(rest);
            let mut nonce = [0; 12];
            let start = reader.bytes(12);
            nonce[..start.len()].copy_from_slice(start);
            // Numbers beyond the keys: the first key, but with other associated data.
            let (key, purpose) = match KEYS.get(usize::from(*number)) {
                Some(key) => (key, PURPOSE),
                None => (&KEYS[0], &b"doors-pod-ip-v2"[..]),
            };
            let mut sealed = nonce.to_vec();
            sealed.extend(seal_with(key, &nonce, reader.0, purpose));
            let opened = check(&text_of(&sealed));
            assert_eq!(opened, purpose == PURPOSE && matches!(reader.0.len(), 4 | 16));
            opened
        }
        [1, address @ ..] => {
            let address = match address.len() {
                4 => IpAddr::from(<[u8; 4]>::try_from(address).unwrap()),
                16 => IpAddr::from(<[u8; 16]>::try_from(address).unwrap()),
                _ => return false,
            };
            let token = CIPHER.encode(address).unwrap();
            assert_eq!(CIPHER.decode(token.as_bytes()), Ok(Opened { address: address.to_canonical(), key: 0 }));
            check(token.as_bytes())
        }
        token => check(token),
    }
}
