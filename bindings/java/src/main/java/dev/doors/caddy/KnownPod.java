package dev.doors.caddy;

import dev.doors.caddy.Numbers.Verdict;
import dev.doors.caddy.c.Abi;
import java.nio.ByteBuffer;

/**
 * A snapshot of one pod. Times are nanoseconds of the caller's clock.
 *
 * @param pod its address and port
 * @param upstream the ID of its upstream, see {@link Source#upstream}
 * @param firstSeen when it was first used
 * @param lastSeen when it was last used
 * @param unreachableSince when the verdict became other than NONE, or 0
 * @param markedSince when its responses began to signal that it is draining, or 0
 * @param drainingSince when it stopped getting new pages, or 0
 * @param drainedSince when it ran out of work, or 0; may lie in the future
 * @param evictedSince when it was evicted, or 0
 * @param refused the number of refused dials
 * @param inFlight the number of requests in flight at the pod
 * @param streams how many of the requests in flight are receiver streams
 * @param verdict its verdict
 * @param fresh whether DNS lists it
 * @param marked whether its responses signal that it is draining
 */
public record KnownPod(
        Pod pod, long upstream, long firstSeen, long lastSeen, long unreachableSince, long markedSince, long drainingSince,
        long drainedSince, long evictedSince, long refused, int inFlight, int streams, Verdict verdict, boolean fresh,
        boolean marked) {
    static KnownPod of(ByteBuffer from) {
        return new KnownPod(
                Values.pod(from, Abi.KNOWN_POD_POD),
                from.getLong(Abi.KNOWN_POD_UPSTREAM),
                from.getLong(Abi.KNOWN_POD_FIRST_SEEN),
                from.getLong(Abi.KNOWN_POD_LAST_SEEN),
                from.getLong(Abi.KNOWN_POD_UNREACHABLE_SINCE),
                from.getLong(Abi.KNOWN_POD_MARKED_SINCE),
                from.getLong(Abi.KNOWN_POD_DRAINING_SINCE),
                from.getLong(Abi.KNOWN_POD_DRAINED_SINCE),
                from.getLong(Abi.KNOWN_POD_EVICTED_SINCE),
                from.getLong(Abi.KNOWN_POD_REFUSED),
                from.getInt(Abi.KNOWN_POD_IN_FLIGHT),
                from.getInt(Abi.KNOWN_POD_STREAMS),
                Verdict.of(from.getInt(Abi.KNOWN_POD_VERDICT)),
                from.getInt(Abi.KNOWN_POD_FRESH) == 1,
                from.getInt(Abi.KNOWN_POD_MARKED) == 1);
    }
}
