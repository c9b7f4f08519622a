package dev.doors.caddy;

import static dev.doors.caddy.Doors.LIBRARY;
import static dev.doors.caddy.Doors.check;
import static dev.doors.caddy.Doors.count;

import com.sun.jna.Native;
import com.sun.jna.Structure;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import dev.doors.caddy.Doors.Handle;
import dev.doors.caddy.Doors.Idle;
import dev.doors.caddy.Doors.Pod;
import dev.doors.caddy.DoorsLibrary.CAddr;
import dev.doors.caddy.DoorsLibrary.CDecision;
import dev.doors.caddy.DoorsLibrary.CEvent;
import dev.doors.caddy.DoorsLibrary.CEviction;
import dev.doors.caddy.DoorsLibrary.CHostReport;
import dev.doors.caddy.DoorsLibrary.CHostState;
import dev.doors.caddy.DoorsLibrary.CIdle;
import dev.doors.caddy.DoorsLibrary.CKnownPod;
import dev.doors.caddy.DoorsLibrary.CLimits;
import dev.doors.caddy.DoorsLibrary.CLookup;
import dev.doors.caddy.DoorsLibrary.COptions;
import dev.doors.caddy.DoorsLibrary.CPlace;
import dev.doors.caddy.DoorsLibrary.CPod;
import dev.doors.caddy.DoorsLibrary.CReport;
import dev.doors.caddy.DoorsLibrary.CRequest;
import dev.doors.caddy.DoorsLibrary.CStep;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The way of requests: {@link State}, {@link Source} and {@link Request}. {@code now} is nanoseconds of one monotonic clock,
 * such as {@code System.nanoTime()}; {@code random} is any number, another one for each call.
 */
public final class Flow {
    private Flow() {}

    /** The pod of a report, with its upstream. */
    public record Told(int upstream, Pod pod, int verdict) {}

    /** A pod that says that it drains, or no longer says so, with its upstream. */
    public record Draining(int upstream, Pod pod, boolean draining) {}

    /** What was learned besides. {@code flags} are REPORT_*. */
    public record Report(
            int flags, int suppressed, Optional<Told> changed, Optional<Draining> draining, Optional<Told> background,
            long droppedHost, Optional<byte[]> dropped, int outsideUpstream, Optional<byte[]> outside) {
        private static Report of(CReport out) {
            boolean changed = (out.flags & Numbers.REPORT_CHANGED) != 0;
            boolean draining = (out.flags & Numbers.REPORT_DRAINING) != 0;
            boolean background = (out.flags & Numbers.REPORT_BACKGROUND) != 0;
            return new Report(
                    out.flags,
                    out.suppressed,
                    changed ? Optional.of(new Told(out.changed_upstream, pod(out.changed_pod), out.changed_verdict)) : Optional.empty(),
                    draining ? Optional.of(new Draining(out.draining_upstream, pod(out.draining_pod), out.draining == 1)) : Optional.empty(),
                    background ? Optional.of(new Told(out.background_upstream, pod(out.background_pod), 0)) : Optional.empty(),
                    out.dropped_host,
                    Doors.address(out.dropped_addr),
                    out.outside_upstream,
                    Doors.address(out.outside_addr));
        }
    }

    /** What to do next. {@code kind} is STEP_*. */
    public record Step(
            int kind, int upstream, Optional<Pod> pod, boolean probe, boolean lastChoice, int status, int retryAfter, int cause,
            boolean page, long until, Report report) {
        private static Step of(CStep out) {
            return new Step(
                    out.kind,
                    out.upstream,
                    out.pod.addr.len == 0 ? Optional.empty() : Optional.of(Flow.pod(out.pod)),
                    out.probe == 1,
                    out.last_choice == 1,
                    out.status,
                    out.retry_after,
                    out.cause,
                    out.page == 1,
                    out.until,
                    Report.of(out.report));
        }
    }

    public record Lookup(long host, long resolver, String name) {}

    /** When to ask for lookups again: {@link Numbers#NEVER} for not before a report has REPORT_LOOKUPS_DUE. */
    public record Due(List<Lookup> lookups, long next) {}

    public record HostReport(int change, int flags) {}

    public record Host(
            String name, long resolver, List<byte[]> addresses, long generation, long age, int failure, long failingFor,
            long refresh, int users, boolean active, boolean partial) {}

    /** Times are those of the calls. {@code markedSince} counts while {@code marked}. */
    public record KnownPod(
            Pod pod, long upstream, long firstSeen, long lastSeen, long unreachableSince, long markedSince, long refused,
            int inFlight, int streams, int verdict, boolean fresh, boolean marked, long drainingSince, long drainedSince,
            long evictedSince) {}

    /** Pods in a network (an empty address for all), of an upstream (0 for any). {@code flags} is EVICT_*, or 0. */
    public record Eviction(byte[] address, int bits, long upstream, long rate, int flags, long since, long told) {
        private CEviction toC() {
            CEviction out = new CEviction();
            out.addr.bytes = Arrays.copyOf(address, 16);
            out.addr.len = address.length;
            out.bits = count("bits", bits);
            out.upstream = upstream;
            out.rate = count("rate", rate);
            out.flags = count("flags", flags);
            return out;
        }
    }

    /** {@code kind} is EVENT_*. The address is that of the network, and port 0, for what happened to an eviction. */
    public record Event(long number, long at, long upstream, Pod pod, int bits, int kind, int pages) {}

    public record Place(int upstream, int tier, Pod pod) {}

    /** The pods of an upstream in DNS, inside and outside of its networks. */
    public record Fresh(List<Pod> inside, List<Pod> outside) {}

    private static Pod pod(CPod pod) {
        return new Pod(Arrays.copyOf(pod.addr.bytes, pod.addr.len), Short.toUnsignedInt(pod.port));
    }

    private static String text(byte[] name) {
        return Native.toString(name, StandardCharsets.US_ASCII);
    }

    private interface Listing<T> {
        int fill(T[] room, LongByReference count);
    }

    /** A list whose length is known only with it. */
    @SuppressWarnings("unchecked")
    private static <T extends Structure> List<T> list(T first, Listing<T> call) {
        for (int room = 64; ; ) {
            T[] list = (T[]) first.toArray(room);
            LongByReference count = new LongByReference();
            check(call.fill(list, count));
            if (count.getValue() <= room) return List.of(list).subList(0, (int) count.getValue());
            room = (int) count.getValue();
        }
    }

    private static CAddr[] addresses(List<byte[]> addresses) {
        if (addresses.isEmpty()) return null;
        CAddr[] list = (CAddr[]) new CAddr().toArray(addresses.size());
        for (int i = 0; i < list.length; i++) {
            list[i].bytes = Arrays.copyOf(addresses.get(i), 16);
            list[i].len = addresses.get(i).length;
        }
        return list;
    }

    /** What a process knows about hosts and pods; one is enough. */
    public static final class State extends Handle {
        /** With good limits. */
        public State() {
            this(limits -> {});
        }

        /** With limits that the caller changes. */
        public State(Consumer<CLimits> change) {
            super((out, error) -> {
                CLimits limits = new CLimits();
                check(LIBRARY.doors_limits_init(limits));
                change.accept(limits);
                count("max_pods", limits.max_pods);
                count("max_waiting", limits.max_waiting);
                count("max_lookups", limits.max_lookups);
                count("max_slow_lookups", limits.max_slow_lookups);
                count("refreshes_per_second", limits.refreshes_per_second);
                return Doors.noMessage(LIBRARY.doors_state_new(limits, out));
            }, LIBRARY::doors_state_free);
        }

        public void limit(long maxPods) {
            check(LIBRARY.doors_state_limit(pointer(), count("maxPods", maxPods)));
        }

        public Due due(long now, long random) {
            LongByReference next = new LongByReference();
            List<CLookup> found = list(new CLookup(),
                    (room, count) -> LIBRARY.doors_state_due(pointer(), now, random, room, room.length, count, next));
            return new Due(found.stream().map(l -> new Lookup(l.host, l.resolver, text(l.name))).toList(), next.getValue());
        }

        /** A lookup has ended. {@code missing} is MISSING_*, added up, and {@code failure} why (LOOKUP_*). */
        public HostReport resolved(long host, List<byte[]> addresses, int missing, int failure, long now, long random) {
            CHostReport out = new CHostReport();
            check(LIBRARY.doors_state_resolved(
                    pointer(), host, addresses(addresses), addresses.size(), count("missing", missing),
                    count("failure", failure), now, random, out));
            return new HostReport(out.change, out.flags);
        }

        /** Addresses came after their lookup was reported. */
        public HostReport resolvedLate(long host, List<byte[]> addresses, long now) {
            CHostReport out = new CHostReport();
            check(LIBRARY.doors_state_resolved_late(pointer(), host, addresses(addresses), addresses.size(), now, out));
            return new HostReport(out.change, out.flags);
        }

        public HostReport lookupFailed(long host, int failure, long now, long random) {
            CHostReport out = new CHostReport();
            check(LIBRARY.doors_state_lookup_failed(pointer(), host, count("failure", failure), now, random, out));
            return new HostReport(out.change, out.flags);
        }

        public Host host(long host, long now) {
            CHostState out = new CHostState();
            List<CAddr> list = list(new CAddr(),
                    (room, count) -> LIBRARY.doors_state_host(pointer(), host, now, out, room, room.length, count));
            return new Host(
                    text(out.name),
                    out.resolver,
                    list.stream().map(addr -> Doors.address(addr).orElseThrow()).toList(),
                    out.generation,
                    out.age,
                    out.failure,
                    out.failing_for,
                    out.refresh,
                    out.users,
                    out.active == 1,
                    out.partial == 1);
        }

        /** At most so many pods, by address (IPv4 first) and port, those after one of them (null for the first ones). */
        public List<KnownPod> pods(Pod after, int most) {
            CKnownPod[] room = (CKnownPod[]) new CKnownPod().toArray((int) Doors.fits("most", most, Integer.MAX_VALUE));
            LongByReference count = new LongByReference(), known = new LongByReference();
            check(LIBRARY.doors_state_pods(pointer(), after == null ? null : after.toC(), room, most, count, known));
            return Arrays.stream(room).limit(count.getValue()).map(one -> new KnownPod(
                    pod(one.pod),
                    one.upstream,
                    one.first_seen,
                    one.last_seen,
                    one.unreachable_since,
                    one.marked_since,
                    one.refused,
                    one.in_flight,
                    one.streams,
                    one.verdict,
                    one.fresh == 1,
                    one.marked == 1,
                    one.draining_since,
                    one.drained_since,
                    one.evicted_since)).toList();
        }

        /** Evicts pods until {@link #undo}, or changes the eviction with this target. */
        public void evict(Eviction eviction, long now) {
            check(LIBRARY.doors_state_evict(pointer(), eviction.toC(), now));
        }

        /** Takes the eviction with this target back. */
        public void undo(Eviction eviction, long now) {
            check(LIBRARY.doors_state_undo(pointer(), eviction.toC(), now));
        }

        /** All evictions, the oldest first. */
        public List<Eviction> evictions() {
            List<CEviction> found = list(new CEviction(),
                    (room, count) -> LIBRARY.doors_state_evictions(pointer(), room, room.length, count));
            return found.stream().map(one -> new Eviction(
                    Arrays.copyOf(one.addr.bytes, one.addr.len),
                    one.bits,
                    one.upstream,
                    Integer.toUnsignedLong(one.rate),
                    one.flags,
                    one.since,
                    one.told)).toList();
        }

        /** What has happened to pods: of the last 256 events those after one, the oldest first. */
        public List<Event> events(long after) {
            List<CEvent> found = list(new CEvent(),
                    (room, count) -> LIBRARY.doors_state_events(pointer(), after, room, room.length, count));
            return found.stream().map(one -> new Event(
                    one.number, one.at, one.upstream, pod(one.pod), one.bits, one.kind, one.pages)).toList();
        }

        public int verdict(Pod pod) {
            IntByReference out = new IntByReference();
            check(LIBRARY.doors_state_verdict(pointer(), pod.toC(), out));
            return out.getValue();
        }

        public Idle idle(byte[] address, long idle, long started, long now) {
            CIdle out = new CIdle();
            check(LIBRARY.doors_state_idle(pointer(), Doors.addr(address), idle, started, now, out));
            return new Idle(out.answer, out.in_flight, out.streams, out.used == 1, out.last_seen, out.wait);
        }
    }

    /** One configuration in use. It is closed after its requests have ended. */
    public static final class Source extends Handle {
        /** With good options. */
        public Source(State state, byte[] json) {
            this(state, json, options -> {});
        }

        /** With options that the caller changes. */
        public Source(State state, byte[] json, Consumer<COptions> change) {
            super((out, error) -> {
                COptions options = new COptions();
                check(LIBRARY.doors_options_init(options));
                change.accept(options);
                count("gone_rate", options.gone_rate);
                count("flags", options.flags);
                return LIBRARY.doors_source_new(state.pointer(), json, json.length, options, out, error);
            }, LIBRARY::doors_source_free);
        }

        /** The router of this source, which lives as long and need not be closed. */
        public Doors.Router router() {
            return new Doors.Router(LIBRARY.doors_source_router(pointer()));
        }

        /** A request begins; its {@link Request#step} says what to do. */
        public Request begin(int method, boolean hasBody, byte[] path, byte[] cookies, long now, long random) {
            return new Request(this, method, hasBody, path, cookies, now, random);
        }

        /** What became of a dial, also of one in the background. */
        public Report dialled(int upstream, Pod pod, int outcome, long now, long random) {
            CReport out = new CReport();
            check(LIBRARY.doors_source_dialled(
                    pointer(), count("upstream", upstream), pod.toC(), count("outcome", outcome), now, random, out));
            return Report.of(out);
        }

        /** Keeps the lookups of an upstream's host going. */
        public Report use(int upstream, long now) {
            CReport out = new CReport();
            check(LIBRARY.doors_source_use(pointer(), count("upstream", upstream), now, out));
            return Report.of(out);
        }

        /** The numbers of the host, as in a lookup, and of the upstream, as in a known pod. */
        public long[] upstream(int index) {
            LongByReference host = new LongByReference(), upstream = new LongByReference();
            check(LIBRARY.doors_source_upstream(pointer(), count("index", index), host, upstream));
            return new long[] {host.getValue(), upstream.getValue()};
        }

        public Fresh fresh(int upstream) {
            LongByReference inside = new LongByReference();
            int index = count("upstream", upstream);
            List<Pod> pods = list(new CPod(),
                            (room, count) -> LIBRARY.doors_source_fresh(pointer(), index, room, room.length, inside, count))
                    .stream().map(Flow::pod).toList();
            int border = (int) inside.getValue();
            return new Fresh(pods.subList(0, border), pods.subList(border, pods.size()));
        }
    }

    private interface Call {
        int step(CStep out);
    }

    /** One request of a {@link Source}. One thread at a time. */
    public static final class Request {
        private final Source source;
        private final CRequest request = new CRequest();
        private final Doors.Decision decision;
        private Step step;

        private Request(Source source, int method, boolean hasBody, byte[] path, byte[] cookies, long now, long random) {
            this.source = source;
            stepped(out -> LIBRARY.doors_request_begin(
                    source.pointer(), count("method", method), hasBody ? 1 : 0, path, path.length, cookies, cookies.length, now, random,
                    request, out));
            CDecision out = new CDecision();
            check(LIBRARY.doors_request_decision(source.pointer(), request, out));
            decision = Doors.decision(out);
        }

        /** What its token or cookie means. */
        public Doors.Decision decision() {
            return decision;
        }

        /** What to do. */
        public Step step() {
            return step;
        }

        private Step stepped(Call call) {
            CStep out = new CStep();
            check(call.step(out));
            step = Step.of(out);
            return step;
        }

        /** The attempt has ended without an answer; its dial was told to {@link Source#dialled}. */
        public Step next(int outcome, long now, long random) {
            return stepped(out -> LIBRARY.doors_request_next(source.pointer(), request, count("outcome", outcome), now, random, out));
        }

        /** {@link Source#dialled} and {@link #next} in one. */
        public Step failed(int outcome, long now, long random) {
            return stepped(
                    out -> LIBRARY.doors_request_failed(source.pointer(), request, count("outcome", outcome), now, random, out));
        }

        public Step resume(long now, long random) {
            return stepped(out -> LIBRARY.doors_request_resume(source.pointer(), request, now, random, out));
        }

        /** The pods to choose from. */
        public List<Place> choices(long now) {
            CReport report = new CReport();
            return list(new CPlace(), (room, count) -> LIBRARY.doors_request_choices(
                            source.pointer(), request, now, room, room.length, count, report))
                    .stream().map(place -> new Place(place.upstream, place.tier, pod(place.pod))).toList();
        }

        public Step chose(int upstream, Pod pod, long now) {
            return stepped(out -> LIBRARY.doors_request_chose(
                    source.pointer(), request, count("upstream", upstream), pod.toC(), now, out));
        }

        public Step choseNone(long now, long random) {
            return stepped(out -> LIBRARY.doors_request_chose_none(source.pointer(), request, now, random, out));
        }

        /** With OPTION_USER_RETRIES: the retries are over; {@code outcome} is 0 if the last one was told to {@link #next}. */
        public Step giveUp(int outcome, long now, long random) {
            return stepped(
                    out -> LIBRARY.doors_request_give_up(source.pointer(), request, count("outcome", outcome), now, random, out));
        }

        /** The pod has begun to answer; {@code marks} are MARK_*, added up. STEP_DONE: pass the answer on. */
        public Step answered(int marks, long now, long random) {
            return stepped(
                    out -> LIBRARY.doors_request_answered(source.pointer(), request, count("marks", marks), now, random, out));
        }

        /** The request is over, however. Call it once for each {@link Source#begin}. */
        public void ended(long now) {
            check(LIBRARY.doors_request_ended(source.pointer(), request, now));
        }
    }
}
