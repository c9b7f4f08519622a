/**
 * Tokens, CIDR lookup, routing decisions and the state of pods: libdoors_caddy for Java 17 and newer.
 *
 * <p>Handles are closed by {@code try} or by {@link dev.doors.caddy.Handle#close}, once the last call on them has returned; any
 * number of threads may use one at once. A call that fails throws a {@link dev.doors.caddy.DoorsException}, a number that does not
 * fit an {@link IllegalArgumentException}. Times are nanoseconds of one monotonic clock, such as {@code System.nanoTime()};
 * {@code random} is any number, another one for each call.
 */
package dev.doors.caddy;
