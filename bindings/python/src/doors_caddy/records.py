"""The values that State takes and returns. Times are nanoseconds of the caller's clock; durations are nanoseconds."""

import ipaddress
from dataclasses import dataclass
from typing import NamedTuple

from ._native.declarations import CEvent, CEviction, CHostReport, CKnownPod
from .addresses import Address, Network, Pod, address_or_none, c_addr, pod_of
from .numbers import EventKind, EvictFlag, HostChange, IdleAnswer, LookupFailure, ReportFlag, Verdict


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a process. None means the default."""

    max_pods: int | None = None
    """The maximum number of remembered pods, at least 1. Default: 10,000."""
    max_waiting: int | None = None
    """The maximum number of requests that wait for a pod. Default: 4,096."""
    max_lookups: int | None = None
    """The maximum number of concurrent lookups, at least 1. Default: 64."""
    max_slow_lookups: int | None = None
    """The number of additional lookups allowed once `max_lookups` have been running for over a second. Default: 256."""
    refreshes_per_second: int | None = None
    """The maximum number of lookups started per second for hosts with known addresses, at least 1. Default: 100."""


class Lookup(NamedTuple):
    """A lookup to start now."""

    host: int
    """The host to pass to the report. Unique within a state."""
    resolver: int
    """Options.resolver of the sources that use it."""
    name: str


class Due(NamedTuple):
    """The lookups to start now, and the time of the next call."""

    lookups: list[Lookup]
    again: int | None
    """None if nothing is planned. In any case, call at once after a report with ReportFlag.LOOKUPS_DUE."""


@dataclass(frozen=True, slots=True)
class HostReport:
    """What the end of a lookup has changed, and what to do now."""

    change: HostChange
    flags: ReportFlag
    """ReportFlag.WAKE and LOOKUPS_DUE."""


@dataclass(frozen=True, slots=True)
class KnownHost:
    """What is known about a host."""

    name: str
    resolver: int
    """Options.resolver of the sources that use it; 0 for an address."""
    addresses: list[Address]
    generation: int
    """The number of changes of the addresses; 0 before the first."""
    age: int | None
    """The time since the last answer with addresses; None before the first, and for an address."""
    failure: LookupFailure | None
    """Why the last lookup failed; None if it succeeded or none has ended."""
    failing_for: int
    """The time since the first failure of the current series; 0 without a failure."""
    refresh: int
    """The interval between lookups; 0 without users."""
    users: int
    """The number of sources that use it."""
    active: bool
    """Whether lookups continue."""
    partial: bool
    """Whether answers count as partial."""


@dataclass(frozen=True, slots=True)
class KnownPod:
    """A snapshot of one pod. A time is None if the event did not happen or no longer holds."""

    pod: Pod
    upstream: int
    """The ID of its upstream, see Source.upstream()."""
    first_seen: int
    """When it was first used: a request began or ended, or a dial ended."""
    last_seen: int
    """When it was last used."""
    verdict: Verdict
    unreachable_since: int | None
    """When its verdict became other than Verdict.NONE."""
    marked_since: int | None
    """When its responses began to signal that it is draining."""
    draining_since: int | None
    """When it stopped getting new pages: it signals that it is draining, DNS does not list it, or it is evicted."""
    drained_since: int | None
    """When it ran out of work. Lies in the future until that is certain."""
    evicted_since: int | None
    refused: int
    """The number of refused dials."""
    in_flight: int
    """The number of requests in flight at the pod."""
    streams: int
    """How many of the requests in flight are receiver streams: about one per open page."""
    fresh: bool
    """Whether DNS lists it for an upstream that used it in the minute before `last_seen`."""


@dataclass(frozen=True, slots=True)
class Idle:
    """Whether the pods at one address can be stopped, judging by their requests."""

    answer: IdleAnswer
    in_flight: int
    streams: int
    last_seen: int | None
    """When a pod at the address was last used; None if none was."""
    wait: int
    """The minimum time until the answer can be IdleAnswer.YES. 0 if it already is, and while requests are in flight."""


@dataclass(frozen=True, slots=True)
class Eviction:
    """The pods to evict: those in a network, those of an upstream, or those of the upstream in the network."""

    network: Network | None = None
    """None for all addresses of the upstream."""
    upstream: int | None = None
    """The ID of the upstream, see Source.upstream(); None for any."""
    rate: int | None = None
    """How many pages per upstream and second are told to reload; None for Options.gone_rate."""
    flags: EvictFlag = EvictFlag(0)


class KnownEviction(NamedTuple):
    """An eviction in force."""

    eviction: Eviction
    since: int
    told: int
    """How many pages have been told to reload."""


@dataclass(frozen=True, slots=True)
class Event:
    """A change of a pod, or of the pods of an eviction."""

    number: int
    """A sequence number, starting at 1."""
    at: int
    kind: EventKind
    subject: Pod | Network | None
    """The pod. For EventKind.EVICTED and UNDONE: the network, or None for all addresses of the upstream."""
    upstream: int | None
    """The ID of the upstream; None for any."""
    pages: int
    """The number of receiver streams at that time."""


def host_report_of(out: CHostReport) -> HostReport:
    return HostReport(HostChange(out.change), ReportFlag(out.flags))


def known_pod_of(out: CKnownPod) -> KnownPod:
    verdict = Verdict(out.verdict)
    return KnownPod(
        pod=pod_of(out.pod),
        upstream=out.upstream,
        first_seen=out.first_seen,
        last_seen=out.last_seen,
        verdict=verdict,
        unreachable_since=None if verdict == Verdict.NONE else out.unreachable_since,
        marked_since=out.marked_since if out.marked else None,
        draining_since=out.draining_since or None,
        drained_since=out.drained_since or None,
        evicted_since=out.evicted_since or None,
        refused=out.refused,
        in_flight=out.in_flight,
        streams=out.streams,
        fresh=out.fresh == 1,
    )


def c_eviction(eviction: Eviction) -> CEviction:
    out = CEviction(upstream=eviction.upstream or 0, rate=eviction.rate or 0, flags=eviction.flags)
    if eviction.network is not None:
        out.addr, out.bits = c_addr(eviction.network.network_address), eviction.network.prefixlen
    return out


def known_eviction_of(out: CEviction) -> KnownEviction:
    address = address_or_none(out.addr)
    network = None if address is None else ipaddress.ip_network((address, out.bits))
    eviction = Eviction(network, out.upstream or None, out.rate or None, EvictFlag(out.flags))
    return KnownEviction(eviction, out.since, out.told)


def event_of(out: CEvent) -> Event:
    kind, address = EventKind(out.kind), address_or_none(out.pod.addr)
    subject: Pod | Network | None = None
    if address is not None and kind in (EventKind.EVICTED, EventKind.UNDONE):
        subject = ipaddress.ip_network((address, out.bits))
    elif address is not None:
        subject = Pod(address, out.pod.port)
    return Event(out.number, out.at, kind, subject, out.upstream or None, out.pages)
