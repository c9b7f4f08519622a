"""Tokens and routing decisions for proxies in front of Doors apps.

    from doors_caddy import Cipher

    with Cipher("AAECAwQFBgcICQoLDA0ODw==") as cipher:
        print(cipher.decode(cipher.encode("10.0.0.7")).address)

Cipher creates and decrypts tokens. Cidrs finds the network of an address. Router decides from a path and a Cookie header which
pod or upstream gets a request. State tracks hosts and pods. Source is one configuration in use, and returns for each Request,
step by step, what to do.

A call that fails raises DoorsError. An integer that does not fit raises OverflowError. Any number of threads may use an object
at the same time, except a Request. Nothing here opens a connection, reads a clock, starts a thread, prints or logs.

After os.fork() a child may use its parent's objects, except State and Source: a call on one of these never returns if another
thread of the parent was using it during the fork. Create new ones in the child.
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
from .requests import Choices, Fresh, Ids, Options, Place, Request, Source
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
    "Ids",
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
