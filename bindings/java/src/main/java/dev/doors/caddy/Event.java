package dev.doors.caddy;

import dev.doors.caddy.Numbers.EventKind;
import dev.doors.caddy.c.Abi;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Something that has happened to a pod, or to those of an eviction.
 *
 * @param number counts the events, from 1
 * @param at when, by the caller's clock
 * @param upstream the number of the upstream; 0 for any
 * @param address of the pod; of an eviction the network, empty for all addresses of the upstream
 * @param port of the pod; 0 with a network
 * @param bits how many bits the prefix of a network has, else 0
 * @param kind what has happened
 * @param pages how many receiver streams the pod had then
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
