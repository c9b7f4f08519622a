"""Loads the shared library next to this file. Other Python threads run during its calls."""

import ctypes
from pathlib import Path
from typing import Any

from .declarations import FUNCTIONS
from .integers import RANGES, must_fit


def _checking(name: str, function: Any, parameters: list[Any]) -> Any:
    """Returns the function with a check of its integers."""
    integers = [(index, kind) for index, kind in enumerate(parameters) if kind in RANGES]

    def call(*arguments: Any) -> Any:
        for index, kind in integers:
            must_fit(f"{name}, argument {index}", kind, arguments[index])
        return function(*arguments)

    return call if integers else function


def _load() -> ctypes.CDLL:
    loaded = ctypes.CDLL(str(Path(__file__).with_name("libdoors_caddy.so")))
    for name, (result, *parameters) in FUNCTIONS.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, parameters
        setattr(loaded, name, _checking(name, function, parameters))
    return loaded


library = _load()


def words(function: str, number: int) -> str:
    """Returns the text of one of the `_str` functions."""
    text: bytes = getattr(library, function)(number)
    return text.decode()


def version() -> str:
    """The version of the library, equal to that of this package."""
    text: bytes = library.doors_version()
    return text.decode()
