"""libdoors_caddy for Python 3.10 and newer: tokens, CIDR lookup, routing decisions and the state of pods.

Only the standard library is needed. The shared library is found as `libdoors_caddy.so.0.2`, or where the environment
variable DOORS_CADDY_LIBRARY says. The numbers are those of the header without DOORS_. The rules of docs/c-api.md hold: a handle may be used by any number of threads at
once (calls let other Python threads run) and is closed after the last call on it has returned, by `with`, by `close()`,
or when it is collected. Everything that fails raises DoorsError; an integer that does not fit raises OverflowError.

After os.fork(), and so in multiprocessing by "fork", a child may use all handles but State and Source: it makes its own.
"""

from __future__ import annotations

import ctypes
import ipaddress
import os
import weakref
from collections.abc import Callable, Iterable
from ctypes import POINTER, byref, c_char, c_char_p, c_int32, c_int64, c_size_t, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p
from dataclasses import dataclass
from typing import Any, TypeAlias

from doors_numbers import *

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"


# The integers that ctypes alone would cut off, with the least and the greatest value of each.
_RANGES: dict[Any, tuple[int, int]] = {
    kind: (0, 256 ** ctypes.sizeof(kind) - 1) for kind in (c_uint8, c_uint16, c_uint32, c_uint64, c_size_t)
} | {c_int32: (-(2**31), 2**31 - 1), c_int64: (-(2**63), 2**63 - 1)}


def _fits(name: str, kind: Any, value: int) -> None:
    least, greatest = _RANGES[kind]
    if not least <= value <= greatest:
        raise OverflowError(f"{name}: {value} must be from {least} to {greatest}")


class Structure(ctypes.Structure):
    """A structure whose integers must fit."""

    def __setattr__(self, name: str, value: Any) -> None:
        kind = next((kind for member, kind in self._fields_ if member == name), None)
        if kind in _RANGES:
            _fits(name, kind, value)
        super().__setattr__(name, value)


class CError(Structure):
    _fields_ = [("status", c_int32), ("index", c_uint32), ("message", c_char * 512)]


class CAddr(Structure):
    _fields_ = [("bytes", c_uint8 * 16), ("len", c_uint32)]


class CDecision(Structure):
    _fields_ = [
        ("kind", c_uint32), ("reason", c_uint32), ("upstream", c_uint32), ("key", c_uint32),
        ("port", c_uint16), ("path", c_uint16), ("addr", CAddr), ("reserved", c_uint32 * 4),
    ]  # fmt: skip


class CPod(Structure):
    _fields_ = [("addr", CAddr), ("port", c_uint16), ("reserved", c_uint16)]


class CIdle(Structure):
    _fields_ = [
        ("answer", c_uint32), ("in_flight", c_uint32), ("streams", c_uint32), ("used", c_uint32),
        ("last_seen", c_int64), ("wait", c_int64),
    ]


class CLimits(Structure):
    _fields_ = [
        ("max_pods", c_uint32), ("max_waiting", c_uint32), ("max_lookups", c_uint32), ("max_slow_lookups", c_uint32),
        ("refreshes_per_second", c_uint32), ("reserved", c_uint32 * 3),
    ]  # fmt: skip


class COptions(Structure):
    _fields_ = [
        ("gone_after", c_int64), ("drain_max", c_int64), ("roll_time", c_int64), ("page_wait", c_int64),
        ("refresh", c_int64), ("stale_max", c_int64),
        ("first_lookup", c_int64), ("resolver", c_uint64), ("gone_rate", c_uint32), ("flags", c_uint32),
        ("reserved", c_uint64 * 2),
    ]  # fmt: skip


class CKnownPod(Structure):
    _fields_ = [
        ("pod", CPod), ("upstream", c_uint64), ("first_seen", c_int64), ("last_seen", c_int64),
        ("unreachable_since", c_int64), ("marked_since", c_int64), ("draining_since", c_int64),
        ("drained_since", c_int64), ("evicted_since", c_int64), ("refused", c_uint64), ("in_flight", c_uint32),
        ("streams", c_uint32), ("verdict", c_uint32), ("fresh", c_uint32), ("marked", c_uint32), ("reserved", c_uint32 * 3),
    ]  # fmt: skip


class CEviction(Structure):
    _fields_ = [
        ("addr", CAddr), ("bits", c_uint32), ("upstream", c_uint64), ("rate", c_uint32), ("flags", c_uint32),
        ("since", c_int64), ("told", c_uint64), ("reserved", c_uint64 * 2),
    ]  # fmt: skip


class CEvent(Structure):
    _fields_ = [
        ("number", c_uint64), ("at", c_int64), ("upstream", c_uint64), ("pod", CPod), ("bits", c_uint32),
        ("kind", c_uint32), ("pages", c_uint32), ("reserved", c_uint32),
    ]  # fmt: skip


class CLookup(Structure):
    _fields_ = [
        ("host", c_uint64), ("resolver", c_uint64), ("name_len", c_uint32), ("name", c_char * 256),
        ("reserved", c_uint32),
    ]  # fmt: skip


class CHostReport(Structure):
    _fields_ = [("change", c_uint32), ("flags", c_uint32)]


class CHostState(Structure):
    _fields_ = [
        ("resolver", c_uint64), ("generation", c_uint64), ("age", c_int64), ("failing_for", c_int64),
        ("refresh", c_int64), ("failure", c_uint32), ("users", c_uint32), ("active", c_uint32),
        ("partial", c_uint32), ("reserved", c_uint32), ("name_len", c_uint32), ("name", c_char * 256),
    ]  # fmt: skip


class CRequest(Structure):
    _fields_ = [("opaque", c_uint64 * 40)]


class CReport(Structure):
    _fields_ = [
        ("flags", c_uint32), ("suppressed", c_uint32), ("dropped_host", c_uint64), ("dropped_addr", CAddr),
        ("changed_upstream", c_uint32), ("changed_pod", CPod), ("changed_verdict", c_uint32),
        ("draining_upstream", c_uint32), ("draining_pod", CPod), ("draining", c_uint32),
        ("background_upstream", c_uint32), ("background_pod", CPod), ("outside_upstream", c_uint32),
        ("outside_addr", CAddr), ("reserved", c_uint32 * 2),
    ]  # fmt: skip


class CStep(Structure):
    _fields_ = [
        ("kind", c_uint32), ("upstream", c_uint32), ("pod", CPod), ("probe", c_uint32), ("status", c_uint32),
        ("retry_after", c_uint32), ("cause", c_uint32), ("page", c_uint32), ("last_choice", c_uint32),
        ("until", c_int64), ("report", CReport),
    ]  # fmt: skip


class CPlace(Structure):
    _fields_ = [("upstream", c_uint32), ("tier", c_uint32), ("pod", CPod)]


_HANDLE, _TEXT, _LEN = c_void_p, c_char_p, c_size_t
_OUT, _ERR = POINTER(c_void_p), POINTER(CError)
# Every function, with its result and its parameters in the order of the header.
FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "doors_abi": (c_uint32,),
    "doors_version": (c_char_p,),
    "doors_status_str": (c_char_p, c_int32),
    "doors_decision_str": (c_char_p, c_uint32),
    "doors_reason_str": (c_char_p, c_uint32),
    "doors_path_str": (c_char_p, c_uint32),
    "doors_outcome_str": (c_char_p, c_uint32),
    "doors_verdict_str": (c_char_p, c_uint32),
    "doors_idle_str": (c_char_p, c_uint32),
    "doors_check": (c_int32, c_uint32, _TEXT, _LEN, _ERR),
    "doors_cipher_new": (c_int32, _TEXT, _LEN, _OUT, _ERR),
    "doors_cipher_encode": (c_int32, _HANDLE, POINTER(CAddr), POINTER(c_char), _LEN, POINTER(c_size_t)),
    "doors_cipher_decode": (c_int32, _HANDLE, _TEXT, _LEN, POINTER(CAddr), POINTER(c_uint32)),
    "doors_cipher_keys": (c_int32, _HANDLE, POINTER(c_uint32)),
    "doors_cipher_key_id": (c_int32, _HANDLE, c_uint32, c_char_p),
    "doors_cipher_free": (None, _HANDLE),
    "doors_cidrs_new": (c_int32, _TEXT, _LEN, _OUT, _ERR),
    "doors_cidrs_lookup": (c_int32, _HANDLE, POINTER(CAddr), POINTER(c_uint32)),
    "doors_cidrs_free": (None, _HANDLE),
    "doors_router_new": (c_int32, _TEXT, _LEN, _OUT, _ERR),
    "doors_router_decide": (c_int32, _HANDLE, _TEXT, _LEN, _TEXT, _LEN, POINTER(CDecision)),
    "doors_router_lookup": (c_int32, _HANDLE, POINTER(CAddr), POINTER(c_uint32)),
    "doors_router_upstreams": (c_int32, _HANDLE, POINTER(c_uint32)),
    "doors_router_upstream": (c_int32, _HANDLE, c_uint32, c_char_p, POINTER(c_uint16)),
    "doors_router_keys": (c_int32, _HANDLE, POINTER(c_uint32)),
    "doors_router_key_id": (c_int32, _HANDLE, c_uint32, c_char_p),
    "doors_router_warning": (c_int32, _HANDLE, c_uint32, _ERR),
    "doors_router_free": (None, _HANDLE),
    "doors_step_str": (c_char_p, c_uint32),
    "doors_cause_str": (c_char_p, c_uint32),
    "doors_lookup_str": (c_char_p, c_uint32),
    "doors_host_str": (c_char_p, c_uint32),
    "doors_event_str": (c_char_p, c_uint32),
    "doors_limits_init": (c_int32, POINTER(CLimits)),
    "doors_options_init": (c_int32, POINTER(COptions)),
    "doors_state_new": (c_int32, POINTER(CLimits), _OUT),
    "doors_state_limit": (c_int32, _HANDLE, c_uint32),
    "doors_state_pods": (
        c_int32, _HANDLE, POINTER(CPod), POINTER(CKnownPod), _LEN, POINTER(c_size_t), POINTER(c_size_t),
    ),
    "doors_state_verdict": (c_int32, _HANDLE, POINTER(CPod), POINTER(c_uint32)),
    "doors_state_idle": (c_int32, _HANDLE, POINTER(CAddr), c_int64, c_int64, c_int64, POINTER(CIdle)),
    "doors_state_evict": (c_int32, _HANDLE, POINTER(CEviction), c_int64),
    "doors_state_undo": (c_int32, _HANDLE, POINTER(CEviction), c_int64),
    "doors_state_evictions": (c_int32, _HANDLE, POINTER(CEviction), _LEN, POINTER(c_size_t)),
    "doors_state_events": (c_int32, _HANDLE, c_uint64, POINTER(CEvent), _LEN, POINTER(c_size_t)),
    "doors_state_free": (None, _HANDLE),
    "doors_state_due": (c_int32, _HANDLE, c_int64, c_uint64, POINTER(CLookup), _LEN, POINTER(c_size_t), POINTER(c_int64)),
    "doors_state_resolved": (c_int32, _HANDLE, c_uint64, POINTER(CAddr), _LEN, c_uint32, c_uint32, c_int64, c_uint64, POINTER(CHostReport)),
    "doors_state_resolved_late": (c_int32, _HANDLE, c_uint64, POINTER(CAddr), _LEN, c_int64, POINTER(CHostReport)),
    "doors_state_lookup_failed": (c_int32, _HANDLE, c_uint64, c_uint32, c_int64, c_uint64, POINTER(CHostReport)),
    "doors_state_host": (c_int32, _HANDLE, c_uint64, c_int64, POINTER(CHostState), POINTER(CAddr), _LEN, POINTER(c_size_t)),
    "doors_source_new": (c_int32, _HANDLE, _TEXT, _LEN, POINTER(COptions), _OUT, _ERR),
    "doors_source_router": (_HANDLE, _HANDLE),
    "doors_source_dialled": (c_int32, _HANDLE, c_uint32, POINTER(CPod), c_uint32, c_int64, c_uint64, POINTER(CReport)),
    "doors_source_use": (c_int32, _HANDLE, c_uint32, c_int64, POINTER(CReport)),
    "doors_source_upstream": (c_int32, _HANDLE, c_uint32, POINTER(c_uint64), POINTER(c_uint64)),
    "doors_source_fresh": (c_int32, _HANDLE, c_uint32, POINTER(CPod), _LEN, POINTER(c_size_t), POINTER(c_size_t)),
    "doors_source_free": (None, _HANDLE),
    "doors_request_begin": (c_int32, _HANDLE, c_uint32, c_uint32, _TEXT, _LEN, _TEXT, _LEN, c_int64, c_uint64, POINTER(CRequest), POINTER(CStep)),
    "doors_request_next": (c_int32, _HANDLE, POINTER(CRequest), c_uint32, c_int64, c_uint64, POINTER(CStep)),
    "doors_request_failed": (c_int32, _HANDLE, POINTER(CRequest), c_uint32, c_int64, c_uint64, POINTER(CStep)),
    "doors_request_resume": (c_int32, _HANDLE, POINTER(CRequest), c_int64, c_uint64, POINTER(CStep)),
    "doors_request_choices": (c_int32, _HANDLE, POINTER(CRequest), c_int64, POINTER(CPlace), _LEN, POINTER(c_size_t), POINTER(CReport)),
    "doors_request_chose": (c_int32, _HANDLE, POINTER(CRequest), c_uint32, POINTER(CPod), c_int64, POINTER(CStep)),
    "doors_request_chose_none": (c_int32, _HANDLE, POINTER(CRequest), c_int64, c_uint64, POINTER(CStep)),
    "doors_request_give_up": (c_int32, _HANDLE, POINTER(CRequest), c_uint32, c_int64, c_uint64, POINTER(CStep)),
    "doors_request_answered": (c_int32, _HANDLE, POINTER(CRequest), c_uint32, c_int64, c_uint64, POINTER(CStep)),
    "doors_request_ended": (c_int32, _HANDLE, POINTER(CRequest), c_int64),
    "doors_request_decision": (c_int32, _HANDLE, POINTER(CRequest), POINTER(CDecision)),
}


def _load() -> ctypes.CDLL:
    library = ctypes.CDLL(os.environ.get("DOORS_CADDY_LIBRARY", "libdoors_caddy.so.0.2"))
    for name, (result, *parameters) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, parameters
        setattr(library, name, _checking(name, function, parameters))
    return library


def _checking(name: str, function: Any, parameters: list[Any]) -> Any:
    """The function, which refuses integers that do not fit."""
    integers = [(index, kind) for index, kind in enumerate(parameters) if kind in _RANGES]

    def call(*arguments: Any) -> Any:
        for index, kind in integers:
            _fits(f"{name}, argument {index}", kind, arguments[index])
        return function(*arguments)

    return call if integers else function


lib = _load()


class DoorsError(Exception):
    """What went wrong: the status, the message, and the key, CIDR or upstream to blame where there is one."""

    def __init__(self, status: int, message: str | None = None, index: int | None = None) -> None:
        super().__init__(message or name_of("status", status))
        self.status = status
        self.index = index


def name_of(what: str, number: int) -> str:
    """The words for a number; `what` is the word in the name of the function, such as status."""
    words: bytes = getattr(lib, f"doors_{what}_str")(number)
    return words.decode()


def version() -> str:
    """The version of the library that was loaded."""
    text: bytes = lib.doors_version()
    return text.decode()


def check_abi(loaded: int) -> None:
    """Raises ImportError if this module was written for another interface than the loaded library speaks."""
    if loaded != ABI:
        raise ImportError(f"libdoors_caddy {version()} has interface {loaded}, but this module was written for {ABI}")


check_abi(lib.doors_abi())


def _checked(status: int, error: CError | None = None) -> None:
    if status == STATUS_OK:
        return
    if error is None:
        raise DoorsError(status)
    raise DoorsError(status, error.message.decode(), _index(error.index))


def _index(index: int) -> int | None:
    return None if index == NONE else index


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _addr(address: Address | str) -> CAddr:
    packed = ipaddress.ip_address(address).packed
    return CAddr((c_uint8 * 16)(*packed), len(packed))


def _address(addr: CAddr) -> Address | None:
    return ipaddress.ip_address(bytes(addr.bytes[: addr.len])) if addr.len else None


def check(field: int, value: str | bytes) -> None:
    """Checks one value of a configuration, by the rules of Router."""
    value, error = _bytes(value), CError()
    _checked(lib.doors_check(field, value, len(value), byref(error)), error)


# The addresses of the handles that are open. A set needs no lock, which a finaliser could wait for in vain: it may run
# between any two lines of this module, in the same thread.
_live: set[int | None] = set()


def live_handles() -> int:
    """How many handles are open."""
    return len(_live)


def _release(free: Any, pointer: c_void_p) -> None:
    _live.discard(pointer.value)  # before another handle can get this address
    free(pointer)


class _Handle:
    _kind: str

    def __init__(self, text: str | bytes) -> None:
        new, error, text = getattr(lib, f"doors_{self._kind}_new"), CError(), _bytes(text)
        self._open(lambda out: _checked(new(text, len(text), out, byref(error)), error))

    def _open(self, make: Callable[[Any], None]) -> None:
        pointer, free = c_void_p(), getattr(lib, f"doors_{self._kind}_free")
        make(byref(pointer))
        _live.add(pointer.value)
        self._pointer: c_void_p | None = pointer
        self._finalizer = weakref.finalize(self, _release, free, pointer)

    def close(self) -> None:
        """Frees the handle; a later call on it raises DoorsError. Closing twice is fine."""
        self._pointer = None
        self._finalizer()

    def __enter__(self):  # type: ignore[no-untyped-def]  # typing.Self needs Python 3.11
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Cipher(_Handle):
    """Makes and reads tokens. `secret` holds one to eight base64 keys, separated by white space."""

    _kind = "cipher"

    def __init__(self, secret: str | bytes) -> None:
        super().__init__(secret)

    def encode(self, address: Address | str) -> str:
        token, length = ctypes.create_string_buffer(TOKEN_SIZE), c_size_t()
        _checked(lib.doors_cipher_encode(self._pointer, byref(_addr(address)), token, TOKEN_SIZE, byref(length)))
        return token.value.decode()

    def decode(self, token: str | bytes) -> tuple[Address, int]:
        """The address, and which key opened the token, from 0."""
        token, addr, key = _bytes(token), CAddr(), c_uint32()
        _checked(lib.doors_cipher_decode(self._pointer, token, len(token), byref(addr), byref(key)))
        address = _address(addr)
        assert address is not None
        return address, key.value

    def key_ids(self) -> list[str]:
        """The public names of the keys, in the order of the secret."""
        return _key_ids(lib.doors_cipher_keys, lib.doors_cipher_key_id, self._pointer)


def _key_ids(keys: Any, key_id: Any, pointer: c_void_p | None) -> list[str]:
    count, text = c_uint32(), ctypes.create_string_buffer(KEY_ID_SIZE)
    _checked(keys(pointer, byref(count)))
    ids: list[str] = []
    for index in range(count.value):
        _checked(key_id(pointer, index, text))
        ids.append(text.value.decode())
    return ids


class Cidrs(_Handle):
    """A list of CIDRs, separated by white space."""

    _kind = "cidrs"

    def __init__(self, cidrs: str | bytes) -> None:
        super().__init__(cidrs)

    def lookup(self, address: Address | str) -> int | None:
        """The index of the longest CIDR that holds the address; None if none does."""
        return _lookup(lib.doors_cidrs_lookup, self._pointer, address)


def _lookup(function: Any, pointer: c_void_p | None, address: Address | str) -> int | None:
    index = c_uint32()
    status = function(pointer, byref(_addr(address)), byref(index))
    if status == STATUS_NO_MATCH:
        return None
    _checked(status)
    return index.value


@dataclass(frozen=True)
class Decision:
    kind: int
    reason: int
    upstream: int | None
    key: int | None
    port: int
    path: int
    address: Address | None


def _decision(out: CDecision) -> Decision:
    return Decision(
        out.kind, out.reason, _index(out.upstream), _index(out.key), out.port, out.path, _address(out.addr)
    )


@dataclass(frozen=True)
class Upstream:
    host: str
    port: int


class Router(_Handle):
    """Decides where requests go. `config` is the JSON of doors_router_new()."""

    _kind = "router"

    def __init__(self, config: str | bytes) -> None:
        super().__init__(config)

    def decide(self, path: str | bytes, cookies: str | bytes = "") -> Decision:
        path, cookies, out = _bytes(path), _bytes(cookies), CDecision()
        _checked(lib.doors_router_decide(self._pointer, path, len(path), cookies, len(cookies), byref(out)))
        return _decision(out)

    def lookup(self, address: Address | str) -> int | None:
        """The index of the upstream in one of whose CIDRs the address lies; None if there is none."""
        return _lookup(lib.doors_router_lookup, self._pointer, address)

    def __len__(self) -> int:
        """The number of upstreams."""
        count = c_uint32()
        _checked(lib.doors_router_upstreams(self._pointer, byref(count)))
        return count.value

    def upstream(self, index: int) -> Upstream:
        host, port = ctypes.create_string_buffer(HOST_SIZE), c_uint16()
        _checked(lib.doors_router_upstream(self._pointer, index, host, byref(port)))
        return Upstream(host.value.decode(), port.value)

    def key_ids(self) -> list[str]:
        """As those of a Cipher; Decision.key is an index in them."""
        return _key_ids(lib.doors_router_keys, lib.doors_router_key_id, self._pointer)

    def warnings(self) -> list[str]:
        found: list[str] = []
        error = CError()
        while (status := lib.doors_router_warning(self._pointer, len(found), byref(error))) == STATUS_OK:
            found.append(error.message.decode())
        if status != STATUS_NO_MATCH:
            raise DoorsError(status)
        return found


@dataclass(frozen=True)
class Pod:
    address: Address | str
    port: int


@dataclass(frozen=True)
class Idle:
    answer: int
    in_flight: int
    streams: int
    used: bool
    last_seen: int
    wait: int


def _pod(pod: Pod) -> CPod:
    return CPod(_addr(pod.address), pod.port, 0)


@dataclass(frozen=True)
class Report:
    """What was learned besides: flags REPORT_*, and the members that they name."""

    flags: int
    suppressed: int
    changed: tuple[int, Pod, int] | None
    draining: tuple[int, Pod, bool] | None
    background: tuple[int, Pod] | None
    dropped: tuple[int, Address] | None
    outside: tuple[int, Address] | None


@dataclass(frozen=True)
class Step:
    """What to do next, STEP_*, and the members that its kind names."""

    kind: int
    upstream: int
    pod: Pod | None
    probe: bool
    last_choice: bool
    status: int
    retry_after: int
    cause: int
    page: bool
    until: int
    report: Report


@dataclass(frozen=True)
class Lookup:
    host: int
    resolver: int
    name: str


@dataclass(frozen=True)
class HostReport:
    change: int
    flags: int


@dataclass(frozen=True)
class HostState:
    name: str
    resolver: int
    addresses: list[Address]
    generation: int
    age: int | None
    failure: int
    failing_for: int
    refresh: int
    users: int
    active: bool
    partial: bool


@dataclass(frozen=True)
class KnownPod:
    """Times are those of the calls."""

    pod: Pod
    upstream: int
    first_seen: int
    last_seen: int
    unreachable_since: int
    marked_since: int | None
    refused: int
    in_flight: int
    streams: int
    verdict: int
    fresh: bool
    draining_since: int
    drained_since: int
    evicted_since: int


@dataclass(frozen=True)
class Eviction:
    """The pods in a network, or None for all addresses, of an upstream, or 0 for any. `flags` is EVICT_*, or 0."""

    network: "ipaddress.IPv4Network | ipaddress.IPv6Network | None"
    upstream: int = 0
    rate: int = 0
    flags: int = 0
    since: int = 0
    told: int = 0


@dataclass(frozen=True)
class Event:
    """`kind` is EVENT_*. The address is that of the network, and `port` 0, for what happened to an eviction."""

    number: int
    at: int
    upstream: int
    address: Address | None
    port: int
    bits: int
    kind: int
    pages: int


@dataclass(frozen=True)
class Place:
    upstream: int
    tier: int
    pod: Pod


def _pod_of(pod: CPod) -> Pod:
    address = _address(pod.addr)
    assert address is not None
    return Pod(address, pod.port)


def _report(out: CReport) -> Report:
    def where(flag: int, number: int, what: Any) -> Any:
        return (number, what) if out.flags & flag else None

    changed = (out.changed_upstream, _pod_of(out.changed_pod), out.changed_verdict) if out.flags & REPORT_CHANGED else None
    draining = (out.draining_upstream, _pod_of(out.draining_pod), out.draining == 1) if out.flags & REPORT_DRAINING else None
    background = (out.background_upstream, _pod_of(out.background_pod)) if out.flags & REPORT_BACKGROUND else None
    return Report(
        out.flags, out.suppressed, changed, draining, background,
        where(REPORT_DROPPED, out.dropped_host, _address(out.dropped_addr)),
        where(REPORT_OUTSIDE, out.outside_upstream, _address(out.outside_addr)),
    )


def _step(out: CStep) -> Step:
    pod = _pod_of(out.pod) if out.pod.addr.len else None
    return Step(
        out.kind, out.upstream, pod, out.probe == 1, out.last_choice == 1, out.status, out.retry_after, out.cause,
        out.page == 1, out.until, _report(out.report),
    )


def _filled(structure: Any, init: Any, values: dict[str, int]) -> Any:
    out = structure()
    _checked(init(byref(out)))
    for name, value in values.items():
        if name == "reserved" or name not in dict(structure._fields_):
            raise TypeError(f"{name} is not one of {[field for field, _ in structure._fields_]}")
        setattr(out, name, value)
    return out


class State(_Handle):
    """What a process knows about hosts and pods; one is enough. Limits that are not given have good values.

    `now` is nanoseconds of one monotonic clock, such as time.monotonic_ns(); `random` is any number below 2**64.
    """

    _kind = "state"

    def __init__(self, **limits: int) -> None:
        c_limits = _filled(CLimits, lib.doors_limits_init, limits)
        self._open(lambda out: _checked(lib.doors_state_new(byref(c_limits), out)))

    def limit(self, max_pods: int) -> None:
        """Changes how many pods are remembered."""
        _checked(lib.doors_state_limit(self._pointer, max_pods))

    def due(self, now: int, random: int) -> tuple[list[Lookup], int | None]:
        """The lookups to begin now, and when to ask again; None for not before a report says REPORT_LOOKUPS_DUE."""
        room, count, again = (CLookup * 64)(), c_size_t(), c_int64()
        _checked(lib.doors_state_due(self._pointer, now, random, room, len(room), byref(count), byref(again)))
        lookups = [Lookup(found.host, found.resolver, found.name.decode()) for found in room[: count.value]]
        return lookups, None if again.value == NEVER else again.value

    def resolved(
        self, host: int, addresses: Iterable[Address | str], now: int, random: int, missing: int = 0, failure: int = 0
    ) -> HostReport:
        """A lookup has ended. `missing` is MISSING_*, added up, and `failure` why (LOOKUP_*)."""
        out, found = CHostReport(), [_addr(address) for address in addresses]
        arguments = (host, (CAddr * len(found))(*found), len(found), missing, failure, now, random)
        _checked(lib.doors_state_resolved(self._pointer, *arguments, byref(out)))
        return HostReport(out.change, out.flags)

    def resolved_late(self, host: int, addresses: Iterable[Address | str], now: int) -> HostReport:
        """Addresses came after their lookup was reported."""
        out, found = CHostReport(), [_addr(address) for address in addresses]
        arguments = (host, (CAddr * len(found))(*found), len(found), now)
        _checked(lib.doors_state_resolved_late(self._pointer, *arguments, byref(out)))
        return HostReport(out.change, out.flags)

    def lookup_failed(self, host: int, failure: int, now: int, random: int) -> HostReport:
        out = CHostReport()
        _checked(lib.doors_state_lookup_failed(self._pointer, host, failure, now, random, byref(out)))
        return HostReport(out.change, out.flags)

    def host(self, host: int, now: int) -> HostState:
        out, room, count = CHostState(), (CAddr * 4096)(), c_size_t()
        _checked(lib.doors_state_host(self._pointer, host, now, byref(out), room, len(room), byref(count)))
        addresses = [address for addr in room[: count.value] if (address := _address(addr)) is not None]
        return HostState(
            out.name.decode(), out.resolver, addresses, out.generation, None if out.age == NEVER else out.age,
            out.failure, out.failing_for, out.refresh, out.users, out.active == 1, out.partial == 1,
        )

    def pods(self, after: Pod | None = None, most: int = 1000) -> list[KnownPod]:
        """Pods by address (IPv4 first) and port, those after one of them."""
        room, count, known = (CKnownPod * most)(), c_size_t(), c_size_t()
        start = None if after is None else byref(_pod(after))
        _checked(lib.doors_state_pods(self._pointer, start, room, most, byref(count), byref(known)))
        return [
            KnownPod(
                _pod_of(one.pod), one.upstream, one.first_seen, one.last_seen, one.unreachable_since,
                one.marked_since if one.marked else None, one.refused, one.in_flight, one.streams, one.verdict,
                one.fresh == 1, one.draining_since, one.drained_since, one.evicted_since,
            )
            for one in room[: count.value]
        ]

    def verdict(self, pod: Pod) -> int:
        out = c_uint32()
        _checked(lib.doors_state_verdict(self._pointer, byref(_pod(pod)), byref(out)))
        return out.value

    def idle(self, address: Address | str, idle: int, started: int, now: int) -> Idle:
        out = CIdle()
        _checked(lib.doors_state_idle(self._pointer, byref(_addr(address)), idle, started, now, byref(out)))
        return Idle(out.answer, out.in_flight, out.streams, out.used == 1, out.last_seen, out.wait)

    def evict(self, eviction: Eviction, now: int) -> None:
        """Evicts pods until undo(), or changes the eviction with this target. `since` and `told` are not read."""
        _checked(lib.doors_state_evict(self._pointer, byref(_eviction(eviction)), now))

    def undo(self, eviction: Eviction, now: int) -> None:
        """Takes the eviction with this target back."""
        _checked(lib.doors_state_undo(self._pointer, byref(_eviction(eviction)), now))

    def evictions(self) -> list[Eviction]:
        """All evictions, the oldest first."""
        room, count = (CEviction * 256)(), c_size_t()
        _checked(lib.doors_state_evictions(self._pointer, room, len(room), byref(count)))
        return [
            Eviction(
                ipaddress.ip_network((_address(one.addr), one.bits)) if one.addr.len else None,
                one.upstream, one.rate, one.flags, one.since, one.told,
            )
            for one in room[: count.value]
        ]

    def events(self, after: int = 0) -> list[Event]:
        """What has happened to pods: of the last 256 events those after one, the oldest first."""
        room, count = (CEvent * 256)(), c_size_t()
        _checked(lib.doors_state_events(self._pointer, after, room, len(room), byref(count)))
        return [
            Event(one.number, one.at, one.upstream, _address(one.pod.addr), one.pod.port, one.bits, one.kind, one.pages)
            for one in room[: count.value]
        ]


def _eviction(eviction: Eviction) -> CEviction:
    network = eviction.network
    out = CEviction(upstream=eviction.upstream, rate=eviction.rate, flags=eviction.flags)
    if network is not None:
        out.addr, out.bits = _addr(network.network_address), network.prefixlen
    return out


class Source(_Handle):
    """One configuration in use. Options that are not given have good values; see doors_options."""

    _kind = "source"

    def __init__(self, state: State, config: str | bytes, **options: int) -> None:
        config, error, c_options = _bytes(config), CError(), _filled(COptions, lib.doors_options_init, options)
        arguments = (state._pointer, config, len(config), byref(c_options))
        self._open(lambda out: _checked(lib.doors_source_new(*arguments, out, byref(error)), error))

    @property
    def router(self) -> Router:
        """The router of this source, which lives as long."""
        router = object.__new__(Router)
        router._pointer, router._owner = c_void_p(lib.doors_source_router(self._pointer)), self
        return router

    def begin(self, method: int, has_body: bool, path: str | bytes, cookies: str | bytes, now: int, random: int) -> Request:
        """A request begins; `step` of what is returned says what to do."""
        path, cookies, request, step, decision = _bytes(path), _bytes(cookies), Request(self), CStep(), CDecision()
        texts = (path, len(path), cookies, len(cookies))
        outputs = (byref(request._request), byref(step))
        _checked(lib.doors_request_begin(self._pointer, method, has_body, *texts, now, random, *outputs))
        _checked(lib.doors_request_decision(self._pointer, byref(request._request), byref(decision)))
        request.step, request.decision = _step(step), _decision(decision)
        return request

    def dialled(self, upstream: int, pod: Pod, outcome: int, now: int, random: int) -> Report:
        """What became of a dial, also of one in the background."""
        out = CReport()
        _checked(lib.doors_source_dialled(self._pointer, upstream, byref(_pod(pod)), outcome, now, random, byref(out)))
        return _report(out)

    def use(self, upstream: int, now: int) -> Report:
        """Keeps the lookups of an upstream's host going."""
        out = CReport()
        _checked(lib.doors_source_use(self._pointer, upstream, now, byref(out)))
        return _report(out)

    def upstream(self, index: int) -> tuple[int, int]:
        """The numbers of the host and of the upstream, as in Lookup and KnownPod."""
        host, number = c_uint64(), c_uint64()
        _checked(lib.doors_source_upstream(self._pointer, index, byref(host), byref(number)))
        return host.value, number.value

    def fresh(self, upstream: int) -> tuple[list[Pod], list[Pod]]:
        """The pods of an upstream in DNS, those inside and those outside of its networks."""
        room, count, inside = (CPod * 4096)(), c_size_t(), c_size_t()
        _checked(lib.doors_source_fresh(self._pointer, upstream, room, len(room), byref(inside), byref(count)))
        pods = [_pod_of(pod) for pod in room[: count.value]]
        return pods[: inside.value], pods[inside.value :]


class Request:
    """One request of a Source. One thread at a time. Each call but `ended` sets `step`."""

    step: Step
    decision: Decision

    def __init__(self, source: Source) -> None:
        self._source, self._request = source, CRequest()

    def _next(self, function: Any, *arguments: Any) -> Step:
        out = CStep()
        _checked(function(self._source._pointer, byref(self._request), *arguments, byref(out)))
        self.step = _step(out)
        return self.step

    def next(self, outcome: int, now: int, random: int) -> Step:
        """The attempt has ended without an answer; its dial was told to Source.dialled()."""
        return self._next(lib.doors_request_next, outcome, now, random)

    def failed(self, outcome: int, now: int, random: int) -> Step:
        """Source.dialled() and next() in one."""
        return self._next(lib.doors_request_failed, outcome, now, random)

    def resume(self, now: int, random: int) -> Step:
        return self._next(lib.doors_request_resume, now, random)

    def choices(self, now: int) -> tuple[list[Place], Report]:
        room, count, report = (CPlace * 4096)(), c_size_t(), CReport()
        outputs = (room, len(room), byref(count), byref(report))
        _checked(lib.doors_request_choices(self._source._pointer, byref(self._request), now, *outputs))
        return [Place(one.upstream, one.tier, _pod_of(one.pod)) for one in room[: count.value]], _report(report)

    def chose(self, upstream: int, pod: Pod, now: int) -> Step:
        return self._next(lib.doors_request_chose, upstream, byref(_pod(pod)), now)

    def chose_none(self, now: int, random: int) -> Step:
        return self._next(lib.doors_request_chose_none, now, random)

    def give_up(self, outcome: int, now: int, random: int) -> Step:
        """With OPTION_USER_RETRIES: the retries are over; `outcome` is 0 if the last one was told to next()."""
        return self._next(lib.doors_request_give_up, outcome, now, random)

    def answered(self, marks: int, now: int, random: int) -> Step:
        """The pod has begun to answer; `marks` are MARK_*, added up. STEP_DONE: pass the answer on."""
        return self._next(lib.doors_request_answered, marks, now, random)

    def ended(self, now: int) -> None:
        """The request is over, however. Call it once for each begin()."""
        _checked(lib.doors_request_ended(self._source._pointer, byref(self._request), now))
