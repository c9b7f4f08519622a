package dev.doors.caddy;

import dev.doors.caddy.Numbers.IdleAnswer;
import dev.doors.caddy.Numbers.LookupFailure;
import dev.doors.caddy.Numbers.Missing;
import dev.doors.caddy.Numbers.Verdict;
import dev.doors.caddy.c.Abi;
import dev.doors.caddy.c.Abi.Function;
import dev.doors.caddy.c.C;
import dev.doors.caddy.c.Frame;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a process knows about hosts and pods. A process needs only one; it outlives configurations. */
public final class State extends Handle {
    /** Creates a state with default limits. */
    public State() {
        this(new Limits());
    }

    /**
     * Creates a state.
     *
     * @param limits its limits
     * @throws DoorsException for a limit of 0
     */
    public State(Limits limits) {
        super(Function.DOORS_STATE_FREE, (frame, out, error) -> C.call(Function.DOORS_STATE_NEW, limits.in(frame), out));
    }

    /** The limits of a process. Each has a default. */
    public static final class Limits extends Settings {
        /** Begins with the defaults. */
        public Limits() {
            super(Abi.LIMITS_SIZE, Function.DOORS_LIMITS_INIT);
        }

        private Limits with(String name, int at, long value) {
            values.putInt(at, Values.count(name, value));
            return this;
        }

        /**
         * Sets the maximum number of remembered pods.
         *
         * @param count at least 1; the default is 10,000
         * @return this
         */
        public Limits maxPods(long count) {
            return with("maxPods", Abi.LIMITS_MAX_PODS, count);
        }

        /**
         * Sets the maximum number of requests that wait for a pod.
         *
         * @param count the default is 4,096
         * @return this
         */
        public Limits maxWaiting(long count) {
            return with("maxWaiting", Abi.LIMITS_MAX_WAITING, count);
        }

        /**
         * Sets the maximum number of concurrent lookups.
         *
         * @param count at least 1; the default is 64
         * @return this
         */
        public Limits maxLookups(long count) {
            return with("maxLookups", Abi.LIMITS_MAX_LOOKUPS, count);
        }

        /**
         * Sets the maximum number of lookups that have been running for over a second and no longer count towards {@code
         * maxLookups}.
         *
         * @param count the default is 256
         * @return this
         */
        public Limits maxSlowLookups(long count) {
            return with("maxSlowLookups", Abi.LIMITS_MAX_SLOW_LOOKUPS, count);
        }

        /**
         * Sets the maximum number of lookups started per second for hosts with known addresses.
         *
         * @param count at least 1; the default is 100
         * @return this
         */
        public Limits refreshesPerSecond(long count) {
            return with("refreshesPerSecond", Abi.LIMITS_REFRESHES_PER_SECOND, count);
        }
    }

    /**
     * Lookups to start now.
     *
     * @param lookups the lookups; always report the end of each
     * @param next the time of the next call; {@link Numbers#NEVER} if nothing is planned
     */
    public record Due(List<Host.Lookup> lookups, long next) {}

    /**
     * Whether the pods at one address can be stopped, judging by their requests.
     *
     * @param answer the answer
     * @param inFlight the number of requests in flight
     * @param streams how many of the requests in flight are receiver streams
     * @param used whether a pod at the address was used
     * @param lastSeen when a pod at the address was last used; 0 if {@code used} is false
     * @param waits the minimum time until the answer can be YES
     */
    public record Idle(IdleAnswer answer, int inFlight, int streams, boolean used, long lastSeen, Duration waits) {}

    /**
     * Changes the maximum number of remembered pods.
     *
     * @param maxPods at least 1
     */
    public void limit(long maxPods) {
        checked(Function.DOORS_STATE_LIMIT, Values.count("maxPods", maxPods));
    }

    /**
     * Lists the hosts to look up now. Call it from a single loop that waits for {@link Due#next}.
     *
     * @param now the time
     * @param random any number
     * @return the lookups, and the time of the next call
     */
    public Due due(long now, long random) {
        try (Frame frame = new Frame()) {
            ByteBuffer next = frame.take(Long.BYTES);
            List<Host.Lookup> lookups = Values.list(Abi.LOOKUP_SIZE, (room, capacity, count) ->
                    status(Function.DOORS_STATE_DUE, now, random, room, capacity, count, next), Host.Lookup::of);
            return new Due(lookups, next.getLong(0));
        }
    }

    /**
     * Reports the addresses found by a lookup with a complete answer.
     *
     * @param host the ID of the host
     * @param addresses the addresses, in any order
     * @param now the time
     * @param random any number
     * @return what has changed
     */
    public Host.Change resolved(long host, List<InetAddress> addresses, long now, long random) {
        return resolved(host, addresses, Set.of(), Optional.empty(), now, random);
    }

    /**
     * Reports the addresses found by a lookup.
     *
     * @param host the ID of the host
     * @param addresses the addresses, in any order
     * @param missing the IP versions with a missing or partial answer
     * @param failure the reason; empty if the answer is only late
     * @param now the time
     * @param random any number
     * @return what has changed
     */
    public Host.Change resolved(
            long host, List<InetAddress> addresses, Set<Missing> missing, Optional<LookupFailure> failure, long now, long random) {
        try (Frame frame = new Frame()) {
            ByteBuffer out = frame.take(Abi.HOST_REPORT_SIZE);
            checked(Function.DOORS_STATE_RESOLVED, host, Values.addresses(frame, addresses), (long) addresses.size(),
                    Numbers.sum(missing), failure.map(LookupFailure::number).orElse(0), now, random, out);
            return Host.Change.of(out);
        }
    }

    /**
     * Reports addresses that arrived after the end of their lookup was reported.
     *
     * @param host the ID of the host
     * @param addresses the addresses
     * @param now the time
     * @return the next step
     */
    public Host.Change resolvedLate(long host, List<InetAddress> addresses, long now) {
        try (Frame frame = new Frame()) {
            ByteBuffer out = frame.take(Abi.HOST_REPORT_SIZE);
            checked(Function.DOORS_STATE_RESOLVED_LATE, host, Values.addresses(frame, addresses), (long) addresses.size(), now, out);
            return Host.Change.of(out);
        }
    }

    /**
     * Reports a lookup that found no addresses.
     *
     * @param host the ID of the host
     * @param failure why
     * @param now the time
     * @param random any number
     * @return what has changed
     */
    public Host.Change lookupFailed(long host, LookupFailure failure, long now, long random) {
        try (Frame frame = new Frame()) {
            ByteBuffer out = frame.take(Abi.HOST_REPORT_SIZE);
            checked(Function.DOORS_STATE_LOOKUP_FAILED, host, failure.number(), now, random, out);
            return Host.Change.of(out);
        }
    }

    /**
     * Gets what is known about a host.
     *
     * @param host the ID of the host
     * @param now the time
     * @return what is known
     * @throws DoorsException with NO_MATCH for an unknown host
     */
    public Host host(long host, long now) {
        try (Frame frame = new Frame()) {
            ByteBuffer out = frame.take(Abi.HOST_STATE_SIZE);
            List<InetAddress> addresses = Values.list(Abi.ADDR_SIZE, (room, capacity, count) ->
                    status(Function.DOORS_STATE_HOST, host, now, out, room, capacity, count),
                    from -> Values.address(from, 0).orElseThrow());
            return Host.of(out, addresses);
        }
    }

    /**
     * Lists pods by address (IPv4 first) and port.
     *
     * @param after starts after this pod; empty to start with the first
     * @param most the maximum number of pods to list
     * @return the pods
     */
    public List<KnownPod> pods(Optional<Pod> after, int most) {
        int size = Math.multiplyExact(Abi.KNOWN_POD_SIZE, (int) Values.fits("most", most, Integer.MAX_VALUE));
        try (Frame frame = new Frame()) {
            ByteBuffer room = frame.take(size), count = frame.take(Long.BYTES), known = frame.take(Long.BYTES);
            ByteBuffer from = after.map(pod -> Values.pod(frame, pod)).orElse(null);
            checked(Function.DOORS_STATE_PODS, from, room, (long) most, count, known);
            return Values.read(room, Abi.KNOWN_POD_SIZE, (int) count.getLong(0), KnownPod::of);
        }
    }

    /** {@return how many pods are known} */
    public long known() {
        try (Frame frame = new Frame()) {
            ByteBuffer count = frame.take(Long.BYTES), known = frame.take(Long.BYTES);
            checked(Function.DOORS_STATE_PODS, null, null, 0L, count, known);
            return known.getLong(0);
        }
    }

    /**
     * Gets the verdict on a pod.
     *
     * @param pod the pod
     * @return the verdict
     */
    public Verdict verdict(Pod pod) {
        try (Frame frame = new Frame()) {
            ByteBuffer out = frame.take(Integer.BYTES);
            checked(Function.DOORS_STATE_VERDICT, Values.pod(frame, pod), out);
            return Verdict.of(out.getInt(0));
        }
    }

    /**
     * Checks whether the pods at an address can be stopped.
     *
     * @param address the address
     * @param idle how long they must have had no request
     * @param started when the caller began to report requests
     * @param now the time
     * @return whether they can be stopped
     */
    public Idle idle(InetAddress address, Duration idle, long started, long now) {
        try (Frame frame = new Frame()) {
            ByteBuffer out = frame.take(Abi.IDLE_SIZE);
            checked(Function.DOORS_STATE_IDLE, Values.address(frame, address), Values.nanos("idle", idle), started, now, out);
            return new Idle(
                    IdleAnswer.of(out.getInt(Abi.IDLE_ANSWER)),
                    out.getInt(Abi.IDLE_IN_FLIGHT),
                    out.getInt(Abi.IDLE_STREAMS),
                    out.getInt(Abi.IDLE_USED) == 1,
                    out.getLong(Abi.IDLE_LAST_SEEN),
                    Duration.ofNanos(out.getLong(Abi.IDLE_WAIT)));
        }
    }

    /**
     * Evicts pods until {@link #undo}, or changes the eviction with this target.
     *
     * @param eviction which pods, and how fast
     * @param now the time
     */
    public void evict(Eviction eviction, long now) {
        try (Frame frame = new Frame()) {
            checked(Function.DOORS_STATE_EVICT, eviction.in(frame), now);
        }
    }

    /**
     * Cancels the eviction with this target.
     *
     * @param eviction the target
     * @param now the time
     */
    public void undo(Eviction eviction, long now) {
        try (Frame frame = new Frame()) {
            checked(Function.DOORS_STATE_UNDO, eviction.in(frame), now);
        }
    }

    /** {@return all evictions, oldest first} */
    public List<Eviction> evictions() {
        return Values.list(Abi.EVICTION_SIZE, (room, capacity, count) ->
                status(Function.DOORS_STATE_EVICTIONS, room, capacity, count), Eviction::of);
    }

    /**
     * Lists the events of pods. Only the last 256 events are kept.
     *
     * @param after lists events after the one with this number; 0 for all
     * @return the events, oldest first
     */
    public List<Event> events(long after) {
        return Values.list(Abi.EVENT_SIZE, (room, capacity, count) ->
                status(Function.DOORS_STATE_EVENTS, after, room, capacity, count), Event::of);
    }
}
