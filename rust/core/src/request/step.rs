//! What the caller does next for a request, and what was learned on the way.

use std::net::IpAddr;

use crate::hosts::HostId;
use crate::pods::{Pod, Verdict};

/// The result of a call about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Step {
    /// What to do next.
    pub action: Action,
    /// What was learned on the way.
    pub report: Report,
}

/// What to do next for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Dial this pod, or use an open connection to it.
    Dial {
        /// The index of the pod's upstream in the configuration.
        upstream: u32,
        /// The pod.
        pod: Pod,
        /// Whether this request tests whether the pod is back. At most one does so per second and pod.
        probe: bool,
        /// The pod is draining and no other pod is available. Send `Doors-Last-Choice: ?1` with the request,
        /// so that the pod serves it.
        last_choice: bool,
    },
    /// Choose one of [`Source::choices`](crate::Source::choices) and report it to
    /// [`Source::chose`](crate::Source::chose), or call [`Source::chose_none`](crate::Source::chose_none).
    Choose,
    /// Hold the request, and call [`Source::resume`](crate::Source::resume) at this time or when a report
    /// sets [`Report::wake`]. Register the request for wake-ups before the call: a report counts from the
    /// start of the call that returned this action.
    Wait {
        /// When to resume, in nanoseconds of the caller's clock.
        until: u64,
    },
    /// Answer the request without a pod, with `Cache-Control: no-store`.
    Answer {
        /// The HTTP status.
        status: AnswerStatus,
        /// The value of `Retry-After` in seconds. 0 with [`AnswerStatus::Gone`]: send no such header.
        retry_after: u32,
        /// The reason.
        cause: Cause,
        /// Whether the request is a page load. The answer may then contain a page that reloads itself after
        /// `retry_after`.
        page: bool,
    },
    /// The request needs no further step. Forward the response, or answer 502 after a failed dial. If the
    /// client is gone, do nothing.
    Done,
}

/// The status of an answer. The numbers are HTTP status codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum AnswerStatus {
    /// The page is gone and must reload at once.
    Gone = 410,
    /// The page or browser should try again after `retry_after`.
    Unavailable = 503,
}

/// Why a request is answered without a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Cause {
    /// The token is not canonical base64url.
    TokenMalformed = 1,
    /// No key decrypts the token.
    TokenRefused = 2,
    /// No CIDR contains the token's address.
    NoCidr = 3,
    /// The pod is gone.
    PodGone = 4,
    /// The pod could not be reached, perhaps only briefly.
    PodUnreachable = 5,
    /// The connection to the pod ended before the first byte of a response.
    PodDropped = 6,
    /// No pod could be reached, or no known pod would take the page after a reload.
    NoPod = 7,
    /// No fresh pod is known.
    NoFreshPod = 8,
    /// The dial failed because of a problem on this machine.
    OwnFault = 9,
    /// The page's pod works but is evicted.
    Evicted = 10,
    /// The page's pod works but has drained for longer than `drain_max`.
    DrainMax = 11,
}

impl Cause {
    /// All causes, in the order of their numbers.
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

    /// A short identifier for logs and metric labels.
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

/// What was learned during a call. Any field may be set on any step or report; the default is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Report {
    /// A pod's verdict changed; log it. Contains the index of the upstream that reported it.
    pub changed: Option<(u32, Pod, Verdict)>,
    /// A pod began (true) or stopped (false) signalling that it is draining; log it. Contains the index of
    /// the upstream that reported it.
    pub draining: Option<(u32, Pod, bool)>,
    /// Dial this pod of this upstream in the background, close the connection at once, and report the outcome
    /// to [`Source::dialled`](crate::Source::dialled).
    pub background: Option<(u32, Pod)>,
    /// Resume all waiting requests of all sources.
    pub wake: bool,
    /// Call [`State::due`](crate::State::due) now.
    pub lookups_due: bool,
    /// The host dropped an address that refused a connection and is no longer in DNS; log it.
    pub dropped: Option<(HostId, IpAddr)>,
    /// The host of this upstream resolves to this address, which is outside the upstream's networks; log a
    /// warning. Set at most once a minute.
    pub outside: Option<(u32, IpAddr)>,
    /// A token was refused; log it, but never the token. Contains the number of further refusals since the
    /// last report.
    pub refused_token: Option<u32>,
    /// Many tokens arrived and none could be decrypted; log it. Set at most once a minute.
    pub nothing_opens: bool,
}

impl Report {
    /// Merges another report. Where only one value fits, keeps the first.
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

/// A pod that a policy may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The index of the upstream in the configuration.
    pub upstream: u32,
    /// The pod.
    pub pod: Pod,
    /// How well the pod suits the request; lower is better. Only comparable within one call.
    pub tier: u8,
}

/// What a response signals about its pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// The response has `Doors-Draining: ?1`. The pod is draining from now on, regardless of DNS.
    pub draining: bool,
    /// The response is a 503 with that mark, and no part of it was sent to the client. A page load can then
    /// go to another pod. Implies `draining`.
    pub refused: bool,
}
