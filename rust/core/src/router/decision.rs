//! What the router answers: one [`Decision`] a request.

use std::net::IpAddr;

use crate::token::TokenError;

use super::PathKind;

/// Where a request goes. The numbers are those of `DOORS_DECISION_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// To one pod only.
    Pod = 1,
    /// Nowhere: the page that sent it is gone (HTTP status 410).
    Gone = 2,
    /// To the fresh pods of one upstream.
    Upstream = 3,
    /// To the fresh pods of all upstreams.
    Any = 4,
}

/// Why. The numbers are those of `DOORS_REASON_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Reason {
    /// Nothing to explain: the token was opened and its pod is known.
    None = 0,
    /// Gone: the token is no canonical base64url.
    Malformed = 1,
    /// Gone: no key opens the token.
    Refused = 2,
    /// Gone: the token's address is in no CIDR.
    NoCidr = 4,
    /// Upstream: there is only one, and no usable cookie.
    OnlyUpstream = 16,
    /// Upstream: the cookie says so.
    Cookie = 17,
    /// Any: no cookie with the configured name.
    NoCookie = 18,
    /// Any: cookies with the configured name, but none opens and lies in a CIDR.
    CookieUnusable = 19,
}

impl From<TokenError> for Reason {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Format => Reason::Malformed,
            TokenError::Refused => Reason::Refused,
        }
    }
}

/// Where one request goes, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Where.
    pub kind: Kind,
    /// Why.
    pub reason: Reason,
    /// Index of the upstream in the configuration, from 0; `None` for Gone and Any.
    pub upstream: Option<u32>,
    /// Index of the key that opened the token or the cookie, from 0.
    pub key: Option<u32>,
    /// The upstream's port; 0 for Gone and Any.
    pub port: u16,
    /// What the request is for.
    pub path: PathKind,
    /// The token's address (Pod, Gone because it is in no CIDR) or the cookie's (Upstream by cookie).
    pub address: Option<IpAddr>,
}
