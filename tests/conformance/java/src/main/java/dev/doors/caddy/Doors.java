package dev.doors.caddy;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import com.sun.jna.ptr.ShortByReference;
import dev.doors.caddy.DoorsLibrary.CAddr;
import dev.doors.caddy.DoorsLibrary.CDecision;
import dev.doors.caddy.DoorsLibrary.CError;
import dev.doors.caddy.DoorsLibrary.CPod;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/**
 * libdoors_caddy for Java 17 by JNA: tokens, CIDR lookup, routing decisions and the state of pods.
 *
 * <p>The rules of docs/c-api.md hold: a handle may be used by any number of threads at once, and is closed once the last
 * call on it has returned. Everything that fails throws {@link DoorsException}. Addresses are 4 or 16 bytes in network byte
 * order, as {@code InetAddress.getAddress()} gives; texts are bytes, since paths and cookies may hold any. An integer that
 * does not fit is an {@link IllegalArgumentException}. What the header says about fork is of no concern here: Java starts
 * its child processes anew.
 */
public final class Doors {
    private static final AtomicInteger LIVE = new AtomicInteger();

    /** The C API itself. */
    public static final DoorsLibrary LIBRARY = DoorsLibrary.load();

    static {
        checkAbi(LIBRARY.doors_abi());
    }

    private Doors() {}

    /** Throws if this class was written for another interface than the loaded library speaks. */
    public static void checkAbi(int loaded) {
        if (loaded != Numbers.ABI) {
            throw new IllegalStateException("libdoors_caddy " + LIBRARY.doors_version() + " has interface " + loaded
                    + ", but this class was written for " + Numbers.ABI);
        }
    }

    /** How many handles are open. */
    public static int liveHandles() {
        return LIVE.get();
    }

    /** Checks one value of a configuration, by the rules of {@link Router}; {@code field} is FIELD_* of {@link Numbers}. */
    public static void check(int field, String value) {
        byte[] bytes = bytes(value);
        CError error = new CError();
        check(LIBRARY.doors_check(count("field", field), bytes, bytes.length, error), error);
    }

    static OptionalInt optional(int index) {
        return index == Numbers.NONE ? OptionalInt.empty() : OptionalInt.of(index);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static void check(int status) {
        if (status != Numbers.STATUS_OK) throw new DoorsException(status, LIBRARY.doors_status_str(status), Numbers.NONE);
    }

    static void check(int status, CError error) {
        if (status != Numbers.STATUS_OK) throw new DoorsException(status, message(error), error.index);
    }

    private static String message(CError error) {
        return Native.toString(error.message, StandardCharsets.UTF_8);
    }

    static Optional<byte[]> address(CAddr addr) {
        return addr.len == 0 ? Optional.empty() : Optional.of(Arrays.copyOf(addr.bytes, addr.len));
    }

    static CAddr addr(byte[] address) {
        CAddr addr = new CAddr();
        addr.bytes = Arrays.copyOf(address, 16);
        addr.len = address.length;
        return addr;
    }

    /** The status of a call that has no message. */
    static int noMessage(int status) {
        check(status);
        return status;
    }

    interface Maker {
        int make(PointerByReference out, CError error);
    }

    /** A handle of the library. Closing it twice is fine; using it afterwards throws. */
    abstract static class Handle implements AutoCloseable {
        private final AtomicReference<Pointer> pointer = new AtomicReference<>();
        private final Consumer<Pointer> free;

        Handle(Maker maker, Consumer<Pointer> free) {
            this.free = free;
            PointerByReference out = new PointerByReference();
            CError error = new CError();
            check(maker.make(out, error), error);
            pointer.set(out.getValue());
            LIVE.incrementAndGet();
        }

        /** A handle that belongs to another one, and is freed with it. */
        Handle(Pointer borrowed) {
            free = null;
            pointer.set(borrowed);
        }

        /** What the C API takes; null after {@link #close}. */
        public final Pointer pointer() {
            return pointer.get();
        }

        @Override
        public final void close() {
            Pointer owned = pointer.getAndSet(null);
            if (owned == null || free == null) return;
            free.accept(owned);
            LIVE.decrementAndGet();
        }

        interface KeyId {
            int write(Pointer handle, int index, byte[] id);
        }

        /** The public names of the keys, in the order of the secret. */
        final List<String> keyIds(BiFunction<Pointer, IntByReference, Integer> keys, KeyId keyId) {
            IntByReference count = new IntByReference();
            check(keys.apply(pointer(), count));
            List<String> ids = new ArrayList<>();
            for (int index = 0; index < count.getValue(); index++) {
                byte[] id = new byte[Numbers.KEY_ID_SIZE];
                check(keyId.write(pointer(), index, id));
                ids.add(Native.toString(id, StandardCharsets.US_ASCII));
            }
            return ids;
        }

        static OptionalInt found(int status, IntByReference index) {
            if (status == Numbers.STATUS_NO_MATCH) return OptionalInt.empty();
            check(status);
            return OptionalInt.of(index.getValue());
        }
    }

    /** The address in a token, and which key opened it, from 0. */
    public record Opened(byte[] address, int key) {}

    /** Makes and reads tokens. The secret holds one to eight base64 keys, separated by white space. */
    public static final class Cipher extends Handle {
        public Cipher(String secret) {
            this(bytes(secret));
        }

        private Cipher(byte[] secret) {
            super((out, error) -> LIBRARY.doors_cipher_new(secret, secret.length, out, error), LIBRARY::doors_cipher_free);
        }

        public String encode(byte[] address) {
            byte[] token = new byte[Numbers.TOKEN_SIZE];
            check(LIBRARY.doors_cipher_encode(pointer(), addr(address), token, token.length, new LongByReference()));
            return Native.toString(token, StandardCharsets.US_ASCII);
        }

        public List<String> keyIds() {
            return keyIds(LIBRARY::doors_cipher_keys, LIBRARY::doors_cipher_key_id);
        }

        public Opened decode(byte[] token) {
            CAddr out = new CAddr();
            IntByReference key = new IntByReference();
            check(LIBRARY.doors_cipher_decode(pointer(), token, token.length, out, key));
            return new Opened(address(out).orElseThrow(), key.getValue());
        }
    }

    /** A list of CIDRs, separated by white space. */
    public static final class Cidrs extends Handle {
        public Cidrs(String cidrs) {
            this(bytes(cidrs));
        }

        private Cidrs(byte[] cidrs) {
            super((out, error) -> LIBRARY.doors_cidrs_new(cidrs, cidrs.length, out, error), LIBRARY::doors_cidrs_free);
        }

        /** The index of the longest CIDR that holds the address; empty if none does. */
        public OptionalInt lookup(byte[] address) {
            IntByReference index = new IntByReference();
            return found(LIBRARY.doors_cidrs_lookup(pointer(), addr(address), index), index);
        }
    }

    public record Decision(
            int kind, int reason, OptionalInt upstream, OptionalInt key, int port, int path, Optional<byte[]> address) {}

    static Decision decision(CDecision out) {
        return new Decision(
                out.kind,
                out.reason,
                optional(out.upstream),
                optional(out.key),
                Short.toUnsignedInt(out.port),
                Short.toUnsignedInt(out.path),
                address(out.addr));
    }

    public record Upstream(String host, int port) {}

    /** Decides where requests go. The configuration is the JSON of doors_router_new(). */
    public static final class Router extends Handle {
        public Router(byte[] json) {
            super((out, error) -> LIBRARY.doors_router_new(json, json.length, out, error), LIBRARY::doors_router_free);
        }

        Router(Pointer borrowed) {
            super(borrowed);
        }

        public Decision decide(byte[] path, byte[] cookies) {
            CDecision out = new CDecision();
            check(LIBRARY.doors_router_decide(pointer(), path, path.length, cookies, cookies.length, out));
            return decision(out);
        }

        /** The index of the upstream in one of whose CIDRs the address lies; empty if there is none. */
        public OptionalInt lookup(byte[] address) {
            IntByReference index = new IntByReference();
            return found(LIBRARY.doors_router_lookup(pointer(), addr(address), index), index);
        }

        /** The number of upstreams. */
        public int size() {
            IntByReference count = new IntByReference();
            check(LIBRARY.doors_router_upstreams(pointer(), count));
            return count.getValue();
        }

        public Upstream upstream(int index) {
            byte[] host = new byte[Numbers.HOST_SIZE];
            ShortByReference port = new ShortByReference();
            check(LIBRARY.doors_router_upstream(pointer(), count("index", index), host, port));
            return new Upstream(Native.toString(host, StandardCharsets.US_ASCII), Short.toUnsignedInt(port.getValue()));
        }

        public List<String> keyIds() {
            return keyIds(LIBRARY::doors_router_keys, LIBRARY::doors_router_key_id);
        }

        public List<String> warnings() {
            List<String> found = new ArrayList<>();
            CError warning = new CError();
            int status;
            while ((status = LIBRARY.doors_router_warning(pointer(), found.size(), warning)) == Numbers.STATUS_OK) {
                found.add(message(warning));
            }
            if (status != Numbers.STATUS_NO_MATCH) check(status);
            return found;
        }
    }

    /** A number that the library takes without its sign, where Java has none of that kind. */
    static long fits(String name, long value, long greatest) {
        if (value < 0 || value > greatest) {
            throw new IllegalArgumentException(name + ": " + value + " must be from 0 to " + greatest);
        }
        return value;
    }

    /** As an unsigned integer of 32 bits. */
    static int count(String name, long number) {
        return (int) fits(name, number, 0xffffffffL);
    }

    public record Pod(byte[] address, int port) {
        public Pod {
            fits("port", port, 65535);
        }

        CPod toC() {
            CPod pod = new CPod();
            pod.addr = addr(address);
            pod.port = (short) port;
            return pod;
        }
    }

    public record Idle(int answer, int inFlight, int streams, boolean used, long lastSeen, long waits) {}
}
