package dev.doors.caddy;

import dev.doors.caddy.Numbers.Status;
import java.util.OptionalInt;

/** A call failed. */
public final class DoorsException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Why. */
    private final Status status;
    /** As of the C API: {@link Numbers#NONE} for none. */
    private final int index;

    DoorsException(Status status, String message, int index) {
        super(message);
        this.status = status;
        this.index = index;
    }

    /** {@return why} */
    public Status status() {
        return status;
    }

    /** {@return the key, the CIDR or the upstream to blame, from 0; empty where there is none} */
    public OptionalInt index() {
        return Values.optional(index);
    }
}
