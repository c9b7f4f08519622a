//! Finds the values of a cookie in a `Cookie` header.

use crate::error::shown;
use crate::token::secret;

/// The values of all cookies called `name`, in order; several header fields are joined with `; `. Names are
/// compared byte for byte. Quotes around a value are removed. Malformed cookies and cookies that are not
/// UTF-8 are skipped. Allocates nothing.
pub(crate) fn values<'a>(cookies: &'a [u8], name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    pairs(cookies).filter_map(move |pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        (pair[..equals].trim_ascii() == name).then(|| unquoted(pair[equals + 1..].trim_ascii()))
    })
}

/// The text between semicolons. Values are long and names are short, so only the search for semicolons is
/// optimised.
fn pairs(cookies: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(cookies);
    std::iter::from_fn(move || {
        let all = rest?;
        let Some(end) = memchr::memchr(b';', all) else { return rest.take() };
        rest = Some(&all[end + 1..]);
        Some(&all[..end])
    })
}

fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        _ => value,
    }
}

/// Checks a cookie name: one or more token characters as in RFC 6265, section 4.1.1 (RFC 2616, section 2.2).
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("is empty; write a cookie name".into());
    }
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !name.bytes().all(valid) {
        return Err(format!(
            "{} is not a valid cookie name; use only letters, digits and !#$%&'*+-.^_`|~ (RFC 6265)",
            shown(name)
        ));
    }
    if secret::is_misplaced_key(name) {
        return Err(format!("{} is a key in base64; write a cookie name", shown(name)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(cookies: &[u8]) -> Vec<&[u8]> {
        values(cookies, b"up").collect()
    }

    #[test]
    fn values_in_order() {
        assert_eq!(found(b"a=1; up=x; upstream=2; up=\"y\";up = z ;Up=4; up"), [&b"x"[..], b"y", b"z"]);
        assert_eq!(found(b"up=a=b"), [b"a=b"]);
        assert_eq!(found(b"up=\""), [b"\""]);
        assert_eq!(found(b"\xff\xfe=1; up=\xff; ; =x; up=ok"), [&b"\xff"[..], b"ok"]);
        assert!(found(b"").is_empty());
        assert!(found(b"=up; xup=1; up2=1").is_empty());
    }

    #[test]
    fn names() {
        assert_eq!(check_name("__Host-up!#$%&'*+.^_`|~"), Ok(()));
        assert!(
            check_name("AAECAwQFBgcICQoLDA0ODxAREhMUFRYX")
                .unwrap_err()
                .starts_with("a value of 32 characters is a key")
        );
        for name in ["", "a b", "a=b", "a;b", "a\"b", "é", "a\n", "(a)", "a,b"] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
    }
}
