/**
 * Tokens, CIDR lookup, routing decisions and the state of pods: libdoors_caddy for Java 17 and newer.
 *
 * <p>Any number of threads may use a handle at the same time. Close it after the last call on it has returned. A failed call throws
 * a {@link dev.doors.caddy.DoorsException}, a number that does not fit an {@link IllegalArgumentException}. Times are nanoseconds
 * of one monotonic clock, such as {@code System.nanoTime()}. {@code random} is any number, different for each call.
 */
package dev.doors.caddy;
