package dev.doors.caddy;

import dev.doors.caddy.Numbers.Method;
import dev.doors.caddy.Numbers.OptionFlag;
import dev.doors.caddy.Numbers.Outcome;
import dev.doors.caddy.c.Abi;
import dev.doors.caddy.c.Abi.Function;
import dev.doors.caddy.c.C;
import dev.doors.caddy.c.Frame;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** One configuration in use: a router and its options, with what a {@link State} knows. It is closed after its requests have ended. */
public final class Source extends Handle {
    /**
     * Begins to use a configuration, with good options.
     *
     * @param state the state of the process
     * @param json the configuration, as a {@link Router} takes it
     * @throws DoorsException for a configuration that breaks a rule
     */
    public Source(State state, String json) {
        this(state, json, new Options());
    }

    /**
     * Begins to use a configuration.
     *
     * @param state the state of the process
     * @param json the configuration, as a {@link Router} takes it
     * @param options its options
     * @throws DoorsException for a configuration or an option that breaks a rule
     */
    public Source(State state, String json, Options options) {
        super(Function.DOORS_SOURCE_FREE, (frame, out, error) -> {
            byte[] bytes = Values.bytes(json);
            return state.status(Function.DOORS_SOURCE_NEW, frame.bytes(bytes), (long) bytes.length, options.in(frame), out, error);
        });
    }

    /** The options of one configuration. Each has a good value. */
    public static final class Options extends Settings {
        /** Begins with the good values. */
        public Options() {
            super(Abi.OPTIONS_SIZE, Function.DOORS_OPTIONS_INIT);
        }

        private Options with(String name, int at, Duration value) {
            values.putLong(at, Values.nanos(name, value));
            return this;
        }

        /**
         * Sets for how long a pod must have been out of reach until it is gone.
         *
         * @param duration 10 s if not set
         * @return this
         */
        public Options goneAfter(Duration duration) {
            return with("goneAfter", Abi.OPTIONS_GONE_AFTER, duration);
        }

        /**
         * Sets for how long a pod may drain until its pages are told 410.
         *
         * @param duration 0, for ever, if not set
         * @return this
         */
        public Options drainMax(Duration duration) {
            return with("drainMax", Abi.OPTIONS_DRAIN_MAX, duration);
        }

        /**
         * Sets how often a page opens a receiver stream: the app's {@code SolitaireRollTime}.
         *
         * @param duration 15 s if not set
         * @return this
         */
        public Options rollTime(Duration duration) {
            return with("rollTime", Abi.OPTIONS_ROLL_TIME, duration);
        }

        /**
         * Sets for how long a page load waits for a pod.
         *
         * @param duration 0 for not at all; 10 s if not set
         * @return this
         */
        public Options pageWait(Duration duration) {
            return with("pageWait", Abi.OPTIONS_PAGE_WAIT, duration);
        }

        /**
         * Sets the time from one lookup of a host to the next, while requests use it.
         *
         * @param duration at least 10 ms; 1 s if not set
         * @return this
         */
        public Options refresh(Duration duration) {
            return with("refresh", Abi.OPTIONS_REFRESH, duration);
        }

        /**
         * Sets the age at which addresses are not used without waiting for new ones.
         *
         * @param duration 300 s if not set
         * @return this
         */
        public Options staleMax(Duration duration) {
            return with("staleMax", Abi.OPTIONS_STALE_MAX, duration);
        }

        /**
         * Sets for how long a request waits for first lookups while no address is known at all.
         *
         * @param duration 3 s if not set
         * @return this
         */
        public Options firstLookup(Duration duration) {
            return with("firstLookup", Abi.OPTIONS_FIRST_LOOKUP, duration);
        }

        /**
         * Sets the caller's number for the way in which names are looked up. Hosts with the same name and number are one host.
         *
         * @param number any number; 0 if not set
         * @return this
         */
        public Options resolver(long number) {
            values.putLong(Abi.OPTIONS_RESOLVER, number);
            return this;
        }

        /**
         * Sets how many receiver streams of an upstream may be told 410 in one second.
         *
         * @param count 0 for all; 100 if not set
         * @return this
         */
        public Options goneRate(long count) {
            values.putInt(Abi.OPTIONS_GONE_RATE, Values.count("goneRate", count));
            return this;
        }

        /**
         * Sets how requests are treated.
         *
         * @param flags none if not set
         * @return this
         */
        public Options flags(Set<OptionFlag> flags) {
            values.putInt(Abi.OPTIONS_FLAGS, Numbers.sum(flags));
            return this;
        }
    }

    /**
     * The numbers of an upstream.
     *
     * @param host of its host, as in a {@link Host.Lookup}
     * @param upstream its own, as in a {@link KnownPod}
     */
    public record Upstream(long host, long upstream) {}

    /**
     * The pods of an upstream in DNS.
     *
     * @param inside those inside its networks
     * @param outside those outside
     */
    public record Fresh(List<Pod> inside, List<Pod> outside) {}

    /** {@return its router, which lives as long and need not be closed} */
    public Router router() {
        return new Router(C.call(Function.DOORS_SOURCE_ROUTER, pointer()));
    }

    /**
     * A request begins: obey its {@link Request#step}, report what becomes of it, and call {@link Request#ended} in every case.
     *
     * @param method its method
     * @param hasBody whether it has a body, or may have one since its length is not known to be 0
     * @param path its path as sent, or its whole target
     * @param cookies its Cookie header; several fields joined with "; "
     * @param now the time
     * @param random any number
     * @return the request
     */
    public Request begin(Method method, boolean hasBody, String path, String cookies, long now, long random) {
        return begin(method, hasBody, Values.bytes(path), Values.bytes(cookies), now, random);
    }

    /**
     * A request begins, whose path and cookies may be any bytes.
     *
     * @param method its method
     * @param hasBody whether it has a body, or may have one
     * @param path its path as sent, or its whole target
     * @param cookies its Cookie header
     * @param now the time
     * @param random any number
     * @return the request
     */
    public Request begin(Method method, boolean hasBody, byte[] path, byte[] cookies, long now, long random) {
        return new Request(this, method, hasBody, path, cookies, now, random);
    }

    /**
     * What became of a dial, also after its request has ended, and of one in the background.
     *
     * @param upstream index of the upstream, as in the step or the report
     * @param pod the pod
     * @param outcome what became of the dial
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
     * Keeps the lookups of an upstream's host going, for whoever shows its pods.
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
     * Tells the numbers of an upstream.
     *
     * @param index its index in the configuration
     * @return its numbers
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
     * Tells the pods of an upstream in DNS.
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
