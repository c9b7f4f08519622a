//! One request: which pod it goes to, whether it waits, and what it gets when no pod can take it.
//!
//! In: a request as it comes in, then what became of each attempt. Out: the next step.
//!
//! ```text
//! incoming  what of a request matters
//! step      what the caller is to do, and what was learned
//! call      one call about one request; begin and end
//! own_pod   a request with a token: the one pod that owns its page
//! any_pod   a request that several pods may take: from one to the next
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

/// What is known about one request while it is served: plain data in the caller's memory, which one thread at a time may
/// use. It starts with the tag of the source that began it ([`Source::tag`](crate::Source::tag)).
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Request {
    /// Of the source that began it; 0 before that and after its end.
    tag: u64,
    began: u64,
    /// When its last try failed, if it waits for a pod.
    failed: u64,
    /// When it first waited for DNS.
    asked: Option<u64>,
    decision: Decision,
    /// The pod at which it is counted.
    at: Option<(u32, Pod)>,
    phase: Phase,
    /// What became of the last attempt.
    last: Last,
    /// Why it waits for a pod, or for its page's pod.
    held: Cause,
    /// How many pods it was sent to and did not reach.
    dials: u32,
    /// The first of the upstreams that it had looked up, if it did, and how many of these need not be waited for any more.
    looked_up: Option<u32>,
    settled: u32,
    /// The tiers that the user's policy has passed over, and the one that it is choosing from.
    passed: u8,
    offered: u8,
    /// It asks for something, and has no body.
    reads: bool,
    bodiless: bool,
    /// It is a page's receiver stream, whichever pod it belongs to.
    receiver: bool,
    /// It asks for a resource of a pod that cannot serve it: any pod of the upstream will do.
    elsewhere: bool,
    /// It is counted among those that wait for a pod.
    waits: bool,
    /// Others are looked up besides its own upstream.
    looked_around: bool,
    /// An answer to it is worth a report.
    reports_answer: bool,
    probe: bool,
    /// A pod that drains has not taken it.
    was_taken_back: bool,
    /// It was sent to a pod that drains since there is no other.
    last_choice: bool,
    tried: Tried,
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Its caller was told to dial a pod.
    Dialling,
    /// The user's policy is to choose a pod.
    Choosing,
    /// It waits for DNS.
    AwaitingLookups,
    /// It waits for a pod.
    AwaitingPod,
    /// A pod answers it, or it was answered.
    Over,
}

/// What became of the last attempt of a request that several pods may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    /// There was none.
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
            asked: None,
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
    /// No request yet.
    pub fn new() -> Self {
        Request::default()
    }

    /// The tag of the source that began it, 0 if none did, or it has ended.
    pub fn tag(&self) -> u64 {
        self.tag
    }

    /// What its token or its cookie means.
    pub fn decision(&self) -> Decision {
        self.decision
    }

    fn has_token(&self) -> bool {
        matches!(self.decision.kind, Kind::Pod | Kind::Gone)
    }

    /// It is a page load, which may be sent again: it has no token and no body.
    fn loads_page(&self) -> bool {
        !self.has_token() && self.reads && self.bodiless
    }

    /// It has few dials left.
    fn is_pressed(&self) -> bool {
        self.dials >= any_pod::MOST_DIALS / 2
    }

    /// It is a receiver stream that its pod counts.
    fn stream(&self) -> bool {
        self.receiver && self.decision.kind == Kind::Pod
    }

    /// Forgets what it has tried, except since when.
    fn start_over(&mut self) {
        self.tried = Tried::nothing();
        (self.last, self.dials) = (Last::Nothing, 0);
        (self.asked, self.looked_up, self.settled, self.looked_around) = (None, None, 0, false);
        (self.passed, self.offered) = (0, 0);
    }
}
