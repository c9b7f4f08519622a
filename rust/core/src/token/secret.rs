//! Parses `secret` into one to eight AES keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::error::{Error, MAX_INPUT, Status};

/// The maximum number of keys in a secret.
pub(crate) const MAX_KEYS: usize = 8;

/// The raw bytes of one key: 16, 24 or 32. Wiped when dropped.
pub(crate) struct Key {
    bytes: Zeroizing<[u8; 32]>,
    length: usize,
}

impl Key {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Parses keys in standard base64, separated by ASCII white space. Messages name a key by its zero-based
/// index and never contain any part of it.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<Key>, Error> {
    if text.len() > MAX_INPUT {
        return Err(Error::too_large("the secret", text.len()));
    }
    let words = || text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let count = words().count();
    if count == 0 {
        return Err(Error::new(
            Status::Secret,
            None,
            "is empty; write one to eight AES keys in base64 (make one with: openssl rand -base64 32)",
        ));
    }
    if count > MAX_KEYS {
        return Err(Error::new(Status::Secret, None, format!("has {count} keys; the limit is {MAX_KEYS}")));
    }
    // The exact capacity: growing would leave copies of keys in freed memory.
    let mut keys: Vec<Key> = Vec::with_capacity(count);
    for (index, word) in words().enumerate() {
        let refuse = |rule: String| Error::new(Status::Secret, Some(index as u32), format!("key {index} {rule}"));
        let key = parse_key(word).map_err(refuse)?;
        if let Some(same) = keys.iter().position(|other| other.bytes() == key.bytes()) {
            return Err(refuse(format!("is the same as key {same}; remove one of them")));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// Whether text given for another field is a key: base64 of the right length with letters of both cases.
/// Names do not look like that.
pub(crate) fn is_misplaced_key(text: &str) -> bool {
    let mixed =
        text.bytes().any(|byte| byte.is_ascii_uppercase()) && text.bytes().any(|byte| byte.is_ascii_lowercase());
    mixed && parse_key(text.as_bytes()).is_ok()
}

fn parse_key(word: &[u8]) -> Result<Key, String> {
    const BASE64: &str = "is not standard base64 with padding (make a key with: openssl rand -base64 32)";
    const LENGTH: &str = "a key has 16, 24 or 32 bytes";
    if word.starts_with(b"<") && word.ends_with(b">") {
        return Err("is a placeholder from the documentation; make a key with: openssl rand -base64 32".into());
    }
    // 44 characters encode 32 bytes. Longer text is judged by its length alone, so that all buffers have a
    // fixed size.
    if word.len() > 44 {
        let valid = word.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
        return Err(if valid { format!("is too long; {LENGTH}") } else { BASE64.into() });
    }
    let mut buffer = Zeroizing::new([0; 36]);
    let length = STANDARD.decode_slice(word, buffer.as_mut_slice()).map_err(|_| BASE64)?;
    if !matches!(length, 16 | 24 | 32) {
        return Err(format!("has {length} bytes; {LENGTH}"));
    }
    let mut bytes = Zeroizing::new([0; 32]);
    bytes[..length].copy_from_slice(&buffer[..length]);
    Ok(Key { bytes, length })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY16: &str = "AAECAwQFBgcICQoLDA0ODw==";
    const KEY24: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
    const KEY32: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn refusal(text: &str) -> Error {
        match parse(text.as_bytes()) {
            Ok(_) => panic!("accepted"),
            Err(error) => error,
        }
    }

    #[test]
    fn keys_come_in_order() {
        let keys = parse(format!(" {KEY32}\n\t{KEY16} ").as_bytes()).unwrap();
        assert_eq!(keys.len(), 2);
        assert_eq!(keys[0].bytes(), (0..32).collect::<Vec<u8>>());
        assert_eq!(keys[1].bytes(), (0..16).collect::<Vec<u8>>());
    }

    #[test]
    fn the_largest_secret() {
        let largest = "=".repeat(MAX_INPUT);
        assert_eq!(refusal(&largest).status, Status::Secret);
        assert_eq!(refusal(&(largest + "=")).status, Status::TooLarge);
    }

    #[test]
    fn misplaced_keys() {
        for text in [KEY16, KEY24, KEY32] {
            assert!(is_misplaced_key(text), "{text}");
        }
        for text in [&KEY24.to_lowercase(), &KEY24.to_uppercase(), &KEY24[1..], "upstream", ""] {
            assert!(!is_misplaced_key(text), "{text}");
        }
    }

    #[test]
    fn errors_name_the_key_and_hide_it() {
        for (text, index, rule) in [
            ("".to_string(), None, "is empty"),
            (" \n".to_string(), None, "is empty"),
            (format!("{KEY16} !{}", &KEY32[1..]), Some(1), "key 1 is not standard base64"),
            (format!("{KEY16} {}", &KEY32[..43]), Some(1), "key 1 is not standard base64"),
            ("AAECAwQFBgcICQoLDA0OD/==".to_string(), Some(0), "is not standard base64"),
            (format!("{KEY16} {KEY32} {KEY16}"), Some(2), "key 2 is the same as key 0"),
            ("AAECAwQFBgcICQoLDA0O".to_string(), Some(0), "key 0 has 15 bytes"),
            ("A".repeat(64), Some(0), "key 0 is too long"),
            (format!("<{}", &KEY32[1..]), Some(0), "key 0 is not standard base64"),
            (format!("{}>", &KEY32[..43]), Some(0), "key 0 is not standard base64"),
            ("<base64-aes-key>".to_string(), Some(0), "key 0 is a placeholder from the documentation"),
            ([KEY16; 9].join(" "), None, "has 9 keys"),
        ] {
            let error = refusal(&text);
            assert_eq!((error.status, error.index), (Status::Secret, index), "{error}");
            assert!(error.message.contains(rule), "{error}");
            assert!(!error.message.contains("AAEC"), "{error}");
        }
    }
}
