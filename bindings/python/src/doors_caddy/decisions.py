"""Decisions about where requests go, from their tokens and cookies."""

from ctypes import byref, c_uint16, c_uint32, c_void_p, create_string_buffer
from dataclasses import dataclass

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
    """The zero-based index of the upstream in the configuration; None for DecisionKind.ANY and GONE."""
    key: int | None
    """The zero-based index of the key that decrypted the token or cookie; None if none did."""
    port: int
    """The upstream's port; 0 for DecisionKind.ANY and GONE."""
    path: PathKind
    address: Address | None
    """The token's address (DecisionKind.POD, and GONE with Reason.NO_CIDR) or the cookie's (Reason.COOKIE), otherwise None."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """One upstream of a configuration."""

    host: str
    """The host, or the first of several hosts."""
    port: int


class Router(Handle):
    """Decides where requests go. Immutable. close() wipes its keys.

    `config` is JSON, such as {"secret": KEYS, "upstreams": [{"cidr": "10.0.0.0/24", "host": "svc.example", "port": 8080}]}.
    An upstream may have "cidrs" and "hosts" instead, which are lists. "cookie_name" is required with more than one upstream.
    Raises DoorsError with Status.SECRET, CIDR, CONFIG or TOO_LARGE, and the index of the upstream or, for SECRET, of the key.
    """

    def __init__(self, config: str | bytes) -> None:
        text, error = as_bytes(config), CError()
        super().__init__("router", text, len(text), error=error)

    def decide(self, path: str | bytes, cookies: str | bytes = "") -> Decision:
        """Decides where a request goes, by its escaped path or its whole target, and its Cookie header.

        A token that cannot be decrypted raises nothing: the decision is DecisionKind.GONE.
        """
        path, cookies, out = as_bytes(path), as_bytes(cookies), CDecision()
        checked(library.doors_router_decide(self._pointer, path, len(path), cookies, len(cookies), byref(out)))
        return decision_of(out)

    def lookup(self, address: Address | str) -> int | None:
        """Returns the index of the upstream with the CIDR that contains an address, or None. The longest prefix wins."""
        return looked_up(library.doors_router_lookup, self._pointer, address)

    def upstreams(self) -> list[Upstream]:
        """Returns the upstreams in the order of the configuration."""
        count, host, port, found = c_uint32(), create_string_buffer(HOST_SIZE), c_uint16(), list[Upstream]()
        checked(library.doors_router_upstreams(self._pointer, byref(count)))
        for index in range(count.value):
            checked(library.doors_router_upstream(self._pointer, index, host, byref(port)))
            found.append(Upstream(host.value.decode(), port.value))
        return found

    def key_ids(self) -> list[str]:
        """Returns the IDs of the keys, like Cipher.key_ids(). `key` of a Decision is an index of this list."""
        return key_ids(library.doors_router_keys, library.doors_router_key_id, self._pointer)

    def warnings(self) -> list[str]:
        """Returns one line for each setting that is valid but probably a mistake."""
        error, found = CError(), list[str]()
        while (status := library.doors_router_warning(self._pointer, len(found), byref(error))) == Status.OK:
            found.append(error.message.decode())
        if status != Status.NO_MATCH:
            raise DoorsError(Status(status))
        return found


class SourceRouter(Router):
    """The router of a source. The source owns it, and it works until the source is closed."""

    def __init__(self, source: Handle) -> None:
        self._source = source

    @property
    def _pointer(self) -> c_void_p:
        router: c_void_p = library.doors_source_router(self._source._pointer)
        return router

    def close(self) -> None:
        """Does nothing. The router is freed with its source."""


def check(field: Field, value: str | bytes) -> None:
    """Checks one value by the rules of Router, for programs that parse a configuration word by word.

    Raises DoorsError with Status.SECRET, CIDR or CONFIG.
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
