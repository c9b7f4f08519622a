"""The state of hosts and pods in a process."""

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
    """What a process knows about hosts and pods. A process needs only one; it outlives configurations.

    `now` is the time of one monotonic clock in nanoseconds, such as time.monotonic_ns(). `random` is any number below 2**64,
    different for each call, such as random.getrandbits(64). Sources still work after close() of their state.
    Do not use it after os.fork(). Raises DoorsError with Status.RANGE for a limit of 0.
    """

    def __init__(self, limits: Limits = Limits()) -> None:
        super().__init__("state", byref(filled(CLimits, library.doors_limits_init, limits)))

    def limit(self, max_pods: int) -> None:
        """Changes the maximum number of remembered pods. Pods without a fault are forgotten first."""
        checked(library.doors_state_limit(self._pointer, max_pods))

    # Hosts.

    def due(self, now: int, random: int) -> Due:
        """Returns the lookups to start now. Call it from a single loop that waits for `again`.

        Always report the end of a lookup: without a report, it counts as LookupFailure.TIMEOUT after 60 s.
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
        """Reports the addresses found by a lookup, in any order.

        `missing` combines the IP versions with a missing or partial answer. `failure` is the reason, or None if the answer is
        only late. If there is no address and something is missing, the lookup counts as failed.
        """
        out, found = CHostReport(), _addrs(addresses)
        arguments = (host, found, len(found), missing, failure or 0, now, random)
        checked(library.doors_state_resolved(self._pointer, *arguments, byref(out)))
        return host_report_of(out)

    def resolved_late(self, host: int, addresses: Iterable[Address | str], now: int) -> HostReport:
        """Reports addresses that arrived after the end of their lookup was reported."""
        out, found = CHostReport(), _addrs(addresses)
        checked(library.doors_state_resolved_late(self._pointer, host, found, len(found), now, byref(out)))
        return host_report_of(out)

    def lookup_failed(self, host: int, failure: LookupFailure, now: int, random: int) -> HostReport:
        """Reports a lookup that found no addresses."""
        out = CHostReport()
        checked(library.doors_state_lookup_failed(self._pointer, host, failure, now, random, byref(out)))
        return host_report_of(out)

    def host(self, host: int, now: int) -> KnownHost:
        """Returns what is known about a host. Raises DoorsError with Status.NO_MATCH if it is unknown or forgotten."""
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
        """Returns at most `most` pods by address (IPv4 first) and port, after the pod `after` or from the first.

        If there are fewer than `most`, no more follow.
        """
        room, count, known = (CKnownPod * most)(), c_size_t(), c_size_t()
        start = None if after is None else byref(c_pod(after))
        checked(library.doors_state_pods(self._pointer, start, room, most, byref(count), byref(known)))
        return [known_pod_of(one) for one in room[: count.value]]

    def verdict(self, pod: Pod) -> Verdict:
        """Returns the verdict on a pod. Does not count as a use of the pod."""
        out = c_uint32()
        checked(library.doors_state_verdict(self._pointer, byref(c_pod(pod)), byref(out)))
        return Verdict(out.value)

    def idle(self, address: Address | str, idle: int, started: int, now: int) -> Idle:
        """Checks whether the pods at an address had no request for `idle` nanoseconds, so that they can be stopped.

        `started` is when the caller began to report requests.
        """
        out = CIdle()
        checked(library.doors_state_idle(self._pointer, byref(c_addr(address)), idle, started, now, byref(out)))
        last_seen = out.last_seen if out.used else None
        return Idle(IdleAnswer(out.answer), out.in_flight, out.streams, last_seen, out.wait)

    # Evictions and events.

    def evict(self, eviction: Eviction, now: int) -> None:
        """Evicts pods, including pods that appear later, until undo().

        They get no new pages while there are other pods, and their pages are told to reload, never faster than the rate. If an
        eviction with the same target exists, its rate and flags are changed. Raises DoorsError with Status.ADDRESS (neither a
        network nor an upstream) or TOO_MANY (there are 256 others).
        """
        checked(library.doors_state_evict(self._pointer, byref(c_eviction(eviction)), now))

    def undo(self, eviction: Eviction, now: int) -> None:
        """Cancels the eviction with this target. Raises DoorsError with Status.NO_MATCH if there is none."""
        checked(library.doors_state_undo(self._pointer, byref(c_eviction(eviction)), now))

    def evictions(self) -> list[KnownEviction]:
        """Returns all evictions, oldest first."""
        found = listed(CEviction, lambda *outputs: library.doors_state_evictions(self._pointer, *outputs))
        return [known_eviction_of(one) for one in found]

    def events(self, after: int = 0) -> list[Event]:
        """Returns the events after the one with the number `after`, oldest first. Only the last 256 are kept."""
        found = listed(CEvent, lambda *outputs: library.doors_state_events(self._pointer, after, *outputs))
        return [event_of(one) for one in found]


def _addrs(addresses: Iterable[Address | str]) -> Any:
    found = [c_addr(address) for address in addresses]
    return (CAddr * len(found))(*found)


def filled(structure: Any, init: Any, values: Any) -> Any:
    """Creates a struct with the defaults that `init` sets, and the given values."""
    out = structure()
    checked(init(byref(out)))
    for name, value in asdict(values).items():
        if value is not None:
            setattr(out, name, value)
    return out
