"""What a State takes and tells. Times are nanoseconds of the clock whose times are given to the calls; durations are nanoseconds."""

import ipaddress
from dataclasses import dataclass
from typing import NamedTuple

from ._native.declarations import CEvent, CEviction, CHostReport, CKnownPod
from .addresses import Address, Network, Pod, address_or_none, c_addr, pod_of
from .numbers import EventKind, EvictFlag, HostChange, IdleAnswer, LookupFailure, ReportFlag, Verdict


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of a process. What is None has the value that stands beside it."""

    max_pods: int | None = None
    """How many pods are remembered, at least 1. 10,000."""
    max_waiting: int | None = None
    """How many requests may wait for a pod at once. 4,096."""
    max_lookups: int | None = None
    """How many lookups may run at once, at least 1. 64."""
    max_slow_lookups: int | None = None
    """How many more may run, if so many have been running for over a second. 256."""
    refreshes_per_second: int | None = None
    """How many lookups a second may begin for hosts whose addresses are known, at least 1. 100."""


class Lookup(NamedTuple):
    """A lookup to begin now."""

    host: int
    """The number of the host, for the report of its end."""
    resolver: int
    """Options.resolver of the sources that use it."""
    name: str


class Due(NamedTuple):
    """The lookups to begin now, and when to ask again."""

    lookups: list[Lookup]
    again: int | None
    """None: not before a report says ReportFlag.LOOKUPS_DUE."""


@dataclass(frozen=True, slots=True)
class HostReport:
    """What the end of a lookup has changed, and what to do now."""

    change: HostChange
    flags: ReportFlag
    """ReportFlag.WAKE and LOOKUPS_DUE only."""


@dataclass(frozen=True, slots=True)
class KnownHost:
    """What is known about a host."""

    name: str
    resolver: int
    """Options.resolver of the sources that use it; 0 for an address."""
    addresses: list[Address]
    generation: int
    """Counts the changes of the addresses; 0 before the first."""
    age: int | None
    """Since the last answer with addresses; None before the first, and for an address."""
    failure: LookupFailure | None
    """Why the last lookup failed; None if it did not, or none has ended."""
    failing_for: int
    """Since the first of the failures in a row; 0 without a failure."""
    refresh: int
    """The time from one lookup to the next; 0 without users."""
    users: int
    """How many sources use it."""
    active: bool
    """Whether lookups go on."""
    partial: bool
    """Whether answers are taken for parts of the truth."""


@dataclass(frozen=True, slots=True)
class KnownPod:
    """What is known about a pod, at one moment. What did not happen, or is over, has the time None."""

    pod: Pod
    upstream: int
    """The number of its upstream, see Source.upstream()."""
    first_seen: int
    """When it was first used: a request for it began or ended, or a dial ended."""
    last_seen: int
    verdict: Verdict
    unreachable_since: int | None
    """Since when something is held against it."""
    marked_since: int | None
    """Since when its answers say that it drains."""
    draining_since: int | None
    """Since when it gets no new pages: it says that it drains, DNS does not name it, or it is evicted."""
    drained_since: int | None
    """Since when it has nothing left to do. A time to come while that is not certain."""
    evicted_since: int | None
    refused: int
    """How many dials its host has refused."""
    in_flight: int
    """Requests that were sent to it and have not ended."""
    streams: int
    """Those of them that are receiver streams: about one for each open page."""
    fresh: bool
    """Whether an upstream that used it in the last minute has it in DNS."""


@dataclass(frozen=True, slots=True)
class Idle:
    """Whether the pods at one address may be stopped, as far as their requests tell."""

    answer: IdleAnswer
    in_flight: int
    streams: int
    last_seen: int | None
    """When a pod at the address was last used; None if none was."""
    wait: int
    """The time until the answer can be IdleAnswer.YES at the earliest. 0 when it is, and while requests are in flight."""


@dataclass(frozen=True, slots=True)
class Eviction:
    """Pods to evict: those in a network, those of an upstream, or those of the upstream in the network."""

    network: Network | None = None
    """None for all addresses of the upstream."""
    upstream: int | None = None
    """The number of the upstream, see Source.upstream(); None for any."""
    rate: int | None = None
    """How many pages of an upstream are told to reload in one second; None for Options.gone_rate."""
    flags: EvictFlag = EvictFlag(0)


class KnownEviction(NamedTuple):
    """An eviction that was not undone."""

    eviction: Eviction
    since: int
    told: int
    """How many pages were told to reload."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened to a pod, or to those of an eviction."""

    number: int
    """Counts the events, from 1."""
    at: int
    kind: EventKind
    subject: Pod | Network | None
    """The pod. With EventKind.EVICTED and UNDONE the network, or None for all addresses of the upstream."""
    upstream: int | None
    """The number of the upstream; None for any."""
    pages: int
    """How many receiver streams it had then."""


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
