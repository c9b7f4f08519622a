"""What a process does around the calls: threads, finalisers, children, and memory."""

import base64
import faulthandler
import gc
import ipaddress
import os
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import doors_caddy as doors
from doors_caddy import Cipher, Dial, Limits, Method, Router, Source, State
from harness import CONFIG, KEY, check


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


def finalisers() -> int:
    """A finaliser may run anywhere in the binding, in the same thread, and waits for nothing."""
    garbage: list[Any] = []
    for _ in range(100):
        garbage.append([Cipher(KEY)])
        garbage[-1].append(garbage[-1])
    ran, folder = 0, str(Path(doors.__file__).parent)

    def trace(frame: Any, event: str, _: object) -> Any:
        nonlocal ran
        if not frame.f_code.co_filename.startswith(folder):
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
                    step = source.begin(Method.GET, path, "", 0, 1).step
                os._exit(0 if decision.kind is doors.DecisionKind.POD and isinstance(step, Dial) else 1)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            check(status == 0, "forked", status)
        stop.set()
        for worker in workers:
            worker.join()
    return children


def exits() -> int:
    """A process may end while its daemon threads use a handle."""
    program = f"""
import threading
from doors_caddy import Cipher
cipher, started = Cipher({KEY!r}), threading.Barrier(5)
def work():
    cipher.encode("10.0.0.7")
    started.wait()
    while True:
        cipher.decode(cipher.encode("10.0.0.7"))
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
started.wait()
"""
    children = 20
    for _ in range(children):
        status = subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode
        check(status == 0, "exits", status)
    return children


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def leaks() -> int:
    """No handle is left open, and handles that are made and freed do not add up."""
    eight = " ".join(base64.b64encode(bytes([n] * 32)).decode() for n in range(8))

    def rounds(count: int) -> None:
        for _ in range(count):
            with Cipher(eight), Router(CONFIG), State(Limits(max_pods=100)) as state, Source(state, CONFIG):
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
