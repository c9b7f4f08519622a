"""What the calls of this package raise."""

from ._native.declarations import CError
from .numbers import Status

_NONE = 2**32 - 1


class DoorsError(Exception):
    """A call failed. The message is one line and never holds a key or a token.

    `status` says why. `index` is the place, from 0, of the key (for a secret), the CIDR (for Cidrs) or the upstream (for a
    configuration) to blame; None if there is none.
    """

    def __init__(self, status: Status, message: str | None = None, index: int | None = None) -> None:
        super().__init__(message or status.words)
        self.status = status
        self.index = index


def optional(index: int) -> int | None:
    """An index, of which the library says that there is none by its greatest number."""
    return None if index == _NONE else index


def checked(status: int, error: CError | None = None) -> None:
    """Raises DoorsError unless a call succeeded; with what the call wrote to `error`, if it has one."""
    if status == Status.OK:
        return
    if error is None:
        raise DoorsError(Status(status))
    raise DoorsError(Status(status), error.message.decode(), optional(error.index))
