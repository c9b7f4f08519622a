"""Checks of integers, which ctypes would truncate."""

import ctypes
from ctypes import c_int32, c_int64, c_size_t, c_uint8, c_uint16, c_uint32, c_uint64
from typing import Any

# The minimum and maximum of each type.
RANGES: dict[Any, tuple[int, int]] = {
    kind: (0, 256 ** ctypes.sizeof(kind) - 1) for kind in (c_uint8, c_uint16, c_uint32, c_uint64, c_size_t)
} | {c_int32: (-(2**31), 2**31 - 1), c_int64: (-(2**63), 2**63 - 1)}


def must_fit(name: str, kind: Any, value: int) -> None:
    """Raises OverflowError if `value` does not fit into `kind`."""
    least, greatest = RANGES[kind]
    if not least <= value <= greatest:
        raise OverflowError(f"{name}: {value} must be from {least} to {greatest}")


class Structure(ctypes.Structure):
    """A struct that rejects integers that do not fit."""

    def __setattr__(self, name: str, value: Any) -> None:
        kind = next((kind for member, kind, *_ in self._fields_ if member == name), None)
        if kind in RANGES:
            must_fit(name, kind, value)
        super().__setattr__(name, value)
