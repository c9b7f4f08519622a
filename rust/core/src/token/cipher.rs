//! Encrypts addresses as tokens and decrypts tokens.
//!
//! A token is the raw bytes of an IP address (4 or 16), encrypted with AES-GCM: a random nonce of 12 bytes,
//! the ciphertext, and a tag of 16 bytes, in base64url without padding. That makes 43 or 59 characters.

use std::fmt;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::key_cipher::{KeyCipher, NONCE, TAG};
use super::key_id::KeyId;
use super::{secret, stack};
use crate::error::{Error, Status};

/// The length of a token with an IPv4 address, in characters.
pub const TOKEN_IPV4: usize = 43;
/// The length of a token with an IPv6 address, in characters.
pub const TOKEN_IPV6: usize = 59;

const MAX_SEALED: usize = NONCE + 16 + TAG;

/// Creates and decrypts tokens. Immutable; can be used from any number of threads.
///
/// ```
/// use doors_routing::{TOKEN_IPV4, TokenCipher, TokenError};
///
/// let cipher = TokenCipher::new(b"AAECAwQFBgcICQoLDA0ODw==")?;
/// let token = cipher.encode("10.0.0.7".parse().unwrap())?;
/// assert_eq!(token.as_str().len(), TOKEN_IPV4);
/// assert_eq!(cipher.decode(token.as_bytes()).unwrap().address.to_string(), "10.0.0.7");
/// assert!(matches!(cipher.decode(b"a=b"), Err(TokenError::Format)));
/// # Ok::<(), doors_routing::Error>(())
/// ```
pub struct TokenCipher {
    keys: Box<[KeyCipher]>,
    ids: Box<[KeyId]>,
}

/// The content of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The address. Never an IPv4-mapped IPv6 address.
    pub address: IpAddr,
    /// The zero-based index of the key that decrypted it.
    pub key: u32,
}

/// Why a token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// The token is not canonical base64url: it contains another character, padding or white space, or
    /// non-zero trailing bits.
    Format,
    /// The length is neither [`TOKEN_IPV4`] nor [`TOKEN_IPV6`], or no key decrypts the token.
    Refused,
}

impl TokenError {
    /// The corresponding status.
    pub fn status(self) -> Status {
        match self {
            TokenError::Format => Status::TokenFormat,
            TokenError::Refused => Status::TokenRefused,
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            TokenError::Format => "the token is not canonical base64url without padding",
            TokenError::Refused => "no key opens the token",
        })
    }
}

impl std::error::Error for TokenError {}

/// The text of a token, stored inline: [`TOKEN_IPV4`] or [`TOKEN_IPV6`] characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token {
    text: [u8; TOKEN_IPV6],
    length: usize,
}

impl Token {
    /// The text as bytes: [`TOKEN_IPV4`] or [`TOKEN_IPV6`] base64url characters.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text[..self.length]
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Token({} characters)", self.length)
    }
}

impl TokenCipher {
    /// Creates a cipher from one to eight AES keys (16, 24 or 32 bytes each) in standard base64, separated by
    /// white space. The first key encrypts; all keys decrypt.
    ///
    /// # Errors
    /// [`Status::Secret`] with the index of the key, or [`Status::TooLarge`]. Messages never contain any part
    /// of a key.
    pub fn new(secret: &[u8]) -> Result<Self, Error> {
        stack::wiped(|| {
            let keys = secret::parse(secret)?;
            let (ciphers, ids) = (keys.iter().map(KeyCipher::new).collect(), keys.iter().map(KeyId::new).collect());
            Ok(TokenCipher { keys: ciphers, ids })
        })
    }

    /// The IDs of the keys, 1 to 8, in the order of the secret.
    pub fn key_ids(&self) -> &[KeyId] {
        &self.ids
    }

    /// Creates a token for an address, with a random nonce from the operating system. Stores an IPv4-mapped
    /// address as IPv4.
    ///
    /// Create at most 2^32 tokens with one key, over all processes that use it (NIST SP 800-38D, section
    /// 8.3): one per process and address, not one per request.
    ///
    /// # Errors
    /// [`Status::Random`] if the system supplies no random bytes.
    pub fn encode(&self, address: IpAddr) -> Result<Token, Error> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| {
            Error::new(Status::Random, None, format!("the operating system returned no random bytes: {error}"))
        })?;
        Ok(self.encode_with(address, &nonce))
    }

    fn encode_with(&self, address: IpAddr, nonce: &[u8; NONCE]) -> Token {
        let mut sealed = [0; MAX_SEALED];
        sealed[..NONCE].copy_from_slice(nonce);
        let end = match address.to_canonical() {
            IpAddr::V4(address) => {
                sealed[NONCE..NONCE + 4].copy_from_slice(&address.octets());
                NONCE + 4
            }
            IpAddr::V6(address) => {
                sealed[NONCE..NONCE + 16].copy_from_slice(&address.octets());
                NONCE + 16
            }
        };
        let tag = self.keys[0].seal(nonce, &mut sealed[NONCE..end]);
        sealed[end..end + TAG].copy_from_slice(&tag);
        let mut token = Token { text: [0; TOKEN_IPV6], length: 0 };
        token.length =
            URL_SAFE_NO_PAD.encode_slice(&sealed[..end + TAG], &mut token.text).expect("44 bytes are 59 characters");
        token
    }

    /// Decrypts a token. Tries all keys; allocates nothing.
    ///
    /// # Errors
    /// A [`TokenError`]. The alphabet is checked first, then the length, the trailing bits and the keys.
    pub fn decode(&self, token: &[u8]) -> Result<Opened, TokenError> {
        // For a token of the right length, the decoder checks the alphabet, with the same result.
        match token.len() {
            TOKEN_IPV4 => {
                let (bytes, key) = self.open::<4>(token)?;
                Ok(Opened { address: IpAddr::from(bytes), key })
            }
            TOKEN_IPV6 => {
                let (bytes, key) = self.open::<16>(token)?;
                Ok(Opened { address: IpAddr::from(bytes).to_canonical(), key })
            }
            _ => {
                // No branch per character, which a processor could not predict.
                let all = |all, byte: &u8| all & (byte.is_ascii_alphanumeric() | matches!(byte, b'-' | b'_'));
                Err(if token.iter().fold(true, all) { TokenError::Refused } else { TokenError::Format })
            }
        }
    }

    /// Decrypts a token with an address of `N` bytes. Returns the address and the index of the key.
    fn open<const N: usize>(&self, token: &[u8]) -> Result<([u8; N], u32), TokenError> {
        let mut sealed = [0; MAX_SEALED];
        URL_SAFE_NO_PAD.decode_slice(token, &mut sealed).map_err(|_| TokenError::Format)?;
        let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or(TokenError::Refused)?;
        let (content, rest) = rest.split_first_chunk::<N>().ok_or(TokenError::Refused)?;
        let tag = rest.first_chunk::<TAG>().ok_or(TokenError::Refused)?;
        let mut bytes = *content;
        let key = self.keys.iter().position(|key| key.open(nonce, &mut bytes, tag)).ok_or(TokenError::Refused)?;
        Ok((bytes, key as u32))
    }
}

impl fmt::Debug for TokenCipher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "TokenCipher({} keys)", self.keys.len())
    }
}

#[cfg(test)]
mod tests {
    use aes_gcm::aead::KeyInit;
    use aes_gcm::aead::inout::InOutBuf;
    use aes_gcm::{AeadInOut, Aes256Gcm, Nonce};

    use super::*;

    const OLD: &str = "AAECAwQFBgcICQoLDA0ODw==";
    const NEW: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const MIDDLE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

    fn cipher(secret: &str) -> TokenCipher {
        TokenCipher::new(secret.as_bytes()).unwrap()
    }

    #[test]
    fn every_key_size_and_family_round_trips() {
        for secret in [OLD, MIDDLE, NEW] {
            for (address, length) in [("10.0.0.7", TOKEN_IPV4), ("2001:db8::7", TOKEN_IPV6)] {
                let address: IpAddr = address.parse().unwrap();
                let token = cipher(secret).encode(address).unwrap();
                assert_eq!(token.as_str().len(), length);
                assert_eq!(cipher(secret).decode(token.as_bytes()), Ok(Opened { address, key: 0 }));
            }
        }
    }

    #[test]
    fn mapped_addresses_are_ipv4() {
        let token = cipher(NEW).encode("::ffff:10.0.0.7".parse().unwrap()).unwrap();
        assert_eq!(token.as_bytes().len(), TOKEN_IPV4);
        assert_eq!(cipher(NEW).decode(token.as_bytes()).unwrap().address, "10.0.0.7".parse::<IpAddr>().unwrap());
    }

    #[test]
    fn the_first_key_encrypts_and_all_decrypt() {
        let both = cipher(&format!("{NEW} {OLD}"));
        let address: IpAddr = "10.0.0.7".parse().unwrap();
        assert_eq!(both.decode(cipher(OLD).encode(address).unwrap().as_bytes()), Ok(Opened { address, key: 1 }));
        assert_eq!(cipher(NEW).decode(both.encode(address).unwrap().as_bytes()), Ok(Opened { address, key: 0 }));
        assert_eq!(cipher(OLD).decode(both.encode(address).unwrap().as_bytes()), Err(TokenError::Refused));
    }

    #[test]
    fn nonces_differ() {
        let address = IpAddr::from([10, 0, 0, 7]);
        assert_ne!(cipher(NEW).encode(address).unwrap(), cipher(NEW).encode(address).unwrap());
    }

    #[test]
    fn every_changed_token_is_refused() {
        let cipher = cipher(NEW);
        for address in ["10.0.0.7", "2001:db8::7"] {
            let token = cipher.encode(address.parse().unwrap()).unwrap();
            for index in 0..token.as_bytes().len() {
                let mut changed = token.as_bytes().to_vec();
                changed[index] = if changed[index] == b'A' { b'E' } else { b'A' };
                assert_eq!(cipher.decode(&changed), Err(TokenError::Refused), "character {index}");
                changed[index] = b'\n';
                assert_eq!(cipher.decode(&changed), Err(TokenError::Format), "character {index}");
            }
        }
    }

    #[test]
    fn the_alphabet_is_checked_before_the_length() {
        let cipher = cipher(NEW);
        let token = cipher.encode(IpAddr::from([10, 0, 0, 7])).unwrap();
        let text = token.as_str();
        for (token, error) in [
            (String::new(), TokenError::Refused),
            (text[1..].to_string(), TokenError::Refused),
            (format!("{text}A"), TokenError::Refused),
            (format!("{text}="), TokenError::Format),
            (format!("{text}\n"), TokenError::Format),
            ("+".to_string(), TokenError::Format),
            ("é".to_string(), TokenError::Format),
        ] {
            assert_eq!(cipher.decode(token.as_bytes()), Err(error), "{token:?}");
        }
    }

    #[test]
    fn trailing_bits_are_a_format_error() {
        let cipher = cipher(NEW);
        let token = cipher.encode(IpAddr::from([10, 0, 0, 7])).unwrap();
        let mut text = token.as_bytes().to_vec();
        // The last of 43 characters has 2 spare bits, which are zero in A, E, I, ...
        text[42] += 1;
        assert_eq!(cipher.decode(&text), Err(TokenError::Format));
    }

    #[test]
    fn other_associated_data_is_refused() {
        let key = secret::parse(NEW.as_bytes()).unwrap().remove(0);
        let aes = Aes256Gcm::new_from_slice(key.bytes()).unwrap();
        let mut content = [10, 0, 0, 7];
        let nonce = Nonce::from([1; NONCE]);
        let tag = aes.encrypt_inout_detached(&nonce, b"other", InOutBuf::from(&mut content[..])).unwrap();
        let sealed = [&[1; NONCE][..], &content, &tag].concat();
        let mut text = [0; TOKEN_IPV4];
        URL_SAFE_NO_PAD.encode_slice(sealed, &mut text).unwrap();
        assert_eq!(cipher(NEW).decode(&text), Err(TokenError::Refused));
    }

    #[test]
    fn debug_hides_keys_and_tokens() {
        let cipher = cipher(NEW);
        let token = cipher.encode(IpAddr::from([10, 0, 0, 7])).unwrap();
        assert_eq!(format!("{cipher:?} {token:?}"), "TokenCipher(1 keys) Token(43 characters)");
    }

    #[test]
    fn errors_say_why() {
        let said = [TokenError::Format, TokenError::Refused].map(|error| error.to_string());
        assert_eq!(said, ["the token is not canonical base64url without padding", "no key opens the token"]);
    }
}
