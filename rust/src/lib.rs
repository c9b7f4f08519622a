//! Routing decisions for [Doors](https://github.com/doors-dev/doors) apps.
//!
//! In: a configuration (secret, cookie name, upstreams with their CIDRs), then for each request its escaped path
//! and its `Cookie` header. Out: one [`Decision`] that says which pod or server gets the request.
//!
//! The data flows one way, one module a step:
//!
//! ```text
//! config   JSON -> checked values        (secret, cidr, host, cookie, port)
//! router   checked values -> Router; request -> Decision
//!            path         request path -> token and kind of request
//!            cookie       Cookie header -> values of one cookie
//!            token_cache  token -> address and upstream, if it was met before; otherwise:
//!            token        token -> address
//!            cidr         address -> upstream
//! pods     what became of dials -> which pods are dead, and what their requests are told
//! ffi      the same as a C API, include/doors_caddy.h
//! ```
//!
//! Nothing here does input or output, logs, or asks for the time. A decision allocates nothing and takes no lock.
//!
//! ```
//! use doors_caddy::{Kind, Router, TokenCipher};
//!
//! // In the app, once when it starts: a token that says where its pages live.
//! let cipher = TokenCipher::new(b"AAECAwQFBgcICQoLDA0ODw==")?;
//! let token = cipher.encode("10.0.0.7".parse().unwrap())?;
//!
//! // In the proxy, for each request: the pod that owns the page.
//! let router = Router::from_json(
//!     br#"{"secret": "AAECAwQFBgcICQoLDA0ODw==",
//!          "upstreams": [{"cidr": "10.0.0.0/24", "host": "svc.example", "port": 8080}]}"#,
//! )?;
//! let decision = router.decide(format!("/~/{}/s/1", token.as_str()).as_bytes(), b"");
//! assert_eq!(decision.kind, Kind::Pod);
//! assert_eq!(decision.address, Some("10.0.0.7".parse().unwrap()));
//! assert_eq!(decision.port, 8080);
//!
//! // A page without a token goes to a fresh pod of the server.
//! let decision = router.decide(b"/", b"");
//! assert_eq!(decision.kind, Kind::Server);
//! assert_eq!(&*router.upstreams()[0].host, "svc.example");
//! # Ok::<(), doors_caddy::Error>(())
//! ```

#![deny(unsafe_code)]
#![deny(missing_docs)]
#![warn(clippy::incompatible_msrv)]

mod cidr;
mod config;
mod cookie;
mod decision;
mod error;
mod field;
mod host;
mod key_cipher;
mod key_id;
mod path;
pub mod pods;
mod port;
mod ranges;
mod router;
mod secret;
mod stack;
mod token;
mod token_cache;
mod warning;

#[allow(unsafe_code)]
pub mod ffi;

pub use cidr::CidrList;
pub use config::Upstream;
pub use decision::{Decision, Kind, Reason};
pub use error::{Error, MAX_INPUT, Status};
pub use field::{Field, check};
pub use key_cipher::ASSOCIATED_DATA;
pub use key_id::{KEY_ID, KeyId};
pub use path::PathKind;
pub use router::Router;
pub use token::{Opened, TOKEN_IPV4, TOKEN_IPV6, Token, TokenCipher, TokenError};
