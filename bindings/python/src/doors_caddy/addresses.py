"""IP addresses, pods, and lists of CIDRs."""

import ipaddress
from ctypes import byref, c_uint8, c_uint32
from dataclasses import dataclass
from typing import Any, TypeAlias

from ._native.declarations import CAddr, CError, CPod
from ._handles import Handle, as_bytes
from ._native.library import library
from .errors import checked
from .numbers import Status

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
"""An IP address. IPv4-mapped IPv6 addresses are always returned as IPv4."""

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Pod:
    """The address and port of a pod."""

    address: Address
    port: int


class Cidrs(Handle):
    """A list of CIDRs, separated by white space. Immutable.

    Raises DoorsError with Status.CIDR and the index of the CIDR if one is malformed, a bare address or a duplicate, or has host
    bits set.
    """

    def __init__(self, cidrs: str | bytes) -> None:
        text, error = as_bytes(cidrs), CError()
        super().__init__("cidrs", text, len(text), error=error)

    def lookup(self, address: Address | str) -> int | None:
        """Returns the zero-based index of the CIDR with the longest prefix that contains an address, or None."""
        return looked_up(library.doors_cidrs_lookup, self._pointer, address)


def looked_up(function: Any, pointer: Any, address: Address | str) -> int | None:
    """Returns the index that a lookup function finds, or None."""
    index = c_uint32()
    status = function(pointer, byref(c_addr(address)), byref(index))
    if status == Status.NO_MATCH:
        return None
    checked(status)
    return index.value


def c_addr(address: Address | str) -> CAddr:
    if not isinstance(address, str | ipaddress.IPv4Address | ipaddress.IPv6Address):
        raise TypeError(f"an address must be a str, an IPv4Address or an IPv6Address, not {type(address).__name__}")
    packed = ipaddress.ip_address(address).packed
    return CAddr((c_uint8 * 16)(*packed), len(packed))


def c_pod(pod: Pod) -> CPod:
    return CPod(c_addr(pod.address), pod.port, 0)


def address_or_none(addr: CAddr) -> Address | None:
    return ipaddress.ip_address(bytes(addr.bytes[: addr.len])) if addr.len else None


def address_of(addr: CAddr) -> Address:
    return ipaddress.ip_address(bytes(addr.bytes[: addr.len]))


def pod_of(pod: CPod) -> Pod:
    return Pod(address_of(pod.addr), pod.port)
