package dev.doors.caddy;

import dev.doors.caddy.Numbers.ReportFlag;
import dev.doors.caddy.Numbers.Verdict;
import dev.doors.caddy.c.Abi;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * What was learned during a call. Members without their flag are empty.
 *
 * @param flags what to do, and which of the other members are set
 * @param suppressed with REFUSED_TOKEN: how many more tokens were refused for the same reason since the last report
 * @param changed with CHANGED: the pod, and the new verdict
 * @param draining with DRAINING: the pod, and whether it signals that it is draining
 * @param background with BACKGROUND: the pod to dial; report the outcome to {@link Source#dialled}
 * @param dropped with DROPPED: the host, and the address that it dropped
 * @param outside with OUTSIDE: the upstream, and the address outside its networks
 */
public record Report(
        Set<ReportFlag> flags, int suppressed, Optional<Changed> changed, Optional<Draining> draining,
        Optional<Background> background, Optional<Dropped> dropped, Optional<Outside> outside) {
    /**
     * The verdict on a pod has changed.
     *
     * @param upstream index of the upstream in the configuration
     * @param pod the pod
     * @param verdict the new verdict
     */
    public record Changed(int upstream, Pod pod, Verdict verdict) {}

    /**
     * A pod began or stopped signalling that it is draining.
     *
     * @param upstream index of the upstream in the configuration
     * @param pod the pod
     * @param draining whether it signals that it is draining
     */
    public record Draining(int upstream, Pod pod, boolean draining) {}

    /**
     * A pod to dial in the background.
     *
     * @param upstream index of the upstream in the configuration
     * @param pod the pod
     */
    public record Background(int upstream, Pod pod) {}

    /**
     * An address that a host dropped.
     *
     * @param host the ID of the host
     * @param address the address
     */
    public record Dropped(long host, InetAddress address) {}

    /**
     * An address in DNS outside the networks of its upstream.
     *
     * @param upstream index of the upstream in the configuration
     * @param address the address
     */
    public record Outside(int upstream, InetAddress address) {}

    static Report of(ByteBuffer from) {
        Set<ReportFlag> flags = ReportFlag.in(from.getInt(Abi.REPORT_FLAGS));
        return new Report(
                flags,
                from.getInt(Abi.REPORT_SUPPRESSED),
                with(flags, ReportFlag.CHANGED, () -> new Changed(
                        from.getInt(Abi.REPORT_CHANGED_UPSTREAM),
                        Values.pod(from, Abi.REPORT_CHANGED_POD),
                        Verdict.of(from.getInt(Abi.REPORT_CHANGED_VERDICT)))),
                with(flags, ReportFlag.DRAINING, () -> new Draining(
                        from.getInt(Abi.REPORT_DRAINING_UPSTREAM),
                        Values.pod(from, Abi.REPORT_DRAINING_POD),
                        from.getInt(Abi.REPORT_DRAINING) == 1)),
                with(flags, ReportFlag.BACKGROUND, () -> new Background(
                        from.getInt(Abi.REPORT_BACKGROUND_UPSTREAM), Values.pod(from, Abi.REPORT_BACKGROUND_POD))),
                with(flags, ReportFlag.DROPPED, () -> new Dropped(
                        from.getLong(Abi.REPORT_DROPPED_HOST), Values.address(from, Abi.REPORT_DROPPED_ADDR).orElseThrow())),
                with(flags, ReportFlag.OUTSIDE, () -> new Outside(
                        from.getInt(Abi.REPORT_OUTSIDE_UPSTREAM), Values.address(from, Abi.REPORT_OUTSIDE_ADDR).orElseThrow())));
    }

    private static <T> Optional<T> with(Set<ReportFlag> flags, ReportFlag flag, Supplier<T> value) {
        return flags.contains(flag) ? Optional.of(value.get()) : Optional.empty();
    }
}
