"""Decisions: what the token or the cookie of a request says about where it goes."""

from ctypes import byref, c_uint16, c_uint32, create_string_buffer
from dataclasses import dataclass
from typing import Any

from ._native.declarations import CDecision, CError
from ._handles import Handle, as_bytes
from ._native.library import library
from .addresses import Address, address_or_none, looked_up
from .errors import DoorsError, checked, optional
from .numbers import HOST_SIZE, DecisionKind, Field, PathKind, Reason, Status
from .tokens import key_ids


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a request goes, and why."""

    kind: DecisionKind
    reason: Reason
    upstream: int | None
    """The index of the upstream in the configuration, from 0; None for DecisionKind.ANY and GONE."""
    key: int | None
    """The index, from 0, of the key that opened the token or the cookie; None where none did."""
    port: int
    """The port of the upstream; 0 for DecisionKind.ANY and GONE."""
    path: PathKind
    address: Address | None
    """The address in the token (DecisionKind.POD, and GONE with Reason.NO_CIDR) or in the cookie (Reason.COOKIE); else None."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """One upstream of a configuration."""

    host: str
    """Its host, of several the first."""
    port: int


class Router(Handle):
    """Decides where requests go. It does not change. close() wipes its keys.

    `config` is JSON, such as {"secret": KEYS, "upstreams": [{"cidr": "10.0.0.0/24", "host": "svc.example", "port": 8080}]}; an
    upstream may have several "cidrs", and with several upstreams "cookie_name" is required. Raises DoorsError:
    Status.SECRET, Status.CIDR, Status.CONFIG or Status.TOO_LARGE, with the index of the upstream to blame, or of the key for SECRET.
    """

    def __init__(self, config: str | bytes) -> None:
        text, error = as_bytes(config), CError()
        super().__init__("router", text, len(text), error=error)

    def decide(self, path: str | bytes, cookies: str | bytes = "") -> Decision:
        """Decides one request, by its path as sent (escaped, with or without a query) and its Cookie header.

        DecisionKind.GONE is a decision like any other: nothing is raised for a token that does not open.
        """
        path, cookies, out = as_bytes(path), as_bytes(cookies), CDecision()
        checked(library.doors_router_decide(self._pointer, path, len(path), cookies, len(cookies), byref(out)))
        return decision_of(out)

    def lookup(self, address: Address | str) -> int | None:
        """The index of the upstream in one of whose CIDRs an address lies, the longest prefix first; None if there is none."""
        return looked_up(library.doors_router_lookup, self._pointer, address)

    def upstreams(self) -> list[Upstream]:
        """The upstreams, in the order of the configuration."""
        count, host, port, found = c_uint32(), create_string_buffer(HOST_SIZE), c_uint16(), list[Upstream]()
        checked(library.doors_router_upstreams(self._pointer, byref(count)))
        for index in range(count.value):
            checked(library.doors_router_upstream(self._pointer, index, host, byref(port)))
            found.append(Upstream(host.value.decode(), port.value))
        return found

    def key_ids(self) -> list[str]:
        """As Cipher.key_ids(). `key` of a Decision is an index into them."""
        return key_ids(library.doors_router_keys, library.doors_router_key_id, self._pointer)

    def warnings(self) -> list[str]:
        """What is allowed in the configuration but probably a mistake, one line for each."""
        error, found = CError(), list[str]()
        while (status := library.doors_router_warning(self._pointer, len(found), byref(error))) == Status.OK:
            found.append(error.message.decode())
        if status != Status.NO_MATCH:
            raise DoorsError(Status(status))
        return found


class SourceRouter(Router):
    """The router of a source, which owns it."""

    def __init__(self, source: Handle) -> None:
        self._source = source

    @property
    def _pointer(self) -> Any:  # type: ignore[override]
        return library.doors_source_router(self._source._pointer)

    def close(self) -> None:
        """Does nothing: the router is freed with its source."""


def check(field: Field, value: str | bytes) -> None:
    """Checks one value by the rules of Router, for programs that read a configuration word by word.

    Raises DoorsError: Status.SECRET, Status.CIDR or Status.CONFIG.
    """
    text, error = as_bytes(value), CError()
    checked(library.doors_check(field, text, len(text), byref(error)), error)


def decision_of(out: CDecision) -> Decision:
    return Decision(
        DecisionKind(out.kind),
        Reason(out.reason),
        optional(out.upstream),
        optional(out.key),
        out.port,
        PathKind(out.path),
        address_or_none(out.addr),
    )
