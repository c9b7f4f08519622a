package conformance;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.jna.Structure;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import dev.doors.caddy.Doors;
import dev.doors.caddy.Doors.Cidrs;
import dev.doors.caddy.Doors.Cipher;
import dev.doors.caddy.Doors.Router;
import dev.doors.caddy.DoorsException;
import dev.doors.caddy.DoorsLibrary;
import dev.doors.caddy.Flow;
import dev.doors.caddy.Numbers;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

/**
 * Runs the Java binding over the shared vectors: Conformance REPOSITORY.
 *
 * <p>In: tests/vectors, tests/conformance/names.json and flow.json, rust/capi/abi.json; the library of DOORS_CADDY_LIBRARY. Out:
 * how many vectors of each file were checked; exit status 0 only if all hold.
 */
public final class Conformance {
    private static final int SECRET = 10, CIDR = 11, CONFIG = 12, TOO_LARGE = 13;
    private static final int FIELD_SECRET = 1, FIELD_HOST = 4, FIELD_PORT = 5, KIND_POD = 1;
    private static final DoorsLibrary LIBRARY = Doors.LIBRARY;
    private static final String KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    private static final long SECOND = 1_000_000_000L;
    private static final byte[] ROUTER = bytes("{\"secret\": \"" + KEY
            + "\", \"upstreams\": [{\"cidr\": \"10.0.0.0/24\", \"host\": \"svc.example\", \"port\": 8080}]}");

    private final Path root;
    private final List<String> failures = new ArrayList<>();
    private int checks;

    private Conformance(Path root) {
        this.root = root;
    }

    public static void main(String[] arguments) throws Exception {
        Conformance run = new Conformance(Path.of(arguments[0]));
        Map<String, Callable<Integer>> parts = new java.util.LinkedHashMap<>();
        parts.put("tokens", run::tokens);
        parts.put("secrets", run::secrets);
        parts.put("cidrs", run::cidrs);
        parts.put("decisions", run::decisions);
        parts.put("config", run::config);
        parts.put("numbers", run::numbers);
        parts.put("contract", run::contract);
        parts.put("interface", run::declarations);
        parts.put("flow", run::flow);
        parts.put("integers", run::integers);
        parts.put("threads", run::threads);
        parts.put("leaks", run::leaks);
        for (Map.Entry<String, Callable<Integer>> part : parts.entrySet()) {
            System.out.println(part.getKey() + " " + part.getValue().call());
        }
        run.failures.stream().limit(20).forEach(System.err::println);
        System.out.println(run.checks + " checks, " + run.failures.size() + " failed");
        System.exit(run.failures.isEmpty() ? 0 : 1);
    }

    private void check(boolean holds, Object... about) {
        checks++;
        if (!holds) failures.add(Arrays.deepToString(about));
    }

    private JsonObject read(String path) throws IOException {
        return JsonParser.parseString(Files.readString(root.resolve(path))).getAsJsonObject();
    }

    private static List<JsonObject> list(JsonObject object, String member) {
        return StreamSupport.stream(object.getAsJsonArray(member).spliterator(), false)
                .map(JsonElement::getAsJsonObject)
                .toList();
    }

    private static List<String> strings(JsonObject object, String member) {
        if (!object.has(member)) return List.of();
        return StreamSupport.stream(object.getAsJsonArray(member).spliterator(), false)
                .map(JsonElement::getAsString)
                .toList();
    }

    private static int total(JsonObject vectors) {
        return vectors.entrySet().stream()
                .mapToInt(e -> e.getValue() instanceof JsonArray a ? a.size() : e.getValue().getAsJsonObject().size())
                .sum();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** The bytes of a member, or of its _base64 form. */
    private static byte[] text(JsonObject vector, String member) {
        JsonElement encoded = vector.get(member + "_base64");
        return encoded == null
                ? bytes(vector.get(member).getAsString())
                : Base64.getDecoder().decode(encoded.getAsString());
    }

    private static OptionalInt index(JsonElement value) {
        return value.isJsonNull() ? OptionalInt.empty() : OptionalInt.of(value.getAsInt());
    }

    /** The bytes of an address. Java itself turns ::ffff:a.b.c.d into IPv4; the library is to do that here. */
    private static byte[] packed(String address) throws UnknownHostException {
        boolean mapped = address.matches("::ffff:[0-9.]+");
        byte[] parsed = InetAddress.getByName(address).getAddress();
        if (!mapped) return parsed;
        byte[] out = new byte[16];
        out[10] = out[11] = (byte) 0xff;
        System.arraycopy(parsed, 0, out, 12, 4);
        return out;
    }

    private static boolean same(byte[] address, JsonElement expected) throws UnknownHostException {
        return Arrays.equals(address, expected.isJsonNull() ? null : packed(expected.getAsString()));
    }

    /** The error that a call throws. */
    private DoorsException refused(Callable<?> call) throws Exception {
        try {
            Object made = call.call();
            throw new IllegalStateException("a call that must fail gave " + made);
        } catch (DoorsException error) {
            return error;
        }
    }

    /** An error is the one that a vector wants. */
    private void expect(DoorsException error, int status, JsonObject vector) {
        String message = error.getMessage(), name = vector.get("name").getAsString();
        check(error.status() == status && !message.isEmpty(), name, message);
        check(error.index().equals(index(vector.get("index"))), name, message, error.index());
        for (String part : strings(vector, "contains")) check(message.contains(part), name, message, part);
        for (String part : strings(vector, "never")) check(!message.contains(part), name, message, part);
    }

    private int tokens() throws Exception {
        JsonObject vectors = read("tests/vectors/tokens.json");
        for (JsonObject v : list(vectors, "accepted")) {
            try (Cipher cipher = new Cipher(v.get("secret").getAsString())) {
                Doors.Opened opened = cipher.decode(text(v, "token"));
                check(same(opened.address(), v.get("address")) && opened.key() == v.get("key").getAsInt(), v);
            }
        }
        for (JsonObject v : list(vectors, "encoded")) {
            try (Cipher cipher = new Cipher(v.get("secret").getAsString())) {
                String token = cipher.encode(packed(v.get("address").getAsString()));
                check(token.length() == v.get("length").getAsInt(), v, token);
                check(same(cipher.decode(bytes(token)).address(), v.get("decodes_to")), v);
            }
        }
        Map<String, Integer> statuses = Map.of("base64", 20, "cipher", 21);
        for (JsonObject v : list(vectors, "refused")) {
            try (Cipher cipher = new Cipher(v.get("secret").getAsString())) {
                DoorsException error = refused(() -> cipher.decode(text(v, "token")));
                check(error.status() == statuses.get(v.get("error").getAsString()), v, error.status());
                check(error.getMessage().equals(LIBRARY.doors_status_str(error.status())), v, error.getMessage());
            }
        }
        return total(vectors);
    }

    private int secrets() throws Exception {
        JsonObject vectors = read("tests/vectors/secrets.json");
        for (JsonObject v : list(vectors, "accepted")) {
            String secret = v.get("secret").getAsString();
            String json = "{\"secret\": " + v.get("secret")
                    + ", \"upstreams\": [{\"cidr\": \"10.0.0.0/24\", \"host\": \"a\", \"port\": 1}]}";
            try (Cipher cipher = new Cipher(secret);
                    Router router = new Router(bytes(json))) {
                check(cipher.keyIds().equals(strings(v, "key_ids")), v, cipher.keyIds());
                check(router.keyIds().equals(strings(v, "key_ids")), v, router.keyIds());
            }
            Doors.check(FIELD_SECRET, secret);
        }
        for (JsonObject v : list(vectors, "refused")) {
            String secret = v.get("secret").getAsString();
            List<Callable<?>> calls = List.of(() -> new Cipher(secret), () -> {
                Doors.check(FIELD_SECRET, secret);
                return "nothing";
            });
            for (Callable<?> call : calls) {
                DoorsException error = refused(call);
                expect(error, SECRET, v);
                for (String key : secret.split("\\s+")) {
                    check(key.length() <= 8 || !error.getMessage().contains(key.substring(0, 8)), v, error.getMessage());
                }
            }
        }
        return total(vectors);
    }

    private int cidrs() throws Exception {
        JsonObject vectors = read("tests/vectors/cidrs.json");
        int count = vectors.getAsJsonArray("refused").size();
        for (JsonObject v : list(vectors, "tables")) {
            try (Cidrs table = new Cidrs(String.join(" ", strings(v, "cidrs")))) {
                for (JsonObject lookup : list(v, "lookups")) {
                    OptionalInt found = table.lookup(packed(lookup.get("address").getAsString()));
                    check(found.equals(index(lookup.get("index"))), v.get("name"), lookup);
                    count++;
                }
            }
        }
        for (JsonObject v : list(vectors, "refused")) {
            expect(refused(() -> new Cidrs(String.join(" ", strings(v, "cidrs")))), CIDR, v);
        }
        return count;
    }

    private int decisions() throws Exception {
        int count = 0;
        for (JsonObject v : list(read("tests/vectors/decisions.json"), "routers")) {
            JsonObject config = v.getAsJsonObject("config");
            List<JsonObject> upstreams = list(config, "upstreams");
            try (Router router = new Router(bytes(new Gson().toJson(config)))) {
                for (JsonObject request : list(v, "requests")) {
                    count++;
                    Doors.Decision got = router.decide(text(request, "path"), text(request, "cookies"));
                    check(got.kind() == request.get("kind").getAsInt(), v.get("name"), request, got);
                    check(got.reason() == request.get("reason").getAsInt(), v.get("name"), request, got);
                    check(got.upstream().equals(index(request.get("upstream"))), v.get("name"), request, got);
                    check(got.key().equals(index(request.get("key"))), v.get("name"), request, got);
                    check(got.port() == request.get("port").getAsInt(), v.get("name"), request, got);
                    check(got.path() == request.get("path_kind").getAsInt(), v.get("name"), request, got);
                    check(same(got.address().orElse(null), request.get("address")), v.get("name"), request, got);
                    if (got.upstream().isPresent()) {
                        Doors.Upstream upstream = router.upstream(got.upstream().getAsInt());
                        String host = upstreams.get(got.upstream().getAsInt()).get("host").getAsString();
                        check(upstream.host().equals(host) && upstream.port() == got.port(), request, upstream);
                    }
                    if (got.kind() == KIND_POD) {
                        check(router.lookup(got.address().orElseThrow()).equals(got.upstream()), request, got);
                    }
                }
            }
        }
        return count;
    }

    private int config() throws Exception {
        JsonObject vectors = read("tests/vectors/config.json");
        for (JsonObject v : list(vectors, "accepted")) {
            try (Router router = new Router(text(v, "json"))) {
                check(router.size() == v.get("upstreams").getAsInt(), v.get("name"), router.size());
                for (int i = 0; i < router.size(); i++) Doors.check(FIELD_HOST, router.upstream(i).host());
                List<String> warnings = router.warnings();
                JsonArray wanted = v.getAsJsonArray("warnings");
                check(warnings.size() == wanted.size(), v.get("name"), warnings);
                for (int i = 0; i < Math.min(warnings.size(), wanted.size()); i++) {
                    for (JsonElement part : wanted.get(i).getAsJsonArray()) {
                        check(warnings.get(i).contains(part.getAsString()), v.get("name"), warnings);
                    }
                }
            }
        }
        for (JsonObject v : list(vectors, "refused")) {
            expect(refused(() -> new Router(text(v, "json"))), v.get("status").getAsInt(), v);
        }
        return total(vectors);
    }

    /** The words of every number, and "unknown" for all others. */
    private int numbers() throws Exception {
        JsonObject vectors = read("tests/conformance/names.json");
        Map<String, IntFunction<String>> functions = Map.ofEntries(
                Map.entry("status", LIBRARY::doors_status_str),
                Map.entry("decision", LIBRARY::doors_decision_str),
                Map.entry("reason", LIBRARY::doors_reason_str),
                Map.entry("path", LIBRARY::doors_path_str),
                Map.entry("outcome", LIBRARY::doors_outcome_str),
                Map.entry("verdict", LIBRARY::doors_verdict_str),
                Map.entry("idle", LIBRARY::doors_idle_str),
                Map.entry("step", LIBRARY::doors_step_str),
                Map.entry("cause", LIBRARY::doors_cause_str),
                Map.entry("lookup", LIBRARY::doors_lookup_str),
                Map.entry("host", LIBRARY::doors_host_str),
                Map.entry("event", LIBRARY::doors_event_str));
        check(vectors.keySet().equals(functions.keySet()), vectors.keySet());
        for (Map.Entry<String, IntFunction<String>> function : functions.entrySet()) {
            JsonObject words = vectors.getAsJsonObject(function.getKey());
            for (int n = 0; n < 256; n++) {
                JsonElement word = words.get(Integer.toString(n));
                String wanted = word == null ? "unknown" : word.getAsString();
                check(function.getValue().apply(n).equals(wanted), function.getKey(), n);
            }
        }
        return total(vectors);
    }

    /** Errors that the vectors do not reach, each with its message. */
    private int contract() throws Exception {
        Cipher cipher = new Cipher(KEY);
        Cidrs table = new Cidrs("10.0.0.0/8");
        Router router = new Router(ROUTER);
        byte[] address = {10, 0, 0, 7}, room = bytes("#".repeat(60)), nothing = {};
        DoorsLibrary.CAddr addr = new DoorsLibrary.CAddr(), shorter = new DoorsLibrary.CAddr();
        addr.len = 4;
        shorter.len = 3;
        LongByReference length = new LongByReference(99);
        IntByReference index = new IntByReference(99);
        DoorsLibrary.CDecision decision = new DoorsLibrary.CDecision();
        int[][] calls = {
            {Numbers.STATUS_BUFFER, LIBRARY.doors_cipher_encode(cipher.pointer(), addr, room, 43, length)},
            {Numbers.STATUS_ADDRESS, LIBRARY.doors_cipher_encode(cipher.pointer(), shorter, room, 60, length)},
            {Numbers.STATUS_ADDRESS, LIBRARY.doors_cidrs_lookup(table.pointer(), shorter, index)},
            {Numbers.STATUS_NULL_POINTER, LIBRARY.doors_cipher_encode(null, addr, room, 60, length)},
            {Numbers.STATUS_NULL_POINTER, LIBRARY.doors_cipher_encode(cipher.pointer(), null, room, 60, length)},
            {Numbers.STATUS_NULL_POINTER, LIBRARY.doors_cidrs_lookup(table.pointer(), addr, null)},
            {Numbers.STATUS_NULL_POINTER, LIBRARY.doors_router_decide(router.pointer(), null, 1, null, 0, decision)},
            {Numbers.STATUS_RANGE, LIBRARY.doors_check(99, bytes("x"), 1, null)},
        };
        for (int[] call : calls) check(call[0] == call[1], "contract", call);
        check(new String(room, StandardCharsets.US_ASCII).equals("#".repeat(60)), "a failed call wrote a token");
        check(length.getValue() == 99 && index.getValue() == 99, "outputs of failed calls");
        check(router.decide(nothing, nothing).kind() == 3, "an empty path");
        byte[] large = new byte[64 * 1024 * 1024 + 1];
        Arrays.fill(large, (byte) ' ');
        cipher.close();
        cipher.close();
        check(refused(() -> new Flow.State(limits -> limits.max_pods = 0)).status() == Numbers.STATUS_RANGE, "no pods");
        Map<Callable<?>, Integer> failing = Map.of(
                () -> router.upstream(1), Numbers.STATUS_NO_MATCH,
                () -> cipher.encode(address), Numbers.STATUS_NULL_POINTER,
                () -> table.lookup(nothing), Numbers.STATUS_ADDRESS,
                () -> new Router(large), TOO_LARGE,
                () -> new Cidrs(""), CIDR,
                () -> new Cipher(""), SECRET,
                () -> {
                    Doors.check(FIELD_PORT, "70000");
                    return "nothing";
                }, CONFIG);
        for (Map.Entry<Callable<?>, Integer> call : failing.entrySet()) {
            DoorsException error = refused(call.getKey());
            check(error.status() == call.getValue() && !error.getMessage().isEmpty(), error.status(), error.getMessage());
        }
        table.close();
        router.close();
        String problem = "";
        try {
            Doors.checkAbi(Numbers.ABI + 1);
        } catch (IllegalStateException error) {
            problem = error.getMessage();
        }
        check(problem.contains("interface 2"), "another interface", problem);
        LIBRARY.doors_cipher_free(null);
        LIBRARY.doors_cidrs_free(null);
        LIBRARY.doors_router_free(null);
        LIBRARY.doors_state_free(null);
        LIBRARY.doors_source_free(null);
        return calls.length;
    }

    /** Gives the offsets that JNA keeps to itself. */
    private static int offset(Structure structure, String member) throws ReflectiveOperationException {
        Method method = Structure.class.getDeclaredMethod("fieldOffset", String.class);
        method.setAccessible(true);
        return (int) method.invoke(structure, member);
    }

    /** What this binding declares is what the library was built with. */
    private int declarations() throws Exception {
        JsonObject abi = read("rust/capi/abi.json");
        check(abi.get("abi").getAsInt() == Numbers.ABI, "ABI");
        for (Map.Entry<String, JsonElement> number : abi.getAsJsonObject("constants").entrySet()) {
            String value = number.getValue().getAsString();
            long wanted = value.equals("UINT32_MAX") ? -1 : value.equals("INT64_MAX") ? Long.MAX_VALUE : Long.parseLong(value);
            check(Numbers.class.getField(number.getKey().substring(6)).getLong(null) == wanted, number.getKey());
        }
        TreeSet<String> declared = Arrays.stream(DoorsLibrary.class.getDeclaredMethods())
                .map(Method::getName)
                .filter(name -> name.startsWith("doors_"))
                .collect(Collectors.toCollection(TreeSet::new));
        check(declared.equals(new TreeSet<>(abi.getAsJsonObject("functions").keySet())), declared);
        Map<String, Structure> structs = Map.ofEntries(
                Map.entry("doors_error", new DoorsLibrary.CError()),
                Map.entry("doors_addr", new DoorsLibrary.CAddr()),
                Map.entry("doors_decision", new DoorsLibrary.CDecision()),
                Map.entry("doors_pod", new DoorsLibrary.CPod()),
                Map.entry("doors_idle", new DoorsLibrary.CIdle()),
                Map.entry("doors_limits", new DoorsLibrary.CLimits()),
                Map.entry("doors_options", new DoorsLibrary.COptions()),
                Map.entry("doors_known_pod", new DoorsLibrary.CKnownPod()),
                Map.entry("doors_eviction", new DoorsLibrary.CEviction()),
                Map.entry("doors_event", new DoorsLibrary.CEvent()),
                Map.entry("doors_lookup", new DoorsLibrary.CLookup()),
                Map.entry("doors_host_report", new DoorsLibrary.CHostReport()),
                Map.entry("doors_host_state", new DoorsLibrary.CHostState()),
                Map.entry("doors_request", new DoorsLibrary.CRequest()),
                Map.entry("doors_report", new DoorsLibrary.CReport()),
                Map.entry("doors_step", new DoorsLibrary.CStep()),
                Map.entry("doors_place", new DoorsLibrary.CPlace()));
        JsonObject layouts = abi.getAsJsonObject("structs");
        check(layouts.keySet().equals(structs.keySet()), layouts.keySet());
        for (Map.Entry<String, Structure> entry : structs.entrySet()) {
            JsonObject layout = layouts.getAsJsonObject(entry.getKey());
            check(layout.get("size").getAsInt() == entry.getValue().size(), entry.getKey());
            for (JsonObject member : list(layout, "members")) {
                int offset = offset(entry.getValue(), member.get("name").getAsString());
                check(offset == member.get("offset").getAsInt(), entry.getKey(), member);
            }
        }
        return declared.size();
    }

    private static long seconds(JsonObject step, String member) {
        return step.get(member).getAsLong() * SECOND;
    }

    /** A small rollout: each call, and what it says. */
    private int flow() throws Exception {
        JsonObject script = read("tests/conformance/flow.json");
        JsonObject config = script.getAsJsonObject("config");
        long start = script.get("start").getAsLong();
        int port = list(config, "upstreams").get(0).get("port").getAsInt();
        Map<String, Flow.Request> requests = new java.util.HashMap<>();
        try (Cipher cipher = new Cipher(config.get("secret").getAsString());
                Flow.State state = new Flow.State();
                Flow.Source source = new Flow.Source(state, bytes(new Gson().toJson(config)))) {
            check(source.router().keyIds().equals(cipher.keyIds()), "router", source.router().keyIds());
            long[] numbers = source.upstream(0);
            for (JsonObject step : list(script, "steps")) {
                Object got = flowStep(step, start, port, numbers, cipher, state, source, requests);
                JsonElement shown = new Gson().toJsonTree(got);
                check(shown.toString().equals(step.get("want").toString()), step.get("name"), shown);
            }
        }
        return script.getAsJsonArray("steps").size();
    }

    private Object flowStep(
            JsonObject step, long start, int port, long[] numbers, Cipher cipher, Flow.State state, Flow.Source source,
            Map<String, Flow.Request> requests) throws Exception {
        long now = (start + step.get("seconds").getAsLong()) * SECOND, host = numbers[0];
        Doors.Pod pod = step.has("pod") ? new Doors.Pod(packed(step.get("pod").getAsString()), port) : null;
        int outcome = step.has("outcome") ? step.get("outcome").getAsInt() : 0;
        List<byte[]> addresses = new ArrayList<>();
        for (String address : strings(step, "addresses")) addresses.add(packed(address));
        Flow.Request request = step.has("request") ? requests.get(step.get("request").getAsString()) : null;
        switch (step.get("call").getAsString()) {
            case "due":
                return state.due(now, 1).lookups().stream().map(Flow.Lookup::name).toList();
            case "resolved":
                return told(state.resolved(host, addresses, 0, 0, now, 1));
            case "resolved_late":
                return told(state.resolvedLate(host, addresses, now));
            case "lookup_failed":
                return told(state.lookupFailed(host, step.get("failure").getAsInt(), now, 1));
            case "begin":
                String path = step.get("path").getAsString();
                path = path.replace("{10.0.0.1}", cipher.encode(packed("10.0.0.1")));
                boolean body = step.has("body") && step.get("body").getAsBoolean();
                request = source.begin(step.get("method").getAsInt(), body, bytes(path), new byte[0], now, 1);
                requests.put(step.get("request").getAsString(), request);
                List<Object> begun = new ArrayList<>(List.of(request.decision().kind()));
                begun.addAll(shown(request.step(), start));
                return begun;
            case "dialled":
                return shown(source.dialled(0, pod, outcome, now, 1));
            case "next":
                return shown(request.next(outcome, now, 1), start);
            case "failed":
                return shown(request.failed(outcome, now, 1), start);
            case "resume":
                return shown(request.resume(now, 1), start);
            case "answered":
                return shown(request.answered(step.has("marks") ? step.get("marks").getAsInt() : 0, now, 1), start);
            case "ended":
                request.ended(now);
                return null;
            case "verdict":
                return state.verdict(pod);
            case "pods":
                return state.pods(null, 1000).stream().map(known -> {
                    check(known.upstream() == numbers[1] && known.pod().port() == port, known);
                    return List.of(dotted(known.pod()), since(known.firstSeen(), start), since(known.lastSeen(), start),
                            known.refused(), known.inFlight(), known.streams(), known.verdict(), known.fresh() ? 1 : 0);
                }).toList();
            case "host":
                Flow.Host found = state.host(host, now);
                List<String> texts = found.addresses().stream().map(address -> dotted(new Doors.Pod(address, 0))).toList();
                return List.of(found.name(), texts, found.generation(), found.failure(), found.failingFor() / SECOND, found.users());
            case "fresh":
                Flow.Fresh fresh = source.fresh(0);
                return List.of(fresh.inside().stream().map(Conformance::dotted).toList(),
                        fresh.outside().stream().map(Conformance::dotted).toList());
            case "idle":
                Doors.Idle idle = state.idle(pod.address(), seconds(step, "idle"), seconds(step, "started"), now);
                return List.of(idle.answer(), idle.inFlight(), idle.streams(), idle.used() ? 1 : 0,
                        since(idle.lastSeen(), start), idle.waits());
            case "limit":
                state.limit(step.get("max_pods").getAsInt());
                return null;
            case "evict":
                int rate = step.get("rate").getAsInt(), flags = step.get("flags").getAsInt();
                state.evict(new Flow.Eviction(pod.address(), step.get("bits").getAsInt(), 0, rate, flags, 0, 0), now);
                return null;
            case "undo":
                state.undo(new Flow.Eviction(pod.address(), step.get("bits").getAsInt(), 0, 0, 0, 0, 0), now);
                return null;
            case "evictions":
                return state.evictions().stream().map(one -> List.of(dotted(new Doors.Pod(one.address(), 0)), one.bits(),
                        one.upstream(), one.rate(), one.flags(), since(one.since(), start), one.told())).toList();
            case "events":
                return state.events(step.get("after").getAsLong()).stream().map(one -> List.of(one.number(), one.kind(),
                        dotted(one.pod()), one.bits(), one.pages(), since(one.at(), start))).toList();
            default:
                throw new IllegalArgumentException(step.toString());
        }
    }

    private static List<Integer> told(Flow.HostReport report) {
        return List.of(report.change(), report.flags());
    }

    private static String dotted(Doors.Pod pod) {
        return IntStream.range(0, 4).mapToObj(i -> Integer.toString(pod.address()[i] & 255)).collect(Collectors.joining("."));
    }

    private static long since(long time, long start) {
        return time == 0 ? 0 : Math.floorDiv(time, SECOND) - start;
    }

    private static List<Object> shown(Flow.Report report) {
        return Arrays.asList(
                report.flags(),
                report.changed().map(told -> List.of(dotted(told.pod()), told.verdict())).orElse(null),
                report.background().map(told -> dotted(told.pod())).orElse(null));
    }

    private static List<Object> shown(Flow.Step step, long start) {
        long until = step.until() == 0 ? 0 : (step.until() - start * SECOND) / 1_000_000;
        List<Object> shown = new ArrayList<>(Arrays.asList(
                step.kind(), step.pod().map(Conformance::dotted).orElse(null), step.probe() ? 1 : 0,
                step.lastChoice() ? 1 : 0, step.status(), step.retryAfter(), step.cause(), step.page() ? 1 : 0, until));
        shown.addAll(shown(step.report()));
        return shown;
    }

    /** An integer that does not fit is refused and not cut off. */
    private int integers() throws Exception {
        byte[] address = {10, 0, 0, 7}, path = bytes("/");
        Doors.Pod pod = new Doors.Pod(address, 80);
        try (Flow.State state = new Flow.State();
                Flow.Source source = new Flow.Source(state, ROUTER);
                Router router = source.router()) {
            Flow.Request request = source.begin(Numbers.METHOD_GET, false, path, path, 0, 1);
            List<Callable<?>> calls = List.of(
                    () -> new Doors.Pod(address, 65536),
                    () -> new Doors.Pod(address, -1),
                    () -> nothing(() -> state.limit(-1)),
                    () -> nothing(() -> state.limit(1L << 32)),
                    () -> state.resolved(1, List.of(), -1, 0, 0, 1),
                    () -> state.resolved(1, List.of(), 0, -1, 0, 1),
                    () -> state.lookupFailed(1, -1, 0, 1),
                    () -> state.pods(null, -1),
                    () -> new Flow.State(limits -> limits.max_pods = -1),
                    () -> new Flow.State(limits -> limits.max_waiting = -1),
                    () -> new Flow.State(limits -> limits.max_lookups = -1),
                    () -> new Flow.State(limits -> limits.max_slow_lookups = -1),
                    () -> new Flow.State(limits -> limits.refreshes_per_second = -1),
                    () -> new Flow.Source(state, ROUTER, options -> options.gone_rate = -1),
                    () -> new Flow.Source(state, ROUTER, options -> options.flags = -1),
                    () -> source.begin(-1, false, path, path, 0, 1),
                    () -> source.dialled(-1, pod, Numbers.OUTCOME_CONNECTED, 0, 1),
                    () -> source.dialled(0, pod, -1, 0, 1),
                    () -> source.use(-1, 0),
                    () -> source.upstream(-1),
                    () -> source.fresh(-1),
                    () -> router.upstream(-1),
                    () -> request.next(-1, 0, 1),
                    () -> request.failed(-1, 0, 1),
                    () -> request.chose(-1, pod, 0),
                    () -> request.giveUp(-1, 0, 1),
                    () -> request.answered(-1, 0, 1),
                    () -> nothing(() -> Doors.check(-1, "80")));
            for (int number = 0; number < calls.size(); number++) {
                String got;
                try {
                    got = "is taken: " + calls.get(number).call();
                } catch (IllegalArgumentException | DoorsException error) {
                    got = error.getMessage();
                }
                check(got.contains("must be from 0 to"), "integers", number, got);
            }
            request.ended(0);
            check(refused(() -> state.idle(address, -1, 0, 0)).status() == Numbers.STATUS_RANGE, "integers");
            check(state.pods(null, 10).isEmpty(), "integers");
            return calls.size();
        }
    }

    private static String nothing(Runnable call) {
        call.run();
        return "nothing";
    }

    /** One cipher and one router, used by 8 threads at once. */
    private int threads() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try (Cipher cipher = new Cipher(KEY);
                Router router = new Router(ROUTER)) {
            List<Callable<Integer>> jobs = IntStream.rangeClosed(1, 8)
                    .<Callable<Integer>>mapToObj(last -> () -> {
                        byte[] address = {10, 0, 0, (byte) last};
                        int wrong = 0;
                        for (int i = 0; i < 500; i++) {
                            byte[] path = bytes("/~/" + cipher.encode(address) + "/s/1");
                            Doors.Decision got = router.decide(path, new byte[0]);
                            if (!Arrays.equals(got.address().orElse(null), address)) wrong++;
                        }
                        return wrong;
                    })
                    .toList();
            for (Future<Integer> job : pool.invokeAll(jobs)) check(job.get() == 0, "threads", job.get());
            return jobs.size();
        } finally {
            pool.shutdown();
        }
    }

    private static long resident() throws IOException {
        return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]) * 4096;
    }

    private static void rounds(String secret, int count) {
        for (int i = 0; i < count; i++) {
            new Cipher(secret).close();
            new Router(ROUTER).close();
            try (Flow.State state = new Flow.State(limits -> limits.max_pods = 100)) {
                new Flow.Source(state, ROUTER).close();
            }
        }
    }

    /** No handle is left open, and handles that are made and freed do not add up. */
    private int leaks() throws Exception {
        String eight = IntStream.range(0, 8)
                .mapToObj(n -> {
                    byte[] key = new byte[32];
                    Arrays.fill(key, (byte) n);
                    return Base64.getEncoder().encodeToString(key);
                })
                .collect(Collectors.joining(" "));
        rounds(eight, 5_000);
        System.gc();
        long before = resident();
        rounds(eight, 20_000);
        System.gc();
        long grown = resident() - before;
        check(grown < 64L << 20, "memory has grown by", grown);
        check(Doors.liveHandles() == 0, "handles left open", Doors.liveHandles());
        return 20_000;
    }
}
