package dev.doors.caddy;

import dev.doors.caddy.Numbers.Method;
import dev.doors.caddy.Numbers.OptionFlag;
import dev.doors.caddy.Numbers.Outcome;
import dev.doors.caddy.c.Abi;
import dev.doors.caddy.c.Abi.Function;
import dev.doors.caddy.c.Frame;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** One configuration in use: a router, its options, and access to a {@link State}. Close it after its requests have ended. */
public final class Source extends Handle {
    /**
     * Starts using a configuration with default options.
     *
     * @param state the state of the process
     * @param json the configuration, as a {@link Router} takes it
     * @throws DoorsException for an invalid configuration
     */
    public Source(State state, String json) {
        this(state, json, new Options());
    }

    /**
     * Starts using a configuration.
     *
     * @param state the state of the process
     * @param json the configuration, as a {@link Router} takes it
     * @param options its options
     * @throws DoorsException for an invalid configuration or option
     */
    public Source(State state, String json, Options options) {
        super(Function.DOORS_SOURCE_FREE, (frame, out, error) -> {
            byte[] bytes = Values.bytes(json);
            return state.status(Function.DOORS_SOURCE_NEW, frame.bytes(bytes), (long) bytes.length, options.in(frame), out, error);
        });
    }

    /** The options of one configuration. Each has a default. */
    public static final class Options extends Settings {
        /** Begins with the defaults. */
        public Options() {
            super(Abi.OPTIONS_SIZE, Function.DOORS_OPTIONS_INIT);
        }

        private Options with(String name, int at, Duration value) {
            values.putLong(at, Values.nanos(name, value));
            return this;
        }

        /**
         * Sets how long a pod must be unreachable before it is gone.
         *
         * @param duration the default is 10 s
         * @return this
         */
        public Options goneAfter(Duration duration) {
            return with("goneAfter", Abi.OPTIONS_GONE_AFTER, duration);
        }

        /**
         * Sets how long a pod may drain before its pages get 410.
         *
         * @param duration 0, the default, for no limit
         * @return this
         */
        public Options drainMax(Duration duration) {
            return with("drainMax", Abi.OPTIONS_DRAIN_MAX, duration);
        }

        /**
         * Sets how often a page opens a receiver stream. Must equal the app's {@code SolitaireRollTime}.
         *
         * @param duration the default is 15 s
         * @return this
         */
        public Options rollTime(Duration duration) {
            return with("rollTime", Abi.OPTIONS_ROLL_TIME, duration);
        }

        /**
         * Sets how long a page load waits for a pod.
         *
         * @param duration 0 disables waiting; the default is 10 s
         * @return this
         */
        public Options pageWait(Duration duration) {
            return with("pageWait", Abi.OPTIONS_PAGE_WAIT, duration);
        }

        /**
         * Sets the interval between lookups of a host that requests use.
         *
         * @param duration at least 10 ms; the default is 1 s
         * @return this
         */
        public Options refresh(Duration duration) {
            return with("refresh", Abi.OPTIONS_REFRESH, duration);
        }

        /**
         * Sets the maximum age of addresses after lookups have stopped. A request first waits for a lookup if they are older.
         *
         * @param duration the default is 300 s
         * @return this
         */
        public Options staleMax(Duration duration) {
            return with("staleMax", Abi.OPTIONS_STALE_MAX, duration);
        }

        /**
         * Sets how long a request waits for a first lookup while no address is known.
         *
         * @param duration the default is 3 s
         * @return this
         */
        public Options firstLookup(Duration duration) {
            return with("firstLookup", Abi.OPTIONS_FIRST_LOOKUP, duration);
        }

        /**
         * Identifies the resolver: a combination of name servers and IP versions. Hosts with the same name and resolver share
         * their lookups.
         *
         * @param number any number; the default is 0
         * @return this
         */
        public Options resolver(long number) {
            values.putLong(Abi.OPTIONS_RESOLVER, number);
            return this;
        }

        /**
         * Sets the maximum number of receiver streams per upstream and second that get 410.
         *
         * @param count 0 for no limit; the default is 100
         * @return this
         */
        public Options goneRate(long count) {
            values.putInt(Abi.OPTIONS_GONE_RATE, Values.count("goneRate", count));
            return this;
        }

        /**
         * Sets flags that change the handling of requests.
         *
         * @param flags the default is none
         * @return this
         */
        public Options flags(Set<OptionFlag> flags) {
            values.putInt(Abi.OPTIONS_FLAGS, Numbers.sum(flags));
            return this;
        }
    }

    /**
     * The IDs of an upstream.
     *
     * @param host the ID of its host, as in a {@link Host.Lookup}
     * @param upstream its own ID, as in a {@link KnownPod}
     */
    public record Upstream(long host, long upstream) {}

    /**
     * The fresh pods of an upstream.
     *
     * @param inside those inside its networks
     * @param outside those outside
     */
    public record Fresh(List<Pod> inside, List<Pod> outside) {}

    /** {@return the router of this source; it works until the source is closed, and need not be closed itself} */
    public Router router() {
        return new Router(status(Function.DOORS_SOURCE_ROUTER), this);
    }

    /**
     * Begins a request. Follow its {@link Request#step}, report the outcomes, and always call {@link Request#ended}.
     *
     * @param method its method
     * @param hasBody whether it may have a body; false only if the length is known to be 0
     * @param path its escaped path or its whole target
     * @param cookies its Cookie header, with several fields joined by "; "
     * @param now the time
     * @param random any number
     * @return the request
     */
    public Request begin(Method method, boolean hasBody, String path, String cookies, long now, long random) {
        return begin(method, hasBody, Values.bytes(path), Values.bytes(cookies), now, random);
    }

    /**
     * Begins a request. Path and cookies may be any bytes.
     *
     * @param method its method
     * @param hasBody whether it may have a body; false only if the length is known to be 0
     * @param path its escaped path or its whole target
     * @param cookies its Cookie header
     * @param now the time
     * @param random any number
     * @return the request
     */
    public Request begin(Method method, boolean hasBody, byte[] path, byte[] cookies, long now, long random) {
        return new Request(this, method, hasBody, path, cookies, now, random);
    }

    /**
     * Reports the outcome of a dial. Report background dials too, and dials of requests that have ended.
     *
     * @param upstream index of the upstream, as in the step or the report
     * @param pod the pod
     * @param outcome the outcome of the dial
     * @param now the time
     * @param random any number
     * @return what was learned
     */
    public Report dialled(int upstream, Pod pod, Outcome outcome, long now, long random) {
        try (Frame frame = new Frame()) {
            ByteBuffer out = frame.take(Abi.REPORT_SIZE);
            checked(Function.DOORS_SOURCE_DIALLED, Values.count("upstream", upstream), Values.pod(frame, pod), outcome.number(),
                    now, random, out);
            return Report.of(out);
        }
    }

    /**
     * Starts the lookups of an upstream's host or keeps them going. Use it to show the upstream's pods.
     *
     * @param upstream index of the upstream
     * @param now the time
     * @return what was learned
     */
    public Report use(int upstream, long now) {
        try (Frame frame = new Frame()) {
            ByteBuffer out = frame.take(Abi.REPORT_SIZE);
            checked(Function.DOORS_SOURCE_USE, Values.count("upstream", upstream), now, out);
            return Report.of(out);
        }
    }

    /**
     * Gets the IDs of an upstream.
     *
     * @param index its index in the configuration
     * @return its IDs
     * @throws DoorsException with NO_MATCH for an index past the last one
     */
    public Upstream upstream(int index) {
        try (Frame frame = new Frame()) {
            ByteBuffer host = frame.take(Long.BYTES), upstream = frame.take(Long.BYTES);
            checked(Function.DOORS_SOURCE_UPSTREAM, Values.count("index", index), host, upstream);
            return new Upstream(host.getLong(0), upstream.getLong(0));
        }
    }

    /**
     * Lists the fresh pods of an upstream.
     *
     * @param upstream index of the upstream
     * @return the pods
     * @throws DoorsException with NO_MATCH for an index past the last one
     */
    public Fresh fresh(int upstream) {
        int index = Values.count("upstream", upstream);
        try (Frame frame = new Frame()) {
            ByteBuffer inside = frame.take(Long.BYTES);
            List<Pod> pods = Values.list(Abi.POD_SIZE, (room, capacity, count) ->
                    status(Function.DOORS_SOURCE_FRESH, index, room, capacity, inside, count), from -> Values.pod(from, 0));
            int border = (int) inside.getLong(0);
            return new Fresh(pods.subList(0, border), pods.subList(border, pods.size()));
        }
    }
}
