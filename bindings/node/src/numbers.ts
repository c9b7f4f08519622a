// The numbers of libdoors_caddy. Generated from include/doors_caddy.h by `make header`. Do not edit.

/** The version of this interface. Incremented when something that programs may rely on changes, but not for additions. Compare it with doors_abi(), which returns the version of the linked library. */
export const ABI = 1;

/** The length of a token for an IPv4 address. */
export const TOKEN_IPV4 = 43;

/** The length of a token for an IPv6 address. */
export const TOKEN_IPV6 = 59;

/** A buffer size that is enough for every token and its NUL. */
export const TOKEN_SIZE = 60;

/** The buffer size for the ID of a key, which has 8 characters, and its NUL. */
export const KEY_ID_SIZE = 9;

/** A buffer size that is enough for every host and its NUL. */
export const HOST_SIZE = 256;

/** No time: the time is unknown, or nothing is planned. */
export const NEVER = 9223372036854775807n;

/** No index: unknown or not applicable. */
export const NONE = 4294967295;

/** Why a call failed. */
export const Status = {
    /** Success. */
    OK: 0,
    /** A required pointer was NULL. */
    NULL_POINTER: 1,
    /** The library panicked. This is a bug in the library. Handles can still be used and freed. */
    PANIC: 2,
    /** The output buffer is too small. */
    BUFFER: 3,
    /** An address must be 4 or 16 bytes long. */
    ADDRESS: 4,
    /** Nothing matches, or the index is out of bounds. */
    NO_MATCH: 5,
    /** The operating system supplied no random bytes. */
    RANDOM: 6,
    /** A number is out of range: a limit of 0, a negative duration, an unknown enum value, or a non-zero `reserved` member. */
    RANGE: 7,
    /** The maximum number has been reached. */
    TOO_MANY: 8,
    /** The secret is invalid. */
    SECRET: 10,
    /** A CIDR is invalid. */
    CIDR: 11,
    /** Another part of the configuration is invalid. */
    CONFIG: 12,
    /** The input is larger than 64 MiB, or its length is impossible for an object in memory. */
    TOO_LARGE: 13,
    /** The token contains a character outside base64url (RFC 4648, section 5), padding, white space or non-zero trailing bits. */
    TOKEN_FORMAT: 20,
    /** The token has an impossible length, or no key decrypts it. */
    TOKEN_REFUSED: 21,
} as const;
export type Status = (typeof Status)[keyof typeof Status];

/** Where a request goes, judging only by its token or cookie. */
export const DecisionKind = {
    /** To one particular pod: `addr` and `port`. Only PathKind.RESOURCE of a dead pod may go elsewhere. */
    POD: 1,
    /** Nowhere. Answer 410 with `Cache-Control: no-store`, so that the page reloads. */
    GONE: 2,
    /** To a fresh pod of `upstream`: one to which its host resolves now. Prefer `addr` if it is among them. */
    UPSTREAM: 3,
    /** To a fresh pod of any upstream. */
    ANY: 4,
} as const;
export type DecisionKind = (typeof DecisionKind)[keyof typeof DecisionKind];

/** The reason for a decision. */
export const Reason = {
    /** POD: there is no further reason. */
    NONE: 0,
    /** GONE: the token is not canonical base64url. */
    MALFORMED: 1,
    /** GONE: the token has an impossible length, or no key decrypts it. */
    REFUSED: 2,
    /** GONE: no CIDR contains the token's address. */
    NO_CIDR: 4,
    /** UPSTREAM: the configuration has only one, and the request has no usable cookie. */
    ONLY_UPSTREAM: 16,
    /** UPSTREAM: the address in the cookie belongs to this upstream. */
    COOKIE: 17,
    /** ANY: the request has no cookie with the configured name. */
    NO_COOKIE: 18,
    /** ANY: the request has cookies with the configured name, but none is usable. They cannot be decrypted, or no CIDR contains their addresses. */
    COOKIE_UNUSABLE: 19,
} as const;
export type Reason = (typeof Reason)[keyof typeof Reason];

/** The kind of a request, by its path. */
export const PathKind = {
    /** A path without a token: a page or one of the app's own files. */
    PAGE: 0,
    /** `/~/{token}/s/...`: a stream or a report. */
    SYNC: 1,
    /** `/~/{token}/h/...`: a hook. */
    HOOK: 2,
    /** `/~/{token}/u/...`: back and forward navigation. */
    HISTORY: 3,
    /** `/~/{token}/r/...`: a script or a style sheet. Every pod has the same. */
    RESOURCE: 4,
    /** Any other path with a token. */
    OTHER: 5,
} as const;
export type PathKind = (typeof PathKind)[keyof typeof PathKind];

/** A value of a configuration. */
export const Field = {
    /** One to eight AES keys in standard base64 with padding, separated by ASCII white space. */
    SECRET: 1,
    /** The name of a cookie (RFC 6265). */
    COOKIE_NAME: 2,
    /** One CIDR such as 10.0.0.0/24 or 2001:db8::/64. */
    CIDR: 3,
    /** A DNS name, or an IP address that can be dialled and is not link-local, without port, scheme and brackets. */
    HOST: 4,
    /** A port in decimal, 1 to 65535. */
    PORT: 5,
} as const;
export type Field = (typeof Field)[keyof typeof Field];

/** The outcome of a dial or of an attempt. */
export const Outcome = {
    /** The dial succeeded. */
    CONNECTED: 1,
    /** The pod's address refused the connection (ECONNREFUSED): nothing listens on the port. */
    REFUSED: 2,
    /** There was no route, the host or network was unreachable, or nothing answered in time (EHOSTUNREACH, ENETUNREACH, ETIMEDOUT ...). */
    UNREACHABLE: 3,
    /** The dial failed because of a problem on this machine (EMFILE, EADDRNOTAVAIL, EACCES ...). Never a fault of the pod. */
    OWN_FAULT: 4,
    /** The client gave up. Ignored. */
    CANCELLED: 5,
    /** The pod responded to a request, perhaps over a reused connection. */
    ANSWERED: 6,
    /** The connection ended before the first byte of a response. The request may have been sent. */
    DROPPED: 7,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/** The verdict on a pod. */
export const Verdict = {
    /** No fault. */
    NONE: 0,
    /** The last dials of the pod failed. It may be back soon. */
    UNREACHABLE: 1,
    /** The pod is dead, and its pages are lost. */
    GONE: 2,
} as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/** Whether the pods at an address can be stopped. */
export const IdleAnswer = {
    /** The pods had no request for the given time. */
    YES: 1,
    /** Requests are in flight, or the last one was too recent. */
    BUSY: 2,
    /** No request is in flight, but the caller has not been reporting for the given time. */
    JUST_STARTED: 3,
} as const;
export type IdleAnswer = (typeof IdleAnswer)[keyof typeof IdleAnswer];

/** What to do next for a request. */
export const StepKind = {
    /** Dial the pod, or use an open connection to it: `upstream`, `pod`, `probe`. */
    DIAL: 1,
    /** Hold the request, and call Request.resume() at `until` or when a report has ReportFlag.WAKE. */
    WAIT: 2,
    /** Answer the request with `Cache-Control: no-store`: `status`, `retry_after`, `cause`, `page`. */
    ANSWER: 3,
    /** The request needs no further step. Forward the response, or answer 502 after a failed dial. If the client is gone, do nothing. */
    DONE: 4,
    /** Choose one of Request.choices() and report it to Request.chose(), or call Request.choseNone(). Only with OptionFlag.USER_CHOOSES. */
    CHOOSE: 5,
} as const;
export type StepKind = (typeof StepKind)[keyof typeof StepKind];

/** Why a request is answered without a pod. */
export const Cause = {
    /** The token is not canonical base64url. */
    TOKEN_MALFORMED: 1,
    /** No key decrypts the token. */
    TOKEN_REFUSED: 2,
    /** No CIDR contains the token's address. */
    NO_CIDR: 3,
    /** The pod is gone. */
    POD_GONE: 4,
    /** The pod could not be reached, perhaps only briefly. */
    POD_UNREACHABLE: 5,
    /** The connection to the pod ended before the first byte of a response. */
    POD_DROPPED: 6,
    /** No pod could be reached, or no known pod would take the page after a reload. */
    NO_POD: 7,
    /** No fresh pod is known. */
    NO_FRESH_POD: 8,
    /** The dial failed because of a problem on this machine. */
    OWN_FAULT: 9,
    /** The page's pod works but is evicted. */
    EVICTED: 10,
    /** The page's pod works but has drained for longer than `drain_max`. */
    DRAIN_MAX: 11,
} as const;
export type Cause = (typeof Cause)[keyof typeof Cause];

/** What to do after a call, and what was learned. Combined with `|`. */
export const ReportFlag = {
    /** Report flag: resume all waiting requests of all sources. */
    WAKE: 1,
    /** Report flag: call State.due() now. */
    LOOKUPS_DUE: 2,
    /** Report flag: dial `background_pod` in the background, close the connection at once, and report the outcome to Source.dialled(). */
    BACKGROUND: 4,
    /** Report flag: the verdict on `changed_pod` changed; log it. */
    CHANGED: 8,
    /** Report flag: `dropped_host` dropped `dropped_addr`, which refused a connection and is no longer in DNS; log it. */
    DROPPED: 16,
    /** Report flag: the host of `outside_upstream` resolves to `outside_addr`, which is outside the upstream's networks; log a warning. Set at most once a minute. */
    OUTSIDE: 32,
    /** Report flag: a token was refused; log it, but never the token. */
    REFUSED_TOKEN: 64,
    /** Report flag: many tokens arrived and none could be decrypted; log it. Set at most once a minute. */
    NOTHING_OPENS: 128,
    /** Report flag: `draining_pod` began or stopped signalling that it is draining; log it. */
    DRAINING: 256,
} as const;
export type ReportFlag = (typeof ReportFlag)[keyof typeof ReportFlag];

/** What a response signals about its pod. Combined with `|`. */
export const Mark = {
    /** Response mark: the response has `Doors-Draining: ?1`. The pod is draining from now on, regardless of DNS. */
    DRAINING: 1,
    /** Response mark: the response is a 503 with `Doors-Draining: ?1`, and no part of it was sent to the client. A page load can then go to another pod. Implies Mark.DRAINING. */
    REFUSED: 2,
} as const;
export type Mark = (typeof Mark)[keyof typeof Mark];

/** The HTTP method of a request. */
export const Method = {
    /** GET. */
    GET: 1,
    /** HEAD. */
    HEAD: 2,
    /** Any other method. */
    OTHER: 3,
} as const;
export type Method = (typeof Method)[keyof typeof Method];

/** Options of a source. Combined with `|`. */
export const OptionFlag = {
    /** Option: the user has configured a load-balancing policy. Steps return StepKind.CHOOSE when several pods can serve a request. */
    USER_CHOOSES: 1,
    /** Option: the user has configured retries. A request that failed on every pod starts over until Request.giveUp(). */
    USER_RETRIES: 2,
} as const;
export type OptionFlag = (typeof OptionFlag)[keyof typeof OptionFlag];

/** Options of an eviction. Combined with `|`. */
export const EvictFlag = {
    /** Eviction flag: the least recently used pages are told to reload first. */
    IDLE_FIRST: 1,
} as const;
export type EvictFlag = (typeof EvictFlag)[keyof typeof EvictFlag];

/** A change of a pod. */
export const EventKind = {
    /** DNS lists the pod and did not before. Not reported for a host's first answer. */
    APPEARED: 1,
    /** The pod signals that it is draining. */
    MARKED: 2,
    /** DNS no longer lists the pod. */
    LEFT: 3,
    /** An operator has evicted pods. */
    EVICTED: 4,
    /** An operator has cancelled an eviction. */
    UNDONE: 5,
    /** The last receiver stream of a draining pod has ended. If that happens again, the new event replaces the old one. */
    LAST_PAGE: 6,
    /** The process of a draining pod has ended. */
    ENDED: 7,
    /** The pod is gone and was not draining. */
    FAILED: 8,
    /** The pod works again after being unreachable or gone. */
    ALIVE: 9,
} as const;
export type EventKind = (typeof EventKind)[keyof typeof EventKind];

/** The IP versions with a missing or partial answer. Combined with `|`. */
export const Missing = {
    /** Lookup flag: IPv4 addresses may be missing. */
    IPV4: 1,
    /** Lookup flag: IPv6 addresses may be missing. */
    IPV6: 2,
} as const;
export type Missing = (typeof Missing)[keyof typeof Missing];

/** Why a lookup failed. */
export const LookupFailure = {
    /** The name does not exist, or has no address that a pod can have. All name servers that know the name agree. */
    NOT_FOUND: 1,
    /** No name server answered in time. */
    TIMEOUT: 2,
    /** A name server answered with an error, such as SERVFAIL or REFUSED. */
    SERVER_FAILURE: 3,
    /** Any other failure, such as an unreachable name server. */
    FAILED: 4,
} as const;
export type LookupFailure = (typeof LookupFailure)[keyof typeof LookupFailure];

/** What the end of a lookup has changed. */
export const HostChange = {
    /** Nothing has changed. */
    UNCHANGED: 0,
    /** The first answer with addresses. */
    RESOLVED: 1,
    /** The addresses have changed. */
    CHANGED: 2,
    /** The first failed lookup, and the first one with each other LookupFailure until the host recovers. */
    FAILING: 3,
    /** The first answer with addresses after reported failures. */
    RECOVERED: 4,
    /** An address was dropped because it refused a connection and is no longer in DNS. */
    DROPPED: 5,
    /** From now on answers count as partial: several addresses were missing and came back. A missing address is kept for up to 30 s. */
    PARTIAL: 6,
    /** Answers count as complete again. */
    WHOLE: 7,
} as const;
export type HostChange = (typeof HostChange)[keyof typeof HostChange];
