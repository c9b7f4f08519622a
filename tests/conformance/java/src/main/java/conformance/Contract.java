package conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.doors.caddy.Cidrs;
import dev.doors.caddy.Cipher;
import dev.doors.caddy.DoorsException;
import dev.doors.caddy.Eviction;
import dev.doors.caddy.Numbers;
import dev.doors.caddy.Numbers.DecisionKind;
import dev.doors.caddy.Numbers.Field;
import dev.doors.caddy.Numbers.Method;
import dev.doors.caddy.Numbers.Outcome;
import dev.doors.caddy.Numbers.Status;
import dev.doors.caddy.Pod;
import dev.doors.caddy.Request;
import dev.doors.caddy.Router;
import dev.doors.caddy.Source;
import dev.doors.caddy.State;
import dev.doors.caddy.c.Abi;
import dev.doors.caddy.c.Abi.Function;
import dev.doors.caddy.c.C;
import dev.doors.caddy.c.Frame;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

/** What the vectors do not reach: errors, declarations, and numbers that do not fit. */
final class Contract extends Support {
    private Contract() {}

    /** Errors of the C API as it is, and of the classes. */
    static int contract() throws Exception {
        Cipher cipher = new Cipher(KEY);
        Cidrs table = new Cidrs("10.0.0.0/8");
        Router router = new Router(ROUTER);
        int calls;
        try (Frame frame = new Frame()) {
            byte[] hashes = bytes("#".repeat(60));
            ByteBuffer room = frame.bytes(hashes), addr = frame.take(Abi.ADDR_SIZE), shorter = frame.take(Abi.ADDR_SIZE);
            addr.putInt(Abi.ADDR_LEN, 4);
            shorter.putInt(Abi.ADDR_LEN, 3);
            ByteBuffer length = frame.take(8).putLong(0, 99), index = frame.take(4).putInt(0, 99);
            ByteBuffer decision = frame.take(Abi.DECISION_SIZE);
            long c = cipher.pointer(), t = table.pointer(), r = router.pointer();
            Object[][] failing = {
                {Status.BUFFER, Function.DOORS_CIPHER_ENCODE, c, addr, room, 43L, length},
                {Status.ADDRESS, Function.DOORS_CIPHER_ENCODE, c, shorter, room, 60L, length},
                {Status.ADDRESS, Function.DOORS_CIDRS_LOOKUP, t, shorter, index},
                {Status.NULL_POINTER, Function.DOORS_CIPHER_ENCODE, null, addr, room, 60L, length},
                {Status.NULL_POINTER, Function.DOORS_CIPHER_ENCODE, c, null, room, 60L, length},
                {Status.NULL_POINTER, Function.DOORS_CIDRS_LOOKUP, t, addr, null},
                {Status.NULL_POINTER, Function.DOORS_ROUTER_DECIDE, r, null, 1L, null, 0L, decision},
                {Status.RANGE, Function.DOORS_CHECK, 99, frame.bytes(bytes("x")), 1L, null},
            };
            for (Object[] call : failing) {
                long got = C.call((Function) call[1], Arrays.copyOfRange(call, 2, call.length));
                check(got == ((Status) call[0]).number(), "contract", call, got);
            }
            byte[] after = new byte[60];
            room.get(0, after);
            check(Arrays.equals(after, hashes), "a failed call wrote a token");
            check(length.getLong(0) == 99 && index.getInt(0) == 99, "outputs of failed calls");
            calls = failing.length;
            // An argument of another type would be read as rubbish.
            for (Object[] wrong : new Object[][] {{c}, {c, addr, room, 60, length}, {c, ByteBuffer.allocate(20), room, 60L, length}}) {
                String got = "is taken";
                try {
                    C.call(Function.DOORS_CIPHER_ENCODE, wrong);
                } catch (IllegalArgumentException error) {
                    got = error.getMessage();
                }
                check(got.contains("doors_cipher_encode"), "arguments", wrong, got);
            }
        }
        check(router.decide("", "").kind() == DecisionKind.UPSTREAM, "an empty path");
        byte[] large = new byte[64 * 1024 * 1024 + 1];
        Arrays.fill(large, (byte) ' ');
        cipher.close();
        cipher.close();
        Map<Callable<?>, Status> failing = new LinkedHashMap<>();
        failing.put(() -> router.upstream(1), Status.NO_MATCH);
        failing.put(() -> cipher.encode(address("10.0.0.7")), Status.NULL_POINTER);
        failing.put(() -> new Router(large), Status.TOO_LARGE);
        failing.put(() -> new Cidrs(""), Status.CIDR);
        failing.put(() -> new Cipher(""), Status.SECRET);
        failing.put(() -> new State(new State.Limits().maxPods(0)), Status.RANGE);
        failing.put(nothing(() -> Router.check(Field.PORT, "70000")), Status.CONFIG);
        for (Map.Entry<Callable<?>, Status> call : failing.entrySet()) {
            DoorsException error = refused(call.getKey());
            check(error.status() == call.getValue() && !error.getMessage().isEmpty(), error.status(), error.getMessage());
        }
        check(refused(cipher::keyIds).getMessage().equals("this Cipher is closed"), "message after close");
        try (State state = new State()) {
            Source source = new Source(state, ROUTER);
            Router owned = source.router();
            owned.decide("/", "");
            source.close();
            check(refused(() -> owned.decide("/", "")).getMessage().equals("this Source is closed"), "the router of a closed source");
        }
        table.close();
        router.close();
        String problem = "";
        try {
            C.checkAbi(Numbers.ABI + 1);
        } catch (IllegalStateException error) {
            problem = error.getMessage();
        }
        check(problem.contains("interface 2"), "another interface", problem);
        for (String handle : List.of("CIPHER", "CIDRS", "ROUTER", "STATE", "SOURCE")) {
            C.call(Function.valueOf("DOORS_" + handle + "_FREE"), (Object) null);
        }
        return calls;
    }

    /** What this binding declares is what the library was built with. */
    static int declarations() throws Exception {
        JsonObject abi = read("rust/capi/abi.json");
        check(abi.get("abi").getAsInt() == Numbers.ABI, "ABI");
        JsonObject groups = read("tests/conformance/groups.json");
        int named = 0;
        for (Map.Entry<String, JsonElement> number : abi.getAsJsonObject("constants").entrySet()) {
            String name = number.getKey().substring("DOORS_".length()), value = number.getValue().getAsString();
            long wanted = value.equals("UINT32_MAX") ? -1 : value.equals("INT64_MAX") ? Long.MAX_VALUE : Long.parseLong(value);
            JsonElement group = groups.get(name.split("_")[0]);
            if (group != null && !name.endsWith("_SIZE")) {
                named++;
                Numbers.Number found = number(group.getAsString(), name.substring(name.indexOf('_') + 1));
                check(found.number() == wanted, name, found);
            } else {
                check(Numbers.class.getField(name).getLong(null) == wanted, name);
            }
        }
        int all = 0;
        for (Class<?> group : Numbers.class.getClasses()) if (group.isEnum()) all += group.getEnumConstants().length;
        check(named == all, "members of groups", named, all);
        TreeSet<String> declared =
                Arrays.stream(Function.values()).map(Function::symbol).collect(Collectors.toCollection(TreeSet::new));
        check(declared.equals(new TreeSet<>(abi.getAsJsonObject("functions").keySet())), declared);
        JsonObject layouts = abi.getAsJsonObject("structs");
        for (String struct : layouts.keySet()) {
            String name = struct.substring("doors_".length()).toUpperCase(Locale.ROOT);
            check(Abi.class.getField(name + "_SIZE").getInt(null) == layouts.getAsJsonObject(struct).get("size").getAsInt(), struct);
            for (JsonObject member : list(layouts.getAsJsonObject(struct), "members")) {
                String field = name + "_" + member.get("name").getAsString().toUpperCase(Locale.ROOT);
                check(Abi.class.getField(field).getInt(null) == member.get("offset").getAsInt(), field);
            }
        }
        return declared.size();
    }

    private static Numbers.Number number(String group, String member) throws ReflectiveOperationException {
        Class<?> found = Class.forName("dev.doors.caddy.Numbers$" + group);
        return (Numbers.Number) found.getField(member).get(null);
    }

    /** A number that does not fit is refused and not cut off. */
    static int integers() throws Exception {
        InetAddress address = address("10.0.0.7");
        Pod pod = new Pod(address, 80);
        Duration below = Duration.ofNanos(-1), above = Duration.ofDays(365 * 300);
        Eviction eviction = Eviction.of(address, 32);
        try (State state = new State();
                Source source = new Source(state, ROUTER);
                Router router = source.router()) {
            Request request = source.begin(Method.GET, false, "/", "", 0, 1);
            List<Callable<?>> calls = List.of(
                    () -> new Pod(address, 65536),
                    () -> new Pod(address, -1),
                    nothing(() -> state.limit(-1)),
                    nothing(() -> state.limit(1L << 32)),
                    () -> state.pods(Optional.empty(), -1),
                    () -> state.idle(address, below, 0, 0),
                    () -> state.idle(address, above, 0, 0),
                    nothing(() -> state.evict(eviction.at(-1), 0)),
                    nothing(() -> state.evict(Eviction.of(address, -1), 0)),
                    () -> new State.Limits().maxPods(-1),
                    () -> new State.Limits().maxWaiting(-1),
                    () -> new State.Limits().maxLookups(-1),
                    () -> new State.Limits().maxSlowLookups(1L << 32),
                    () -> new State.Limits().refreshesPerSecond(-1),
                    () -> new Source.Options().goneRate(-1),
                    () -> new Source.Options().pageWait(below),
                    () -> new Source.Options().staleMax(above),
                    () -> source.dialled(-1, pod, Outcome.CONNECTED, 0, 1),
                    () -> source.use(-1, 0),
                    () -> source.upstream(-1),
                    () -> source.fresh(-1),
                    () -> router.upstream(-1),
                    () -> request.chose(-1, pod, 0),
                    () -> Outcome.of(99));
            for (int number = 0; number < calls.size(); number++) {
                String got;
                try {
                    got = "is taken: " + calls.get(number).call();
                } catch (IllegalArgumentException error) {
                    got = error.getMessage();
                }
                check(got.contains("must be") || got.contains("has no number 99"), "integers", number, got);
            }
            request.ended(0);
            check(state.pods(Optional.empty(), 10).isEmpty(), "integers");
            return calls.size();
        }
    }
}
