//! The whole way of a request to a [Doors](https://github.com/doors-dev/doors) app, without input and output.
//!
//! In: a configuration (secret, cookie name, upstreams with their CIDRs), what came of DNS lookups, requests, and what
//! became of each dial. Out: what to do next: which pod to dial, how long to wait, what to answer, which host to look up.
//! The caller brings bytes, time, random numbers and sockets; nothing here logs or asks for the time.
//!
//! # The flow of a request
//!
//! A [`Source`] is one configuration in use, a [`State`] is what the process knows, and a [`Request`] is plain data in the
//! caller's memory. Each call returns a [`Step`]: an [`Action`], and a [`Report`] of what was learned on the way.
//!
//! ```text
//! step = source.begin(incoming, now, random, &mut request)
//! loop:
//!     obey step.report                      log it; make the dial in the background; resume those who wait; look up what is due
//!     match step.action:
//!         Dial { upstream, pod, last_choice }:
//!             dial the pod, or take an open connection to it; when it has connected: source.dialled(.., Connected, ..)
//!             send the request, with `Doors-Last-Choice: ?1` if it is the last choice
//!             no connection could be made:  step = source.failed(request, Refused | Unreachable | OwnFault, ..)
//!             it ended before an answer:    step = source.failed(request, Dropped, ..)
//!             the client gave up:           step = source.failed(request, Cancelled, ..)
//!             the answer begins:            step = source.answered(request, marks, ..)
//!                                           Done: pass the answer on, break; else drop it
//!         Wait { until }:                   sleep until then, or until a report says `wake`; step = source.resume(request, ..)
//!         Answer { status, .. }:            answer it with Cache-Control: no-store, and Retry-After if it is not 0; break
//!         Choose:                           source.choices(..); step = source.chose(..)          only with `user_chooses`
//!         Done:                             502 for a dial that failed, nothing for a client that has gone; break
//! source.ended(request, now)                once, however it ended
//! ```
//!
//! Beside the requests runs one loop for DNS. It begins with the first request and is woken by [`Report::lookups_due`]:
//!
//! ```text
//! next = state.due(now, random, |lookup| begin to resolve lookup.name)
//! when a lookup has ended:                  report = state.resolved(host, addresses, ..) or state.lookup_failed(host, ..); obey it
//! at `next`, or when something is due:      again
//! ```
//!
//! A request whole, with a pod that is dead:
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
//! // A page is loaded: no address is known yet, so the request waits for DNS.
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
//! // It is refused, and there is no other: the page load waits for a pod.
//! let step = source.failed(&mut request, Outcome::Refused, now, 5);
//! assert!(matches!(step.action, Action::Wait { .. }));
//! now += SECOND;
//! state.due(now, 6, |_| ());
//! let _ = state.resolved(hosts[0], &[fresh.address()], Missing::default(), now, 7);
//! let step = source.resume(&mut request, now, 8);
//! assert_eq!(step.report.background, Some((0, fresh))); // Is it there?
//! let report = source.dialled(0, fresh, Outcome::Connected, now, 9);
//! assert!(report.wake); // It is.
//! let step = source.resume(&mut request, now, 10);
//! assert_eq!(step.action, Action::Dial { upstream: 0, pod: fresh, probe: false, last_choice: false });
//! let _ = source.answered(&mut request, Marks::default(), now, 11);
//! source.ended(&mut request, now);
//!
//! // A page that lived in the dead pod is told to reload.
//! let token = TokenCipher::new(b"AAECAwQFBgcICQoLDA0ODw==")?.encode(dead.address()).unwrap();
//! let path = format!("/~/{}/s/1", token.as_str());
//! let stream = Incoming { path: path.as_bytes(), ..Incoming::default() };
//! let step = source.begin(&stream, now, 12, &mut request);
//! assert!(matches!(step.action, Action::Dial { probe: true, .. })); // one request a second asks whether it is back
//! let step = source.failed(&mut request, Outcome::Refused, now, 13);
//! assert!(matches!(step.action, Action::Answer { status: AnswerStatus::Gone, cause: Cause::PodGone, .. }));
//! source.ended(&mut request, now);
//! # Ok::<(), doors_routing::Error>(())
//! ```
//!
//! A decision alone, for tools: [`Router::decide`]. It says what a token or a cookie means and knows nothing about pods.
//!
//! # Folders
//!
//! An arrow between them leads down this list:
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
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(clippy::incompatible_msrv)]

// Runs the samples of the page.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/build-a-proxy.md")]
struct BuildAProxy;

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
