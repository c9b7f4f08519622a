"""What a process knows about hosts and pods."""

from collections.abc import Iterable
from ctypes import byref, c_int64, c_size_t, c_uint32
from dataclasses import asdict
from typing import Any

from ._handles import Handle, listed
from ._native.declarations import (
    CAddr,
    CEvent,
    CEviction,
    CHostReport,
    CHostState,
    CIdle,
    CKnownPod,
    CLimits,
    CLookup,
)
from ._native.library import library
from .addresses import Address, Pod, address_of, c_addr, c_pod
from .errors import checked
from .numbers import IdleAnswer, LookupFailure, Missing, Verdict
from .records import (
    Due,
    Event,
    Eviction,
    HostReport,
    Idle,
    KnownEviction,
    KnownHost,
    KnownPod,
    Limits,
    Lookup,
    c_eviction,
    event_of,
    host_report_of,
    known_eviction_of,
    known_pod_of,
)

_NEVER = 2**63 - 1
_LOOKUPS = 64


class State(Handle):
    """What a process knows about hosts and pods. One is enough for a process; it outlives configurations.

    `now` is nanoseconds of one monotonic clock, such as time.monotonic_ns(). `random` is any number below 2**64, another one
    for each call, such as random.getrandbits(64). The sources that were made with a state still work after its close().
    A process that was made by os.fork() makes its own. Raises DoorsError: Status.RANGE.
    """

    def __init__(self, limits: Limits = Limits()) -> None:
        super().__init__("state", byref(filled(CLimits, library.doors_limits_init, limits)))

    def limit(self, max_pods: int) -> None:
        """Changes how many pods are remembered. Pods with which nothing is wrong are forgotten first."""
        checked(library.doors_state_limit(self._pointer, max_pods))

    # Hosts.

    def due(self, now: int, random: int) -> Due:
        """Says which lookups to begin now. Report the end of each. Call it from one place: a loop that `again` drives.

        A lookup whose end is not reported counts as LookupFailure.TIMEOUT after 60 s.
        """
        room, count, again = (CLookup * _LOOKUPS)(), c_size_t(), c_int64()
        checked(library.doors_state_due(self._pointer, now, random, room, _LOOKUPS, byref(count), byref(again)))
        lookups = [Lookup(one.host, one.resolver, one.name.decode()) for one in room[: count.value]]
        return Due(lookups, None if again.value == _NEVER else again.value)

    def resolved(
        self,
        host: int,
        addresses: Iterable[Address | str],
        now: int,
        random: int,
        *,
        missing: Missing = Missing(0),
        failure: LookupFailure | None = None,
    ) -> HostReport:
        """A lookup has ended with these addresses, which may be none.

        `missing` are the IP versions about which nothing was learned, or only a part, and `failure` is why; None if they are
        only late.
        """
        out, found = CHostReport(), _addrs(addresses)
        arguments = (host, found, len(found), missing, failure or 0, now, random)
        checked(library.doors_state_resolved(self._pointer, *arguments, byref(out)))
        return host_report_of(out)

    def resolved_late(self, host: int, addresses: Iterable[Address | str], now: int) -> HostReport:
        """Addresses came after the end of their lookup was reported."""
        out, found = CHostReport(), _addrs(addresses)
        checked(library.doors_state_resolved_late(self._pointer, host, found, len(found), now, byref(out)))
        return host_report_of(out)

    def lookup_failed(self, host: int, failure: LookupFailure, now: int, random: int) -> HostReport:
        """A lookup has ended without addresses."""
        out = CHostReport()
        checked(library.doors_state_lookup_failed(self._pointer, host, failure, now, random, byref(out)))
        return host_report_of(out)

    def host(self, host: int, now: int) -> KnownHost:
        """What is known about a host, by its number. Raises DoorsError: Status.NO_MATCH."""
        out = CHostState()
        addresses = listed(
            CAddr, lambda *outputs: library.doors_state_host(self._pointer, host, now, byref(out), *outputs)
        )
        return KnownHost(
            name=out.name.decode(),
            resolver=out.resolver,
            addresses=[address_of(address) for address in addresses],
            generation=out.generation,
            age=None if out.age == _NEVER else out.age,
            failure=LookupFailure(out.failure) if out.failure else None,
            failing_for=out.failing_for,
            refresh=out.refresh,
            users=out.users,
            active=out.active == 1,
            partial=out.partial == 1,
        )

    # Pods.

    def pods(self, after: Pod | None = None, most: int = 1000) -> list[KnownPod]:
        """At most `most` pods by address (IPv4 first) and port: those after one of them, or the first. Fewer than `most`
        are all that follow."""
        room, count, known = (CKnownPod * most)(), c_size_t(), c_size_t()
        start = None if after is None else byref(c_pod(after))
        checked(library.doors_state_pods(self._pointer, start, room, most, byref(count), byref(known)))
        return [known_pod_of(one) for one in room[: count.value]]

    def verdict(self, pod: Pod) -> Verdict:
        """What is held against a pod. It does not count as a use of the pod."""
        out = c_uint32()
        checked(library.doors_state_verdict(self._pointer, byref(c_pod(pod)), byref(out)))
        return Verdict(out.value)

    def idle(self, address: Address | str, idle: int, started: int, now: int) -> Idle:
        """Whether the pods at an address had no request for `idle` nanoseconds, so that they may be stopped.

        `started` is when the caller began to report requests.
        """
        out = CIdle()
        checked(library.doors_state_idle(self._pointer, byref(c_addr(address)), idle, started, now, byref(out)))
        last_seen = out.last_seen if out.used else None
        return Idle(IdleAnswer(out.answer), out.in_flight, out.streams, last_seen, out.wait)

    # Evictions and events.

    def evict(self, eviction: Eviction, now: int) -> None:
        """Evicts pods, also those that come later, until undo(): they get no new pages while there are other pods, and their
        pages are told to reload, no faster than the rate.

        With the target of another eviction it changes the rate and the flags of that one. Raises DoorsError: Status.ADDRESS
        (neither a network nor an upstream), Status.TOO_MANY (there are 256 others).
        """
        checked(library.doors_state_evict(self._pointer, byref(c_eviction(eviction)), now))

    def undo(self, eviction: Eviction, now: int) -> None:
        """Takes the eviction with this target back. Raises DoorsError: Status.NO_MATCH."""
        checked(library.doors_state_undo(self._pointer, byref(c_eviction(eviction)), now))

    def evictions(self) -> list[KnownEviction]:
        """All evictions, the oldest first."""
        found = listed(CEviction, lambda *outputs: library.doors_state_evictions(self._pointer, *outputs))
        return [known_eviction_of(one) for one in found]

    def events(self, after: int = 0) -> list[Event]:
        """What has happened to pods: of the last 256 events those after the one with the number `after`, the oldest first."""
        found = listed(CEvent, lambda *outputs: library.doors_state_events(self._pointer, after, *outputs))
        return [event_of(one) for one in found]


def _addrs(addresses: Iterable[Address | str]) -> Any:
    found = [c_addr(address) for address in addresses]
    return (CAddr * len(found))(*found)


def filled(structure: Any, init: Any, values: Any) -> Any:
    """A struct with the values that `init` fills in, but for those that are given."""
    out = structure()
    checked(init(byref(out)))
    for name, value in asdict(values).items():
        if value is not None:
            setattr(out, name, value)
    return out
