package dev.doors.caddy;

import dev.doors.caddy.c.Abi.Function;
import dev.doors.caddy.c.C;
import dev.doors.caddy.c.Frame;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A struct of settings. It starts with the library's defaults. */
abstract class Settings {
    /** The struct. */
    final ByteBuffer values;

    Settings(int size, Function init) {
        try (Frame frame = new Frame()) {
            ByteBuffer good = frame.take(size);
            Values.check(C.call(init, good));
            values = ByteBuffer.allocate(size).order(ByteOrder.nativeOrder()).put(0, good, 0, size);
        }
    }

    final ByteBuffer in(Frame frame) {
        return frame.bytes(values.array());
    }
}
