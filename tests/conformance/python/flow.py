"""A small rollout: each call, and what it says."""

import ipaddress
import json
from typing import Any

from doors_caddy import Answer, Cipher, Dial, Eviction, EvictFlag, LookupFailure, Mark, Method, Network, Outcome, Pod, Report, Request
from doors_caddy import Source, State, Step, Wait
from harness import check, read

SECOND = 1_000_000_000


def flow() -> int:
    """A small rollout: each call, and what it says."""
    script = read("tests/conformance/flow.json")
    config, port = script["config"], script["config"]["upstreams"][0]["port"]
    requests: dict[str, Request] = {}

    def seconds(time: int | None) -> int:
        return (time or 0) // SECOND - int(script["start"]) if time else 0

    def numbers(report: Report) -> list[Any]:
        changed = report.changed and [str(report.changed.pod.address), report.changed.verdict]
        background = report.background and str(report.background.pod.address)
        return [report.flags, changed, background]

    def step_of(step: Step) -> list[Any]:
        members: list[Any] = [None, 0, 0, 0, 0, 0, 0, 0]
        match step:
            case Dial():
                members[:3] = [str(step.pod.address), int(step.probe), int(step.last_choice)]
            case Answer():
                members[3:7] = [step.status, step.retry_after, step.cause, int(step.page)]
            case Wait():
                members[7] = (step.until - script["start"] * SECOND) // 1_000_000
        return [step.kind, *members, *numbers(step.report)]

    with Cipher(config["secret"]) as cipher, State() as state, Source(state, json.dumps(config)) as source:
        check(source.router.key_ids() == cipher.key_ids(), "router", source.router.key_ids())
        host, upstream = source.upstream(0)

        def network_of(subject: Network | Pod | None) -> list[Any]:
            if isinstance(subject, Pod):
                return [str(subject.address), 0]
            return [None, 0] if subject is None else [str(subject.network_address), subject.prefixlen]

        def network(step: dict[str, Any]) -> Any:
            return ipaddress.ip_network((step["pod"], step["bits"]))

        def call(step: dict[str, Any]) -> Any:
            now = (script["start"] + step["seconds"]) * SECOND
            pod = Pod(ipaddress.ip_address(step.get("pod", "::")), port)
            request = requests.get(step.get("request", ""))
            addresses = step.get("addresses", [])
            match step["call"]:
                case "due":
                    return [lookup.name for lookup in state.due(now, 1).lookups]
                case "resolved":
                    report = state.resolved(host, addresses, now, 1)
                    return [report.change, report.flags]
                case "resolved_late":
                    report = state.resolved_late(host, addresses, now)
                    return [report.change, report.flags]
                case "lookup_failed":
                    report = state.lookup_failed(host, LookupFailure(step["failure"]), now, 1)
                    return [report.change, report.flags]
                case "begin":
                    path = step["path"].replace("{10.0.0.1}", cipher.encode("10.0.0.1"))
                    request = source.begin(Method(step["method"]), path, "", now, 1, has_body=step.get("body", False))
                    requests[step["request"]] = request
                    return [request.decision.kind, *step_of(request.step)]
                case "dialled":
                    return numbers(source.dialled(0, pod, Outcome(step["outcome"]), now, 1))
                case "verdict":
                    return state.verdict(pod)
                case "pods":
                    pods = state.pods()
                    check(all(one.upstream == upstream and one.pod.port == port for one in pods), pods)
                    return [
                        [str(one.pod.address), seconds(one.first_seen), seconds(one.last_seen), one.refused, one.in_flight]
                        + [one.streams, one.verdict, int(one.fresh)]
                        for one in pods
                    ]
                case "host":
                    known = state.host(host, now)
                    found = [str(address) for address in known.addresses]
                    return [known.name, found, known.generation, known.failure or 0, known.failing_for // SECOND, known.users]
                case "fresh":
                    return [[str(pod.address) for pod in pods] for pods in source.fresh(0)]
                case "idle":
                    idle = state.idle(step["pod"], step["idle"] * SECOND, step["started"] * SECOND, now)
                    return [idle.answer, idle.in_flight, idle.streams, int(idle.last_seen is not None), seconds(idle.last_seen), idle.wait]
                case "limit":
                    return state.limit(step["max_pods"])
                case "evict":
                    return state.evict(Eviction(network(step), None, step["rate"], EvictFlag(step["flags"])), now)
                case "undo":
                    return state.undo(Eviction(network(step)), now)
                case "evictions":
                    return [
                        [*network_of(one.network), one.upstream or 0, one.rate, one.flags, seconds(since), told]
                        for one, since, told in state.evictions()
                    ]
                case "events":
                    return [
                        [one.number, one.kind, *network_of(one.subject), one.pages, seconds(one.at)]
                        for one in state.events(step["after"])
                    ]
            assert request is not None
            match step["call"]:
                case "next":
                    return step_of(request.next(Outcome(step["outcome"]), now, 1))
                case "failed":
                    return step_of(request.failed(Outcome(step["outcome"]), now, 1))
                case "resume":
                    return step_of(request.resume(now, 1))
                case "answered":
                    return step_of(request.answered(Mark(step.get("marks", 0)), now, 1))
                case "ended":
                    return request.ended(now)
            raise AssertionError(step)

        for step in script["steps"]:
            got = call(step)
            check(got == step["want"], step["name"], got)
    return len(script["steps"])
