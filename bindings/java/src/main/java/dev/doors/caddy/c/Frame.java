package dev.doors.caddy.c;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory for the arguments of a call, for one thread. Each thread has some that it uses again; what does not fit gets memory of
 * its own. All is wiped at the end, since there may be keys in it.
 */
public final class Frame implements AutoCloseable {
    private static final ThreadLocal<ByteBuffer> MEMORY = ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(1 << 15));

    private final ByteBuffer memory = MEMORY.get();
    private final int start = memory.position();
    private final List<ByteBuffer> large = new ArrayList<>(0);

    /** Begins. A frame that begins later ends earlier. */
    public Frame() {}

    /**
     * Takes memory that is zero.
     *
     * @param size in bytes
     * @return so much memory, aligned to 8 bytes, with the byte order of the machine
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
     * Takes memory with a content.
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
