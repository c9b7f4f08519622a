package dev.doors.caddy;

import dev.doors.caddy.Numbers.Status;
import dev.doors.caddy.c.Abi;
import dev.doors.caddy.c.Abi.Function;
import dev.doors.caddy.c.C;
import dev.doors.caddy.c.Frame;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A handle of the library. Close it. Otherwise it is freed some time after it has been collected. */
public abstract class Handle implements AutoCloseable {
    private static final AtomicInteger LIVE = new AtomicInteger();
    private static final Cleaner COLLECTED = Cleaner.create();

    private final AtomicLong pointer = new AtomicLong();
    /** Frees the handle, once; null for a handle that belongs to another one. */
    private final Cleaner.Cleanable owned;
    /** The handle to which this one belongs, or null. */
    private final Handle owner;

    interface Maker {
        long make(Frame frame, ByteBuffer out, ByteBuffer error);
    }

    Handle(Function free, Maker maker) {
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
        owned = COLLECTED.register(this, freeing(free, pointer));
    }

    /** A handle that belongs to another one, and is freed with it. */
    Handle(long borrowed, Handle owner) {
        owned = null;
        this.owner = owner;
        pointer.set(borrowed);
    }

    /** Static, since what frees a handle must not keep it from being collected. */
    private static Runnable freeing(Function free, AtomicLong pointer) {
        return () -> {
            C.call(free, pointer.getAndSet(0));
            LIVE.decrementAndGet();
        };
    }

    static Maker fromText(Function function, byte[] text) {
        return (frame, out, error) -> C.call(function, frame.bytes(text), (long) text.length, out, error);
    }

    /** {@return the number of open handles} */
    public static int live() {
        return LIVE.get();
    }

    /**
     * Returns the pointer of the C API, for the functions in {@link C}. Keep this handle until they have returned, for example
     * by closing it afterwards.
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
        if (owned == null) pointer.set(0);
        else owned.clean();
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
        try {
            return C.call(function, all);
        } finally {
            Reference.reachabilityFence(this); // it must not be freed during the call
        }
    }
}
