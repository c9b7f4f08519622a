"""Requests and their configuration. docs/build-a-proxy.md explains the loop around these calls."""

from ctypes import byref, c_size_t, c_uint64
from dataclasses import dataclass
from typing import Any, NamedTuple

from ._handles import Handle, as_bytes, listed
from ._native.declarations import CDecision, CError, COptions, CPlace, CPod, CReport, CRequest, CStep
from ._native.library import library
from .addresses import Pod, c_pod, pod_of
from .decisions import Decision, Router, SourceRouter, decision_of
from .errors import checked
from .numbers import Mark, Method, OptionFlag, Outcome
from .state import State, filled
from .steps import Report, Step, report_of, step_of


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one configuration. Durations are nanoseconds. None means the default."""

    gone_after: int | None = None
    """How long a pod must be unreachable before it is gone. Default: 10 s."""
    drain_max: int | None = None
    """How long a pod may drain before its pages get 410; 0 for no limit. Default: 0."""
    roll_time: int | None = None
    """How often a page opens a receiver stream. Equal to the app's SolitaireRollTime. Default: 15 s."""
    page_wait: int | None = None
    """How long a page load waits for a pod. 0 disables waiting. Default: 10 s."""
    refresh: int | None = None
    """The interval between lookups of a host that requests use. Default: 1 s, minimum: 10 ms."""
    stale_max: int | None = None
    """The maximum age of addresses after lookups have stopped. Requests wait for a lookup if they are older. Default: 300 s."""
    first_lookup: int | None = None
    """How long a request waits for a first lookup while no address is known. Default: 3 s."""
    resolver: int | None = None
    """Identifies the resolver (name servers and IP versions). Hosts with the same name and resolver share lookups. Default: 0."""
    gone_rate: int | None = None
    """The maximum number of receiver streams per upstream and second that get 410; 0 for no limit. Default: 100."""
    flags: OptionFlag = OptionFlag(0)


class Place(NamedTuple):
    """A pod that a policy may choose."""

    upstream: int
    """The upstream, by its index in the configuration."""
    tier: int
    """How suitable the pod is; lower is better."""
    pod: Pod


class Choices(NamedTuple):
    """The pods that may serve a request, and what was learned."""

    places: list[Place]
    report: Report


class Ids(NamedTuple):
    """The IDs of an upstream in a State."""

    host: int
    """The ID of its host as in Lookup, or one ID for all its hosts together."""
    upstream: int
    """The ID of the upstream as in KnownPod and Eviction."""


class Fresh(NamedTuple):
    """The fresh pods of an upstream."""

    inside: list[Pod]
    """The pods inside the upstream's networks."""
    outside: list[Pod]


class Source(Handle):
    """One configuration in use. Immutable. `config` is as for Router; `now` and `random` are as for State.

    To replace the configuration, create a new source with the same state, use it for new requests, and close the old one when
    its last request has ended. Do not use it after os.fork(). Raises DoorsError like Router, and with Status.RANGE for an
    option.
    """

    def __init__(self, state: State, config: str | bytes, options: Options = Options()) -> None:
        text, error = as_bytes(config), CError()
        c_options = filled(COptions, library.doors_options_init, options)
        super().__init__("source", state._pointer, text, len(text), byref(c_options), error=error)

    @property
    def router(self) -> Router:
        """The router of this source. It works until the source is closed."""
        return SourceRouter(self)

    def begin(
        self,
        method: Method,
        path: str | bytes,
        cookies: str | bytes,
        now: int,
        random: int,
        *,
        has_body: bool = False,
    ) -> "Request":
        """Begins a request. Follow its `step`, and always call Request.ended().

        `path` and `cookies` are as for Router.decide(). `has_body` is True if the request has or may have a body, that is,
        unless its length is known to be 0.
        """
        path, cookies, request, step, decision = as_bytes(path), as_bytes(cookies), CRequest(), CStep(), CDecision()
        texts = (path, len(path), cookies, len(cookies))
        outputs = (byref(request), byref(step))
        checked(library.doors_request_begin(self._pointer, method, has_body, *texts, now, random, *outputs))
        checked(library.doors_request_decision(self._pointer, byref(request), byref(decision)))
        return Request(self, request, decision_of(decision), step_of(step))

    def dialled(self, upstream: int, pod: Pod, outcome: Outcome, now: int, random: int) -> Report:
        """Reports the outcome of a dial. Call it as soon as the outcome is known, from any thread, also for requests that have
        ended."""
        out = CReport()
        checked(library.doors_source_dialled(self._pointer, upstream, byref(c_pod(pod)), outcome, now, random, byref(out)))
        return report_of(out)

    def use(self, upstream: int, now: int) -> Report:
        """Starts the lookups of an upstream's host or keeps them going. Use it to show the upstream's pods."""
        out = CReport()
        checked(library.doors_source_use(self._pointer, upstream, now, byref(out)))
        return report_of(out)

    def upstream(self, upstream: int) -> Ids:
        """Returns the IDs of an upstream in the State. Raises DoorsError with Status.NO_MATCH if there is no such upstream."""
        host, number = c_uint64(), c_uint64()
        checked(library.doors_source_upstream(self._pointer, upstream, byref(host), byref(number)))
        return Ids(host.value, number.value)

    def fresh(self, upstream: int) -> Fresh:
        """Returns the fresh pods of an upstream. Raises DoorsError with Status.NO_MATCH if there is no such upstream."""
        inside = c_size_t()

        def call(room: Any, length: int, count: Any) -> int:
            status: int = library.doors_source_fresh(self._pointer, upstream, room, length, byref(inside), count)
            return status

        pods = [pod_of(pod) for pod in listed(CPod, call)]
        return Fresh(pods[: inside.value], pods[inside.value :])


class Request:
    """One request, created by Source.begin(). For use by one thread at a time. Its calls set `step`."""

    __slots__ = ("_source", "_request", "decision", "step")

    def __init__(self, source: Source, request: CRequest, decision: Decision, step: Step) -> None:
        self._source, self._request = source, request
        self.decision = decision
        """The meaning of the request's token or cookie."""
        self.step = step
        """What to do next."""

    def _next(self, function: Any, *arguments: Any) -> Step:
        out = CStep()
        checked(function(self._source._pointer, byref(self._request), *arguments, byref(out)))
        self.step = step_of(out)
        return self.step

    def next(self, outcome: Outcome, now: int, random: int) -> Step:
        """Ends an attempt that got no response. Its dial must have been reported to Source.dialled()."""
        return self._next(library.doors_request_next, outcome, now, random)

    def failed(self, outcome: Outcome, now: int, random: int) -> Step:
        """Combines Source.dialled() and next(), for callers whose dials each serve a single request."""
        return self._next(library.doors_request_failed, outcome, now, random)

    def resume(self, now: int, random: int) -> Step:
        """Resumes a waiting request. Extra calls repeat the last step."""
        return self._next(library.doors_request_resume, now, random)

    def choices(self, now: int) -> Choices:
        """Returns the pods of the best tier that may serve the request, after Choose. If there are none, call chose_none()."""
        reports: list[Report] = []

        def call(room: Any, length: int, count: Any) -> int:
            out = CReport()
            outputs = (room, length, count, byref(out))
            status: int = library.doors_request_choices(self._source._pointer, byref(self._request), now, *outputs)
            reports.append(report_of(out))
            return status

        places = [Place(one.upstream, one.tier, pod_of(one.pod)) for one in listed(CPlace, call)]
        # A second call, with more room, learns nothing new.
        return Choices(places, reports[0])

    def chose(self, upstream: int, pod: Pod, now: int) -> Step:
        """Reports the pod chosen by the user's policy."""
        return self._next(library.doors_request_chose, upstream, byref(c_pod(pod)), now)

    def chose_none(self, now: int, random: int) -> Step:
        """Reports that the user's policy chose no pod. The next step offers the next tier, or is as if no pod had been
        reachable."""
        return self._next(library.doors_request_chose_none, now, random)

    def give_up(self, outcome: Outcome | None, now: int, random: int) -> Step:
        """Ends the retries of a source with OptionFlag.USER_RETRIES.

        `outcome` is that of the last attempt, or None if it was reported to next().
        """
        return self._next(library.doors_request_give_up, outcome or 0, now, random)

    def answered(self, marks: Mark, now: int, random: int) -> Step:
        """Reports that the pod has begun to respond. `marks` is what the response says about the pod, or Mark(0).

        If the step is Done, forward the response. Any other step occurs only with Mark.REFUSED: discard the response, of which
        nothing may reach the client, and follow the step.
        """
        return self._next(library.doors_request_answered, marks, now, random)

    def ended(self, now: int) -> None:
        """Ends the request. Call it once, whatever the result: until then it counts as in flight or as waiting."""
        checked(library.doors_request_ended(self._source._pointer, byref(self._request), now))
