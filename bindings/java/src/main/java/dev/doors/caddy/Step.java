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
     * @param probe whether this request tests that the pod is back
     * @param lastChoice whether the pod drains and no other pod is available: send {@code Doors-Last-Choice: ?1} with the request
     * @param report what was learned during the call
     */
    record Dial(int upstream, Pod pod, boolean probe, boolean lastChoice, Report report) implements Step {}

    /**
     * Hold the request: call {@link Request#resume} at a time, or when a report has WAKE.
     *
     * @param until the time at the latest, in nanoseconds of the caller's clock
     * @param report what was learned during the call
     */
    record Wait(long until, Report report) implements Step {}

    /**
     * Answer the request with {@code Cache-Control: no-store}.
     *
     * @param status the HTTP status, 410 or 503
     * @param retryAfter seconds for {@code Retry-After}; 0 with 410, which does not use it
     * @param cause why
     * @param page whether it is a page load: a browser may be shown a text that reloads the page after {@code retryAfter}
     * @param report what was learned during the call
     */
    record Answer(int status, int retryAfter, Cause cause, boolean page, Report report) implements Step {}

    /**
     * Nothing more: the result of the attempt is the answer.
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
