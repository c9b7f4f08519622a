"""The shared vectors: tokens, secrets, CIDRs, decisions, configurations, and the words of numbers."""

import json
from typing import Any

import doors_caddy as doors
from doors_caddy import Cidrs, Cipher, DecisionKind, Field, Router, Status
from doors_caddy._native.library import words
from harness import check, read, refused, text


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
    statuses = {"base64": Status.TOKEN_FORMAT, "cipher": Status.TOKEN_REFUSED}
    for v in vectors["refused"]:
        with Cipher(v["secret"]) as cipher:
            error = refused(lambda: cipher.decode(text(v, "token")))
            check(error.status == statuses[v["error"]], "refused", v["name"], error)
            check(str(error) == error.status.words, "refused", v["name"], error)
    return sum(map(len, vectors.values()))


def secrets() -> int:
    vectors = read("tests/vectors/secrets.json")
    for v in vectors["accepted"]:
        config = {"secret": v["secret"], "upstreams": [{"cidr": "10.0.0.0/24", "host": "a", "port": 1}]}
        with Cipher(v["secret"]) as cipher, Router(json.dumps(config)) as router:
            check(cipher.key_ids() == v["key_ids"], v["name"], cipher.key_ids())
            check(router.key_ids() == v["key_ids"], v["name"], router.key_ids())
        doors.check(Field.SECRET, v["secret"])
    for v in vectors["refused"]:
        for call in (lambda: Cipher(v["secret"]), lambda: doors.check(Field.SECRET, v["secret"])):
            error = refused(call)
            check(error.status == Status.SECRET and error.index == v["index"], v["name"], error, error.index)
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
        check(error.status == Status.CIDR and error.index == v["index"], v["name"], error, error.index)
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
                    upstream = router.upstreams()[got.upstream]
                    check(upstream.host == upstreams[got.upstream]["host"] and upstream.port == got.port, *about)
                if got.kind == DecisionKind.POD and got.address is not None:
                    check(router.lookup(got.address) == got.upstream, *about)
    return count


def config() -> int:
    vectors = read("tests/vectors/config.json")
    for v in vectors["accepted"]:
        with Router(text(v, "json")) as router:
            found = router.upstreams()
            check(len(found) == v["upstreams"], v["name"], len(found))
            for upstream in found:
                doors.check(Field.HOST, upstream.host)
            warned = router.warnings()
            check(len(warned) == len(v["warnings"]), v["name"], warned)
            for warning, parts in zip(warned, v["warnings"]):
                check(all(part in warning for part in parts), v["name"], warning)
    for v in vectors["refused"]:
        error = refused(lambda: Router(text(v, "json")))
        check(error.status == v["status"] and error.index == v["index"], v["name"], error, error.index)
        check(names(str(error), v), v["name"], error)
    return sum(map(len, vectors.values()))


def numbers() -> int:
    """The words of every number, and "unknown" for all others; each enumeration has the numbers that have words."""
    vectors, groups = read("tests/conformance/names.json"), read("tests/conformance/groups.json")
    for what, known in vectors.items():
        for number in range(256):
            check(words(f"doors_{what}_str", number) == known.get(str(number), "unknown"), what, number)
        enumeration: Any = getattr(doors, groups[what.upper()])
        check({str(int(member)): member.words for member in enumeration} == known, what)
    return sum(map(len, vectors.values()))
