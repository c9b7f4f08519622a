//! What the caller is to do next for a request, and what was learned besides.

use std::net::IpAddr;

use crate::hosts::HostId;
use crate::pods::{Pod, Verdict};

/// What to do next for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Step {
    /// What to do.
    pub action: Action,
    /// What was learned besides.
    pub report: Report,
}

/// What to do for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Dial this pod, or use an open connection to it.
    Dial {
        /// The upstream to which the pod belongs, by its index in the configuration.
        upstream: u32,
        /// The pod.
        pod: Pod,
        /// This request finds out whether the pod is back.
        probe: bool,
        /// The pod drains and there is no other: send `Doors-Last-Choice: ?1` with the request, so that it is served.
        last_choice: bool,
    },
    /// Choose one of [`Source::choices`](crate::Source::choices) and tell it with
    /// [`Source::chose`](crate::Source::chose), or take none of them with
    /// [`Source::chose_none`](crate::Source::chose_none).
    Choose,
    /// Hold the request, and call [`Source::resume`](crate::Source::resume) at this time, or when a report says
    /// [`Report::wake`]. A report counts from the beginning of the call that returned this: have the caller listen before.
    Wait {
        /// The time.
        until: u64,
    },
    /// Answer the request yourself, with `Cache-Control: no-store`.
    Answer {
        /// Which status.
        status: AnswerStatus,
        /// Seconds for `Retry-After`; 0 for [`AnswerStatus::Gone`], which has none.
        retry_after: u32,
        /// Why.
        cause: Cause,
        /// It is a page load: a browser may be shown a text that loads the page again after `retry_after`.
        page: bool,
    },
    /// Nothing more: what became of the attempt is the answer (502, or nothing for a client that has gone).
    Done,
}

/// The status of an answer. The numbers are those of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum AnswerStatus {
    /// The page is gone, and reloads at once.
    Gone = 410,
    /// The page, or the browser, is to try again after `retry_after`.
    Unavailable = 503,
}

/// Why a request is answered here and not by a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Cause {
    /// The token is not canonical base64url.
    TokenMalformed = 1,
    /// No key opens the token.
    TokenRefused = 2,
    /// The token's address is in no CIDR.
    NoCidr = 3,
    /// The pod is gone.
    PodGone = 4,
    /// The pod could not be reached; it may be a blip.
    PodUnreachable = 5,
    /// The connection to the pod ended before a byte of an answer.
    PodDropped = 6,
    /// No pod could be reached, or none is known onto which the page could reload.
    NoPod = 7,
    /// No fresh pod is known.
    NoFreshPod = 8,
    /// The dial failed for a reason on this machine.
    OwnFault = 9,
    /// The page's pod works, and is evicted.
    Evicted = 10,
    /// The page's pod works, and has drained for longer than it may.
    DrainMax = 11,
}

impl Cause {
    /// All of them, in the order of their numbers.
    pub const ALL: [Cause; 11] = [
        Cause::TokenMalformed,
        Cause::TokenRefused,
        Cause::NoCidr,
        Cause::PodGone,
        Cause::PodUnreachable,
        Cause::PodDropped,
        Cause::NoPod,
        Cause::NoFreshPod,
        Cause::OwnFault,
        Cause::Evicted,
        Cause::DrainMax,
    ];

    /// A short name for logs and the labels of metrics.
    pub fn name(self) -> &'static str {
        match self {
            Cause::TokenMalformed => "token_malformed",
            Cause::TokenRefused => "token_refused",
            Cause::NoCidr => "no_cidr",
            Cause::PodGone => "pod_gone",
            Cause::PodUnreachable => "pod_unreachable",
            Cause::PodDropped => "pod_dropped",
            Cause::NoPod => "no_pod",
            Cause::NoFreshPod => "no_fresh_pod",
            Cause::OwnFault => "own_fault",
            Cause::Evicted => "evicted",
            Cause::DrainMax => "drain_max",
        }
    }
}

/// What was learned besides. Any of it may be set on any step or report; nothing is by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Report {
    /// What is held against a pod changed: the time to log it. With the upstream that told.
    pub changed: Option<(u32, Pod, Verdict)>,
    /// A pod says that it drains (true), or no longer says so (false): the time to log it. With the upstream that told.
    pub draining: Option<(u32, Pod, bool)>,
    /// Dial this pod of this upstream in the background, close the connection at once, and report the dial with
    /// [`Source::dialled`](crate::Source::dialled).
    pub background: Option<(u32, Pod)>,
    /// Resume all requests that wait, of all sources.
    pub wake: bool,
    /// Call [`State::due`](crate::State::due) now.
    pub lookups_due: bool,
    /// The host gave up an address that refused a connection, since DNS does not name it: the time to log it.
    pub dropped: Option<(HostId, IpAddr)>,
    /// The host of this upstream resolves to this address outside of the upstream's networks: the time to warn, once
    /// a minute.
    pub outside: Option<(u32, IpAddr)>,
    /// A token was refused: the time to log it, with how many more there were since the last time. Never the token.
    pub refused_token: Option<u32>,
    /// Many tokens came and none has ever opened: the time to log it, once a minute.
    pub nothing_opens: bool,
}

impl Report {
    /// Adds another report. Where both say the same kind of thing and only one can be told, the first stays.
    pub(crate) fn merge(&mut self, other: Report) {
        let Report { changed, draining, background, wake, lookups_due, dropped, outside, refused_token, nothing_opens } =
            other;
        self.changed = self.changed.or(changed);
        self.draining = self.draining.or(draining);
        self.background = self.background.or(background);
        self.wake |= wake;
        self.lookups_due |= lookups_due;
        self.dropped = self.dropped.or(dropped);
        self.outside = self.outside.or(outside);
        self.refused_token = self.refused_token.or(refused_token);
        self.nothing_opens |= nothing_opens;
    }
}

/// A pod to choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The upstream, by its index in the configuration.
    pub upstream: u32,
    /// The pod.
    pub pod: Pod,
    /// How good it is for the request; lower is better.
    pub tier: u8,
}

/// What an answer of a pod says about the pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// It carries `Doors-Draining: ?1`: the pod drains from now on, whatever DNS says.
    pub draining: bool,
    /// It is a 503 with that mark, and nothing of it was sent to the client. If the request loads a page it can be taken back. Says
    /// `draining` as well.
    pub refused: bool,
}
