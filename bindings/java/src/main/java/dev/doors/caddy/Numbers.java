package dev.doors.caddy;

import dev.doors.caddy.c.Abi.Function;
import dev.doors.caddy.c.C;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

/** The numbers of libdoors_caddy. Generated from include/doors_caddy.h by {@code make header}. Do not edit. */
public final class Numbers {
    private Numbers() {}

    /** A number of the C API. */
    public interface Number {
        /** {@return the number} */
        int number();
    }

    /**
     * Combines flags.
     *
     * @param flags the flags
     * @return their sum
     */
    public static int sum(Set<? extends Number> flags) {
        return flags.stream().mapToInt(Number::number).sum();
    }

    private static <E extends Enum<E> & Number> E named(E[] all, int number) {
        for (E one : all) if (one.number() == number) return one;
        throw new IllegalArgumentException(
                all[0].getDeclaringClass().getSimpleName() + " has no number " + number + ": the library is newer");
    }

    /** The version of this interface. Incremented when something that programs may rely on changes, but not for additions. Compare it with doors_abi(), which returns the version of the linked library. */
    public static final int ABI = 1;

    /** The length of a token for an IPv4 address. */
    public static final int TOKEN_IPV4 = 43;

    /** The length of a token for an IPv6 address. */
    public static final int TOKEN_IPV6 = 59;

    /** A buffer size that is enough for every token and its NUL. */
    public static final int TOKEN_SIZE = 60;

    /** The buffer size for the ID of a key, which has 8 characters, and its NUL. */
    public static final int KEY_ID_SIZE = 9;

    /** A buffer size that is enough for every host and its NUL. */
    public static final int HOST_SIZE = 256;

    /** No time: the time is unknown, or nothing is planned. */
    public static final long NEVER = 9223372036854775807L;

    /** No index: unknown or not applicable. */
    public static final int NONE = -1;

    /** Why a call failed. */
    public enum Status implements Number {
        /** Success. */
        OK(0),
        /** A required pointer was NULL. */
        NULL_POINTER(1),
        /** The library panicked. This is a bug in the library. Handles can still be used and freed. */
        PANIC(2),
        /** The output buffer is too small. */
        BUFFER(3),
        /** An address must be 4 or 16 bytes long. */
        ADDRESS(4),
        /** Nothing matches, or the index is out of bounds. */
        NO_MATCH(5),
        /** The operating system supplied no random bytes. */
        RANDOM(6),
        /** A number is out of range: a limit of 0, a negative duration, an unknown enum value, or a non-zero {@code reserved} member. */
        RANGE(7),
        /** The maximum number has been reached. */
        TOO_MANY(8),
        /** The secret is invalid. */
        SECRET(10),
        /** A CIDR is invalid. */
        CIDR(11),
        /** Another part of the configuration is invalid. */
        CONFIG(12),
        /** The input is larger than 64 MiB, or its length is impossible for an object in memory. */
        TOO_LARGE(13),
        /** The token contains a character outside base64url (RFC 4648, section 5), padding, white space or non-zero trailing bits. */
        TOKEN_FORMAT(20),
        /** The token has an impossible length, or no key decrypts it. */
        TOKEN_REFUSED(21);

        private final int number;

        Status(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * The name of a number.
         *
         * @param number the number
         * @return its name
         * @throws IllegalArgumentException for a number without a name
         */
        public static Status of(int number) {
            return named(values(), number);
        }

        /** {@return a short text or identifier, suitable for a log} */
        public String words() {
            return C.text(Function.DOORS_STATUS_STR, number);
        }
    }

    /** Where a request goes, judging only by its token or cookie. */
    public enum DecisionKind implements Number {
        /** To one particular pod: {@code addr} and {@code port}. Only PathKind.RESOURCE of a dead pod may go elsewhere. */
        POD(1),
        /** Nowhere. Answer 410 with {@code Cache-Control: no-store}, so that the page reloads. */
        GONE(2),
        /** To a fresh pod of {@code upstream}: one to which its host resolves now. Prefer {@code addr} if it is among them. */
        UPSTREAM(3),
        /** To a fresh pod of any upstream. */
        ANY(4);

        private final int number;

        DecisionKind(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * The name of a number.
         *
         * @param number the number
         * @return its name
         * @throws IllegalArgumentException for a number without a name
         */
        public static DecisionKind of(int number) {
            return named(values(), number);
        }

        /** {@return a short text or identifier, suitable for a log} */
        public String words() {
            return C.text(Function.DOORS_DECISION_STR, number);
        }
    }

    /** The reason for a decision. */
    public enum Reason implements Number {
        /** POD: there is no further reason. */
        NONE(0),
        /** GONE: the token is not canonical base64url. */
        MALFORMED(1),
        /** GONE: the token has an impossible length, or no key decrypts it. */
        REFUSED(2),
        /** GONE: no CIDR contains the token's address. */
        NO_CIDR(4),
        /** UPSTREAM: the configuration has only one, and the request has no usable cookie. */
        ONLY_UPSTREAM(16),
        /** UPSTREAM: the address in the cookie belongs to this upstream. */
        COOKIE(17),
        /** ANY: the request has no cookie with the configured name. */
        NO_COOKIE(18),
        /** ANY: the request has cookies with the configured name, but none is usable. They cannot be decrypted, or no CIDR contains their addresses. */
        COOKIE_UNUSABLE(19);

        private final int number;

        Reason(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * The name of a number.
         *
         * @param number the number
         * @return its name
         * @throws IllegalArgumentException for a number without a name
         */
        public static Reason of(int number) {
            return named(values(), number);
        }

        /** {@return a short text or identifier, suitable for a log} */
        public String words() {
            return C.text(Function.DOORS_REASON_STR, number);
        }
    }

    /** The kind of a request, by its path. */
    public enum PathKind implements Number {
        /** A path without a token: a page or one of the app's own files. */
        PAGE(0),
        /** {@code /~/{token}/s/...}: a stream or a report. */
        SYNC(1),
        /** {@code /~/{token}/h/...}: a hook. */
        HOOK(2),
        /** {@code /~/{token}/u/...}: back and forward navigation. */
        HISTORY(3),
        /** {@code /~/{token}/r/...}: a script or a style sheet. Every pod has the same. */
        RESOURCE(4),
        /** Any other path with a token. */
        OTHER(5);

        private final int number;

        PathKind(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * The name of a number.
         *
         * @param number the number
         * @return its name
         * @throws IllegalArgumentException for a number without a name
         */
        public static PathKind of(int number) {
            return named(values(), number);
        }

        /** {@return a short text or identifier, suitable for a log} */
        public String words() {
            return C.text(Function.DOORS_PATH_STR, number);
        }
    }

    /** A value of a configuration. */
    public enum Field implements Number {
        /** One to eight AES keys in standard base64 with padding, separated by ASCII white space. */
        SECRET(1),
        /** The name of a cookie (RFC 6265). */
        COOKIE_NAME(2),
        /** One CIDR such as 10.0.0.0/24 or 2001:db8::/64. */
        CIDR(3),
        /** A DNS name, or an IP address that can be dialled and is not link-local, without port, scheme and brackets. */
        HOST(4),
        /** A port in decimal, 1 to 65535. */
        PORT(5);

        private final int number;

        Field(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * The name of a number.
         *
         * @param number the number
         * @return its name
         * @throws IllegalArgumentException for a number without a name
         */
        public static Field of(int number) {
            return named(values(), number);
        }
    }

    /** The outcome of a dial or of an attempt. */
    public enum Outcome implements Number {
        /** The dial succeeded. */
        CONNECTED(1),
        /** The pod's address refused the connection (ECONNREFUSED): nothing listens on the port. */
        REFUSED(2),
        /** There was no route, the host or network was unreachable, or nothing answered in time (EHOSTUNREACH, ENETUNREACH, ETIMEDOUT ...). */
        UNREACHABLE(3),
        /** The dial failed because of a problem on this machine (EMFILE, EADDRNOTAVAIL, EACCES ...). Never a fault of the pod. */
        OWN_FAULT(4),
        /** The client gave up. Ignored. */
        CANCELLED(5),
        /** The pod responded to a request, perhaps over a reused connection. */
        ANSWERED(6),
        /** The connection ended before the first byte of a response. The request may have been sent. */
        DROPPED(7);

        private final int number;

        Outcome(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * The name of a number.
         *
         * @param number the number
         * @return its name
         * @throws IllegalArgumentException for a number without a name
         */
        public static Outcome of(int number) {
            return named(values(), number);
        }

        /** {@return a short text or identifier, suitable for a log} */
        public String words() {
            return C.text(Function.DOORS_OUTCOME_STR, number);
        }
    }

    /** The verdict on a pod. */
    public enum Verdict implements Number {
        /** No fault. */
        NONE(0),
        /** The last dials of the pod failed. It may be back soon. */
        UNREACHABLE(1),
        /** The pod is dead, and its pages are lost. */
        GONE(2);

        private final int number;

        Verdict(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * The name of a number.
         *
         * @param number the number
         * @return its name
         * @throws IllegalArgumentException for a number without a name
         */
        public static Verdict of(int number) {
            return named(values(), number);
        }

        /** {@return a short text or identifier, suitable for a log} */
        public String words() {
            return C.text(Function.DOORS_VERDICT_STR, number);
        }
    }

    /** Whether the pods at an address can be stopped. */
    public enum IdleAnswer implements Number {
        /** The pods had no request for the given time. */
        YES(1),
        /** Requests are in flight, or the last one was too recent. */
        BUSY(2),
        /** No request is in flight, but the caller has not been reporting for the given time. */
        JUST_STARTED(3);

        private final int number;

        IdleAnswer(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * The name of a number.
         *
         * @param number the number
         * @return its name
         * @throws IllegalArgumentException for a number without a name
         */
        public static IdleAnswer of(int number) {
            return named(values(), number);
        }

        /** {@return a short text or identifier, suitable for a log} */
        public String words() {
            return C.text(Function.DOORS_IDLE_STR, number);
        }
    }

    /** What to do next for a request. */
    public enum StepKind implements Number {
        /** Dial the pod, or use an open connection to it: {@code upstream}, {@code pod}, {@code probe}. */
        DIAL(1),
        /** Hold the request, and call Request.resume() at {@code until} or when a report has ReportFlag.WAKE. */
        WAIT(2),
        /** Answer the request with {@code Cache-Control: no-store}: {@code status}, {@code retry_after}, {@code cause}, {@code page}. */
        ANSWER(3),
        /** The request needs no further step. Forward the response, or answer 502 after a failed dial. If the client is gone, do nothing. */
        DONE(4),
        /** Choose one of Request.choices() and report it to Request.chose(), or call Request.choseNone(). Only with OptionFlag.USER_CHOOSES. */
        CHOOSE(5);

        private final int number;

        StepKind(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * The name of a number.
         *
         * @param number the number
         * @return its name
         * @throws IllegalArgumentException for a number without a name
         */
        public static StepKind of(int number) {
            return named(values(), number);
        }

        /** {@return a short text or identifier, suitable for a log} */
        public String words() {
            return C.text(Function.DOORS_STEP_STR, number);
        }
    }

    /** Why a request is answered without a pod. */
    public enum Cause implements Number {
        /** The token is not canonical base64url. */
        TOKEN_MALFORMED(1),
        /** No key decrypts the token. */
        TOKEN_REFUSED(2),
        /** No CIDR contains the token's address. */
        NO_CIDR(3),
        /** The pod is gone. */
        POD_GONE(4),
        /** The pod could not be reached, perhaps only briefly. */
        POD_UNREACHABLE(5),
        /** The connection to the pod ended before the first byte of a response. */
        POD_DROPPED(6),
        /** No pod could be reached, or no known pod would take the page after a reload. */
        NO_POD(7),
        /** No fresh pod is known. */
        NO_FRESH_POD(8),
        /** The dial failed because of a problem on this machine. */
        OWN_FAULT(9),
        /** The page's pod works but is evicted. */
        EVICTED(10),
        /** The page's pod works but has drained for longer than {@code drain_max}. */
        DRAIN_MAX(11);

        private final int number;

        Cause(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * The name of a number.
         *
         * @param number the number
         * @return its name
         * @throws IllegalArgumentException for a number without a name
         */
        public static Cause of(int number) {
            return named(values(), number);
        }

        /** {@return a short text or identifier, suitable for a log} */
        public String words() {
            return C.text(Function.DOORS_CAUSE_STR, number);
        }
    }

    /** What to do after a call, and what was learned. */
    public enum ReportFlag implements Number {
        /** Report flag: resume all waiting requests of all sources. */
        WAKE(1),
        /** Report flag: call State.due() now. */
        LOOKUPS_DUE(2),
        /** Report flag: dial {@code background_pod} in the background, close the connection at once, and report the outcome to Source.dialled(). */
        BACKGROUND(4),
        /** Report flag: the verdict on {@code changed_pod} changed; log it. */
        CHANGED(8),
        /** Report flag: {@code dropped_host} dropped {@code dropped_addr}, which refused a connection and is no longer in DNS; log it. */
        DROPPED(16),
        /** Report flag: the host of {@code outside_upstream} resolves to {@code outside_addr}, which is outside the upstream's networks; log a warning. Set at most once a minute. */
        OUTSIDE(32),
        /** Report flag: a token was refused; log it, but never the token. */
        REFUSED_TOKEN(64),
        /** Report flag: many tokens arrived and none could be decrypted; log it. Set at most once a minute. */
        NOTHING_OPENS(128),
        /** Report flag: {@code draining_pod} began or stopped signalling that it is draining; log it. */
        DRAINING(256);

        private final int number;

        ReportFlag(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * Returns the flags in a sum, without unknown ones.
         *
         * @param sum the sum
         * @return the flags
         */
        public static Set<ReportFlag> in(int sum) {
            return Arrays.stream(values())
                    .filter(flag -> (sum & flag.number) != 0)
                    .collect(Collectors.toCollection(() -> EnumSet.noneOf(ReportFlag.class)));
        }
    }

    /** What a response signals about its pod. */
    public enum Mark implements Number {
        /** Response mark: the response has {@code Doors-Draining: ?1}. The pod is draining from now on, regardless of DNS. */
        DRAINING(1),
        /** Response mark: the response is a 503 with {@code Doors-Draining: ?1}, and no part of it was sent to the client. A page load can then go to another pod. Implies Mark.DRAINING. */
        REFUSED(2);

        private final int number;

        Mark(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * Returns the flags in a sum, without unknown ones.
         *
         * @param sum the sum
         * @return the flags
         */
        public static Set<Mark> in(int sum) {
            return Arrays.stream(values())
                    .filter(flag -> (sum & flag.number) != 0)
                    .collect(Collectors.toCollection(() -> EnumSet.noneOf(Mark.class)));
        }
    }

    /** The HTTP method of a request. */
    public enum Method implements Number {
        /** GET. */
        GET(1),
        /** HEAD. */
        HEAD(2),
        /** Any other method. */
        OTHER(3);

        private final int number;

        Method(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * The name of a number.
         *
         * @param number the number
         * @return its name
         * @throws IllegalArgumentException for a number without a name
         */
        public static Method of(int number) {
            return named(values(), number);
        }
    }

    /** Options of a source. */
    public enum OptionFlag implements Number {
        /** Option: the user has configured a load-balancing policy. Steps return StepKind.CHOOSE when several pods can serve a request. */
        USER_CHOOSES(1),
        /** Option: the user has configured retries. A request that failed on every pod starts over until Request.giveUp(). */
        USER_RETRIES(2);

        private final int number;

        OptionFlag(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * Returns the flags in a sum, without unknown ones.
         *
         * @param sum the sum
         * @return the flags
         */
        public static Set<OptionFlag> in(int sum) {
            return Arrays.stream(values())
                    .filter(flag -> (sum & flag.number) != 0)
                    .collect(Collectors.toCollection(() -> EnumSet.noneOf(OptionFlag.class)));
        }
    }

    /** Options of an eviction. */
    public enum EvictFlag implements Number {
        /** Eviction flag: the least recently used pages are told to reload first. */
        IDLE_FIRST(1);

        private final int number;

        EvictFlag(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * Returns the flags in a sum, without unknown ones.
         *
         * @param sum the sum
         * @return the flags
         */
        public static Set<EvictFlag> in(int sum) {
            return Arrays.stream(values())
                    .filter(flag -> (sum & flag.number) != 0)
                    .collect(Collectors.toCollection(() -> EnumSet.noneOf(EvictFlag.class)));
        }
    }

    /** A change of a pod. */
    public enum EventKind implements Number {
        /** DNS lists the pod and did not before. Not reported for a host's first answer. */
        APPEARED(1),
        /** The pod signals that it is draining. */
        MARKED(2),
        /** DNS no longer lists the pod. */
        LEFT(3),
        /** An operator has evicted pods. */
        EVICTED(4),
        /** An operator has cancelled an eviction. */
        UNDONE(5),
        /** The last receiver stream of a draining pod has ended. If that happens again, the new event replaces the old one. */
        LAST_PAGE(6),
        /** The process of a draining pod has ended. */
        ENDED(7),
        /** The pod is gone and was not draining. */
        FAILED(8),
        /** The pod works again after being unreachable or gone. */
        ALIVE(9);

        private final int number;

        EventKind(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * The name of a number.
         *
         * @param number the number
         * @return its name
         * @throws IllegalArgumentException for a number without a name
         */
        public static EventKind of(int number) {
            return named(values(), number);
        }

        /** {@return a short text or identifier, suitable for a log} */
        public String words() {
            return C.text(Function.DOORS_EVENT_STR, number);
        }
    }

    /** The IP versions with a missing or partial answer. */
    public enum Missing implements Number {
        /** Lookup flag: IPv4 addresses may be missing. */
        IPV4(1),
        /** Lookup flag: IPv6 addresses may be missing. */
        IPV6(2);

        private final int number;

        Missing(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * Returns the flags in a sum, without unknown ones.
         *
         * @param sum the sum
         * @return the flags
         */
        public static Set<Missing> in(int sum) {
            return Arrays.stream(values())
                    .filter(flag -> (sum & flag.number) != 0)
                    .collect(Collectors.toCollection(() -> EnumSet.noneOf(Missing.class)));
        }
    }

    /** Why a lookup failed. */
    public enum LookupFailure implements Number {
        /** The name does not exist, or has no address that a pod can have. All name servers that know the name agree. */
        NOT_FOUND(1),
        /** No name server answered in time. */
        TIMEOUT(2),
        /** A name server answered with an error, such as SERVFAIL or REFUSED. */
        SERVER_FAILURE(3),
        /** Any other failure, such as an unreachable name server. */
        FAILED(4);

        private final int number;

        LookupFailure(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * The name of a number.
         *
         * @param number the number
         * @return its name
         * @throws IllegalArgumentException for a number without a name
         */
        public static LookupFailure of(int number) {
            return named(values(), number);
        }

        /** {@return a short text or identifier, suitable for a log} */
        public String words() {
            return C.text(Function.DOORS_LOOKUP_STR, number);
        }
    }

    /** What the end of a lookup has changed. */
    public enum HostChange implements Number {
        /** Nothing has changed. */
        UNCHANGED(0),
        /** The first answer with addresses. */
        RESOLVED(1),
        /** The addresses have changed. */
        CHANGED(2),
        /** The first failed lookup, and the first one with each other LookupFailure until the host recovers. */
        FAILING(3),
        /** The first answer with addresses after reported failures. */
        RECOVERED(4),
        /** An address was dropped because it refused a connection and is no longer in DNS. */
        DROPPED(5),
        /** From now on answers count as partial: several addresses were missing and came back. A missing address is kept for up to 30 s. */
        PARTIAL(6),
        /** Answers count as complete again. */
        WHOLE(7);

        private final int number;

        HostChange(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        /**
         * The name of a number.
         *
         * @param number the number
         * @return its name
         * @throws IllegalArgumentException for a number without a name
         */
        public static HostChange of(int number) {
            return named(values(), number);
        }

        /** {@return a short text or identifier, suitable for a log} */
        public String words() {
            return C.text(Function.DOORS_HOST_STR, number);
        }
    }
}
