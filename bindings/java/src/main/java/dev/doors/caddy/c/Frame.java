package dev.doors.caddy.c;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory for the arguments of a call, for one thread. Each thread reuses one buffer. Whatever does not fit is allocated
 * separately. close() wipes all memory, since it may contain keys.
 */
public final class Frame implements AutoCloseable {
    private static final ThreadLocal<ByteBuffer> MEMORY = ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(1 << 15));

    private final ByteBuffer memory = MEMORY.get();
    private final int start = memory.position();
    private final List<ByteBuffer> large = new ArrayList<>(0);

    /** Opens a frame. Close frames in reverse order. */
    public Frame() {}

    /**
     * Allocates zeroed memory.
     *
     * @param size in bytes
     * @return the memory, aligned to 8 bytes, in native byte order
     */
    public ByteBuffer take(int size) {
        int at = memory.position() + 7 & ~7;
        ByteBuffer taken;
        if (size > memory.capacity() - at) {
            taken = ByteBuffer.allocateDirect(size);
            large.add(taken);
        } else {
            memory.position(at + size);
            taken = memory.slice(at, size);
        }
        return taken.order(ByteOrder.nativeOrder());
    }

    /**
     * Allocates memory with this content.
     *
     * @param content the content
     * @return the memory
     */
    public ByteBuffer bytes(byte[] content) {
        return take(content.length).put(0, content);
    }

    @Override
    public void close() {
        wipe(memory, start, memory.position());
        memory.position(start);
        for (ByteBuffer buffer : large) wipe(buffer, 0, buffer.capacity());
    }

    private static void wipe(ByteBuffer buffer, int from, int to) {
        for (int at = from; at < to; at++) buffer.put(at, (byte) 0);
    }
}
