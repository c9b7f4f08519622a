package conformance;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.doors.caddy.Cipher;
import dev.doors.caddy.Decision;
import dev.doors.caddy.Eviction;
import dev.doors.caddy.Host;
import dev.doors.caddy.Numbers;
import dev.doors.caddy.Numbers.EvictFlag;
import dev.doors.caddy.Numbers.LookupFailure;
import dev.doors.caddy.Numbers.Mark;
import dev.doors.caddy.Numbers.Method;
import dev.doors.caddy.Numbers.Outcome;
import dev.doors.caddy.Pod;
import dev.doors.caddy.Report;
import dev.doors.caddy.Request;
import dev.doors.caddy.Source;
import dev.doors.caddy.State;
import dev.doors.caddy.Step;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A small rollout: each call, and what it says. */
final class Flow extends Support {
    private final Cipher cipher;
    private final State state;
    private final Source source;
    private final Source.Upstream numbers;
    private final int port;
    private final long start;
    private final Map<String, Request> requests = new HashMap<>();

    private Flow(Cipher cipher, State state, Source source, int port, long start) {
        this.cipher = cipher;
        this.state = state;
        this.source = source;
        this.port = port;
        this.start = start;
        numbers = source.upstream(0);
    }

    static int flow() throws Exception {
        JsonObject script = read("tests/conformance/flow.json");
        JsonObject config = script.getAsJsonObject("config");
        int port = list(config, "upstreams").get(0).get("port").getAsInt();
        try (Cipher cipher = new Cipher(config.get("secret").getAsString());
                State state = new State();
                Source source = new Source(state, new Gson().toJson(config))) {
            check(source.router().keyIds().equals(cipher.keyIds()), "router", source.router().keyIds());
            Flow flow = new Flow(cipher, state, source, port, script.get("start").getAsLong());
            for (JsonObject step : list(script, "steps")) {
                JsonElement shown = new Gson().toJsonTree(flow.step(step));
                check(shown.toString().equals(step.get("want").toString()), step.get("name"), shown);
            }
            return list(script, "steps").size();
        }
    }

    private Object step(JsonObject step) throws Exception {
        long now = (start + step.get("seconds").getAsLong()) * SECOND, host = numbers.host();
        Pod pod = step.has("pod") ? new Pod(address(step.get("pod").getAsString()), port) : null;
        Outcome outcome = step.has("outcome") ? Outcome.of(step.get("outcome").getAsInt()) : null;
        List<InetAddress> addresses = new ArrayList<>();
        for (String address : strings(step, "addresses")) addresses.add(address(address));
        Request request = step.has("request") ? requests.get(step.get("request").getAsString()) : null;
        switch (step.get("call").getAsString()) {
            case "due":
                return state.due(now, 1).lookups().stream().map(Host.Lookup::name).toList();
            case "resolved":
                return shown(state.resolved(host, addresses, now, 1));
            case "resolved_late":
                return shown(state.resolvedLate(host, addresses, now));
            case "lookup_failed":
                return shown(state.lookupFailed(host, LookupFailure.of(step.get("failure").getAsInt()), now, 1));
            case "begin":
                return begin(step, now);
            case "dialled":
                return shown(source.dialled(0, pod, outcome, now, 1));
            case "next":
                return shown(request.next(outcome, now, 1));
            case "failed":
                return shown(request.failed(outcome, now, 1));
            case "resume":
                return shown(request.resume(now, 1));
            case "answered":
                return shown(request.answered(Mark.in(step.has("marks") ? step.get("marks").getAsInt() : 0), now, 1));
            case "ended":
                request.ended(now);
                return null;
            case "verdict":
                return state.verdict(pod).number();
            case "limit":
                state.limit(step.get("max_pods").getAsInt());
                return null;
            case "evict":
                state.evict(eviction(step, pod), now);
                return null;
            case "undo":
                state.undo(Eviction.of(pod.address(), step.get("bits").getAsInt()), now);
                return null;
            default:
                return known(step, now, pod);
        }
    }

    private Object begin(JsonObject step, long now) throws Exception {
        String path = step.get("path").getAsString().replace("{10.0.0.1}", cipher.encode(address("10.0.0.1")));
        boolean body = step.has("body") && step.get("body").getAsBoolean();
        Request request = source.begin(Method.of(step.get("method").getAsInt()), body, path, "", now, 1);
        requests.put(step.get("request").getAsString(), request);
        Decision decision = request.decision();
        List<Object> begun = new ArrayList<>(List.of(decision.kind().number()));
        begun.addAll(shown(request.step()));
        return begun;
    }

    private static Eviction eviction(JsonObject step, Pod pod) {
        Eviction out = Eviction.of(pod.address(), step.get("bits").getAsInt()).at(step.get("rate").getAsInt());
        return step.get("flags").getAsInt() == EvictFlag.IDLE_FIRST.number() ? out.idleFirst() : out;
    }

    /** What the state and the source know. */
    private Object known(JsonObject step, long now, Pod pod) {
        switch (step.get("call").getAsString()) {
            case "pods":
                return state.pods(Optional.empty(), 1000).stream().map(known -> {
                    check(known.upstream() == numbers.upstream() && known.pod().port() == port, known);
                    return List.of(text(known.pod()), since(known.firstSeen()), since(known.lastSeen()), known.refused(),
                            known.inFlight(), known.streams(), known.verdict().number(), known.fresh() ? 1 : 0);
                }).toList();
            case "host":
                Host found = state.host(numbers.host(), now);
                return List.of(found.name(), found.addresses().stream().map(InetAddress::getHostAddress).toList(), found.generation(),
                        found.failure().map(LookupFailure::number).orElse(0), found.failingFor().toSeconds(), found.users());
            case "fresh":
                Source.Fresh fresh = source.fresh(0);
                return List.of(fresh.inside().stream().map(Flow::text).toList(), fresh.outside().stream().map(Flow::text).toList());
            case "idle":
                State.Idle idle = state.idle(
                        pod.address(), Duration.ofSeconds(step.get("idle").getAsLong()), step.get("started").getAsLong() * SECOND, now);
                return List.of(idle.answer().number(), idle.inFlight(), idle.streams(), idle.used() ? 1 : 0, since(idle.lastSeen()),
                        idle.waits().toNanos());
            case "evictions":
                return state.evictions().stream().map(one -> List.of(one.network().orElseThrow().getHostAddress(), one.bits(),
                        one.upstream(), one.rate(), Numbers.sum(one.flags()), since(one.since()), one.told())).toList();
            case "events":
                return state.events(step.get("after").getAsLong()).stream().map(one -> List.of(one.number(), one.kind().number(),
                        one.address().orElseThrow().getHostAddress(), one.bits(), one.pages(), since(one.at()))).toList();
            default:
                throw new IllegalArgumentException(step.toString());
        }
    }

    private static List<Integer> shown(Host.Change change) {
        return List.of(change.change().number(), Numbers.sum(change.flags()));
    }

    private static String text(Pod pod) {
        return pod.address().getHostAddress();
    }

    private long since(long time) {
        return time == 0 ? 0 : Math.floorDiv(time, SECOND) - start;
    }

    private static List<Object> shown(Report report) {
        return Arrays.asList(
                Numbers.sum(report.flags()),
                report.changed().map(told -> List.of(text(told.pod()), told.verdict().number())).orElse(null),
                report.background().map(told -> text(told.pod())).orElse(null));
    }

    /** Kind, pod, probe, last choice, status, seconds to wait, cause, page, time in milliseconds, and the report. */
    private List<Object> shown(Step step) {
        List<Object> shown;
        if (step instanceof Step.Dial dial) {
            shown = of(1, text(dial.pod()), dial.probe() ? 1 : 0, dial.lastChoice() ? 1 : 0, 0, 0, 0, 0, 0L);
        } else if (step instanceof Step.Wait wait) {
            shown = of(2, null, 0, 0, 0, 0, 0, 0, (wait.until() - start * SECOND) / 1_000_000);
        } else if (step instanceof Step.Answer answer) {
            int page = answer.page() ? 1 : 0;
            shown = of(3, null, 0, 0, answer.status(), answer.retryAfter(), answer.cause().number(), page, 0L);
        } else {
            shown = of(step instanceof Step.Done ? 4 : 5, null, 0, 0, 0, 0, 0, 0, 0L);
        }
        shown.addAll(shown(step.report()));
        return shown;
    }

    private static List<Object> of(Object... values) {
        return new ArrayList<>(Arrays.asList(values));
    }
}
