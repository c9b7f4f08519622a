package conformance;

import dev.doors.caddy.Cipher;
import dev.doors.caddy.Handle;
import dev.doors.caddy.Router;
import dev.doors.caddy.Source;
import dev.doors.caddy.State;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Handles in many threads, and handles that are made and freed. */
final class Handles extends Support {
    private Handles() {}

    /** One cipher and one router, used by 8 threads at once. */
    static int threads() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try (Cipher cipher = new Cipher(KEY);
                Router router = new Router(ROUTER)) {
            List<Callable<Integer>> jobs = IntStream.rangeClosed(1, 8)
                    .<Callable<Integer>>mapToObj(last -> () -> {
                        InetAddress address = address("10.0.0." + last);
                        int wrong = 0;
                        for (int i = 0; i < 500; i++) {
                            String path = "/~/" + cipher.encode(address) + "/s/1";
                            if (!router.decide(path, "").address().orElseThrow().equals(address)) wrong++;
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
            try (State state = new State(new State.Limits().maxPods(100))) {
                new Source(state, ROUTER).close();
            }
        }
    }

    private static Router forgotten() {
        for (int i = 0; i < 100; i++) new Cipher(KEY);
        return new Source(new State(), ROUTER).router();
    }

    /** Handles that nobody closes are freed when they are collected, but not a source while its router is in use. */
    static int collected() throws Exception {
        Router router = forgotten();
        for (int attempt = 0; attempt < 1000 && Handle.live() != 1; attempt++) {
            System.gc();
            Thread.sleep(10);
        }
        check(Handle.live() == 1, "handles not collected", Handle.live());
        check(router.size() == 1, "the router of a forgotten source");
        for (int attempt = 0; attempt < 1000 && Handle.live() != 0; attempt++) {
            System.gc();
            Thread.sleep(10);
        }
        return 102;
    }

    /** No handle is left open, and handles that are made and freed do not add up. */
    static int leaks() throws Exception {
        String eight = IntStream.range(0, 8)
                .mapToObj(n -> {
                    byte[] key = new byte[32];
                    Arrays.fill(key, (byte) n);
                    return Base64.getEncoder().encodeToString(key);
                })
                .collect(Collectors.joining(" "));
        // The collected heap may grow in some of these batches, and what is never freed in each.
        long grown = Long.MAX_VALUE, before = 0;
        for (int batch = 0; batch < 6; batch++) {
            rounds(eight, 5_000);
            System.gc();
            long now = resident();
            if (batch > 0) grown = Math.min(grown, now - before);
            before = now;
        }
        check(grown < 8L << 20, "memory has grown by", grown);
        check(Handle.live() == 0, "handles left open", Handle.live());
        return 30_000;
    }
}
