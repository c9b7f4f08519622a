//! Routing decisions for [Doors](https://github.com/doors-dev/doors) apps.
//!
//! In: a configuration (secret, cookie name, upstreams with their CIDRs), then for each request its escaped path
//! and its `Cookie` header. Out: one [`Decision`] that says which pod or server gets the request.
//!
//! The data flows one way; an arrow between these folders leads down this list:
//!
//! ```text
//! source   one configuration in use: requests and what became of them -> steps
//! request  one request: to which pod it goes, whether it waits, what it gets when no pod can take it
//! state    what a process knows: hosts, pods, and the records that outlive configurations
//! pods     what became of dials -> which pods are dead, and what their requests are told
//! hosts    how lookups ended -> the addresses of each host, and which hosts to look up now
//! router   configuration -> Router; request -> Decision
//!            config       JSON -> checked values (cidr, host, cookie, port)
//!            path         request path -> token and kind of request
//!            cookie       Cookie header -> values of one cookie
//!            cidr         address -> upstream
//! token    secret -> keys; token -> address, and its upstream if it was met before
//! options  what a process and a configuration may say
//! pods_v0  what pods is, until callers use the flow of requests
//! ```
//!
//! Nothing here does input or output, logs, or asks for the time. A decision allocates nothing and takes no lock.
//!
//! ```
//! use doors_routing::{Kind, Router, TokenCipher};
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
//! # Ok::<(), doors_routing::Error>(())
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(clippy::incompatible_msrv)]

mod error;
mod hosts;
mod options;
mod pods;
pub mod pods_v0;
mod request;
mod router;
mod source;
mod state;
mod token;

pub use error::{Error, MAX_INPUT, Status};
pub use hosts::{Addresses, HostChange, HostId, HostReport, KnownHost, Lookup, LookupFailure, Missing};
pub use options::{Limits, Options, SECOND};
pub use pods::{Idle, IdleAnswer, KnownPod, Outcome, Pod, Verdict};
pub use request::{Action, AnswerStatus, Cause, Incoming, Marks, Method, Place, Report, Request, Step};
pub use router::{CidrList, Decision, Field, Kind, PathKind, Reason, Router, Upstream, check};
pub use source::Source;
pub use state::{Fresh, State};
pub use token::{ASSOCIATED_DATA, KEY_ID, KeyId, Opened, TOKEN_IPV4, TOKEN_IPV6, Token, TokenCipher, TokenError};
