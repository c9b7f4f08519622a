package dev.doors.caddy;

import dev.doors.caddy.Numbers.Verdict;
import dev.doors.caddy.c.Abi;
import java.nio.ByteBuffer;

/**
 * What is known about one pod, at one moment. Times are nanoseconds of the caller's clock.
 *
 * @param pod where it is dialled
 * @param upstream the number of its upstream, see {@link Source#upstream}
 * @param firstSeen when it was first used
 * @param lastSeen when it was last used
 * @param unreachableSince since when something is held against it, or 0
 * @param markedSince since when its answers say that it drains, or 0
 * @param drainingSince since when it gets no new pages, or 0
 * @param drainedSince since when it has nothing left to do, or when it will have; or 0
 * @param evictedSince since when it is evicted, or 0
 * @param refused how many dials its host has refused
 * @param inFlight requests that were sent to it and have not ended
 * @param streams those of them that are receiver streams
 * @param verdict what is held against it
 * @param fresh DNS names it
 * @param marked its answers say that it drains
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
