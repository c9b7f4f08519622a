"""The steps of a request, and the reports of calls."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, TypeAlias

from ._native.declarations import CReport, CStep
from .addresses import Address, Pod, address_of, pod_of
from .numbers import Cause, ReportFlag, StepKind, Verdict


class Changed(NamedTuple):
    """The verdict on a pod has changed."""

    upstream: int
    pod: Pod
    verdict: Verdict


class Draining(NamedTuple):
    """A pod began or stopped signalling that it is draining."""

    upstream: int
    pod: Pod
    draining: bool


class Background(NamedTuple):
    """A pod to dial in the background. Close the connection at once, and report the outcome to Source.dialled()."""

    upstream: int
    pod: Pod


class Dropped(NamedTuple):
    """A host dropped an address, because it refused a connection and DNS does not list it."""

    host: int
    address: Address


class Outside(NamedTuple):
    """The host of an upstream resolves to an address outside the upstream's networks."""

    upstream: int
    address: Address


@dataclass(frozen=True, slots=True)
class Report:
    """What was learned during a call. Upstreams are indexes in the configuration. Members without their flag are None."""

    flags: ReportFlag
    suppressed: int
    """With ReportFlag.REFUSED_TOKEN: how many more tokens were refused for the same reason since the last report."""
    changed: Changed | None
    draining: Draining | None
    background: Background | None
    dropped: Dropped | None
    outside: Outside | None


@dataclass(frozen=True, slots=True)
class Dial:
    """Dial the pod, or use an open connection to it."""

    kind: ClassVar[StepKind] = StepKind.DIAL
    report: Report
    upstream: int
    """The upstream of the pod, by its index in the configuration."""
    pod: Pod
    probe: bool
    """This request tests whether the pod is back."""
    last_choice: bool
    """The pod is draining and no other is available. Send the request with `Doors-Last-Choice: ?1`."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait, then call Request.resume() at `until`, or when a report has ReportFlag.WAKE."""

    kind: ClassVar[StepKind] = StepKind.WAIT
    report: Report
    until: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer the request without a pod, with `Cache-Control: no-store`."""

    kind: ClassVar[StepKind] = StepKind.ANSWER
    report: Report
    status: int
    """The HTTP status, 410 or 503."""
    retry_after: int
    """The value of `Retry-After` in seconds. 0 with 410: send no such header."""
    cause: Cause
    page: bool
    """The request is a page load. The answer may contain HTML that loads the page again after `retry_after`."""


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing more to do. Forward the response, or answer 502 after a failed dial, or nothing if the client is gone."""

    kind: ClassVar[StepKind] = StepKind.DONE
    report: Report


@dataclass(frozen=True, slots=True)
class Choose:
    """Choose one of Request.choices() and call Request.chose(), or call Request.chose_none().

    Occurs only with OptionFlag.USER_CHOOSES.
    """

    kind: ClassVar[StepKind] = StepKind.CHOOSE
    report: Report


Step: TypeAlias = Dial | Wait | Answer | Done | Choose
"""What to do next for a request."""


def report_of(out: CReport) -> Report:
    flags = ReportFlag(out.flags)
    return Report(
        flags=flags,
        suppressed=out.suppressed,
        changed=Changed(out.changed_upstream, pod_of(out.changed_pod), Verdict(out.changed_verdict))
        if ReportFlag.CHANGED in flags
        else None,
        draining=Draining(out.draining_upstream, pod_of(out.draining_pod), out.draining == 1)
        if ReportFlag.DRAINING in flags
        else None,
        background=Background(out.background_upstream, pod_of(out.background_pod))
        if ReportFlag.BACKGROUND in flags
        else None,
        dropped=Dropped(out.dropped_host, address_of(out.dropped_addr)) if ReportFlag.DROPPED in flags else None,
        outside=Outside(out.outside_upstream, address_of(out.outside_addr)) if ReportFlag.OUTSIDE in flags else None,
    )


def step_of(out: CStep) -> Step:
    report = report_of(out.report)
    match out.kind:
        case StepKind.DIAL:
            return Dial(report, out.upstream, pod_of(out.pod), out.probe == 1, out.last_choice == 1)
        case StepKind.WAIT:
            return Wait(report, out.until)
        case StepKind.ANSWER:
            return Answer(report, out.status, out.retry_after, Cause(out.cause), out.page == 1)
        case StepKind.CHOOSE:
            return Choose(report)
        case _:
            return Done(report)
