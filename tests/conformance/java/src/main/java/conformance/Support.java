package conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.doors.caddy.DoorsException;
import dev.doors.caddy.Numbers.Status;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.stream.StreamSupport;

/** What the other classes share: checks that are counted, vectors, and errors that must come. */
abstract class Support {
    static final String KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    static final long SECOND = 1_000_000_000L;
    static final String ROUTER = "{\"secret\": \"" + KEY
            + "\", \"upstreams\": [{\"cidr\": \"10.0.0.0/24\", \"host\": \"svc.example\", \"port\": 8080}]}";

    static final List<String> failures = new ArrayList<>();
    static int checks;
    static Path root;

    static void check(boolean holds, Object... about) {
        checks++;
        if (!holds) failures.add(Arrays.deepToString(about));
    }

    static JsonObject read(String path) throws IOException {
        return JsonParser.parseString(Files.readString(root.resolve(path))).getAsJsonObject();
    }

    static List<JsonObject> list(JsonObject object, String member) {
        return StreamSupport.stream(object.getAsJsonArray(member).spliterator(), false)
                .map(JsonElement::getAsJsonObject)
                .toList();
    }

    static List<String> strings(JsonObject object, String member) {
        if (!object.has(member)) return List.of();
        return StreamSupport.stream(object.getAsJsonArray(member).spliterator(), false)
                .map(JsonElement::getAsString)
                .toList();
    }

    static int total(JsonObject vectors) {
        return vectors.entrySet().stream()
                .mapToInt(e -> e.getValue() instanceof JsonArray a ? a.size() : e.getValue().getAsJsonObject().size())
                .sum();
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** The bytes of a member, or of its _base64 form. */
    static byte[] text(JsonObject vector, String member) {
        JsonElement encoded = vector.get(member + "_base64");
        return encoded == null
                ? bytes(vector.get(member).getAsString())
                : Base64.getDecoder().decode(encoded.getAsString());
    }

    static OptionalInt index(JsonElement value) {
        return value.isJsonNull() ? OptionalInt.empty() : OptionalInt.of(value.getAsInt());
    }

    /** An address; Java itself turns ::ffff:a.b.c.d into IPv4. */
    static InetAddress address(String text) throws UnknownHostException {
        return InetAddress.getByName(text);
    }

    static boolean same(InetAddress address, JsonElement expected) throws UnknownHostException {
        return expected.isJsonNull() ? address == null : address(expected.getAsString()).equals(address);
    }

    /** The error that a call throws. */
    static DoorsException refused(Callable<?> call) throws Exception {
        try {
            Object made = call.call();
            throw new IllegalStateException("a call that must fail gave " + made);
        } catch (DoorsException error) {
            return error;
        }
    }

    /** A call without a result, as one that has some. */
    static Callable<?> nothing(Runnable call) {
        return () -> {
            call.run();
            return "nothing";
        };
    }

    /** An error is the one that a vector wants. */
    static void expect(DoorsException error, Status status, JsonObject vector) {
        String message = error.getMessage(), name = vector.get("name").getAsString();
        check(error.status() == status && !message.isEmpty(), name, message);
        check(error.index().equals(index(vector.get("index"))), name, message, error.index());
        for (String part : strings(vector, "contains")) check(message.contains(part), name, message, part);
        for (String part : strings(vector, "never")) check(!message.contains(part), name, message, part);
    }
}
