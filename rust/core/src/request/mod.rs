//! One request: which pod it goes to, whether it waits, and what it gets when no pod can serve it.
//!
//! ```text
//! incoming  the parts of a request that affect routing
//! step      what the caller does next, and what was learned
//! call      one call about one request; begin and end
//! own_pod   a request with a token: the pod that owns its page
//! any_pod   a request that several pods can serve: one pod after another
//! choice    which pod that is
//! lookups   waiting for DNS
//! holding   waiting for a pod
//! seeking   dials in the background
//! flow      what all requests of one configuration share
//! ```

mod any_pod;
mod call;
mod choice;
mod flow;
mod holding;
mod incoming;
mod lookups;
mod own_pod;
mod seeking;
mod step;

pub(crate) use flow::Flow;
pub use incoming::{Incoming, Method};
pub use step::{Action, AnswerStatus, Cause, Marks, Place, Report, Step};

use crate::pods::Pod;
use crate::router::{Decision, Kind, PathKind, Reason};
use choice::Tried;

/// The state of one request while it is served: plain data in the caller's memory, for use by one thread at a
/// time. The first field is the tag of the source that began it ([`Source::tag`](crate::Source::tag)).
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Request {
    /// The tag of the source that began the request; 0 before the beginning and after the end.
    tag: u64,
    began: u64,
    /// When the last attempt failed, if the request waits for a pod.
    failed: u64,
    /// When the request first waited for DNS.
    dns_wait_began: Option<u64>,
    decision: Decision,
    /// The pod that counts the request.
    at: Option<(u32, Pod)>,
    phase: Phase,
    /// The result of the last attempt.
    last: Last,
    /// Why the request waits for a pod, its own or any.
    held: Cause,
    /// The number of dials so far that reached no pod.
    dials: u32,
    /// The first of the upstreams looked up for the request, if any, and how many of these need no further
    /// wait.
    looked_up: Option<u32>,
    settled: u32,
    /// The tiers that the user's policy has rejected, and the one it is choosing from.
    passed: u8,
    offered: u8,
    /// Whether it is a GET or HEAD request, and whether it has no body.
    reads: bool,
    bodiless: bool,
    /// Whether the request is the receiver stream of a page, on any pod.
    receiver: bool,
    /// Whether the request asks for a resource of a pod that cannot serve it. Any pod of the upstream can.
    elsewhere: bool,
    /// Whether the request counts as one that waits for a pod.
    waits: bool,
    /// Whether upstreams other than its own are looked up.
    looked_around: bool,
    /// Whether a response must be reported.
    reports_answer: bool,
    probe: bool,
    /// Whether a draining pod has refused the request.
    was_taken_back: bool,
    /// Whether the request was sent to a draining pod because there is no other.
    last_choice: bool,
    tried: Tried,
}

/// The progress of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The caller is dialling a pod.
    Dialling,
    /// The user's policy is choosing a pod.
    Choosing,
    /// Waiting for DNS.
    AwaitingLookups,
    /// Waiting for a pod.
    AwaitingPod,
    /// A pod is responding, or the request has been answered.
    Over,
}

/// The result of the last attempt of a request that several pods can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    /// There was no attempt.
    Nothing,
    NotReached,
    OwnFault(Pod),
    Dropped,
}

impl Default for Request {
    fn default() -> Self {
        Request {
            tag: 0,
            began: 0,
            failed: 0,
            dns_wait_began: None,
            decision: Decision {
                kind: Kind::Gone,
                reason: Reason::Malformed,
                upstream: None,
                key: None,
                port: 0,
                path: PathKind::Other,
                address: None,
            },
            at: None,
            phase: Phase::Over,
            last: Last::Nothing,
            held: Cause::NoPod,
            dials: 0,
            looked_up: None,
            settled: 0,
            passed: 0,
            offered: 0,
            reads: false,
            bodiless: false,
            receiver: false,
            elsewhere: false,
            waits: false,
            looked_around: false,
            reports_answer: false,
            probe: false,
            was_taken_back: false,
            last_choice: false,
            tried: Tried::nothing(),
        }
    }
}

impl Request {
    /// Creates an unused request.
    pub fn new() -> Self {
        Request::default()
    }

    /// The tag of the source that began the request. 0 if the request has not begun or has ended.
    pub fn tag(&self) -> u64 {
        self.tag
    }

    /// The meaning of the request's token or cookie.
    pub fn decision(&self) -> Decision {
        self.decision
    }

    fn has_token(&self) -> bool {
        matches!(self.decision.kind, Kind::Pod | Kind::Gone)
    }

    /// Whether the request is a page load: it has neither a token nor a body, so it can be sent again.
    fn loads_page(&self) -> bool {
        !self.has_token() && self.reads && self.bodiless
    }

    /// Whether the request has few dials left.
    fn has_few_dials_left(&self) -> bool {
        self.dials >= any_pod::MOST_DIALS / 2
    }

    /// Whether the request is a receiver stream that its pod counts.
    fn stream(&self) -> bool {
        self.receiver && self.decision.kind == Kind::Pod
    }

    /// Clears everything tried so far, but keeps the start time.
    fn start_over(&mut self) {
        self.tried = Tried::nothing();
        (self.last, self.dials) = (Last::Nothing, 0);
        (self.dns_wait_began, self.looked_up, self.settled, self.looked_around) = (None, None, 0, false);
        (self.passed, self.offered) = (0, 0);
    }
}
