package dev.doors.caddy;

import static dev.doors.caddy.c.Abi.ADDR_BYTES;
import static dev.doors.caddy.c.Abi.ADDR_LEN;
import static dev.doors.caddy.c.Abi.ADDR_SIZE;
import static dev.doors.caddy.c.Abi.ERROR_INDEX;
import static dev.doors.caddy.c.Abi.ERROR_MESSAGE;
import static dev.doors.caddy.c.Abi.POD_ADDR;
import static dev.doors.caddy.c.Abi.POD_PORT;
import static dev.doors.caddy.c.Abi.POD_SIZE;

import dev.doors.caddy.Numbers.Status;
import dev.doors.caddy.c.Abi.Function;
import dev.doors.caddy.c.Frame;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Values of Java in the memory of C. */
final class Values {
    private Values() {}

    /** Throws for a failed call. */
    static void check(long status) {
        if (status == Status.OK.number()) return;
        Status why = Status.of((int) status);
        throw new DoorsException(why, why.words(), Numbers.NONE);
    }

    /** Throws for a failed call, with the message in its doors_error. */
    static void check(long status, ByteBuffer error) {
        if (status == Status.OK.number()) return;
        throw new DoorsException(Status.of((int) status), text(error, ERROR_MESSAGE), error.getInt(ERROR_INDEX));
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** A text that ends with a NUL. */
    static String text(ByteBuffer from, int at) {
        int end = at;
        while (from.get(end) != 0) end++;
        byte[] content = new byte[end - at];
        from.get(at, content);
        return new String(content, StandardCharsets.UTF_8);
    }

    /** An index of the C API. */
    static OptionalInt optional(int index) {
        return index == Numbers.NONE ? OptionalInt.empty() : OptionalInt.of(index);
    }

    /** Checks that a number fits an unsigned parameter of the library. */
    static long fits(String name, long value, long greatest) {
        if (value < 0 || value > greatest) {
            throw new IllegalArgumentException(name + ": " + value + " must be from 0 to " + greatest);
        }
        return value;
    }

    /** As an unsigned integer of 32 bits. */
    static int count(String name, long value) {
        return (int) fits(name, value, 0xffffffffL);
    }

    static long nanos(String name, Duration duration) {
        try {
            return fits(name, duration.toNanos(), Long.MAX_VALUE);
        } catch (ArithmeticException error) {
            throw new IllegalArgumentException(name + ": " + duration + " must be below 292 years", error);
        }
    }

    static void putAddress(ByteBuffer to, int at, InetAddress address) {
        byte[] bytes = address.getAddress();
        to.put(at + ADDR_BYTES, bytes);
        to.putInt(at + ADDR_LEN, bytes.length);
    }

    static ByteBuffer address(Frame frame, InetAddress address) {
        ByteBuffer out = frame.take(ADDR_SIZE);
        putAddress(out, 0, address);
        return out;
    }

    /** An array of doors_addr; null if the list is empty. */
    static ByteBuffer addresses(Frame frame, List<InetAddress> list) {
        if (list.isEmpty()) return null;
        ByteBuffer out = frame.take(Math.multiplyExact(ADDR_SIZE, list.size()));
        for (int i = 0; i < list.size(); i++) putAddress(out, i * ADDR_SIZE, list.get(i));
        return out;
    }

    static Optional<InetAddress> address(ByteBuffer from, int at) {
        int length = from.getInt(at + ADDR_LEN);
        if (length == 0) return Optional.empty();
        byte[] bytes = new byte[length];
        from.get(at + ADDR_BYTES, bytes);
        try {
            return Optional.of(InetAddress.getByAddress(bytes));
        } catch (UnknownHostException error) {
            throw new IllegalStateException("an address of " + length + " bytes", error);
        }
    }

    static ByteBuffer pod(Frame frame, Pod pod) {
        ByteBuffer out = frame.take(POD_SIZE);
        putAddress(out, POD_ADDR, pod.address());
        out.putShort(POD_PORT, (short) pod.port());
        return out;
    }

    static int port(ByteBuffer from, int at) {
        return Short.toUnsignedInt(from.getShort(at));
    }

    /** A pod that has an address. */
    static Pod pod(ByteBuffer from, int at) {
        return new Pod(address(from, at + POD_ADDR).orElseThrow(), port(from, at + POD_PORT));
    }

    /** Writes structs to the room, up to its capacity, and their total number to the count. */
    interface Listing {
        long fill(ByteBuffer room, long capacity, ByteBuffer count);
    }

    /** Reads a list of unknown length. Calls again with more room if the list does not fit. */
    static <T> List<T> list(int size, Listing call, java.util.function.Function<ByteBuffer, T> read) {
        for (int capacity = 64; ; ) {
            try (Frame frame = new Frame()) {
                ByteBuffer room = frame.take(Math.multiplyExact(size, capacity)), count = frame.take(Long.BYTES);
                check(call.fill(room, capacity, count));
                long length = count.getLong(0);
                if (length <= capacity) return read(room, size, (int) length, read);
                capacity = Math.toIntExact(length);
            }
        }
    }

    /** The first structs in memory. */
    static <T> List<T> read(ByteBuffer room, int size, int length, java.util.function.Function<ByteBuffer, T> read) {
        List<T> list = new ArrayList<>(length);
        for (int i = 0; i < length; i++) list.add(read.apply(room.slice(i * size, size).order(room.order())));
        return list;
    }

    /** The IDs of the keys of a cipher or router. */
    static List<String> keyIds(Handle handle, Function keys, Function keyId) {
        try (Frame frame = new Frame()) {
            ByteBuffer count = frame.take(Integer.BYTES), id = frame.take(Numbers.KEY_ID_SIZE);
            handle.checked(keys, count);
            List<String> ids = new ArrayList<>();
            for (int index = 0; index < count.getInt(0); index++) {
                handle.checked(keyId, index, id);
                ids.add(text(id, 0));
            }
            return ids;
        }
    }

    /** The index that a lookup of an address finds. */
    static OptionalInt lookup(Handle handle, Function function, InetAddress address) {
        try (Frame frame = new Frame()) {
            ByteBuffer index = frame.take(Integer.BYTES);
            long status = handle.status(function, address(frame, address), index);
            if (status == Status.NO_MATCH.number()) return OptionalInt.empty();
            check(status);
            return OptionalInt.of(index.getInt(0));
        }
    }
}
