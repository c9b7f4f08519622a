//! The router's decision for a request.

use std::net::IpAddr;

use crate::token::TokenError;

use super::PathKind;

/// Where a request goes. The numbers equal `DOORS_DECISION_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// To one particular pod.
    Pod = 1,
    /// Nowhere: the page is gone (HTTP status 410).
    Gone = 2,
    /// To the fresh pods of one upstream.
    Upstream = 3,
    /// To the fresh pods of all upstreams.
    Any = 4,
}

/// The reason for a decision. The numbers equal `DOORS_REASON_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Reason {
    /// No further reason: the token was decrypted and its pod is known.
    None = 0,
    /// Gone: the token is not canonical base64url.
    Malformed = 1,
    /// Gone: no key decrypts the token.
    Refused = 2,
    /// Gone: no CIDR contains the token's address.
    NoCidr = 4,
    /// Upstream: the configuration has only one, and the request has no usable cookie.
    OnlyUpstream = 16,
    /// Upstream: the address in the cookie belongs to this upstream.
    Cookie = 17,
    /// Any: the request has no cookie with the configured name.
    NoCookie = 18,
    /// Any: the request has cookies with the configured name, but none is usable. They cannot be decrypted,
    /// or no CIDR contains their addresses.
    CookieUnusable = 19,
}

impl Reason {
    /// A short identifier for logs and metric labels.
    pub fn name(self) -> &'static str {
        match self {
            Reason::None => "none",
            Reason::Malformed => "token_malformed",
            Reason::Refused => "token_refused",
            Reason::NoCidr => "no_cidr",
            Reason::OnlyUpstream => "only_upstream",
            Reason::Cookie => "cookie",
            Reason::NoCookie => "no_cookie",
            Reason::CookieUnusable => "cookie_unusable",
        }
    }
}

impl From<TokenError> for Reason {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Format => Reason::Malformed,
            TokenError::Refused => Reason::Refused,
        }
    }
}

/// Where a request goes, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Where the request goes.
    pub kind: Kind,
    /// The reason.
    pub reason: Reason,
    /// The zero-based index of the upstream in the configuration; `None` for Gone and Any.
    pub upstream: Option<u32>,
    /// The zero-based index of the key that decrypted the token or cookie. `None` if none did.
    pub key: Option<u32>,
    /// The upstream's port; 0 for Gone and Any.
    pub port: u16,
    /// What the request is for.
    pub path: PathKind,
    /// The token's address (for Pod, and for Gone if no CIDR contains it) or the cookie's address (for
    /// Upstream by cookie).
    pub address: Option<IpAddr>,
}
