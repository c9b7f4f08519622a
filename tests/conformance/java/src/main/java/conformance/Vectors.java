package conformance;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.doors.caddy.Cidrs;
import dev.doors.caddy.Cipher;
import dev.doors.caddy.Decision;
import dev.doors.caddy.DoorsException;
import dev.doors.caddy.Numbers.DecisionKind;
import dev.doors.caddy.Numbers.Field;
import dev.doors.caddy.Numbers.Status;
import dev.doors.caddy.Router;
import dev.doors.caddy.c.Abi.Function;
import dev.doors.caddy.c.C;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;

/** The shared vectors. Each method says how many it has checked. */
final class Vectors extends Support {
    private Vectors() {}

    static int tokens() throws Exception {
        JsonObject vectors = read("tests/vectors/tokens.json");
        for (JsonObject v : list(vectors, "accepted")) {
            try (Cipher cipher = new Cipher(v.get("secret").getAsString())) {
                Cipher.Opened opened = cipher.decode(text(v, "token"));
                check(same(opened.address(), v.get("address")) && opened.key() == v.get("key").getAsInt(), v);
            }
        }
        for (JsonObject v : list(vectors, "encoded")) {
            try (Cipher cipher = new Cipher(v.get("secret").getAsString())) {
                String token = cipher.encode(address(v.get("address").getAsString()));
                check(token.length() == v.get("length").getAsInt(), v, token);
                check(same(cipher.decode(token).address(), v.get("decodes_to")), v);
            }
        }
        Map<String, Status> statuses = Map.of("base64", Status.TOKEN_FORMAT, "cipher", Status.TOKEN_REFUSED);
        for (JsonObject v : list(vectors, "refused")) {
            try (Cipher cipher = new Cipher(v.get("secret").getAsString())) {
                DoorsException error = refused(() -> cipher.decode(text(v, "token")));
                check(error.status() == statuses.get(v.get("error").getAsString()), v, error.status());
                check(error.getMessage().equals(error.status().words()), v, error.getMessage());
            }
        }
        return total(vectors);
    }

    static int secrets() throws Exception {
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
            Router.check(Field.SECRET, secret);
        }
        for (JsonObject v : list(vectors, "refused")) {
            String secret = v.get("secret").getAsString();
            List<Callable<?>> calls = List.of(() -> new Cipher(secret), nothing(() -> Router.check(Field.SECRET, secret)));
            for (Callable<?> call : calls) {
                DoorsException error = refused(call);
                expect(error, Status.SECRET, v);
                for (String key : secret.split("\\s+")) {
                    check(key.length() <= 8 || !error.getMessage().contains(key.substring(0, 8)), v, error.getMessage());
                }
            }
        }
        return total(vectors);
    }

    static int cidrs() throws Exception {
        JsonObject vectors = read("tests/vectors/cidrs.json");
        int count = vectors.getAsJsonArray("refused").size();
        for (JsonObject v : list(vectors, "tables")) {
            try (Cidrs table = new Cidrs(String.join(" ", strings(v, "cidrs")))) {
                for (JsonObject lookup : list(v, "lookups")) {
                    OptionalInt found = table.lookup(address(lookup.get("address").getAsString()));
                    check(found.equals(index(lookup.get("index"))), v.get("name"), lookup);
                    count++;
                }
            }
        }
        for (JsonObject v : list(vectors, "refused")) {
            expect(refused(() -> new Cidrs(String.join(" ", strings(v, "cidrs")))), Status.CIDR, v);
        }
        return count;
    }

    static int decisions() throws Exception {
        int count = 0;
        for (JsonObject v : list(read("tests/vectors/decisions.json"), "routers")) {
            JsonObject config = v.getAsJsonObject("config");
            List<JsonObject> upstreams = list(config, "upstreams");
            try (Router router = new Router(bytes(new Gson().toJson(config)))) {
                for (JsonObject request : list(v, "requests")) {
                    count++;
                    Decision got = router.decide(text(request, "path"), text(request, "cookies"));
                    check(got.kind().number() == request.get("kind").getAsInt(), v.get("name"), request, got);
                    check(got.reason().number() == request.get("reason").getAsInt(), v.get("name"), request, got);
                    check(got.upstream().equals(index(request.get("upstream"))), v.get("name"), request, got);
                    check(got.key().equals(index(request.get("key"))), v.get("name"), request, got);
                    check(got.port() == request.get("port").getAsInt(), v.get("name"), request, got);
                    check(got.path().number() == request.get("path_kind").getAsInt(), v.get("name"), request, got);
                    check(same(got.address().orElse(null), request.get("address")), v.get("name"), request, got);
                    if (got.upstream().isPresent()) {
                        Router.Upstream upstream = router.upstream(got.upstream().getAsInt());
                        String host = upstreams.get(got.upstream().getAsInt()).get("host").getAsString();
                        check(upstream.host().equals(host) && upstream.port() == got.port(), request, upstream);
                    }
                    if (got.kind() == DecisionKind.POD) {
                        check(router.lookup(got.address().orElseThrow()).equals(got.upstream()), request, got);
                    }
                }
            }
        }
        return count;
    }

    static int config() throws Exception {
        JsonObject vectors = read("tests/vectors/config.json");
        for (JsonObject v : list(vectors, "accepted")) {
            try (Router router = new Router(text(v, "json"))) {
                check(router.size() == v.get("upstreams").getAsInt(), v.get("name"), router.size());
                for (int i = 0; i < router.size(); i++) Router.check(Field.HOST, router.upstream(i).host());
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
            expect(refused(() -> new Router(text(v, "json"))), Status.of(v.get("status").getAsInt()), v);
        }
        return total(vectors);
    }

    /** The words of every number, and "unknown" for all others. */
    static int numbers() throws Exception {
        JsonObject vectors = read("tests/conformance/names.json");
        for (String what : vectors.keySet()) {
            Function function = Function.valueOf("DOORS_" + what.toUpperCase(Locale.ROOT) + "_STR");
            JsonObject words = vectors.getAsJsonObject(what);
            for (int n = 0; n < 256; n++) {
                JsonElement word = words.get(Integer.toString(n));
                String wanted = word == null ? "unknown" : word.getAsString();
                check(C.text(function, n).equals(wanted), what, n);
            }
        }
        return total(vectors);
    }
}
