"""Counts what was checked, and keeps what did not hold."""

import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from doors_caddy import DoorsError, Status

ROOT = Path(sys.argv[1])
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
CONFIG = '{"secret": "%s", "upstreams": [{"cidr": "10.0.0.0/24", "host": "svc.example", "port": 8080}]}' % KEY

failures: list[str] = []
checks = 0


def check(holds: object, *about: object) -> None:
    global checks
    checks += 1
    if not holds:
        failures.append(": ".join(map(str, about)))


def read(path: str) -> Any:
    return json.loads((ROOT / path).read_text(encoding="utf-8"))


def text(vector: dict[str, Any], member: str) -> bytes:
    """The bytes of a member, or of its _base64 form."""
    encoded = vector.get(member + "_base64")
    plain: str = vector.get(member, "")
    return base64.b64decode(encoded) if encoded is not None else plain.encode()


def refused(call: Callable[[], object]) -> DoorsError:
    """The error that a call raises."""
    try:
        call()
    except DoorsError as error:
        return error
    failures.append("a call that must fail succeeded")
    return DoorsError(Status.OK, "no error")
