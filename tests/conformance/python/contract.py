"""What the vectors do not reach: errors, integers that do not fit, and the declarations against the description of the ABI."""

import copy
import ctypes
import importlib.metadata
import ipaddress
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import doors_caddy as doors
from doors_caddy import Answer, Choose, Cidrs, Cipher, Dial, Eviction, Field, HostChange, Limits, LookupFailure, Method, Missing
from doors_caddy import OptionFlag, Options, Outcome, Pod, ReportFlag, Router, Source, State, Status, Verdict, numbers
from doors_caddy._native import declarations
from doors_caddy._native.library import library
from harness import CONFIG, KEY, check, read, refused


def package() -> int:
    """What is tested is what was installed, and nothing of this repository."""
    check(Path(doors.__file__).is_relative_to(sys.prefix), "installed", doors.__file__)
    check(doors.version() == importlib.metadata.version("doors-caddy"), "version", doors.version())
    check(Path(doors.__file__).with_name("py.typed").exists(), "py.typed")
    missing = [name for name in doors.__all__ if not getattr(getattr(doors, name), "__doc__", None)]
    check(not missing, "without a docstring", missing)
    return len(doors.__all__)


def contract() -> int:
    """Errors that the vectors do not reach, each with its message."""
    cipher, table, router, state = Cipher(KEY), Cidrs("10.0.0.0/8"), Router(CONFIG), State()
    source = Source(state, CONFIG)
    owned, request = source.router, source.begin(Method.GET, "/", "", 0, 1)
    pod = Pod(ipaddress.ip_address("::"), 1)
    length, index = ctypes.c_size_t(99), ctypes.c_uint32(99)
    room = ctypes.create_string_buffer(b"#" * 60, 60)
    address = declarations.CAddr((ctypes.c_uint8 * 16)(10, 0, 0, 7), 4)
    short = declarations.CAddr((ctypes.c_uint8 * 16)(), 3)
    decision = declarations.CDecision()
    calls = [
        (Status.BUFFER, library.doors_cipher_encode(cipher._pointer, address, room, 43, length)),
        (Status.ADDRESS, library.doors_cipher_encode(cipher._pointer, short, room, 60, length)),
        (Status.ADDRESS, library.doors_cidrs_lookup(table._pointer, short, index)),
        (Status.NULL_POINTER, library.doors_cipher_encode(None, address, room, 60, length)),
        (Status.NULL_POINTER, library.doors_cipher_encode(cipher._pointer, None, room, 60, length)),
        (Status.NULL_POINTER, library.doors_cidrs_lookup(table._pointer, address, None)),
        (Status.NULL_POINTER, library.doors_router_decide(router._pointer, None, 1, None, 0, decision)),
        (Status.RANGE, library.doors_check(99, b"x", 1, None)),
    ]
    for number, (status, got) in enumerate(calls):
        check(got == status, "contract", number, got)
    check(room.raw == b"#" * 60 and length.value == 99 and index.value == 99, "outputs of failed calls")
    check(owned.key_ids() == router.key_ids() and owned.upstreams() == router.upstreams(), "the router of a source")
    owned.close()
    check(len(owned.upstreams()) == 1, "the router of a source after its close")
    state.close()
    source.close()
    source.close()
    for error, status in [
        (refused(lambda: state.verdict(pod)), Status.NULL_POINTER),
        (refused(lambda: state.limit(1)), Status.NULL_POINTER),
        (refused(lambda: owned.decide("/")), Status.NULL_POINTER),
        (refused(lambda: source.upstream(0)), Status.NULL_POINTER),
        (refused(lambda: request.resume(1, 1)), Status.NULL_POINTER),
        (refused(lambda: Router(b" " * (64 * 1024 * 1024 + 1))), Status.TOO_LARGE),
        (refused(lambda: Cidrs("")), Status.CIDR),
        (refused(lambda: Cipher("")), Status.SECRET),
        (refused(lambda: doors.check(Field.PORT, "70000")), Status.CONFIG),
        (refused(lambda: State(Limits(max_pods=0))), Status.RANGE),
    ]:
        check(error.status is status and str(error), "contract", error)
    cipher.close()
    closed = refused(lambda: cipher.encode("10.0.0.1"))
    check(closed.status is Status.NULL_POINTER and str(closed) == "this Cipher is closed", "use after close", closed)
    cipher.close()
    table.close()
    router.close()
    for free in ("cipher", "cidrs", "router", "state", "source"):
        getattr(library, f"doors_{free}_free")(None)
    with State() as state, Source(state, CONFIG) as source:
        check(refused(lambda: source.upstream(1)).status is Status.NO_MATCH, "an upstream that there is not")
        check(refused(lambda: state.host(0, 0)).status is Status.NO_MATCH, "a host that there is not")
        check(refused(lambda: state.evict(Eviction(), 0)).status is Status.ADDRESS, "an eviction without a target")
        check(refused(lambda: state.undo(Eviction(upstream=9), 0)).status is Status.NO_MATCH, "no such eviction")
        many = [f"10.1.{n // 256}.{n % 256}" for n in range(1000)]
        source.begin(Method.GET, "/", "", 0, 1)
        [lookup] = state.due(0, 1).lookups
        state.resolved(lookup.host, many, 1, 1)
        found = [str(address) for address in state.host(lookup.host, 1).addresses]
        check(len(found) > 256 and set(found) <= set(many), "a long list", len(found))
        check([str(pod.address) for pod in source.fresh(0).outside] == found, "a long list of pods")
    return len(calls)


def interface() -> int:
    """What this package declares is what the library was built with."""
    abi = read("rust/capi/abi.json")
    check(abi["abi"] == numbers.ABI == library.doors_abi(), "ABI")
    groups = read("tests/conformance/groups.json")
    for name, value in abi["constants"].items():
        group, _, member = name.removeprefix("DOORS_").partition("_")
        if group in groups and member != "SIZE":
            check(getattr(doors, groups[group])[member] == int(value), name)
        elif name not in ("DOORS_NEVER", "DOORS_NONE"):  # which are None in Python
            check(getattr(numbers, name.removeprefix("DOORS_")) == int(value), name)
    check(set(abi["functions"]) == set(declarations.FUNCTIONS), "functions")
    for name, layout in abi["structs"].items():
        structure = getattr(declarations, "C" + name.removeprefix("doors_").title().replace("_", ""))
        check(ctypes.sizeof(structure) == layout["size"], name)
        declared = [(field, getattr(structure, field).offset) for field, _ in structure._fields_]
        check(declared == [(m["name"], m["offset"]) for m in layout["members"]], name, declared)
    return len(abi["functions"])


def integers() -> int:
    """An integer that does not fit is refused and not cut off."""
    address, odd, large = ipaddress.ip_address("10.0.0.7"), 2**63, 2**32 + 1
    wrong: Any = large
    with State() as state, Source(state, CONFIG) as source:
        calls: list[Callable[[], object]] = [
            lambda: state.verdict(Pod(address, 65536)),
            lambda: state.verdict(Pod(address, -1)),
            lambda: state.limit(-1),
            lambda: state.limit(large),
            lambda: state.due(odd, 1),
            lambda: state.due(-odd - 1, 1),
            lambda: state.due(0, 2**64),
            lambda: state.due(0, -1),
            lambda: state.idle(address, odd, 0, 0),
            lambda: state.resolved(-1, [], 0, 1),
            lambda: state.resolved(1, [], 0, 1, missing=wrong),
            lambda: state.lookup_failed(1, wrong, 0, 1),
            lambda: state.evict(Eviction(upstream=2**64), 0),
            lambda: State(Limits(max_pods=large)),
            lambda: State(Limits(max_waiting=-1)),
            lambda: Source(state, CONFIG, Options(page_wait=odd)),
            lambda: Source(state, CONFIG, Options(gone_rate=-1)),
            lambda: Source(state, CONFIG, Options(resolver=2**64)),
            lambda: source.begin(wrong, "/", "", 0, 1),
            lambda: source.dialled(large, Pod(address, 80), Outcome.CONNECTED, 0, 1),
            lambda: source.dialled(0, Pod(address, 80), wrong, 0, 1),
            lambda: source.use(-1, 0),
            lambda: doors.check(wrong, "80"),
            lambda: library.doors_check(Field.PORT, b"80", -1, None),
        ]
        for number, call in enumerate(calls):
            try:
                call()
                check(False, "integers", number, "is taken")
            except OverflowError as error:
                check("must be from" in str(error), "integers", number, error)
        check(refused(lambda: state.idle(address, -1, 0, 0)).status is Status.RANGE, "integers")
        check(state.pods() == [], "integers", state.pods())
    return len(calls)


def values() -> int:
    """What must not be copied, what must survive a pool of processes, and addresses that are numbers by mistake."""
    with Cipher(KEY) as cipher:
        for make in (copy.copy, copy.deepcopy, pickle.dumps):
            check("neither copied nor pickled" in wrong(lambda: make(cipher)), make)
        for address in (7, b"\n\0\0\7", None):
            check("an address must be a str" in wrong(lambda: cipher.encode(address)), address)  # type: ignore[arg-type]
    error = refused(lambda: Cidrs("10.0.0.0/8 10.0.0.1/8"))
    again = pickle.loads(pickle.dumps(error))
    check((again.status, again.index, str(again)) == (Status.CIDR, 1, str(error)), "a pickled error", again)
    return 7


def wrong(call: Callable[[], object]) -> str:
    """The message of the TypeError that a call raises."""
    try:
        return f"no error, but {call()}"
    except TypeError as error:
        return str(error)


def policies() -> int:
    """A user's policy chooses among pods and retries, in each of the ways there are."""
    options = Options(flags=OptionFlag.USER_CHOOSES | OptionFlag.USER_RETRIES, page_wait=0)
    addresses = ["10.0.0.7", "10.0.0.8", "10.9.9.9"]
    with State(Limits(max_waiting=9)) as state, Source(state, CONFIG, options) as source:
        check(ReportFlag.LOOKUPS_DUE in source.use(0, 0).flags, "use")
        [lookup] = state.due(0, 1).lookups
        check(lookup.name == "svc.example" and lookup.host == source.upstream(0).host, lookup)
        report = state.resolved(lookup.host, addresses, 1, 1, missing=Missing.IPV6, failure=LookupFailure.TIMEOUT)
        check(report.change is HostChange.RESOLVED and ReportFlag.LOOKUPS_DUE in report.flags, report)
        fresh = source.fresh(0)
        check([len(fresh.inside), len(fresh.outside)] == [2, 1], fresh)

        request = source.begin(Method.HEAD, "/", "", 2, 1, has_body=False)
        check(isinstance(request.step, Choose), request.step)
        places, _ = request.choices(2)
        check([place.pod for place in places] == fresh.inside, places)
        step = request.chose(places[0].upstream, places[0].pod, 2)
        check(isinstance(step, Dial) and step.pod == places[0].pod, step)
        check(isinstance(request.failed(Outcome.REFUSED, 3, 1), Choose), request.step)
        check([place.pod for place in request.choices(3).places] == fresh.inside[1:], "after a refusal")
        # One tier after the other, and then all again with the pod that refused, until give_up().
        tiers: list[list[str]] = []
        while len(tiers) < 5 and isinstance(request.chose_none(4, 1), Choose):
            tiers.append([str(place.pod.address) for place in request.choices(4).places])
        check(tiers == [["10.9.9.9"], [], ["10.0.0.8"], ["10.0.0.7"], ["10.9.9.9"]], tiers)
        step = request.give_up(None, 5, 1)
        check(isinstance(step, Answer) and step.status == 503 and step.page, step)
        request.ended(6)
        check(state.pods()[0].verdict is Verdict.GONE and state.pods(fresh.inside[1]) == [], state.pods())
        check(len(state.pods(most=1)) == 1, "most")
    return len(tiers)
