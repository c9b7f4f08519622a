//! Decides where requests go, from their tokens and cookies.

mod cidr;
mod config;
mod cookie;
mod decision;
mod field;
mod host;
mod path;
mod port;
mod ranges;
mod warning;

use std::net::IpAddr;

use crate::error::Error;
use crate::token::cache::{Resolved, Target, TokenCache};
use crate::token::{KeyId, Opened, TOKEN_IPV4, TOKEN_IPV6, TokenCipher, TokenError};

use cidr::Table;

pub use cidr::CidrList;
pub use config::Upstream;
pub use decision::{Decision, Kind, Reason};
pub use field::{Field, check};
pub use path::PathKind;
pub(crate) use path::instance;

/// The maximum number of cookies tried per request, among those with the right name and length. Limits the
/// work that one request can cause.
const MAX_COOKIES: usize = 8;

/// Decides where requests go. Can be used from any number of threads. Always gives the same decision for the
/// same request; caches decrypted tokens for speed.
pub struct Router {
    cipher: TokenCipher,
    cache: TokenCache,
    cookie_name: Option<Box<str>>,
    upstreams: Box<[Upstream]>,
    table: Table<Target>,
    warnings: Box<[Error]>,
}

impl Router {
    /// Creates a router from JSON: `{"secret", "cookie_name", "upstreams": [{"cidr" or "cidrs", "host" or
    /// "hosts", "port"}]}`. `cookie_name` is required if there are several upstreams; `source` is allowed and
    /// ignored. Wipes all its copies of the secret, unless the secret contains JSON escapes.
    ///
    /// # Errors
    /// An [`Error`] about the first invalid field in the text. Its status is `Secret`, `Cidr`, `Config` or
    /// `TooLarge`. Its message starts with the field, such as `upstreams[1].cidr`.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        let config = config::parse(json)?;
        Ok(Router {
            cipher: config.cipher,
            cache: TokenCache::new(),
            cookie_name: config.cookie_name,
            upstreams: config.upstreams.into_boxed_slice(),
            table: config.table,
            warnings: config.warnings.into_boxed_slice(),
        })
    }

    /// Decides where a request goes, from its escaped path and its `Cookie` header (several fields joined
    /// with `; `). The path may be the whole request target: a query is ignored, and so are the scheme and
    /// authority of a target in absolute form (RFC 9112, section 3.2.2). Any bytes are accepted. Allocates
    /// nothing and takes no lock.
    // Inlined into the C API and into the flow of requests. One shared copy would take a fifth more
    // instructions.
    #[inline(always)]
    pub fn decide(&self, path: &[u8], cookies: &[u8]) -> Decision {
        match path::token(path) {
            Some((token, kind)) => self.decide_system(token, kind),
            None => self.decide_normal(cookies),
        }
    }

    #[inline(always)]
    fn decide_system(&self, token: &[u8], path: PathKind) -> Decision {
        let gone = Decision {
            kind: Kind::Gone,
            reason: Reason::None,
            upstream: None,
            key: None,
            port: 0,
            path,
            address: None,
        };
        match self.open(token) {
            Err(error) => Decision { reason: error.into(), ..gone },
            Ok(Resolved { address, key, target }) => {
                let opened = Decision { key: Some(key), address: Some(address), ..gone };
                match target {
                    None => Decision { reason: Reason::NoCidr, ..opened },
                    Some(Target { upstream, port }) => {
                        Decision { kind: Kind::Pod, upstream: Some(upstream), port: port.get(), ..opened }
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn decide_normal(&self, cookies: &[u8]) -> Decision {
        let (sticky, named) = match &self.cookie_name {
            Some(name) => self.sticky(cookies, name.as_bytes()),
            None => (None, false),
        };
        let any = Decision {
            kind: Kind::Any,
            reason: if named { Reason::CookieUnusable } else { Reason::NoCookie },
            upstream: None,
            key: None,
            port: 0,
            path: PathKind::Page,
            address: None,
        };
        if let Some((Resolved { address, key, .. }, Target { upstream, port })) = sticky {
            return Decision {
                kind: Kind::Upstream,
                reason: Reason::Cookie,
                upstream: Some(upstream),
                key: Some(key),
                port: port.get(),
                address: Some(address),
                ..any
            };
        }
        if self.upstreams.len() == 1 {
            let (upstream, port) = (Some(0), self.upstreams[0].port);
            return Decision { kind: Kind::Upstream, reason: Reason::OnlyUpstream, upstream, port, ..any };
        }
        any
    }

    /// The first usable cookie, and whether any cookie has the name.
    #[inline(always)]
    fn sticky(&self, cookies: &[u8], name: &[u8]) -> (Option<(Resolved, Target)>, bool) {
        let mut named = false;
        let usable = cookie::values(cookies, name)
            .inspect(|_| named = true)
            .filter(|value| matches!(value.len(), TOKEN_IPV4 | TOKEN_IPV6))
            .take(MAX_COOKIES)
            .find_map(|value| {
                let resolved = self.open(value).ok()?;
                Some((resolved, resolved.target?))
            });
        (usable, named)
    }

    /// Decrypts the token of a request. All requests use this function.
    fn open(&self, token: &[u8]) -> Result<Resolved, TokenError> {
        self.cache.get_or_open(token, || {
            let Opened { address, key } = self.cipher.decode(token)?;
            Ok(Resolved { address, key, target: self.table.lookup(address) })
        })
    }

    /// The zero-based index of the upstream whose CIDR contains an address; the longest prefix wins. `None`
    /// if no CIDR does.
    #[inline]
    pub fn lookup(&self, address: IpAddr) -> Option<u32> {
        self.table.lookup(address).map(|target| target.upstream)
    }

    /// The upstreams in the order of the configuration, at least one.
    pub fn upstreams(&self) -> &[Upstream] {
        &self.upstreams
    }

    /// The IDs of the keys, 1 to 8, in the order of the secret.
    pub fn key_ids(&self) -> &[KeyId] {
        self.cipher.key_ids()
    }

    /// Settings that are valid but probably mistakes, such as a CIDR that covers every address. In the order
    /// of the configuration. Each has the status and the index of an error in that field.
    pub fn warnings(&self) -> &[Error] {
        &self.warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn router(upstreams: &str) -> Router {
        let json = format!(r#"{{"secret": "{SECRET}", "cookie_name": "up", "upstreams": [{upstreams}]}}"#);
        Router::from_json(json.as_bytes()).unwrap()
    }

    fn one() -> Router {
        router(r#"{"cidr": "10.0.0.0/24", "host": "a", "port": 8080}"#)
    }

    fn two() -> Router {
        router(r#"{"cidr": "10.0.0.0/24", "host": "a", "port": 1}, {"cidr": "10.0.1.0/24", "host": "b", "port": 2}"#)
    }

    fn token(address: &str) -> String {
        let cipher = TokenCipher::new(SECRET.as_bytes()).unwrap();
        cipher.encode(address.parse().unwrap()).unwrap().as_str().to_owned()
    }

    fn decide(router: &Router, path: &str, cookies: &str) -> (Kind, Reason, Option<u32>, u16) {
        let decision = router.decide(path.as_bytes(), cookies.as_bytes());
        (decision.kind, decision.reason, decision.upstream, decision.port)
    }

    #[test]
    fn every_row_of_the_table() {
        let (inside, second, outside) = (token("10.0.0.7"), token("10.0.1.7"), token("10.0.9.7"));
        let path = |token: &str| format!("/~/{token}/s/1");
        assert_eq!(decide(&two(), &path(&second), ""), (Kind::Pod, Reason::None, Some(1), 2));
        assert_eq!(decide(&two(), &path(&outside), ""), (Kind::Gone, Reason::NoCidr, None, 0));
        assert_eq!(decide(&two(), &path("x"), ""), (Kind::Gone, Reason::Refused, None, 0));
        assert_eq!(decide(&two(), &path("%"), ""), (Kind::Gone, Reason::Malformed, None, 0));
        let cookie = |token: &str| format!("a=b; up={token}");
        assert_eq!(decide(&two(), "/", &cookie(&second)), (Kind::Upstream, Reason::Cookie, Some(1), 2));
        assert_eq!(decide(&one(), "/", &cookie(&inside)), (Kind::Upstream, Reason::Cookie, Some(0), 8080));
        assert_eq!(decide(&one(), "/", &cookie(&outside)), (Kind::Upstream, Reason::OnlyUpstream, Some(0), 8080));
        assert_eq!(decide(&two(), "/", &cookie(&outside)), (Kind::Any, Reason::CookieUnusable, None, 0));
        assert_eq!(decide(&two(), "/", &cookie("")), (Kind::Any, Reason::CookieUnusable, None, 0));
        assert_eq!(decide(&two(), "/", "a=b"), (Kind::Any, Reason::NoCookie, None, 0));
    }

    #[test]
    fn the_first_usable_of_eight_cookies() {
        let (good, bad) = (token("10.0.0.7"), token("10.0.9.7"));
        let cookies = |bad_ones: usize| format!("{}up={good}", format!("up={bad}; up=short; ").repeat(bad_ones));
        assert_eq!(decide(&two(), "/", &cookies(7)).1, Reason::Cookie);
        assert_eq!(decide(&two(), "/", &cookies(8)).1, Reason::CookieUnusable);
    }

    #[test]
    fn addresses_belong_to_upstreams() {
        let addresses = ["10.0.0.7", "10.0.1.7", "::ffff:10.0.1.7", "10.0.9.7"];
        let found = addresses.map(|address| two().lookup(address.parse().unwrap()));
        assert_eq!(found, [Some(0), Some(1), Some(1), None]);
    }
}
