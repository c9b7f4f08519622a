//! One configuration in use: the public entry of the flow of requests.

use std::sync::Arc;

use crate::hosts::HostId;
use crate::options::Options;
use crate::pods::{Outcome, Pod};
use crate::request::{Flow, Incoming, Marks, Place, Report, Request, Step};
use crate::router::{Decision, Router};
use crate::state::{Fresh, State};

/// One configuration in use: a router and its options, with what the process knows. Usable from any number of threads.
/// Dropping it ends its use of hosts; what is known is kept for a reload that overlaps, and hosts for a minute.
///
/// For each request the caller has a [`Request`] in memory of its own and obeys the [`Step`] of each call. No call does input or
/// output, waits, or allocates in the usual case. A call with a request that another source began, or none, or that has
/// ended, returns [`Action::Done`](crate::Action::Done) and changes nothing. `now` is the caller's clock (see [`State`]), `random` any number.
pub struct Source(Flow);

impl Source {
    /// Begins to use a configuration. Nothing is looked up before a request needs it. Call [`State::due`] afterwards.
    pub fn new(state: &State, router: Router, options: Options) -> Self {
        Source(Flow::new(state, router, options))
    }

    /// The router.
    pub fn router(&self) -> &Router {
        &self.0.router
    }

    /// The options. `refresh` may be more than was asked for: 10 ms at least.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// A request begins. `request` is overwritten.
    pub fn begin(&self, incoming: &Incoming<'_>, now: u64, random: u64, request: &mut Request) -> Step {
        self.0.begin(incoming, now, random, request)
    }

    /// What became of a dial of a pod of this upstream, as soon as it is known: from any thread, also after the request has
    /// ended for which it was made, and of dials in the background. It counts for the pod and touches no request.
    /// [`Outcome::Answered`] and [`Outcome::Dropped`] are not dials; they change nothing.
    pub fn dialled(&self, upstream: u32, pod: Pod, outcome: Outcome, now: u64, random: u64) -> Report {
        self.0.dialled(upstream, pod, outcome, now, random)
    }

    /// The attempt that the last step asked for has ended without an answer, and its dial was told by [`Source::dialled`].
    /// Returns the next step. [`Outcome::Refused`], [`Outcome::Unreachable`], [`Outcome::OwnFault`]: no connection was made.
    /// [`Outcome::Dropped`]: the connection ended before a byte of an answer; this call counts it for the pod.
    /// [`Outcome::Cancelled`], and anything else: the client has gone, or the answer has begun.
    pub fn next(&self, request: &mut Request, outcome: Outcome, now: u64, random: u64) -> Step {
        self.0.next(request, outcome, now, random)
    }

    /// [`Source::dialled`] and [`Source::next`] in one, for callers whose dials belong to one request each.
    pub fn failed(&self, request: &mut Request, outcome: Outcome, now: u64, random: u64) -> Step {
        self.0.failed(request, outcome, now, random)
    }

    /// A request that waits goes on: at the time that its step named, or when a report says `wake`. A call more than
    /// needed repeats the last step. With `user_retries` a request that was answered tries again, if it may.
    pub fn resume(&self, request: &mut Request, now: u64, random: u64) -> Step {
        self.0.resume(request, now, random)
    }

    /// After [`Action::Choose`](crate::Action::Choose): puts the pods that may take the request into `places`, the best ones
    /// only, in the order of the configuration and of their addresses. There may be none: then call [`Source::chose_none`].
    pub fn choices(&self, request: &mut Request, now: u64, places: &mut Vec<Place>) -> Report {
        self.0.choices(request, now, places)
    }

    /// The user's policy has chosen this pod of this upstream. The step is to dial it.
    pub fn chose(&self, request: &mut Request, upstream: u32, pod: Pod, now: u64) -> Step {
        self.0.chose(request, upstream, pod, now)
    }

    /// The user's policy has chosen none. The next step offers those that are less good, or is as if none could be reached.
    pub fn chose_none(&self, request: &mut Request, now: u64, random: u64) -> Step {
        self.0.chose_none(request, now, random)
    }

    /// With `user_retries`: the user's retries are over. `outcome` is that of the last attempt, if it was not told to
    /// [`Source::next`]. Returns the answer, or [`Action::Wait`](crate::Action::Wait).
    pub fn give_up(&self, request: &mut Request, outcome: Option<Outcome>, now: u64, random: u64) -> Step {
        self.0.give_up(request, outcome, now, random)
    }

    /// The pod has begun to answer; `marks` is what the answer says about the pod. Usually takes no lock.
    /// [`Action::Done`](crate::Action::Done): pass the answer on. Any other step, which only [`Marks::refused`] leads to: drop the
    /// answer, of which the client sees nothing, and obey.
    pub fn answered(&self, request: &mut Request, marks: Marks, now: u64, random: u64) -> Step {
        self.0.answered(request, marks, now, random)
    }

    /// The request has ended, however. Must be called once after each [`Source::begin`]: until then the request counts as in
    /// flight at its pod, or as waiting. A second call does nothing.
    pub fn ended(&self, request: &mut Request, now: u64) {
        self.0.ended(request, now);
    }

    /// Keeps the lookups of an upstream's host going, or starts them, as a request would: for whoever shows its pods. An index
    /// that the configuration does not have is passed over.
    pub fn use_upstream(&self, upstream: u32, now: u64) -> Report {
        self.0.use_upstream(upstream, now)
    }

    /// What the token or the cookie of a request means.
    pub fn decision(&self, request: &Request) -> Decision {
        request.decision()
    }

    /// The tag of the requests that this source begins: a [`Request`] starts with it.
    pub fn tag(&self) -> u64 {
        self.0.tag
    }

    /// The number of this source in [`KnownPod`](crate::KnownPod). Sources with the same keys and upstreams share it.
    pub fn id(&self) -> u64 {
        self.0.health.id()
    }

    /// The number of an upstream in [`KnownPod`](crate::KnownPod). `None` for an index that the configuration does not have.
    /// Upstreams with the same host, port and resolver share it, also those of other sources.
    pub fn upstream_id(&self, upstream: u32) -> Option<u64> {
        self.0.upstreams.get(upstream).map(|member| member.upstream.health.id())
    }

    /// The host of an upstream; several hosts count as one more, whose name is all their names. `None` for an index that the
    /// configuration does not have.
    pub fn upstream_host(&self, upstream: u32) -> Option<HostId> {
        self.0.upstreams.get(upstream).map(|member| member.upstream.host.id())
    }

    /// The fresh pods of an upstream. `None` while there are none, and for an index that the configuration does not have.
    pub fn fresh(&self, upstream: u32) -> Option<Arc<Fresh>> {
        self.0.upstreams.get(upstream)?.fresh_to_keep()
    }
}
