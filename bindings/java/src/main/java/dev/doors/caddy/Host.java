package dev.doors.caddy;

import dev.doors.caddy.Numbers.HostChange;
import dev.doors.caddy.Numbers.LookupFailure;
import dev.doors.caddy.Numbers.ReportFlag;
import dev.doors.caddy.c.Abi;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What is known about a host.
 *
 * @param name its name in lower case, or an address
 * @param addresses its addresses
 * @param resolver the resolver, as in the options; 0 for an address
 * @param generation the number of changes of the addresses
 * @param age the time since the last answer with addresses; empty before the first
 * @param failingFor the time since the first failure of the current series; zero while there is no {@code failure}
 * @param refresh the interval between lookups
 * @param failure why the last lookup failed; empty if it succeeded or none has ended
 * @param users the number of sources that use it
 * @param active whether lookups continue
 * @param partial whether answers count as partial
 */
public record Host(
        String name, List<InetAddress> addresses, long resolver, long generation, Optional<Duration> age, Duration failingFor,
        Duration refresh, Optional<LookupFailure> failure, int users, boolean active, boolean partial) {
    /**
     * A lookup to start now.
     *
     * @param host the ID of the host, for {@link State#resolved} and {@link State#lookupFailed}
     * @param resolver the resolver to use, from the options of the sources that use the host
     * @param name the name to look up, in lower case
     */
    public record Lookup(long host, long resolver, String name) {
        static Lookup of(ByteBuffer from) {
            return new Lookup(
                    from.getLong(Abi.LOOKUP_HOST), from.getLong(Abi.LOOKUP_RESOLVER), Values.text(from, Abi.LOOKUP_NAME));
        }
    }

    /**
     * What the end of a lookup has changed, and what to do now.
     *
     * @param change what has changed
     * @param flags WAKE and LOOKUPS_DUE
     */
    public record Change(HostChange change, Set<ReportFlag> flags) {
        static Change of(ByteBuffer from) {
            return new Change(
                    HostChange.of(from.getInt(Abi.HOST_REPORT_CHANGE)), ReportFlag.in(from.getInt(Abi.HOST_REPORT_FLAGS)));
        }
    }

    static Host of(ByteBuffer from, List<InetAddress> addresses) {
        long age = from.getLong(Abi.HOST_STATE_AGE);
        int failure = from.getInt(Abi.HOST_STATE_FAILURE);
        return new Host(
                Values.text(from, Abi.HOST_STATE_NAME),
                addresses,
                from.getLong(Abi.HOST_STATE_RESOLVER),
                from.getLong(Abi.HOST_STATE_GENERATION),
                age == Numbers.NEVER ? Optional.empty() : Optional.of(Duration.ofNanos(age)),
                Duration.ofNanos(from.getLong(Abi.HOST_STATE_FAILING_FOR)),
                Duration.ofNanos(from.getLong(Abi.HOST_STATE_REFRESH)),
                failure == 0 ? Optional.empty() : Optional.of(LookupFailure.of(failure)),
                from.getInt(Abi.HOST_STATE_USERS),
                from.getInt(Abi.HOST_STATE_ACTIVE) == 1,
                from.getInt(Abi.HOST_STATE_PARTIAL) == 1);
    }
}
