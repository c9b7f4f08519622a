package dev.doors.caddy;

import dev.doors.caddy.Numbers.Status;
import dev.doors.caddy.c.Abi;
import dev.doors.caddy.c.Abi.Function;
import dev.doors.caddy.c.C;
import dev.doors.caddy.c.Frame;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A handle of the library. A handle that is not closed is never freed. */
public abstract class Handle implements AutoCloseable {
    private static final AtomicInteger LIVE = new AtomicInteger();

    private final AtomicLong pointer = new AtomicLong();
    /** Null for a handle that belongs to another one. */
    private final Function free;
    /** The handle to which this one belongs, or null. */
    private final Handle owner;

    interface Maker {
        long make(Frame frame, ByteBuffer out, ByteBuffer error);
    }

    Handle(Function free, Maker maker) {
        this.free = free;
        owner = null;
        try (Frame frame = new Frame()) {
            ByteBuffer out = frame.take(Long.BYTES), error = frame.take(Abi.ERROR_SIZE);
            long status = maker.make(frame, out, error);
            // Functions without details leave the message empty.
            if (error.get(Abi.ERROR_MESSAGE) == 0) Values.check(status);
            Values.check(status, error);
            pointer.set(out.getLong(0));
        }
        LIVE.incrementAndGet();
    }

    /** A handle that belongs to another one, and is freed with it. */
    Handle(long borrowed, Handle owner) {
        free = null;
        this.owner = owner;
        pointer.set(borrowed);
    }

    static Maker fromText(Function function, byte[] text) {
        return (frame, out, error) -> C.call(function, frame.bytes(text), (long) text.length, out, error);
    }

    /** {@return the number of open handles} */
    public static int live() {
        return LIVE.get();
    }

    /**
     * Returns the pointer of the C API, for the functions in {@link C}.
     *
     * @return the pointer
     * @throws DoorsException after {@link #close}
     */
    public final long pointer() {
        if (owner != null) owner.pointer();
        long open = pointer.get();
        if (open != 0) return open;
        throw new DoorsException(Status.NULL_POINTER, "this " + getClass().getSimpleName() + " is closed", Numbers.NONE);
    }

    /** Frees the handle. Later calls throw a {@link DoorsException}; closing twice is allowed. */
    @Override
    public final void close() {
        long owned = pointer.getAndSet(0);
        if (owned == 0 || free == null) return;
        C.call(free, owned);
        LIVE.decrementAndGet();
    }

    /** Calls a function whose first argument is this handle. Throws if it fails. */
    final void checked(Function function, Object... arguments) {
        Values.check(status(function, arguments));
    }

    /** Calls a function whose first argument is this handle. */
    final long status(Function function, Object... arguments) {
        Object[] all = new Object[arguments.length + 1];
        all[0] = pointer();
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return C.call(function, all);
    }
}
