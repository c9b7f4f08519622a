//! Routes requests to [Doors](https://github.com/doors-dev/doors) apps, without doing I/O.
//!
//! Given a configuration (secret, cookie name, upstreams with their CIDRs), the crate decides which pod to
//! dial, how long to wait, what to answer and which host to look up. The caller supplies requests, time,
//! random numbers, DNS answers and the outcomes of dials. Nothing here opens a socket, logs, or reads a
//! clock.
//!
//! # The flow of a request
//!
//! A [`Source`] is one configuration in use, a [`State`] holds what the process knows, and a [`Request`] is
//! plain data in the caller's memory. Each call returns a [`Step`]: an [`Action`], and a [`Report`] of what
//! was learned on the way.
//!
//! ```text
//! step = source.begin(incoming, now, random, &mut request)
//! loop:
//!     follow step.report                    log it; dial in the background; resume waiting requests; look up what is due
//!     match step.action:
//!         Dial { upstream, pod, last_choice }:
//!             dial the pod or reuse a connection; after a new connection: source.dialled(.., Connected, ..)
//!             send the request, with `Doors-Last-Choice: ?1` if last_choice
//!             no connection:                step = source.failed(request, Refused | Unreachable | OwnFault, ..)
//!             closed before a response:     step = source.failed(request, Dropped, ..)
//!             the client gave up:           step = source.failed(request, Cancelled, ..)
//!             the response begins:          step = source.answered(request, marks, ..)
//!                                           Done: forward the response, break; otherwise discard it
//!         Wait { until }:                   sleep until then or until a report sets `wake`; step = source.resume(request, ..)
//!         Answer { status, .. }:            answer with Cache-Control: no-store, and Retry-After if not 0; break
//!         Choose:                           source.choices(..); step = source.chose(..)          only with `user_chooses`
//!         Done:                             502 after a failed dial, nothing if the client is gone; break
//! source.ended(request, now)                once, whatever the result
//! ```
//!
//! A second loop, next to the requests, does the DNS lookups. Start it with the first request, and wake it on
//! [`Report::lookups_due`]:
//!
//! ```text
//! next = state.due(now, random, |lookup| start resolving lookup.name)
//! when a lookup ends:                       report = state.resolved(host, addresses, ..) or state.lookup_failed(host, ..); follow it
//! at `next`, or on `lookups_due`:           again
//! ```
//!
//! A complete example, with a dead pod:
//!
//! ```
//! use doors_routing::*;
//!
//! let state = State::new(Limits::default());
//! let router = Router::from_json(
//!     br#"{"secret": "AAECAwQFBgcICQoLDA0ODw==",
//!          "upstreams": [{"cidr": "10.0.0.0/24", "host": "svc.example", "port": 8080}]}"#,
//! )?;
//! let source = Source::new(&state, router, Options::default());
//! let [dead, fresh] = [7, 8].map(|last| Pod::new([10, 0, 0, last].into(), 8080));
//! let mut now = 0; // nanoseconds of the caller's clock
//!
//! // A page load. No address is known yet, so the request waits for DNS.
//! let page = Incoming { path: b"/", ..Incoming::default() };
//! let mut request = Request::new();
//! let step = source.begin(&page, now, 1, &mut request);
//! assert!(matches!(step.action, Action::Wait { .. }) && step.report.lookups_due);
//! let mut hosts = Vec::new();
//! state.due(now, 2, |lookup| hosts.push(lookup.host)); // svc.example
//! now += SECOND / 100;
//! let report = state.resolved(hosts[0], &[dead.address()], Missing::default(), now, 3);
//! assert!(report.wake);
//! let step = source.resume(&mut request, now, 4);
//! assert_eq!(step.action, Action::Dial { upstream: 0, pod: dead, probe: false, last_choice: false });
//!
//! // The connection is refused and there is no other pod: the page load waits for one.
//! let step = source.failed(&mut request, Outcome::Refused, now, 5);
//! assert!(matches!(step.action, Action::Wait { .. }));
//! now += SECOND;
//! state.due(now, 6, |_| ());
//! let _ = state.resolved(hosts[0], &[fresh.address()], Missing::default(), now, 7);
//! let step = source.resume(&mut request, now, 8);
//! assert_eq!(step.report.background, Some((0, fresh))); // Can it be reached?
//! let report = source.dialled(0, fresh, Outcome::Connected, now, 9);
//! assert!(report.wake); // Yes.
//! let step = source.resume(&mut request, now, 10);
//! assert_eq!(step.action, Action::Dial { upstream: 0, pod: fresh, probe: false, last_choice: false });
//! let _ = source.answered(&mut request, Marks::default(), now, 11);
//! source.ended(&mut request, now);
//!
//! // A page of the dead pod must reload.
//! let token = TokenCipher::new(b"AAECAwQFBgcICQoLDA0ODw==")?.encode(dead.address()).unwrap();
//! let path = format!("/~/{}/s/1", token.as_str());
//! let stream = Incoming { path: path.as_bytes(), ..Incoming::default() };
//! let step = source.begin(&stream, now, 12, &mut request);
//! assert!(matches!(step.action, Action::Dial { probe: true, .. })); // one request a second tests whether it is back
//! let step = source.failed(&mut request, Outcome::Refused, now, 13);
//! assert!(matches!(step.action, Action::Answer { status: AnswerStatus::Gone, cause: Cause::PodGone, .. }));
//! source.ended(&mut request, now);
//! # Ok::<(), doors_routing::Error>(())
//! ```
//!
//! Tools that need only the meaning of a token or a cookie, regardless of pods, use [`Router::decide`].
//!
//! # Modules
//!
//! Each module may use only the modules below it:
//!
//! ```text
//! source   one configuration in use: turns requests and their outcomes into steps
//! request  one request: which pod it goes to, whether it waits, what it gets when no pod can serve it
//! state    what a process knows: hosts, pods, and the records that outlive configurations
//! pods     which pods are dead, from the outcomes of dials, and how their requests are answered
//! hosts    the addresses of each host, from lookups, and which hosts to look up now
//! router   what a request's token or cookie means in a configuration
//!            config       parses and checks the JSON configuration (cidr, host, cookie, port)
//!            path         finds the token and the kind of request in a path
//!            cookie       finds the values of one cookie in a Cookie header
//!            cidr         finds the upstream of an address
//! token    keys, and the encryption and decryption of tokens, with a cache
//! options  options and limits
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(clippy::incompatible_msrv)]

// Runs the sample in README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod error;
mod hosts;
mod options;
mod pods;
mod request;
mod router;
mod source;
mod state;
mod token;

pub use error::{Error, MAX_INPUT, Status};
pub use hosts::{Addresses, HostChange, HostId, HostReport, KnownHost, Lookup, LookupFailure, Missing};
pub use options::{Limits, Options, SECOND};
pub use pods::{Event, EventKind, Idle, IdleAnswer, KnownEviction, KnownPod, Outcome, Pod, Subject, Target, Verdict};
pub use request::{Action, AnswerStatus, Cause, Incoming, Marks, Method, Place, Report, Request, Step};
pub use router::{CidrList, Decision, Field, Kind, PathKind, Reason, Router, Upstream, check};
pub use source::Source;
pub use state::{Fresh, State};
pub use token::{ASSOCIATED_DATA, KEY_ID, KeyId, Opened, TOKEN_IPV4, TOKEN_IPV6, Token, TokenCipher, TokenError};
