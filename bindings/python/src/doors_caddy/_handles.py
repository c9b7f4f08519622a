"""Handles of the library, and lists that it fills."""

import weakref
from collections.abc import Callable
from ctypes import byref, c_size_t, c_void_p
from typing import Any, Self

from ._native.declarations import CError
from ._native.library import library
from .errors import checked

# The addresses of the handles that are open. A set needs no lock, for which a finaliser could wait for ever: it may run
# between any two lines of this package, in the same thread.
_live: set[int | None] = set()


def live_handles() -> int:
    """How many handles of this process are open."""
    return len(_live)


def _release(free: Any, pointer: c_void_p) -> None:
    _live.discard(pointer.value)  # before another handle can get this address
    free(pointer)


class Handle:
    """What the library has made. It is freed by `with`, by close(), or when it is collected.

    Any number of threads may use it at once. Close it after the last call on it has returned.
    """

    _pointer: c_void_p | None

    def __init__(self, kind: str, *arguments: Any, error: CError | None = None) -> None:
        pointer, more = c_void_p(), () if error is None else (byref(error),)
        checked(getattr(library, f"doors_{kind}_new")(*arguments, byref(pointer), *more), error)
        _live.add(pointer.value)
        self._pointer = pointer
        self._finalizer: Callable[[], object] = weakref.finalize(
            self, _release, getattr(library, f"doors_{kind}_free"), pointer
        )

    def close(self) -> None:
        """Frees the handle. A later call on it raises DoorsError; closing it again does nothing."""
        self._pointer = None
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def as_bytes(text: str | bytes) -> bytes:
    """A text as the library takes it: UTF-8, or the bytes as they are."""
    return text.encode() if isinstance(text, str) else text


def listed(kind: Any, call: Callable[[Any, int, Any], int], room: int = 256) -> list[Any]:
    """All that a call writes to a list: `call` gets the list, its length, and where to write how many there are."""
    while True:
        found, count = (kind * room)(), c_size_t()
        checked(call(found, room, byref(count)))
        if count.value <= room:
            return list(found[: count.value])
        room = count.value
