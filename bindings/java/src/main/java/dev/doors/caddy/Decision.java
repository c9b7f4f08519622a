package dev.doors.caddy;

import dev.doors.caddy.Numbers.DecisionKind;
import dev.doors.caddy.Numbers.PathKind;
import dev.doors.caddy.Numbers.Reason;
import dev.doors.caddy.c.Abi;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Where a request goes, and why.
 *
 * @param kind to one pod, to a fresh pod of one upstream or of any, or nowhere
 * @param reason why
 * @param upstream the zero-based index of the upstream in the configuration; empty for ANY and GONE
 * @param key the zero-based index of the key that decrypted the token or cookie; empty if none did
 * @param port the upstream's port; 0 for ANY and GONE
 * @param path the kind of the request
 * @param address the address in the token or cookie
 */
public record Decision(
        DecisionKind kind, Reason reason, OptionalInt upstream, OptionalInt key, int port, PathKind path,
        Optional<InetAddress> address) {
    static Decision of(ByteBuffer from) {
        return new Decision(
                DecisionKind.of(from.getInt(Abi.DECISION_KIND)),
                Reason.of(from.getInt(Abi.DECISION_REASON)),
                Values.optional(from.getInt(Abi.DECISION_UPSTREAM)),
                Values.optional(from.getInt(Abi.DECISION_KEY)),
                Values.port(from, Abi.DECISION_PORT),
                PathKind.of(from.getShort(Abi.DECISION_PATH)),
                Values.address(from, Abi.DECISION_ADDR));
    }
}
