"""Where requests of Doors pages go: tokens, decisions, and the way of a request to its pod.

    from doors_caddy import Cipher

    with Cipher("AAECAwQFBgcICQoLDA0ODw==") as cipher:
        print(cipher.decode(cipher.encode("10.0.0.7")).address)

Cipher makes and reads tokens, Cidrs finds networks, Router decides from a path and a Cookie header, State knows hosts and
pods, and Source says step by step what to do for each Request. What fails raises DoorsError; an integer that does not fit
raises OverflowError. Any number of threads may use one object, but for a Request. Nothing here prints, starts threads, asks for the time or
opens a connection.

After os.fork(), and so in multiprocessing by "fork", a child may use all that its parent has made but State and Source.
"""

from ._handles import live_handles
from ._native.library import version
from .addresses import Address, Cidrs, Network, Pod
from .decisions import Decision, Router, Upstream, check
from .errors import DoorsError
from .numbers import (
    Cause,
    DecisionKind,
    EventKind,
    EvictFlag,
    Field,
    HostChange,
    IdleAnswer,
    LookupFailure,
    Mark,
    Method,
    Missing,
    OptionFlag,
    Outcome,
    PathKind,
    Reason,
    ReportFlag,
    Status,
    StepKind,
    Verdict,
)
from .records import (
    Due,
    Event,
    Eviction,
    HostReport,
    Idle,
    KnownEviction,
    KnownHost,
    KnownPod,
    Limits,
    Lookup,
)
from .requests import Choices, Fresh, Numbers, Options, Place, Request, Source
from .state import State
from .steps import Answer, Background, Changed, Choose, Dial, Done, Draining, Dropped, Outside, Report, Step, Wait
from .tokens import Cipher, Opened

__all__ = [
    "Address",
    "Answer",
    "Background",
    "Cause",
    "Changed",
    "check",
    "Choices",
    "Choose",
    "Cidrs",
    "Cipher",
    "Decision",
    "DecisionKind",
    "Dial",
    "Done",
    "DoorsError",
    "Draining",
    "Dropped",
    "Due",
    "Event",
    "EventKind",
    "EvictFlag",
    "Eviction",
    "Field",
    "Fresh",
    "HostChange",
    "HostReport",
    "Idle",
    "IdleAnswer",
    "KnownEviction",
    "KnownHost",
    "KnownPod",
    "Limits",
    "live_handles",
    "Lookup",
    "LookupFailure",
    "Mark",
    "Method",
    "Missing",
    "Network",
    "Numbers",
    "Opened",
    "OptionFlag",
    "Options",
    "Outcome",
    "Outside",
    "PathKind",
    "Place",
    "Pod",
    "Reason",
    "Report",
    "ReportFlag",
    "Request",
    "Router",
    "Source",
    "State",
    "Status",
    "Step",
    "StepKind",
    "Upstream",
    "Verdict",
    "version",
    "Wait",
]
