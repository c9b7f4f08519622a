package dev.doors.caddy;

import dev.doors.caddy.Numbers.Status;
import java.util.OptionalInt;

/** A call failed. */
public final class DoorsException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** The reason. */
    private final Status status;
    /** As in the C API: {@link Numbers#NONE} if there is none. */
    private final int index;

    DoorsException(Status status, String message, int index) {
        super(message);
        this.status = status;
        this.index = index;
    }

    /** {@return the reason} */
    public Status status() {
        return status;
    }

    /** {@return the zero-based index of the invalid key, CIDR or upstream; empty if there is none} */
    public OptionalInt index() {
        return Values.optional(index);
    }
}
