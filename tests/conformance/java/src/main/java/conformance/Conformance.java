package conformance;

import dev.doors.caddy.c.C;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * Runs the installed artefact over the shared vectors: Conformance REPOSITORY LINKAGE, where the second is JNA or FFM.
 *
 * <p>Prints how many vectors of each file were checked. The exit status is 0 only if all hold.
 */
public final class Conformance extends Support {
    private Conformance() {}

    /** Runs all parts. */
    public static void main(String[] arguments) throws Exception {
        root = Path.of(arguments[0]);
        check(C.linkage().equals(arguments[1]), "linkage", C.linkage());
        // It is the library in the jar that is tested.
        String loaded = Files.readString(Path.of("/proc/self/maps"));
        check(loaded.matches("(?s).*" + System.getProperty("java.io.tmpdir") + "/libdoors_caddy[0-9]+\\.so \\(deleted\\).*"), "library");
        Map<String, Callable<Integer>> parts = new LinkedHashMap<>();
        parts.put("tokens", Vectors::tokens);
        parts.put("secrets", Vectors::secrets);
        parts.put("cidrs", Vectors::cidrs);
        parts.put("decisions", Vectors::decisions);
        parts.put("config", Vectors::config);
        parts.put("numbers", Vectors::numbers);
        parts.put("contract", Contract::contract);
        parts.put("interface", Contract::declarations);
        parts.put("flow", Flow::flow);
        parts.put("integers", Contract::integers);
        parts.put("threads", Handles::threads);
        parts.put("collected", Handles::collected);
        parts.put("leaks", Handles::leaks);
        for (Map.Entry<String, Callable<Integer>> part : parts.entrySet()) {
            System.out.println(part.getKey() + " " + part.getValue().call());
        }
        failures.stream().limit(20).forEach(System.err::println);
        System.out.println(checks + " checks, " + failures.size() + " failed");
        System.exit(failures.isEmpty() ? 0 : 1);
    }
}
