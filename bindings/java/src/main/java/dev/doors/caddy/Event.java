package dev.doors.caddy;

import dev.doors.caddy.Numbers.EventKind;
import dev.doors.caddy.c.Abi;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * A change of a pod, or of the pods of an eviction.
 *
 * @param number a sequence number, starting at 1
 * @param at when it happened, by the caller's clock
 * @param upstream the ID of the upstream; 0 for any
 * @param address the address of the pod; for an eviction the network, or empty for all addresses of the upstream
 * @param port the port of the pod; 0 for a network
 * @param bits for a network the length of its prefix, otherwise 0
 * @param kind what has happened
 * @param pages the number of receiver streams at that time
 */
public record Event(
        long number, long at, long upstream, Optional<InetAddress> address, int port, int bits, EventKind kind, int pages) {
    static Event of(ByteBuffer from) {
        return new Event(
                from.getLong(Abi.EVENT_NUMBER),
                from.getLong(Abi.EVENT_AT),
                from.getLong(Abi.EVENT_UPSTREAM),
                Values.address(from, Abi.EVENT_POD + Abi.POD_ADDR),
                Values.port(from, Abi.EVENT_POD + Abi.POD_PORT),
                from.getInt(Abi.EVENT_BITS),
                EventKind.of(from.getInt(Abi.EVENT_KIND)),
                from.getInt(Abi.EVENT_PAGES));
    }
}
