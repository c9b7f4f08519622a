package dev.doors.caddy;

import dev.doors.caddy.Numbers.EvictFlag;
import dev.doors.caddy.c.Abi;
import dev.doors.caddy.c.Frame;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Set;

/**
 * An eviction of pods: they get no new pages while there are other pods, and their pages are told to reload. The target is a
 * network, an upstream, or the pods of an upstream in a network.
 *
 * @param network the network, without host bits; empty for all addresses of {@code upstream}
 * @param bits the length of its prefix: 32 or 128 for one address
 * @param upstream the ID of the upstream, see {@link Source#upstream}; 0 for any
 * @param rate how many pages per upstream and second are told to reload; 0 for {@code goneRate} of the source
 * @param flags which pages go first
 * @param since when it began; 0 for one that has not begun
 * @param told how many pages have been told to reload
 */
public record Eviction(
        Optional<InetAddress> network, int bits, long upstream, long rate, Set<EvictFlag> flags, long since, long told) {
    /**
     * An eviction of the pods in a network.
     *
     * @param network the network, without host bits
     * @param bits the length of its prefix
     * @return the eviction
     */
    public static Eviction of(InetAddress network, int bits) {
        return new Eviction(Optional.of(network), bits, 0, 0, Set.of(), 0, 0);
    }

    /**
     * An eviction of all pods of an upstream.
     *
     * @param upstream its ID, see {@link Source#upstream}
     * @return the eviction
     */
    public static Eviction of(long upstream) {
        return new Eviction(Optional.empty(), 0, upstream, 0, Set.of(), 0, 0);
    }

    /**
     * The same, for the pods of one upstream only.
     *
     * @param number the ID of the upstream
     * @return the eviction
     */
    public Eviction in(long number) {
        return new Eviction(network, bits, number, rate, flags, since, told);
    }

    /**
     * The same, with a rate.
     *
     * @param pages how many pages per upstream and second are told to reload
     * @return the eviction
     */
    public Eviction at(long pages) {
        return new Eviction(network, bits, upstream, pages, flags, since, told);
    }

    /** {@return the same, but the least recently used pages go first} */
    public Eviction idleFirst() {
        return new Eviction(network, bits, upstream, rate, Set.of(EvictFlag.IDLE_FIRST), since, told);
    }

    ByteBuffer in(Frame frame) {
        ByteBuffer out = frame.take(Abi.EVICTION_SIZE);
        network.ifPresent(address -> Values.putAddress(out, Abi.EVICTION_ADDR, address));
        return out.putInt(Abi.EVICTION_BITS, Values.count("bits", bits))
                .putLong(Abi.EVICTION_UPSTREAM, upstream)
                .putInt(Abi.EVICTION_RATE, Values.count("rate", rate))
                .putInt(Abi.EVICTION_FLAGS, Numbers.sum(flags));
    }

    static Eviction of(ByteBuffer from) {
        return new Eviction(
                Values.address(from, Abi.EVICTION_ADDR),
                from.getInt(Abi.EVICTION_BITS),
                from.getLong(Abi.EVICTION_UPSTREAM),
                Integer.toUnsignedLong(from.getInt(Abi.EVICTION_RATE)),
                EvictFlag.in(from.getInt(Abi.EVICTION_FLAGS)),
                from.getLong(Abi.EVICTION_SINCE),
                from.getLong(Abi.EVICTION_TOLD));
    }
}
