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

/** What a process knows about hosts and pods; one is enough. It outlives configurations. */
public final class State extends Handle {
    /** Makes a state with good limits. */
    public State() {
        this(new Limits());
    }

    /**
     * Makes a state.
     *
     * @param limits its bounds
     * @throws DoorsException for a bound of 0
     */
    public State(Limits limits) {
        super(Function.DOORS_STATE_FREE, (frame, out, error) -> C.call(Function.DOORS_STATE_NEW, limits.in(frame), out));
    }

    /** The bounds of a process. Each has a good value. */
    public static final class Limits extends Settings {
        /** Begins with the good values. */
        public Limits() {
            super(Abi.LIMITS_SIZE, Function.DOORS_LIMITS_INIT);
        }

        private Limits with(String name, int at, long value) {
            values.putInt(at, Values.count(name, value));
            return this;
        }

        /**
         * Sets how many pods are remembered.
         *
         * @param count at least 1; 10,000 if not set
         * @return this
         */
        public Limits maxPods(long count) {
            return with("maxPods", Abi.LIMITS_MAX_PODS, count);
        }

        /**
         * Sets how many requests may wait for a pod at once.
         *
         * @param count 4,096 if not set
         * @return this
         */
        public Limits maxWaiting(long count) {
            return with("maxWaiting", Abi.LIMITS_MAX_WAITING, count);
        }

        /**
         * Sets how many lookups may run at once.
         *
         * @param count at least 1; 64 if not set
         * @return this
         */
        public Limits maxLookups(long count) {
            return with("maxLookups", Abi.LIMITS_MAX_LOOKUPS, count);
        }

        /**
         * Sets how many more lookups may run, if so many have been running for over a second.
         *
         * @param count 256 if not set
         * @return this
         */
        public Limits maxSlowLookups(long count) {
            return with("maxSlowLookups", Abi.LIMITS_MAX_SLOW_LOOKUPS, count);
        }

        /**
         * Sets how many lookups a second may begin for hosts whose addresses are known.
         *
         * @param count at least 1; 100 if not set
         * @return this
         */
        public Limits refreshesPerSecond(long count) {
            return with("refreshesPerSecond", Abi.LIMITS_REFRESHES_PER_SECOND, count);
        }
    }

    /**
     * Lookups to begin now.
     *
     * @param lookups the lookups; report the end of each
     * @param next when to ask again, unless a report has LOOKUPS_DUE before; {@link Numbers#NEVER} for not
     */
    public record Due(List<Host.Lookup> lookups, long next) {}

    /**
     * Whether the pods at one address may be stopped.
     *
     * @param answer the answer
     * @param inFlight requests that have not ended
     * @param streams those of them that are receiver streams
     * @param used whether a pod at the address was used
     * @param lastSeen if so, when it was last used
     * @param waits until the answer can be YES at the earliest
     */
    public record Idle(IdleAnswer answer, int inFlight, int streams, boolean used, long lastSeen, Duration waits) {}

    /**
     * Changes how many pods are remembered.
     *
     * @param maxPods at least 1
     */
    public void limit(long maxPods) {
        checked(Function.DOORS_STATE_LIMIT, Values.count("maxPods", maxPods));
    }

    /**
     * Tells the lookups to begin now. Call it from one place: a loop that {@link Due#next} drives.
     *
     * @param now the time
     * @param random any number
     * @return the lookups, and when to ask again
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
     * A lookup has ended, and all was learned.
     *
     * @param host the number of the host
     * @param addresses its addresses, in any order
     * @param now the time
     * @param random any number
     * @return what has changed
     */
    public Host.Change resolved(long host, List<InetAddress> addresses, long now, long random) {
        return resolved(host, addresses, Set.of(), Optional.empty(), now, random);
    }

    /**
     * A lookup has ended, and perhaps not all was learned.
     *
     * @param host the number of the host
     * @param addresses its addresses, in any order
     * @param missing the IP versions about which nothing was learned, or only a part
     * @param failure why; empty if they are only late
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
     * Addresses came after their lookup was reported.
     *
     * @param host the number of the host
     * @param addresses the addresses
     * @param now the time
     * @return what to do
     */
    public Host.Change resolvedLate(long host, List<InetAddress> addresses, long now) {
        try (Frame frame = new Frame()) {
            ByteBuffer out = frame.take(Abi.HOST_REPORT_SIZE);
            checked(Function.DOORS_STATE_RESOLVED_LATE, host, Values.addresses(frame, addresses), (long) addresses.size(), now, out);
            return Host.Change.of(out);
        }
    }

    /**
     * A lookup has ended without addresses.
     *
     * @param host the number of the host
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
     * Tells what is known about a host.
     *
     * @param host the number of the host
     * @param now the time
     * @return what is known
     * @throws DoorsException with NO_MATCH if nothing is
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
     * Tells pods, by address (IPv4 first) and port.
     *
     * @param after those after this one; empty for the first ones
     * @param most at most so many
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
     * Tells what is held against a pod.
     *
     * @param pod the pod
     * @return what is held against it
     */
    public Verdict verdict(Pod pod) {
        try (Frame frame = new Frame()) {
            ByteBuffer out = frame.take(Integer.BYTES);
            checked(Function.DOORS_STATE_VERDICT, Values.pod(frame, pod), out);
            return Verdict.of(out.getInt(0));
        }
    }

    /**
     * Tells whether the pods at an address may be stopped.
     *
     * @param address the address
     * @param idle for how long they must have had no request
     * @param started since when the caller has watched
     * @param now the time
     * @return whether they may
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
     * Takes the eviction with this target back.
     *
     * @param eviction the target
     * @param now the time
     */
    public void undo(Eviction eviction, long now) {
        try (Frame frame = new Frame()) {
            checked(Function.DOORS_STATE_UNDO, eviction.in(frame), now);
        }
    }

    /** {@return all evictions, the oldest first} */
    public List<Eviction> evictions() {
        return Values.list(Abi.EVICTION_SIZE, (room, capacity, count) ->
                status(Function.DOORS_STATE_EVICTIONS, room, capacity, count), Eviction::of);
    }

    /**
     * Tells what has happened to pods, of the last 256 events.
     *
     * @param after those after the one with this number; 0 for all
     * @return the events, the oldest first
     */
    public List<Event> events(long after) {
        return Values.list(Abi.EVENT_SIZE, (room, capacity, count) ->
                status(Function.DOORS_STATE_EVENTS, after, room, capacity, count), Event::of);
    }
}
