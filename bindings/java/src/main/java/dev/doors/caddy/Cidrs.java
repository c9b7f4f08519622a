package dev.doors.caddy;

import dev.doors.caddy.c.Abi.Function;
import java.net.InetAddress;
import java.util.OptionalInt;

/** Finds the longest CIDR that holds an address. */
public final class Cidrs extends Handle {
    /**
     * Makes a list.
     *
     * @param cidrs CIDRs of both families, separated by white space
     * @throws DoorsException for a CIDR that breaks a rule
     */
    public Cidrs(String cidrs) {
        super(Function.DOORS_CIDRS_FREE, fromText(Function.DOORS_CIDRS_NEW, Values.bytes(cidrs)));
    }

    /**
     * Looks an address up.
     *
     * @param address the address
     * @return the place of the CIDR in the list, from 0; empty if none holds the address
     */
    public OptionalInt lookup(InetAddress address) {
        return Values.lookup(this, Function.DOORS_CIDRS_LOOKUP, address);
    }
}
