//! The public API for routing requests: one configuration in use.

use std::sync::Arc;

use crate::hosts::HostId;
use crate::options::Options;
use crate::pods::{Outcome, Pod};
use crate::request::{Flow, Incoming, Marks, Place, Report, Request, Step};
use crate::router::{Decision, Router};
use crate::state::{Fresh, State};

/// One configuration in use: a router, its options, and access to the process state. Any number of threads
/// can use it at once. Dropping it stops its lookups. What the state knows about an upstream survives while
/// another source uses the upstream; what it knows about a host survives for a minute.
///
/// For each request, the caller owns a [`Request`] and follows the [`Step`] that each call returns. No call
/// does I/O or blocks, and in the usual case none allocates. A call with a request that has ended or was not
/// begun by this source returns [`Action::Done`](crate::Action::Done) and changes nothing. `now` is the
/// caller's clock (see [`State`]), `random` any number.
pub struct Source(Flow);

impl Source {
    /// Starts using a configuration. Looks up no host until a request needs it. Call [`State::due`]
    /// afterwards.
    pub fn new(state: &State, router: Router, options: Options) -> Self {
        Source(Flow::new(state, router, options))
    }

    /// The router.
    pub fn router(&self) -> &Router {
        &self.0.router
    }

    /// The options in effect. `refresh` is raised to at least 10 ms.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// Begins a request and returns its first step. Overwrites `request`. Call [`Source::ended`] when it is
    /// over.
    pub fn begin(&self, incoming: &Incoming<'_>, now: u64, random: u64, request: &mut Request) -> Step {
        self.0.begin(incoming, now, random, request)
    }

    /// Reports the outcome of a dial to a pod of this upstream. Call it as soon as the outcome is known, from
    /// any thread. Report background dials too, and dials of requests that have ended. Updates the pod, not a
    /// request. [`Outcome::Answered`] and [`Outcome::Dropped`] are not dial outcomes and change nothing.
    pub fn dialled(&self, upstream: u32, pod: Pod, outcome: Outcome, now: u64, random: u64) -> Report {
        self.0.dialled(upstream, pod, outcome, now, random)
    }

    /// Ends the current attempt, which got no response. Its dial must have been reported to
    /// [`Source::dialled`]. Returns the next step. [`Outcome::Refused`], [`Outcome::Unreachable`] and
    /// [`Outcome::OwnFault`] mean that no connection was made. [`Outcome::Dropped`] means that the connection
    /// ended before the first byte of a response; this call also records it for the pod. Any other outcome,
    /// such as [`Outcome::Cancelled`], means that the client is gone or that the response has begun.
    pub fn next(&self, request: &mut Request, outcome: Outcome, now: u64, random: u64) -> Step {
        self.0.next(request, outcome, now, random)
    }

    /// Combines [`Source::dialled`] and [`Source::next`], for callers whose dials each serve a single
    /// request.
    pub fn failed(&self, request: &mut Request, outcome: Outcome, now: u64, random: u64) -> Step {
        self.0.failed(request, outcome, now, random)
    }

    /// Resumes a waiting request at the time given by its step, or when a report sets `wake`. Extra calls
    /// repeat the last step. With `user_retries`, a request that was answered is tried again if it may be.
    pub fn resume(&self, request: &mut Request, now: u64, random: u64) -> Step {
        self.0.resume(request, now, random)
    }

    /// Fills `places` with the pods that may serve the request, after
    /// [`Action::Choose`](crate::Action::Choose). Lists only the best tier, ordered by upstream and address.
    /// If it is empty, call [`Source::chose_none`].
    pub fn choices(&self, request: &mut Request, now: u64, places: &mut Vec<Place>) -> Report {
        self.0.choices(request, now, places)
    }

    /// Reports the pod chosen by the user's policy. Returns the step to dial it.
    pub fn chose(&self, request: &mut Request, upstream: u32, pod: Pod, now: u64) -> Step {
        self.0.chose(request, upstream, pod, now)
    }

    /// Reports that the user's policy chose no pod. The next step offers the next tier, or is the same as if
    /// no pod had been reachable.
    pub fn chose_none(&self, request: &mut Request, now: u64, random: u64) -> Step {
        self.0.chose_none(request, now, random)
    }

    /// Ends the retries of a source with [`Options::user_retries`]. `outcome` is the outcome of the last
    /// attempt, or `None` if [`Source::next`] has already reported it. Returns the answer, or
    /// [`Action::Wait`](crate::Action::Wait).
    pub fn give_up(&self, request: &mut Request, outcome: Option<Outcome>, now: u64, random: u64) -> Step {
        self.0.give_up(request, outcome, now, random)
    }

    /// Reports that the pod has begun to respond; `marks` are the marks in its response. Usually takes no
    /// lock. On [`Action::Done`](crate::Action::Done), forward the response. Any other step occurs only with
    /// [`Marks::refused`]: discard the whole response and follow the step.
    pub fn answered(&self, request: &mut Request, marks: Marks, now: u64, random: u64) -> Step {
        self.0.answered(request, marks, now, random)
    }

    /// Ends a request. Call it once after each [`Source::begin`], whatever the result: until then the request
    /// counts as in flight at its pod, or as waiting. A second call does nothing.
    pub fn ended(&self, request: &mut Request, now: u64) {
        self.0.ended(request, now);
    }

    /// Starts the lookups of an upstream's host or keeps them going, as a request does. Use it to show the
    /// upstream's pods. Ignores an index outside the configuration.
    pub fn use_upstream(&self, upstream: u32, now: u64) -> Report {
        self.0.use_upstream(upstream, now)
    }

    /// What the token or the cookie of a request means.
    pub fn decision(&self, request: &Request) -> Decision {
        request.decision()
    }

    /// The tag of the requests that this source begins: the first field of each [`Request`]. Never 0.
    pub fn tag(&self) -> u64 {
        self.0.tag
    }

    /// The ID of this source in [`KnownPod`](crate::KnownPod). Sources with the same keys and upstreams share
    /// it.
    pub fn id(&self) -> u64 {
        self.0.health.id()
    }

    /// The ID of an upstream in [`KnownPod`](crate::KnownPod), or `None` if the configuration has no such
    /// index. Upstreams with the same host, port and resolver share it, even across sources.
    pub fn upstream_id(&self, upstream: u32) -> Option<u64> {
        self.0.upstreams.get(upstream).map(|member| member.upstream.health.id())
    }

    /// The host of an upstream, or `None` if the configuration has no such index. Several hosts are combined
    /// into one host whose name lists them all.
    pub fn upstream_host(&self, upstream: u32) -> Option<HostId> {
        self.0.upstreams.get(upstream).map(|member| member.upstream.host.id())
    }

    /// The fresh pods of an upstream, or `None` if there are none or the configuration has no such index.
    pub fn fresh(&self, upstream: u32) -> Option<Arc<Fresh>> {
        self.0.upstreams.get(upstream)?.fresh_to_keep()
    }
}
