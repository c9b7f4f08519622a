package dev.doors.caddy;

import dev.doors.caddy.Numbers.Cause;
import dev.doors.caddy.Numbers.Mark;
import dev.doors.caddy.Numbers.Method;
import dev.doors.caddy.Numbers.Outcome;
import dev.doors.caddy.Numbers.StepKind;
import dev.doors.caddy.c.Abi;
import dev.doors.caddy.c.Abi.Function;
import dev.doors.caddy.c.Frame;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;

/** One request of a {@link Source}, from {@link Source#begin}. For use by one thread at a time. */
public final class Request {
    private final Source source;
    /** The doors_request. It is plain memory and copied for each call. */
    private final byte[] memory = new byte[Abi.REQUEST_SIZE];
    private final Decision decision;
    private Step step;

    Request(Source source, Method method, boolean hasBody, byte[] path, byte[] cookies, long now, long random) {
        this.source = source;
        try (Frame frame = new Frame()) {
            ByteBuffer request = frame.take(Abi.REQUEST_SIZE), out = frame.take(Abi.STEP_SIZE);
            ByteBuffer meaning = frame.take(Abi.DECISION_SIZE);
            source.checked(Function.DOORS_REQUEST_BEGIN, method.number(), hasBody ? 1 : 0, frame.bytes(path), (long) path.length,
                    frame.bytes(cookies), (long) cookies.length, now, random, request, out);
            source.checked(Function.DOORS_REQUEST_DECISION, request, meaning);
            request.get(0, memory);
            step = step(out);
            decision = Decision.of(meaning);
        }
    }

    /**
     * A pod to choose from.
     *
     * @param upstream index of the upstream in the configuration
     * @param tier how well the pod suits the request; lower is better
     * @param pod the pod
     */
    public record Place(int upstream, int tier, Pod pod) {}

    /**
     * Pods to choose from.
     *
     * @param places the pods of the best tier
     * @param report what was learned
     */
    public record Choices(List<Place> places, Report report) {}

    /** {@return the meaning of the request's token or cookie} */
    public Decision decision() {
        return decision;
    }

    /** {@return the current step: what to do next} */
    public Step step() {
        return step;
    }

    private interface Call {
        void with(Frame frame, ByteBuffer request, ByteBuffer out);
    }

    /** Calls a function with a copy of the request, then keeps the changed copy. */
    private <T> T copied(int size, Call call, java.util.function.Function<ByteBuffer, T> read) {
        try (Frame frame = new Frame()) {
            ByteBuffer request = frame.bytes(memory), out = frame.take(size);
            try {
                call.with(frame, request, out);
            } finally {
                request.get(0, memory);
            }
            return read.apply(out);
        }
    }

    private Step next(Call call) {
        step = copied(Abi.STEP_SIZE, call, Request::step);
        return step;
    }

    /**
     * Ends the current attempt, which got no response. Its dial must have been reported to {@link Source#dialled}.
     *
     * @param outcome its outcome
     * @param now the time
     * @param random any number
     * @return the next step
     */
    public Step next(Outcome outcome, long now, long random) {
        return next((frame, request, out) ->
                source.checked(Function.DOORS_REQUEST_NEXT, request, outcome.number(), now, random, out));
    }

    /**
     * Combines {@link Source#dialled} and {@link #next}.
     *
     * @param outcome the outcome of the dial
     * @param now the time
     * @param random any number
     * @return the next step
     */
    public Step failed(Outcome outcome, long now, long random) {
        return next((frame, request, out) ->
                source.checked(Function.DOORS_REQUEST_FAILED, request, outcome.number(), now, random, out));
    }

    /**
     * Resumes a waiting request, at the time of its step or when a report has WAKE.
     *
     * @param now the time
     * @param random any number
     * @return the next step
     */
    public Step resume(long now, long random) {
        return next((frame, request, out) -> source.checked(Function.DOORS_REQUEST_RESUME, request, now, random, out));
    }

    /**
     * Lists the pods that may serve the request, after {@link Step.Choose}.
     *
     * @param now the time
     * @return the pods, possibly none
     */
    public Choices choices(long now) {
        try (Frame frame = new Frame()) {
            ByteBuffer request = frame.bytes(memory), report = frame.take(Abi.REPORT_SIZE);
            List<Place> places = Values.list(Abi.PLACE_SIZE, (room, capacity, count) ->
                    source.status(Function.DOORS_REQUEST_CHOICES, request, now, room, capacity, count, report),
                    from -> new Place(from.getInt(Abi.PLACE_UPSTREAM), from.getInt(Abi.PLACE_TIER), Values.pod(from, Abi.PLACE_POD)));
            request.get(0, memory);
            return new Choices(places, Report.of(report));
        }
    }

    /**
     * Reports the pod chosen by the user's policy.
     *
     * @param upstream index of the upstream in the configuration
     * @param pod the pod
     * @param now the time
     * @return the next step
     */
    public Step chose(int upstream, Pod pod, long now) {
        return next((frame, request, out) -> source.checked(
                Function.DOORS_REQUEST_CHOSE, request, Values.count("upstream", upstream), Values.pod(frame, pod), now, out));
    }

    /**
     * Reports that the user's policy chose no pod.
     *
     * @param now the time
     * @param random any number
     * @return the next step
     */
    public Step choseNone(long now, long random) {
        return next((frame, request, out) -> source.checked(Function.DOORS_REQUEST_CHOSE_NONE, request, now, random, out));
    }

    /**
     * Ends the retries of a source with USER_RETRIES, if {@link #next} has already reported the last outcome.
     *
     * @param now the time
     * @param random any number
     * @return the next step
     */
    public Step giveUp(long now, long random) {
        return next((frame, request, out) -> source.checked(Function.DOORS_REQUEST_GIVE_UP, request, 0, now, random, out));
    }

    /**
     * Ends the retries of a source with USER_RETRIES.
     *
     * @param outcome the outcome of the last attempt
     * @param now the time
     * @param random any number
     * @return the next step
     */
    public Step giveUp(Outcome outcome, long now, long random) {
        return next((frame, request, out) ->
                source.checked(Function.DOORS_REQUEST_GIVE_UP, request, outcome.number(), now, random, out));
    }

    /**
     * Reports that the pod has begun to respond. After {@link Step.Done}, forward the response.
     *
     * @param marks what the response says about the pod
     * @param now the time
     * @param random any number
     * @return the next step
     */
    public Step answered(Set<Mark> marks, long now, long random) {
        return next((frame, request, out) ->
                source.checked(Function.DOORS_REQUEST_ANSWERED, request, Numbers.sum(marks), now, random, out));
    }

    /**
     * Ends the request, whatever the result. Until then the request counts as in flight.
     *
     * @param now the time
     */
    public void ended(long now) {
        copied(0, (frame, request, out) -> source.checked(Function.DOORS_REQUEST_ENDED, request, now), out -> out);
    }

    /** The step of a doors_step. */
    private static Step step(ByteBuffer from) {
        Report report = Report.of(from.slice(Abi.STEP_REPORT, Abi.REPORT_SIZE).order(from.order()));
        return switch (StepKind.of(from.getInt(Abi.STEP_KIND))) {
            case DIAL -> new Step.Dial(
                    from.getInt(Abi.STEP_UPSTREAM),
                    Values.pod(from, Abi.STEP_POD),
                    from.getInt(Abi.STEP_PROBE) == 1,
                    from.getInt(Abi.STEP_LAST_CHOICE) == 1,
                    report);
            case WAIT -> new Step.Wait(from.getLong(Abi.STEP_UNTIL), report);
            case ANSWER -> new Step.Answer(
                    from.getInt(Abi.STEP_STATUS),
                    from.getInt(Abi.STEP_RETRY_AFTER),
                    Cause.of(from.getInt(Abi.STEP_CAUSE)),
                    from.getInt(Abi.STEP_PAGE) == 1,
                    report);
            case DONE -> new Step.Done(report);
            case CHOOSE -> new Step.Choose(report);
        };
    }
}
