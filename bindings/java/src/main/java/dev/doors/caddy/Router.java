package dev.doors.caddy;

import dev.doors.caddy.Numbers.Field;
import dev.doors.caddy.Numbers.Status;
import dev.doors.caddy.c.Abi;
import dev.doors.caddy.c.Abi.Function;
import dev.doors.caddy.c.C;
import dev.doors.caddy.c.Frame;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** Decides where requests go. */
public final class Router extends Handle {
    /**
     * Creates a router.
     *
     * @param json such as {@code {"secret": KEYS, "upstreams": [{"cidr": "10.0.0.0/24", "host": "svc.example", "port": 8080}]}}
     * @throws DoorsException for an invalid configuration
     */
    public Router(String json) {
        this(Values.bytes(json));
    }

    /**
     * Creates a router.
     *
     * @param json the configuration in UTF-8
     * @throws DoorsException for an invalid configuration
     */
    public Router(byte[] json) {
        super(Function.DOORS_ROUTER_FREE, fromText(Function.DOORS_ROUTER_NEW, json));
    }

    Router(long borrowed, Source owner) {
        super(borrowed, owner);
    }

    /**
     * Where the pods of an upstream are found.
     *
     * @param host a DNS name or an IP address
     * @param port the port
     */
    public record Upstream(String host, int port) {}

    /**
     * Decides where a request goes.
     *
     * @param path its escaped path or its whole target
     * @param cookies its Cookie header, with several fields joined by "; "
     * @return where it goes
     */
    public Decision decide(String path, String cookies) {
        return decide(Values.bytes(path), Values.bytes(cookies));
    }

    /**
     * Decides where a request goes. Path and cookies may be any bytes.
     *
     * @param path its escaped path or its whole target
     * @param cookies its Cookie header
     * @return where it goes
     */
    public Decision decide(byte[] path, byte[] cookies) {
        try (Frame frame = new Frame()) {
            ByteBuffer out = frame.take(Abi.DECISION_SIZE);
            checked(Function.DOORS_ROUTER_DECIDE, frame.bytes(path), (long) path.length, frame.bytes(cookies),
                    (long) cookies.length, out);
            return Decision.of(out);
        }
    }

    /**
     * Finds the upstream of an address.
     *
     * @param address the address
     * @return the index of the upstream with the CIDR that contains it; empty if none does
     */
    public OptionalInt lookup(InetAddress address) {
        return Values.lookup(this, Function.DOORS_ROUTER_LOOKUP, address);
    }

    /** {@return the number of upstreams} */
    public int size() {
        try (Frame frame = new Frame()) {
            ByteBuffer count = frame.take(Integer.BYTES);
            checked(Function.DOORS_ROUTER_UPSTREAMS, count);
            return count.getInt(0);
        }
    }

    /**
     * Gets one upstream.
     *
     * @param index its index, from 0
     * @return the upstream
     * @throws DoorsException with NO_MATCH for an index past the last one
     */
    public Upstream upstream(int index) {
        try (Frame frame = new Frame()) {
            ByteBuffer host = frame.take(Numbers.HOST_SIZE), port = frame.take(Short.BYTES);
            checked(Function.DOORS_ROUTER_UPSTREAM, Values.count("index", index), host, port);
            return new Upstream(Values.text(host, 0), Values.port(port, 0));
        }
    }

    /** {@return the IDs of the keys, in the order of the secret} */
    public List<String> keyIds() {
        return Values.keyIds(this, Function.DOORS_ROUTER_KEYS, Function.DOORS_ROUTER_KEY_ID);
    }

    /** {@return warnings about settings that are valid but probably mistakes} */
    public List<String> warnings() {
        List<String> found = new ArrayList<>();
        try (Frame frame = new Frame()) {
            ByteBuffer warning = frame.take(Abi.ERROR_SIZE);
            long status;
            while ((status = status(Function.DOORS_ROUTER_WARNING, found.size(), warning)) == Status.OK.number()) {
                found.add(Values.text(warning, Abi.ERROR_MESSAGE));
            }
            if (status != Status.NO_MATCH.number()) Values.check(status);
            return found;
        }
    }

    /**
     * Checks one value of a configuration.
     *
     * @param field which
     * @param value the value
     * @throws DoorsException for an invalid value
     */
    public static void check(Field field, String value) {
        byte[] bytes = Values.bytes(value);
        try (Frame frame = new Frame()) {
            ByteBuffer error = frame.take(Abi.ERROR_SIZE);
            Values.check(C.call(Function.DOORS_CHECK, field.number(), frame.bytes(bytes), (long) bytes.length, error), error);
        }
    }
}
