package dev.doors.caddy;

import dev.doors.caddy.Numbers.Cause;

/** What to do next for a request. */
public sealed interface Step {
    /** {@return what was learned during the call} */
    Report report();

    /**
     * Dial the pod, or use an open connection to it.
     *
     * @param upstream index of the upstream in the configuration
     * @param pod the pod
     * @param probe true if this request tests whether the pod is back
     * @param lastChoice whether the pod is draining and no other is available; if so, send {@code Doors-Last-Choice: ?1}
     * @param report what was learned during the call
     */
    record Dial(int upstream, Pod pod, boolean probe, boolean lastChoice, Report report) implements Step {}

    /**
     * Hold the request: call {@link Request#resume} at the given time, or when a report has WAKE.
     *
     * @param until the latest time, in nanoseconds of the caller's clock
     * @param report what was learned during the call
     */
    record Wait(long until, Report report) implements Step {}

    /**
     * Answer the request with {@code Cache-Control: no-store}.
     *
     * @param status the HTTP status, 410 or 503
     * @param retryAfter the value of {@code Retry-After} in seconds; 0 with 410: send no such header
     * @param cause why
     * @param page whether it is a page load; the answer may then contain a page that reloads itself after {@code retryAfter}
     * @param report what was learned during the call
     */
    record Answer(int status, int retryAfter, Cause cause, boolean page, Report report) implements Step {}

    /**
     * The request needs no further step. Forward the response, or answer 502 after a failed dial.
     *
     * @param report what was learned during the call
     */
    record Done(Report report) implements Step {}

    /**
     * Choose one of {@link Request#choices} and report it to {@link Request#chose}, or call {@link Request#choseNone}.
     *
     * @param report what was learned during the call
     */
    record Choose(Report report) implements Step {}
}
