"""The base of all handles, and what their calls share."""

import weakref
from collections.abc import Callable
from ctypes import byref, c_size_t, c_void_p
from typing import Any, NoReturn, Self

from ._native.declarations import CError
from ._native.library import library
from .errors import DoorsError, checked
from .numbers import Status

# The addresses of the open handles. A set needs no lock. A finaliser may run between any two lines of this package, in the same
# thread, so waiting for a lock could deadlock.
_live: set[int | None] = set()


def live_handles() -> int:
    """The number of open handles in this process."""
    return len(_live)


def _release(free: Any, pointer: c_void_p) -> None:
    _live.discard(pointer.value)  # before another handle can get this address
    free(pointer)


class Handle:
    """An object of the library, freed by `with`, by close(), or when it is collected.

    Any number of threads may use it at the same time. Close it after the last call on it has returned.
    """

    _open: c_void_p | None

    def __init__(self, kind: str, *arguments: Any, error: CError | None = None) -> None:
        pointer, more = c_void_p(), () if error is None else (byref(error),)
        checked(getattr(library, f"doors_{kind}_new")(*arguments, byref(pointer), *more), error)
        _live.add(pointer.value)
        self._open = pointer
        self._finalizer = weakref.finalize(self, _release, getattr(library, f"doors_{kind}_free"), pointer)
        # Daemon threads may use it until the process is gone.
        self._finalizer.atexit = False

    def close(self) -> None:
        """Frees the object. Later calls on it raise DoorsError. Closing it again does nothing."""
        self._open = None
        self._finalizer()

    @property
    def _pointer(self) -> c_void_p:
        if self._open is None:
            raise DoorsError(Status.NULL_POINTER, f"this {type(self).__name__} is closed")
        return self._open

    def __reduce__(self) -> NoReturn:
        # A copy would not know that the object is freed.
        raise TypeError(f"a {type(self).__name__} can be neither copied nor pickled; create another one")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def as_bytes(text: str | bytes) -> bytes:
    """Encodes a text as UTF-8. Bytes stay as they are."""
    return text.encode() if isinstance(text, str) else text


def listed(kind: Any, call: Callable[[Any, int, Any], int], room: int = 256) -> list[Any]:
    """Returns all entries of a list. `call` gets an array, its length, and a place for the total number."""
    while True:
        found, count = (kind * room)(), c_size_t()
        checked(call(found, room, byref(count)))
        if count.value <= room:
            return list(found[: count.value])
        room = count.value
