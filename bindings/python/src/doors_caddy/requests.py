"""The way of a request, step by step. docs/build-a-proxy.md of the project shows the loop around these calls."""

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
    """The options of one configuration. Durations are nanoseconds. What is None has the value that stands beside it."""

    gone_after: int | None = None
    """For how long a pod must have been out of reach until it is gone. 10 s."""
    drain_max: int | None = None
    """For how long a pod may drain until its pages are told 410; 0 for ever. 0."""
    roll_time: int | None = None
    """How often a page opens a receiver stream: the app's SolitaireRollTime. 15 s."""
    page_wait: int | None = None
    """For how long a page load waits for a pod; 0 for not at all. 10 s."""
    refresh: int | None = None
    """The time from one lookup of a host to the next, while requests use it. 1 s."""
    stale_max: int | None = None
    """The age at which addresses are not used without waiting for new ones. 300 s."""
    first_lookup: int | None = None
    """For how long a request waits for first lookups while no address is known at all. 3 s."""
    resolver: int | None = None
    """The caller's number for the way in which names are looked up. Hosts with the same name and number are one host. 0."""
    gone_rate: int | None = None
    """How many receiver streams of an upstream may be told 410 in one second; 0 for all. 100."""
    flags: OptionFlag = OptionFlag(0)


class Place(NamedTuple):
    """A pod to choose from."""

    upstream: int
    """The upstream, by its index in the configuration."""
    tier: int
    """How good the pod is for the request; lower is better."""
    pod: Pod


class Choices(NamedTuple):
    """The pods that may take a request, and what was learned."""

    places: list[Place]
    report: Report


class Numbers(NamedTuple):
    """The numbers of an upstream in a State."""

    host: int
    """The number of its host, as in Lookup; one for all its hosts together if it has several."""
    upstream: int
    """The number of the upstream, as in KnownPod and Eviction."""


class Fresh(NamedTuple):
    """The pods of an upstream that DNS names."""

    inside: list[Pod]
    """Those inside of the upstream's networks."""
    outside: list[Pod]


class Source(Handle):
    """One configuration in use. It does not change. `config` is the JSON of Router; `now` and `random` are as in State.

    To replace the configuration make a new source on the same state, give it to new requests, and close the old one when
    its last request has ended. A process that was made by os.fork() makes its own. Raises DoorsError as Router does, and
    Status.RANGE for an option.
    """

    def __init__(self, state: State, config: str | bytes, options: Options = Options()) -> None:
        text, error = as_bytes(config), CError()
        c_options = filled(COptions, library.doors_options_init, options)
        super().__init__("source", state._pointer, text, len(text), byref(c_options), error=error)

    @property
    def router(self) -> Router:
        """The router of this source, which works until the source is closed."""
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
        """A request begins; `path` and `cookies` are as in Router.decide(). `step` of what is returned says what to do.

        `has_body` is True if the request has a body, or may have one since its length is not known to be 0. Call
        Request.ended() in every case.
        """
        path, cookies, request, step, decision = as_bytes(path), as_bytes(cookies), CRequest(), CStep(), CDecision()
        texts = (path, len(path), cookies, len(cookies))
        outputs = (byref(request), byref(step))
        checked(library.doors_request_begin(self._pointer, method, has_body, *texts, now, random, *outputs))
        checked(library.doors_request_decision(self._pointer, byref(request), byref(decision)))
        return Request(self, request, decision_of(decision), step_of(step))

    def dialled(self, upstream: int, pod: Pod, outcome: Outcome, now: int, random: int) -> Report:
        """What became of a dial, as soon as it is known: from any thread, also after its request has ended."""
        out = CReport()
        checked(library.doors_source_dialled(self._pointer, upstream, byref(c_pod(pod)), outcome, now, random, byref(out)))
        return report_of(out)

    def use(self, upstream: int, now: int) -> Report:
        """Keeps the lookups of an upstream's host going, as a request does: for whoever shows its pods."""
        out = CReport()
        checked(library.doors_source_use(self._pointer, upstream, now, byref(out)))
        return report_of(out)

    def numbers(self, upstream: int) -> Numbers:
        """The numbers that an upstream of this configuration has in the State. Raises DoorsError: Status.NO_MATCH."""
        host, number = c_uint64(), c_uint64()
        checked(library.doors_source_upstream(self._pointer, upstream, byref(host), byref(number)))
        return Numbers(host.value, number.value)

    def fresh(self, upstream: int) -> Fresh:
        """The pods of an upstream that DNS names. Raises DoorsError: Status.NO_MATCH."""
        inside = c_size_t()

        def call(room: Any, length: int, count: Any) -> int:
            status: int = library.doors_source_fresh(self._pointer, upstream, room, length, byref(inside), count)
            return status

        pods = [pod_of(pod) for pod in listed(CPod, call)]
        return Fresh(pods[: inside.value], pods[inside.value :])


class Request:
    """One request of a Source, from Source.begin(). One thread at a time uses it. Each call but ended() sets `step`."""

    __slots__ = ("_source", "_request", "decision", "step")

    def __init__(self, source: Source, request: CRequest, decision: Decision, step: Step) -> None:
        self._source, self._request = source, request
        self.decision = decision
        """What the token or the cookie of the request means."""
        self.step = step
        """What to do now."""

    def _next(self, function: Any, *arguments: Any) -> Step:
        out = CStep()
        checked(function(self._source._pointer, byref(self._request), *arguments, byref(out)))
        self.step = step_of(out)
        return self.step

    def next(self, outcome: Outcome, now: int, random: int) -> Step:
        """The attempt has ended without an answer, and its dial was told to Source.dialled()."""
        return self._next(library.doors_request_next, outcome, now, random)

    def failed(self, outcome: Outcome, now: int, random: int) -> Step:
        """Source.dialled() and next() in one, for callers whose dials belong to one request each."""
        return self._next(library.doors_request_failed, outcome, now, random)

    def resume(self, now: int, random: int) -> Step:
        """A request that waits goes on. A call more than needed repeats the last step."""
        return self._next(library.doors_request_resume, now, random)

    def choices(self, now: int) -> Choices:
        """After Choose: the pods that may take the request, only the best ones. There may be none."""
        reports: list[Report] = []

        def call(room: Any, length: int, count: Any) -> int:
            out = CReport()
            outputs = (room, length, count, byref(out))
            status: int = library.doors_request_choices(self._source._pointer, byref(self._request), now, *outputs)
            reports.append(report_of(out))
            return status

        places = [Place(one.upstream, one.tier, pod_of(one.pod)) for one in listed(CPlace, call)]
        # With more pods than fit there was a second call, which has learned nothing new.
        return Choices(places, reports[0])

    def chose(self, upstream: int, pod: Pod, now: int) -> Step:
        """The user's policy has chosen this pod."""
        return self._next(library.doors_request_chose, upstream, byref(c_pod(pod)), now)

    def chose_none(self, now: int, random: int) -> Step:
        """The user's policy has chosen none: offers those that are less good, or is as if none could be reached."""
        return self._next(library.doors_request_chose_none, now, random)

    def give_up(self, outcome: Outcome | None, now: int, random: int) -> Step:
        """With OptionFlag.USER_RETRIES: the retries are over. `outcome` is that of the last attempt, or None if next() was
        told."""
        return self._next(library.doors_request_give_up, outcome or 0, now, random)

    def answered(self, marks: Mark, now: int, random: int) -> Step:
        """The pod has begun to answer; `marks` is what the answer says about the pod, or Mark(0).

        Done: pass the answer on. Any other step, which only Mark.REFUSED leads to: drop the answer and obey.
        """
        return self._next(library.doors_request_answered, marks, now, random)

    def ended(self, now: int) -> None:
        """The request has ended, however. Call it once. Until then the request counts as in flight, or as waiting."""
        checked(library.doors_request_ended(self._source._pointer, byref(self._request), now))
