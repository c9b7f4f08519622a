package dev.doors.caddy;

import dev.doors.caddy.c.Abi.Function;
import java.net.InetAddress;
import java.util.OptionalInt;

/** Finds the CIDR with the longest prefix that contains an address. */
public final class Cidrs extends Handle {
    /**
     * Creates a list.
     *
     * @param cidrs CIDRs of both families, separated by white space
     * @throws DoorsException for an invalid CIDR
     */
    public Cidrs(String cidrs) {
        super(Function.DOORS_CIDRS_FREE, fromText(Function.DOORS_CIDRS_NEW, Values.bytes(cidrs)));
    }

    /**
     * Finds the CIDR that contains an address.
     *
     * @param address the address
     * @return the zero-based position of the CIDR in the list; empty if none contains the address
     */
    public OptionalInt lookup(InetAddress address) {
        return Values.lookup(this, Function.DOORS_CIDRS_LOOKUP, address);
    }
}
