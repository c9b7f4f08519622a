"""Runs the Python binding over the shared vectors:  python3 conformance.py REPOSITORY

In:  tests/vectors, tests/conformance/names.json and flow.json, rust/capi/abi.json; the library of DOORS_CADDY_LIBRARY.
Out: how many vectors of each file were checked; exit status 0 only if all hold.
"""

from __future__ import annotations

import base64
import ctypes
import faulthandler
import gc
import ipaddress
import json
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import doors_caddy as doors
from doors_caddy import Cidrs, Cipher, DoorsError, Pod, Router, Source, State, lib

ROOT = Path(sys.argv[1])
SECOND = 1_000_000_000
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
    return base64.b64decode(encoded) if encoded is not None else vector[member].encode()


def refused(call: Callable[[], object]) -> DoorsError:
    """The error that a call raises."""
    try:
        call()
    except DoorsError as error:
        return error
    failures.append("a call that must fail succeeded")
    return DoorsError(doors.STATUS_OK, "no error")


def names(message: str, vector: dict[str, Any]) -> bool:
    return all(part in message for part in vector.get("contains", [])) and not any(
        part in message for part in vector.get("never", [])
    )


def tokens() -> int:
    vectors = read("tests/vectors/tokens.json")
    for v in vectors["accepted"]:
        with Cipher(v["secret"]) as cipher:
            address, key = cipher.decode(v["token"])
            check((str(address), key) == (v["address"], v["key"]), "accepted", v["name"])
    for v in vectors["encoded"]:
        with Cipher(v["secret"]) as cipher:
            token = cipher.encode(v["address"])
            check(len(token) == v["length"], "encoded", v["name"], token)
            check(str(cipher.decode(token)[0]) == v["decodes_to"], "encoded", v["name"])
    statuses = {"base64": doors.STATUS_TOKEN_FORMAT, "cipher": doors.STATUS_TOKEN_REFUSED}
    for v in vectors["refused"]:
        with Cipher(v["secret"]) as cipher:
            error = refused(lambda: cipher.decode(text(v, "token")))
            check(error.status == statuses[v["error"]], "refused", v["name"], error)
            check(str(error) == doors.name_of("status", error.status), "refused", v["name"], error)
    return sum(map(len, vectors.values()))


def secrets() -> int:
    vectors = read("tests/vectors/secrets.json")
    for v in vectors["accepted"]:
        config = {"secret": v["secret"], "upstreams": [{"cidr": "10.0.0.0/24", "host": "a", "port": 1}]}
        with Cipher(v["secret"]) as cipher, Router(json.dumps(config)) as router:
            check(cipher.key_ids() == v["key_ids"], v["name"], cipher.key_ids())
            check(router.key_ids() == v["key_ids"], v["name"], router.key_ids())
        doors.check(doors.FIELD_SECRET, v["secret"])
    for v in vectors["refused"]:
        for call in (lambda: Cipher(v["secret"]), lambda: doors.check(doors.FIELD_SECRET, v["secret"])):
            error = refused(call)
            check(error.status == doors.STATUS_SECRET and error.index == v["index"], v["name"], error, error.index)
            leaked = [key for key in v["secret"].split() if len(key) > 8 and key[:8] in str(error)]
            check(str(error) and not leaked, v["name"], error)
    return sum(map(len, vectors.values()))


def cidrs() -> int:
    vectors = read("tests/vectors/cidrs.json")
    count = 0
    for v in vectors["tables"]:
        with Cidrs(" ".join(v["cidrs"])) as table:
            for lookup in v["lookups"]:
                check(table.lookup(lookup["address"]) == lookup["index"], v["name"], lookup)
                count += 1
    for v in vectors["refused"]:
        error = refused(lambda: Cidrs(" ".join(v["cidrs"])))
        check(error.status == doors.STATUS_CIDR and error.index == v["index"], v["name"], error, error.index)
        check(names(str(error), v), v["name"], error)
    return count + len(vectors["refused"])


def decisions() -> int:
    count = 0
    for v in read("tests/vectors/decisions.json")["routers"]:
        upstreams = v["config"]["upstreams"]
        with Router(json.dumps(v["config"])) as router:
            for request in v["requests"]:
                count += 1
                got = router.decide(text(request, "path"), text(request, "cookies"))
                about = (v["name"], request["name"], got)
                check(got.kind == request["kind"] and got.reason == request["reason"], *about)
                check(got.upstream == request["upstream"] and got.key == request["key"], *about)
                check(got.port == request["port"] and got.path == request["path_kind"], *about)
                address = None if got.address is None else str(got.address)
                check(address == request["address"], *about)
                if got.upstream is not None:
                    upstream = router.upstream(got.upstream)
                    check(upstream.host == upstreams[got.upstream]["host"] and upstream.port == got.port, *about)
                if got.kind == doors.DECISION_POD and got.address is not None:
                    check(router.lookup(got.address) == got.upstream, *about)
    return count


def config() -> int:
    vectors = read("tests/vectors/config.json")
    for v in vectors["accepted"]:
        with Router(text(v, "json")) as router:
            check(len(router) == v["upstreams"], v["name"], len(router))
            for index in range(len(router)):
                doors.check(doors.FIELD_HOST, router.upstream(index).host)
            warnings = router.warnings()
            check(len(warnings) == len(v["warnings"]), v["name"], warnings)
            for warning, parts in zip(warnings, v["warnings"]):
                check(all(part in warning for part in parts), v["name"], warning)
    for v in vectors["refused"]:
        error = refused(lambda: Router(text(v, "json")))
        check(error.status == v["status"] and error.index == v["index"], v["name"], error, error.index)
        check(names(str(error), v), v["name"], error)
    return sum(map(len, vectors.values()))


def numbers() -> int:
    """The words of every number, and "unknown" for all others."""
    vectors = read("tests/conformance/names.json")
    for what, words in vectors.items():
        for number in range(256):
            check(doors.name_of(what, number) == words.get(str(number), "unknown"), what, number)
    return sum(map(len, vectors.values()))


def contract() -> int:
    """Errors that the vectors do not reach, each with its message."""
    cipher, table, router, state = Cipher(KEY), Cidrs("10.0.0.0/8"), Router(CONFIG), State()
    state.close()
    length, index = ctypes.c_size_t(99), ctypes.c_uint32(99)
    room = ctypes.create_string_buffer(b"#" * 60, 60)
    address, short = doors.CAddr((ctypes.c_uint8 * 16)(10, 0, 0, 7), 4), doors.CAddr((ctypes.c_uint8 * 16)(), 3)
    calls = [
        (doors.STATUS_BUFFER, lib.doors_cipher_encode(cipher._pointer, address, room, 43, length)),
        (doors.STATUS_ADDRESS, lib.doors_cipher_encode(cipher._pointer, short, room, 60, length)),
        (doors.STATUS_ADDRESS, lib.doors_cidrs_lookup(table._pointer, short, index)),
        (doors.STATUS_NULL_POINTER, lib.doors_cipher_encode(None, address, room, 60, length)),
        (doors.STATUS_NULL_POINTER, lib.doors_cipher_encode(cipher._pointer, None, room, 60, length)),
        (doors.STATUS_NULL_POINTER, lib.doors_cidrs_lookup(table._pointer, address, None)),
        (doors.STATUS_NULL_POINTER, lib.doors_router_decide(router._pointer, None, 1, None, 0, doors.CDecision())),
        (doors.STATUS_RANGE, lib.doors_check(99, b"x", 1, None)),
    ]
    for number, (status, got) in enumerate(calls):
        check(got == status, "contract", number, got)
    check(room.raw == b"#" * 60 and length.value == 99 and index.value == 99, "outputs of failed calls")
    for error, status in [
        (refused(lambda: router.upstream(1)), doors.STATUS_NO_MATCH),
        (refused(lambda: state.verdict(Pod("::", 1))), doors.STATUS_NULL_POINTER),
        (refused(lambda: Router(b" " * (64 * 1024 * 1024 + 1))), doors.STATUS_TOO_LARGE),
        (refused(lambda: Cidrs("")), doors.STATUS_CIDR),
        (refused(lambda: Cipher("")), doors.STATUS_SECRET),
        (refused(lambda: doors.check(doors.FIELD_PORT, "70000")), doors.STATUS_CONFIG),
        (refused(lambda: State(max_pods=0)), doors.STATUS_RANGE),
        (refused(lambda: state.limit(1)), doors.STATUS_NULL_POINTER),
    ]:
        check(error.status == status and str(error), "contract", error)
    try:
        doors.check_abi(doors.ABI + 1)
        check(False, "another interface is accepted")
    except ImportError as error:
        check("interface 2" in str(error), error)
    cipher.close()
    check(refused(lambda: cipher.encode("10.0.0.1")).status == doors.STATUS_NULL_POINTER, "use after close")
    cipher.close()
    table.close()
    router.close()
    for free in ("cipher", "cidrs", "router", "state", "source"):
        getattr(lib, f"doors_{free}_free")(None)
    return len(calls)


def interface() -> int:
    """What this binding declares is what the library was built with."""
    abi = read("rust/capi/abi.json")
    check(abi["abi"] == doors.ABI, "ABI")
    for name, value in abi["constants"].items():
        number = {"UINT32_MAX": doors.NONE, "INT64_MAX": 2**63 - 1}.get(value) or int(value)
        check(getattr(doors, name.removeprefix("DOORS_"), None) == number, name)
    check(set(abi["functions"]) == set(doors.FUNCTIONS), set(abi["functions"]) ^ set(doors.FUNCTIONS))
    for name, layout in abi["structs"].items():
        structure = getattr(doors, "C" + name.removeprefix("doors_").title().replace("_", ""))
        check(ctypes.sizeof(structure) == layout["size"], name)
        declared = [(field, getattr(structure, field).offset) for field, _ in structure._fields_]
        check(declared == [(m["name"], m["offset"]) for m in layout["members"]], name, declared)
    return len(abi["functions"])


def flow() -> int:
    """A small rollout: each call, and what it says."""
    script = read("tests/conformance/flow.json")
    config, port = script["config"], script["config"]["upstreams"][0]["port"]
    requests: dict[str, doors.Request] = {}

    def seconds(time: int) -> int:
        return time // SECOND - script["start"] if time else 0

    def numbers(report: doors.Report) -> list[Any]:
        changed = report.changed and [str(report.changed[1].address), report.changed[2]]
        background = report.background and str(report.background[1].address)
        return [report.flags, changed, background]

    def step_of(step: doors.Step) -> list[Any]:
        pod = step.pod and str(step.pod.address)
        flags = [int(step.probe), int(step.last_choice), step.status, step.retry_after, step.cause, int(step.page)]
        until = (step.until - script["start"] * SECOND) // 1_000_000 if step.until else 0
        return [step.kind, pod, *flags, until, *numbers(step.report)]

    with Cipher(config["secret"]) as cipher, State() as state, Source(state, json.dumps(config)) as source:
        check(source.router.key_ids() == cipher.key_ids(), "router", source.router.key_ids())
        host, upstream = source.upstream(0)

        def network(step: dict[str, Any]) -> Any:
            return ipaddress.ip_network((step["pod"], step["bits"]))

        def call(step: dict[str, Any]) -> Any:
            now, pod = (script["start"] + step["seconds"]) * SECOND, Pod(step.get("pod", "::"), port)
            request = requests.get(step.get("request", ""))
            addresses = step.get("addresses", [])
            match step["call"]:
                case "due":
                    return [lookup.name for lookup in state.due(now, 1)[0]]
                case "resolved":
                    report = state.resolved(host, addresses, now, 1)
                    return [report.change, report.flags]
                case "resolved_late":
                    report = state.resolved_late(host, addresses, now)
                    return [report.change, report.flags]
                case "lookup_failed":
                    report = state.lookup_failed(host, step["failure"], now, 1)
                    return [report.change, report.flags]
                case "begin":
                    path = step["path"].replace("{10.0.0.1}", cipher.encode("10.0.0.1"))
                    request = source.begin(step["method"], step.get("body", False), path, "", now, 1)
                    requests[step["request"]] = request
                    return [request.decision.kind, *step_of(request.step)]
                case "dialled":
                    return numbers(source.dialled(0, pod, step["outcome"], now, 1))
                case "verdict":
                    return state.verdict(pod)
                case "pods":
                    known = state.pods()
                    check(all(one.upstream == upstream and one.pod.port == port for one in known), known)
                    return [
                        [str(one.pod.address), seconds(one.first_seen), seconds(one.last_seen), one.refused, one.in_flight]
                        + [one.streams, one.verdict, int(one.fresh)]
                        for one in known
                    ]
                case "host":
                    known = state.host(host, now)
                    found = [str(address) for address in known.addresses]
                    return [known.name, found, known.generation, known.failure, known.failing_for // SECOND, known.users]
                case "fresh":
                    return [[str(pod.address) for pod in pods] for pods in source.fresh(0)]
                case "idle":
                    idle = state.idle(step["pod"], step["idle"] * SECOND, step["started"] * SECOND, now)
                    return [idle.answer, idle.in_flight, idle.streams, int(idle.used), seconds(idle.last_seen), idle.wait]
                case "limit":
                    return state.limit(step["max_pods"])
                case "evict":
                    return state.evict(doors.Eviction(network(step), 0, step["rate"], step["flags"]), now)
                case "undo":
                    return state.undo(doors.Eviction(network(step)), now)
                case "evictions":
                    return [
                        [str(one.network.network_address), one.network.prefixlen, one.upstream, one.rate, one.flags]
                        + [seconds(one.since), one.told]
                        for one in state.evictions()
                        if one.network is not None
                    ]
                case "events":
                    return [
                        [one.number, one.kind, str(one.address), one.bits, one.pages, seconds(one.at)]
                        for one in state.events(step["after"])
                    ]
            assert request is not None
            match step["call"]:
                case "next":
                    return step_of(request.next(step["outcome"], now, 1))
                case "failed":
                    return step_of(request.failed(step["outcome"], now, 1))
                case "resume":
                    return step_of(request.resume(now, 1))
                case "answered":
                    return step_of(request.answered(step.get("marks", 0), now, 1))
                case "ended":
                    return request.ended(now)
            raise AssertionError(step)

        for step in script["steps"]:
            got = call(step)
            check(got == step["want"], step["name"], got)
    return len(script["steps"])


def threads() -> int:
    """One cipher and one router, used by 8 threads at once."""
    wrong: list[object] = []
    start = threading.Barrier(8)

    def work(last: int) -> None:
        start.wait()
        for _ in range(500):
            decision = router.decide(f"/~/{cipher.encode(f'10.0.0.{last}')}/s/1")
            if decision.address != ipaddress.ip_address(f"10.0.0.{last}"):
                wrong.append(decision)

    with Cipher(KEY) as cipher, Router(CONFIG) as router:
        workers = [threading.Thread(target=work, args=(n + 1,)) for n in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    check(not wrong, "threads", wrong[:1])
    return len(workers)


def integers() -> int:
    """An integer that does not fit is refused and not cut off."""
    pod, odd = Pod("10.0.0.7", 80), 2**63
    with State() as state, Source(state, CONFIG) as source:
        calls: list[Callable[[], object]] = [
            lambda: state.verdict(Pod("10.0.0.7", 65536)),
            lambda: state.verdict(Pod("10.0.0.7", -1)),
            lambda: state.limit(-1),
            lambda: state.limit(2**32),
            lambda: state.due(odd, 1),
            lambda: state.due(-odd - 1, 1),
            lambda: state.due(0, 2**64),
            lambda: state.due(0, -1),
            lambda: state.idle("10.0.0.7", odd, 0, 0),
            lambda: state.resolved(-1, [], 0, 1),
            lambda: state.resolved(1, [], 0, 1, missing=2**32 + 1),
            lambda: state.lookup_failed(1, 2**32 + 1, 0, 1),
            lambda: State(max_pods=2**32),
            lambda: State(max_waiting=-1),
            lambda: Source(state, CONFIG, page_wait=odd),
            lambda: Source(state, CONFIG, gone_rate=-1),
            lambda: Source(state, CONFIG, resolver=2**64),
            lambda: source.begin(2**32 + 1, False, "/", "", 0, 1),
            lambda: source.dialled(2**32, pod, 1, 0, 1),
            lambda: source.dialled(0, pod, 2**32 + 1, 0, 1),
            lambda: source.use(-1, 0),
            lambda: doors.check(2**32 + doors.FIELD_PORT, "80"),
            lambda: doors.name_of("status", 2**32),
            lambda: lib.doors_check(doors.FIELD_PORT, b"80", -1, None),
        ]
        for number, call in enumerate(calls):
            try:
                call()
                check(False, "integers", number, "is taken")
            except OverflowError as error:
                check("must be from" in str(error), "integers", number, error)
        check(refused(lambda: state.idle("10.0.0.7", -1, 0, 0)).status == doors.STATUS_RANGE, "integers")
        check(state.pods() == [], "integers", state.pods())
    return len(calls)


def finalisers() -> int:
    """A finaliser may run anywhere in the binding, in the same thread, and waits for nothing."""
    garbage: list[Any] = []
    for _ in range(100):
        garbage.append([Cipher(KEY)])
        garbage[-1].append(garbage[-1])
    ran = 0

    def trace(frame: Any, event: str, _: object) -> Any:
        nonlocal ran
        if frame.f_code.co_filename != doors.__file__:
            return None
        if event == "line" and garbage:
            del garbage[-1]
            ran += gc.collect() > 0
        return trace

    gc.disable()
    faulthandler.dump_traceback_later(60, exit=True)
    sys.settrace(trace)
    while garbage:
        Cipher(KEY).close()
    sys.settrace(None)
    faulthandler.cancel_dump_traceback_later()
    gc.enable()
    check(ran > 10 and doors.live_handles() == 0, "finalisers", ran, doors.live_handles())
    return ran


def forked() -> int:
    """A child uses what its parent has made, while other threads of the parent use it."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            router.decide(f"/~/{cipher.encode('10.0.0.7')}/s/1")

    with Cipher(KEY) as cipher, Router(CONFIG) as router:
        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        children = 20
        for _ in range(children):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of Python itself, which cannot know about threads
                child = os.fork()
            if child == 0:
                signal.alarm(60)
                path = f"/~/{cipher.encode('10.0.0.7')}/s/1"
                decision = router.decide(path)
                with State() as state, Source(state, CONFIG) as source:
                    step = source.begin(doors.METHOD_GET, False, path, "", 0, 1).step
                os._exit(0 if decision.kind == doors.DECISION_POD and step.kind == doors.STEP_DIAL else 1)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            check(status == 0, "forked", status)
        stop.set()
        for worker in workers:
            worker.join()
    return children


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def leaks() -> int:
    """No handle is left open, and handles that are made and freed do not add up."""
    eight = " ".join(base64.b64encode(bytes([n] * 32)).decode() for n in range(8))

    def rounds(count: int) -> None:
        for _ in range(count):
            with Cipher(eight), Router(CONFIG), State(max_pods=100) as state, Source(state, CONFIG):
                pass

    rounds(500)
    before = resident()
    rounds(5000)
    grown = resident() - before
    check(grown < 8 << 20, "memory has grown by", grown)
    Cipher(KEY)
    gc.collect()
    check(doors.live_handles() == 0, "handles left open", doors.live_handles())
    return 5000


def main() -> int:
    for part in (tokens, secrets, cidrs, decisions, config, numbers, contract, interface, flow, threads, integers, finalisers, forked, leaks):
        print(f"{part.__name__} {part()}")
    for failure in failures[:20]:
        print(failure, file=sys.stderr)
    print(f"{checks} checks, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
