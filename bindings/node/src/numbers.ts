// The numbers of libdoors_caddy. Generated from include/doors_caddy.h by `make header`. Do not edit.

/** Number of this interface. It grows when something that a program may rely on changes; additions alone do not. Compare it with doors_abi(), which tells what the linked library speaks. */
export const ABI = 1;

/** Characters in a token for an IPv4 address. */
export const TOKEN_IPV4 = 43;

/** Characters in a token for an IPv6 address. */
export const TOKEN_IPV6 = 59;

/** Room that is enough for every token and its NUL. */
export const TOKEN_SIZE = 60;

/** Room for the id of a key and its NUL: always 8 characters. */
export const KEY_ID_SIZE = 9;

/** Room that is enough for every host and its NUL. */
export const HOST_SIZE = 256;

/** No time: not known, or not before something else happens. */
export const NEVER = 9223372036854775807n;

/** No index: not known, or not applicable. */
export const NONE = 4294967295;

/** Why a call failed. */
export const Status = {
    /** Success. */
    OK: 0,
    /** A required pointer was NULL. */
    NULL_POINTER: 1,
    /** The library panicked inside: a bug in it. Handles can still be used and freed. */
    PANIC: 2,
    /** The output buffer is too small. */
    BUFFER: 3,
    /** An address must be 4 or 16 bytes long. */
    ADDRESS: 4,
    /** Nothing matches, or the index is past the last one. */
    NO_MATCH: 5,
    /** The operating system gave no random bytes. */
    RANDOM: 6,
    /** A number is outside its range: a bound of 0, a negative duration, a number that its enum does not have, a member `reserved` that is not 0. */
    RANGE: 7,
    /** There are as many as there may be. */
    TOO_MANY: 8,
    /** The secret breaks a rule. */
    SECRET: 10,
    /** A CIDR breaks a rule. */
    CIDR: 11,
    /** Another part of the configuration breaks a rule. */
    CONFIG: 12,
    /** What is built has more than 64 MiB, or an input has a length that no object can have. */
    TOO_LARGE: 13,
    /** The token holds a character outside base64url (RFC 4648, section 5), padding, white space or non-zero trailing bits. */
    TOKEN_FORMAT: 20,
    /** The token has a length that no token has, or no key opens it. */
    TOKEN_REFUSED: 21,
} as const;
export type Status = (typeof Status)[keyof typeof Status];

/** Where a request goes, by its token or its cookie alone. */
export const DecisionKind = {
    /** To one pod only: `addr` and `port`. Never anywhere else, except path PathKind.RESOURCE of a dead pod. */
    POD: 1,
    /** Nowhere. Answer 410 with `Cache-Control: no-store`: the page that sent it reloads. */
    GONE: 2,
    /** To a fresh pod (one that the host of `upstream` resolves to now); `addr` first if it is among them. */
    UPSTREAM: 3,
    /** To a fresh pod of any upstream. */
    ANY: 4,
} as const;
export type DecisionKind = (typeof DecisionKind)[keyof typeof DecisionKind];

/** Why a decision is as it is. */
export const Reason = {
    /** POD: nothing to explain. */
    NONE: 0,
    /** GONE: the token is no canonical base64url. */
    MALFORMED: 1,
    /** GONE: the token has a length that no token has, or no key opens it. */
    REFUSED: 2,
    /** GONE: the address in the token lies in no CIDR. */
    NO_CIDR: 4,
    /** UPSTREAM: there is only this one, and no usable cookie. */
    ONLY_UPSTREAM: 16,
    /** UPSTREAM: a cookie says so. */
    COOKIE: 17,
    /** ANY: no cookie with the configured name. */
    NO_COOKIE: 18,
    /** ANY: there are cookies with the configured name, but none opens and lies in a CIDR. */
    COOKIE_UNUSABLE: 19,
} as const;
export type Reason = (typeof Reason)[keyof typeof Reason];

/** What a request is for, by its path. */
export const PathKind = {
    /** No token in the path: a page, or the app's own files. */
    PAGE: 0,
    /** `/~/{token}/s/...`: a stream or a report. */
    SYNC: 1,
    /** `/~/{token}/h/...`: a hook. */
    HOOK: 2,
    /** `/~/{token}/u/...`: back and forward. */
    HISTORY: 3,
    /** `/~/{token}/r/...`: a script or a style sheet, the same on every pod. */
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
    /** A DNS name or a literal IP address that can be dialled and is not link-local, without port, scheme and brackets. */
    HOST: 4,
    /** A port in decimal, 1 to 65535. */
    PORT: 5,
} as const;
export type Field = (typeof Field)[keyof typeof Field];

/** What became of a dial or of an attempt. */
export const Outcome = {
    /** The dial succeeded. */
    CONNECTED: 1,
    /** The pod's own host refused the connection (ECONNREFUSED). */
    REFUSED: 2,
    /** No route, host or network unreachable, or no answer in time (EHOSTUNREACH, ENETUNREACH, ETIMEDOUT ...). */
    UNREACHABLE: 3,
    /** The dial failed for a reason on this machine (EMFILE, EADDRNOTAVAIL, EACCES ...); never held against the pod. */
    OWN_FAULT: 4,
    /** The client gave up; counts as nothing. */
    CANCELLED: 5,
    /** The pod answered a request, perhaps over a connection that was open already. */
    ANSWERED: 6,
    /** The connection was made, and ended before a byte of an answer; perhaps the request was sent. */
    DROPPED: 7,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/** What is held against a pod. */
export const Verdict = {
    /** Nothing is held against the pod. */
    NONE: 0,
    /** Its last dials failed; it may be a blip. */
    UNREACHABLE: 1,
    /** It is dead, and its pages with it. */
    GONE: 2,
} as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/** Whether the pods at an address may be stopped. */
export const IdleAnswer = {
    /** No request for as long as was asked. */
    YES: 1,
    /** Requests are in flight, or the last one is not long enough ago. */
    BUSY: 2,
    /** None is in flight, but the caller has not watched for as long as was asked. */
    JUST_STARTED: 3,
} as const;
export type IdleAnswer = (typeof IdleAnswer)[keyof typeof IdleAnswer];

/** What to do next for a request. */
export const StepKind = {
    /** Dial the pod, or use an open connection to it: `upstream`, `pod`, `probe`. */
    DIAL: 1,
    /** Hold the request, and call Request.resume() at `until`, or when a report says ReportFlag.WAKE. */
    WAIT: 2,
    /** Answer the request with `Cache-Control: no-store`: `status`, `retry_after`, `cause`, `page`. */
    ANSWER: 3,
    /** Nothing more: what became of the attempt is the answer (502, or nothing for a client that has gone). */
    DONE: 4,
    /** Choose one of Request.choices() and tell it with Request.chose(), or call Request.choseNone(). Only with OptionFlag.USER_CHOOSES. */
    CHOOSE: 5,
} as const;
export type StepKind = (typeof StepKind)[keyof typeof StepKind];

/** Why a request is answered without a pod. */
export const Cause = {
    /** The token is not canonical base64url. */
    TOKEN_MALFORMED: 1,
    /** No key opens the token. */
    TOKEN_REFUSED: 2,
    /** The token's address is in no CIDR. */
    NO_CIDR: 3,
    /** The pod is gone. */
    POD_GONE: 4,
    /** The pod could not be reached; it may be a blip. */
    POD_UNREACHABLE: 5,
    /** The connection to the pod ended before a byte of an answer. */
    POD_DROPPED: 6,
    /** No pod could be reached, or none is known onto which the page could reload. */
    NO_POD: 7,
    /** No fresh pod is known. */
    NO_FRESH_POD: 8,
    /** The dial failed for a reason on this machine. */
    OWN_FAULT: 9,
    /** The page's pod works, and is evicted. */
    EVICTED: 10,
    /** The page's pod works, and has drained for longer than `drain_max`. */
    DRAIN_MAX: 11,
} as const;
export type Cause = (typeof Cause)[keyof typeof Cause];

/** What to do after a call, and what it has learned. Added up. */
export const ReportFlag = {
    /** Flag of a report: resume all requests that wait, of all sources. */
    WAKE: 1,
    /** Flag of a report: call State.due() now. */
    LOOKUPS_DUE: 2,
    /** Flag of a report: dial `background_pod` in the background, close the connection at once, and report the dial with Source.dialled(). */
    BACKGROUND: 4,
    /** Flag of a report: what is held against `changed_pod` changed; the time to log it. */
    CHANGED: 8,
    /** Flag of a report: `dropped_host` gave up `dropped_addr`, which refused a connection, since DNS does not name it; the time to log it. */
    DROPPED: 16,
    /** Flag of a report: the host of `outside_upstream` resolves to `outside_addr`, outside of the upstream's networks; the time to warn, once a minute. */
    OUTSIDE: 32,
    /** Flag of a report: a token was refused; the time to log it, never with the token. */
    REFUSED_TOKEN: 64,
    /** Flag of a report: many tokens came and none has ever opened; the time to log it, once a minute. */
    NOTHING_OPENS: 128,
    /** Flag of a report: `draining_pod` says that it drains, or no longer says so; the time to log it. */
    DRAINING: 256,
} as const;
export type ReportFlag = (typeof ReportFlag)[keyof typeof ReportFlag];

/** What an answer says about its pod. Added up. */
export const Mark = {
    /** Mark of an answer: it carries `Doors-Draining: ?1`. The pod drains from now on, whatever DNS says. */
    DRAINING: 1,
    /** Mark of an answer: it is a 503 with `Doors-Draining: ?1`, and nothing of it was sent to the client. If the request loads a page it can be taken back. Says Mark.DRAINING as well. */
    REFUSED: 2,
} as const;
export type Mark = (typeof Mark)[keyof typeof Mark];

/** The HTTP method of a request. */
export const Method = {
    /** GET. */
    GET: 1,
    /** HEAD. */
    HEAD: 2,
    /** Any other. */
    OTHER: 3,
} as const;
export type Method = (typeof Method)[keyof typeof Method];

/** How a source treats requests. Added up. */
export const OptionFlag = {
    /** Option: the user has a policy of his own. Steps say StepKind.CHOOSE for requests that several pods may take. */
    USER_CHOOSES: 1,
    /** Option: the user said how to retry. A request that has failed everywhere starts over instead of ending, until Request.giveUp(). */
    USER_RETRIES: 2,
} as const;
export type OptionFlag = (typeof OptionFlag)[keyof typeof OptionFlag];

/** How an eviction treats pages. Added up. */
export const EvictFlag = {
    /** Of an eviction: pages that were not used for longest are told to reload first. */
    IDLE_FIRST: 1,
} as const;
export type EvictFlag = (typeof EvictFlag)[keyof typeof EvictFlag];

/** What has happened to a pod. */
export const EventKind = {
    /** DNS names the pod, and did not before. Not told of the first answer for a host. */
    APPEARED: 1,
    /** It says that it drains. */
    MARKED: 2,
    /** DNS does not name it any more. */
    LEFT: 3,
    /** An operator has evicted pods. */
    EVICTED: 4,
    /** An operator has taken an eviction back. */
    UNDONE: 5,
    /** It drains, and its last receiver stream has ended. Told again, the event takes the place of the one before. */
    LAST_PAGE: 6,
    /** It has drained, and its process has ended. */
    ENDED: 7,
    /** It is gone, and did not drain. */
    FAILED: 8,
    /** It could not be reached, or was gone, and works again. */
    ALIVE: 9,
} as const;
export type EventKind = (typeof EventKind)[keyof typeof EventKind];

/** What a lookup has not learned. Added up. */
export const Missing = {
    /** Of a lookup: IPv4 addresses may be missing. */
    IPV4: 1,
    /** Of a lookup: IPv6 addresses may be missing. */
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
    /** Anything else, such as a name server that cannot be reached. */
    FAILED: 4,
} as const;
export type LookupFailure = (typeof LookupFailure)[keyof typeof LookupFailure];

/** What the end of a lookup has changed. */
export const HostChange = {
    /** Nothing has changed. */
    UNCHANGED: 0,
    /** The first answer with addresses. */
    RESOLVED: 1,
    /** Other addresses than before. */
    CHANGED: 2,
    /** The first failed lookup, and the first of each other LookupFailure until the host recovers. */
    FAILING: 3,
    /** The first answer with addresses after failures that were reported. */
    RECOVERED: 4,
    /** An address that refused a connection was given up, since DNS has it no longer. */
    DROPPED: 5,
    /** From now on answers are taken for parts of the truth: several addresses were missing and came back. One that is missing stays in force for up to 30 s. */
    PARTIAL: 6,
    /** Answers are whole again. */
    WHOLE: 7,
} as const;
export type HostChange = (typeof HostChange)[keyof typeof HostChange];
