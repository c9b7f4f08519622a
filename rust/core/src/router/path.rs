//! Finds the token in the escaped path or target of a request, and the kind of the request.

/// The kind of a request, by the path segment after the token. The numbers equal `DOORS_PATH_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum PathKind {
    /// A path without a token: pages and the app's own files.
    Page = 0,
    /// `/~/{token}/s/...`: a stream or a report.
    Sync = 1,
    /// `/~/{token}/h/...`: a hook.
    Hook = 2,
    /// `/~/{token}/u/...`: back and forward navigation.
    History = 3,
    /// `/~/{token}/r/...`: a script or a style sheet. Every pod has the same.
    Resource = 4,
    /// Any other path with a token.
    Other = 5,
}

/// Splits `/~/{token}` and `/~/{token}/...`. Returns `None` for every other path, also if the token is empty.
/// Ignores a query, and scheme and authority in front of the path.
#[inline(always)]
pub(crate) fn token(target: &[u8]) -> Option<(&[u8], PathKind)> {
    let (token, rest) = split(target)?;
    let kind = match rest {
        [b'/', b's', b'/', ..] => PathKind::Sync,
        [b'/', b'h', b'/', ..] => PathKind::Hook,
        [b'/', b'u', b'/', ..] => PathKind::History,
        [b'/', b'r', b'/', ..] => PathKind::Resource,
        _ => PathKind::Other,
    };
    Some((token, kind))
}

/// The page that a request belongs to: the segment after the kind. `None` if there is none.
pub(crate) fn instance(target: &[u8]) -> Option<&[u8]> {
    let (_, rest) = split(target)?;
    let rest = [b"/s/", b"/h/"].into_iter().find_map(|kind| rest.strip_prefix(kind))?;
    let end = memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

/// The token and the text after it.
#[inline(always)]
fn split(target: &[u8]) -> Option<(&[u8], &[u8])> {
    const SYSTEM: &[u8] = b"/~/";
    let rest = match target.strip_prefix(SYSTEM) {
        Some(rest) => rest,
        None => without_authority(target)?.strip_prefix(SYSTEM)?,
    };
    let end = memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len());
    (end > 0).then(|| rest.split_at(end))
}

/// The text after `scheme://authority` in a target in absolute form (RFC 9112, section 3.2.2), which every
/// server must accept. `None` for a target in another form.
fn without_authority(target: &[u8]) -> Option<&[u8]> {
    if !target.first()?.is_ascii_alphabetic() {
        return None;
    }
    let in_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    let scheme = target.iter().take_while(|byte| in_scheme(byte)).count();
    let rest = target[scheme..].strip_prefix(b"://")?;
    Some(&rest[memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len())..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_kinds() {
        for (path, expected) in [
            ("/~/T", Some(("T", PathKind::Other))),
            ("/~/T/", Some(("T", PathKind::Other))),
            ("/~/T/s/i", Some(("T", PathKind::Sync))),
            ("/~/T/s/", Some(("T", PathKind::Sync))),
            ("/~/T/s", Some(("T", PathKind::Other))),
            ("/~/T/ss/i", Some(("T", PathKind::Other))),
            ("/~/T/h/i/1", Some(("T", PathKind::Hook))),
            ("/~/T/u/i/p", Some(("T", PathKind::History))),
            ("/~/T/r/x.js", Some(("T", PathKind::Resource))),
            ("/~/T%2Fs/i", Some(("T%2Fs", PathKind::Other))),
            ("/~/T?s/i", Some(("T", PathKind::Other))),
            ("/~/T?/s/i", Some(("T", PathKind::Other))),
            ("/~/T/?s/i", Some(("T", PathKind::Other))),
            ("/~/T/s?/i", Some(("T", PathKind::Other))),
            ("/~/T/s/?t=1", Some(("T", PathKind::Sync))),
            ("http://a.example/~/T/s/i", Some(("T", PathKind::Sync))),
            ("HTTPS://u:p@[::1]:443/~/T?x", Some(("T", PathKind::Other))),
            ("a+b-1.c://a/~/T/h/i", Some(("T", PathKind::Hook))),
            ("http:///~/T/u/i", Some(("T", PathKind::History))),
            ("/~/", None),
            ("/~/?T/s/i", None),
            ("/?/~/T", None),
            ("http://a", None),
            ("http://a?/~/T", None),
            ("http://a/b/~/T", None),
            ("http:/~/T", None),
            ("http:/a//~/T", None),
            ("://a/~/T", None),
            ("1a://a/~/T", None),
            ("h_p://a/~/T", None),
            ("a:1/~/T", None),
            ("/~//s/i", None),
            ("/~", None),
            ("/%7E/T/s/i", None),
            ("/x/~/T/s/i", None),
            ("//~/T/s/i", None),
            ("~/T", None),
            ("/", None),
            ("", None),
            ("*", None),
        ] {
            let expected = expected.map(|(token, kind): (&str, _)| (token.as_bytes(), kind));
            assert_eq!(token(path.as_bytes()), expected, "{path}");
        }
    }
    #[test]
    fn instances() {
        for (path, expected) in [
            ("/~/T/s/one", Some("one")),
            ("/~/T/s/one?t=1&b=2", Some("one")),
            ("/~/T/h/one/7?t=3", Some("one")),
            ("/~/~/h/one/7", Some("one")),
            ("http://a/~/T/s/one", Some("one")),
            ("/~/T/s/?t=1", None),
            ("/~/T/s/", None),
            ("/~/T/u/one/p", None),
            ("/~/T/r/one.js", None),
            ("/~/T/x/one", None),
            ("/~//s/one", None),
            ("/s/one", None),
            ("", None),
        ] {
            assert_eq!(instance(path.as_bytes()), expected.map(str::as_bytes), "{path}");
        }
    }
}
