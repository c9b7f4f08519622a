"""The exception that this package raises."""

from typing import Any

from ._native.declarations import CError
from .numbers import Status

_NONE = 2**32 - 1


class DoorsError(Exception):
    """A call failed. The message is one line, and never contains a key or a token.

    `status` is the reason. `index` is the zero-based index of the invalid key (secrets), CIDR (Cidrs) or upstream
    (configurations), or None.
    """

    def __init__(self, status: Status, message: str | None = None, index: int | None = None) -> None:
        super().__init__(message or status.words)
        self.status = status
        self.index = index

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.status, str(self), self.index)


def optional(index: int) -> int | None:
    """Returns an index, or None for DOORS_NONE."""
    return None if index == _NONE else index


def checked(status: int, error: CError | None = None) -> None:
    """Raises DoorsError if a call failed, with the message and the index in `error`, if given."""
    if status == Status.OK:
        return
    if error is None:
        raise DoorsError(Status(status))
    raise DoorsError(Status(status), error.message.decode(), optional(error.index))
