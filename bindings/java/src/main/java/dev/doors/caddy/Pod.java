package dev.doors.caddy;

import java.net.InetAddress;
import java.util.Objects;

/**
 * The address and port of a pod.
 *
 * @param address its address
 * @param port its port, at most 65535
 */
public record Pod(InetAddress address, int port) {
    /**
     * Names a pod.
     *
     * @param address its address
     * @param port its port
     * @throws IllegalArgumentException for a port that does not fit
     */
    public Pod {
        Objects.requireNonNull(address, "address");
        Values.fits("port", port, 65535);
    }

    /** {@return address and port, such as 10.0.0.7:8080} */
    @Override
    public String toString() {
        String text = address.getHostAddress();
        return (text.contains(":") ? "[" + text + "]" : text) + ":" + port;
    }
}
