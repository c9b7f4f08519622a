package dev.doors.caddy;

import java.util.OptionalInt;

/** What went wrong: the status (DOORS_STATUS_*), the message, and the key, CIDR or upstream to blame. */
public final class DoorsException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final int index;

    DoorsException(int status, String message, int index) {
        super(message);
        this.status = status;
        this.index = index;
    }

    public int status() {
        return status;
    }

    /** From 0; empty where nothing of that kind is to blame. */
    public OptionalInt index() {
        return Doors.optional(index);
    }
}
