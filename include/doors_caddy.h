// doors_caddy: routing decisions for Doors apps, as a C library.
//
// Copyright the doors-caddy authors. Licence: Apache-2.0.
// Generated from the Rust source by `cargo run -p xtask -- header`. Do not edit.
//
// Five kinds of handles:
//   doors_cipher   makes and reads tokens, the encrypted addresses in the paths and cookies of Doors pages
//   doors_cidrs    finds the longest CIDR that holds an address
//   doors_router   decides from a path and a Cookie header which pod or upstream gets a request
//   doors_state    knows the hosts and the pods of a process, from the ends of lookups and of dials
//   doors_source   one configuration in use: says for each doors_request, step by step, what to do
//
// These rules hold for every function:
//
// Handles     are opaque and may be used by any number of threads at once. All but doors_state do not change after
//             their _new function. A handle is freed once, from any thread, after the last call on it has returned.
//             _free(NULL) is fine.
// const       stands before a handle where the call changes nothing that another call could see.
// Status      is int32_t, 0 means success. Each function lists all that it returns, but for DOORS_STATUS_PANIC. There is
//             no thread-local error state.
// Numbers     are never reused, and new ones may come: a `switch` needs a default. Members have the type of an enum, so that
//             a debugger shows names; arguments are uint32_t, and an unknown number in one is DOORS_STATUS_RANGE.
// Inputs      are a pointer and a length in bytes and need no NUL at the end. NULL with length 0 is the empty string.
//             They are read during the call only, and may overlap each other. Members named `reserved` must be 0, else the
//             call fails with DOORS_STATUS_RANGE.
// Time        is nanoseconds of one monotonic clock of the caller, with any start: 0 and negative numbers are times like
//             any other. Durations are nanoseconds and not negative.
// Outputs     may be uninitialised, must not overlap inputs or each other, and are written only on success; a
//             doors_error only on failure. A doors_error pointer may be NULL, every other output is required. Texts end
//             with a NUL.
// Panics      inside the library are bugs in it. They become DOORS_STATUS_PANIC; a _free then leaks, a _str and
//             doors_version() say "unknown", and doors_abi() says 0. Rust prints where it was to standard error; no message
//             holds any input. When memory runs out the process is aborted.
// Stack       A call needs less than 16 KiB of it, and less than 64 KiB if it makes a handle or checks a value.
// fork        A child may use what its parent made, but for doors_state and doors_source: a call on one waits for ever if
//             another thread of the parent was in a call on it. A child makes its own.
// Besides     no function prints, logs, calls back, starts threads, asks for the time or keeps state outside its handle.
//             Secrets are never in a message.

#ifndef DOORS_CADDY_H
#define DOORS_CADDY_H

#include <stddef.h>
#include <stdint.h>

// Version of this header. Compare with doors_version(), the version of the linked library. The number is
// major * 1000000 + minor * 1000 + patch.
#define DOORS_VERSION "0.2.0"
#define DOORS_VERSION_MAJOR 0
#define DOORS_VERSION_MINOR 2
#define DOORS_VERSION_PATCH 0
#define DOORS_VERSION_NUMBER 2000

// Number of this interface. It grows when something that a program may rely on changes; additions alone do not.
// Compare it with doors_abi(), which tells what the linked library speaks.
#define DOORS_ABI 1

// Characters in a token for an IPv4 address.
#define DOORS_TOKEN_IPV4 43

// Characters in a token for an IPv6 address.
#define DOORS_TOKEN_IPV6 59

// Room that is enough for every token and its NUL.
#define DOORS_TOKEN_SIZE 60

// Room for the id of a key and its NUL: always 8 characters.
#define DOORS_KEY_ID_SIZE 9

// Room that is enough for every host and its NUL.
#define DOORS_HOST_SIZE 256

// No time: not known, or not before something else happens.
#define DOORS_NEVER INT64_MAX

// No index: not known, or not applicable.
#define DOORS_NONE UINT32_MAX

// An enum of 32 bits.
#if defined(__cplusplus) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L)
#define DOORS_ENUM(name, type) enum name : type
#else
#define DOORS_ENUM(name, type) enum name
#endif

DOORS_ENUM(doors_status_code, int32_t) {
    // Success.
    DOORS_STATUS_OK = 0,
    // A required pointer was NULL.
    DOORS_STATUS_NULL_POINTER = 1,
    // The library panicked inside: a bug in it. Handles can still be used and freed.
    DOORS_STATUS_PANIC = 2,
    // The output buffer is too small.
    DOORS_STATUS_BUFFER = 3,
    // An address must be 4 or 16 bytes long.
    DOORS_STATUS_ADDRESS = 4,
    // Nothing matches, or the index is past the last one.
    DOORS_STATUS_NO_MATCH = 5,
    // The operating system gave no random bytes.
    DOORS_STATUS_RANDOM = 6,
    // A number is outside its range: a bound of 0, a negative duration, a number that its enum does not have, a member
    // `reserved` that is not 0.
    DOORS_STATUS_RANGE = 7,
    // There are as many as there may be.
    DOORS_STATUS_TOO_MANY = 8,
    // The secret breaks a rule.
    DOORS_STATUS_SECRET = 10,
    // A CIDR breaks a rule.
    DOORS_STATUS_CIDR = 11,
    // Another part of the configuration breaks a rule.
    DOORS_STATUS_CONFIG = 12,
    // What is built has more than 64 MiB, or an input has a length that no object can have.
    DOORS_STATUS_TOO_LARGE = 13,
    // The token holds a character outside base64url (RFC 4648, section 5), padding, white space or non-zero trailing bits.
    DOORS_STATUS_TOKEN_FORMAT = 20,
    // The token has a length that no token has, or no key opens it.
    DOORS_STATUS_TOKEN_REFUSED = 21,
};

DOORS_ENUM(doors_decision_code, uint32_t) {
    // To one pod only: `addr` and `port`. Never anywhere else, except path DOORS_PATH_RESOURCE of a dead pod.
    DOORS_DECISION_POD = 1,
    // Nowhere. Answer 410 with `Cache-Control: no-store`: the page that sent it reloads.
    DOORS_DECISION_GONE = 2,
    // To a fresh pod (one that the host of `upstream` resolves to now); `addr` first if it is among them.
    DOORS_DECISION_UPSTREAM = 3,
    // To a fresh pod of any upstream.
    DOORS_DECISION_ANY = 4,
};

DOORS_ENUM(doors_reason_code, uint32_t) {
    // POD: nothing to explain.
    DOORS_REASON_NONE = 0,
    // GONE: the token is no canonical base64url.
    DOORS_REASON_MALFORMED = 1,
    // GONE: the token has a length that no token has, or no key opens it.
    DOORS_REASON_REFUSED = 2,
    // GONE: the address in the token lies in no CIDR.
    DOORS_REASON_NO_CIDR = 4,
    // UPSTREAM: there is only this one, and no usable cookie.
    DOORS_REASON_ONLY_UPSTREAM = 16,
    // UPSTREAM: a cookie says so.
    DOORS_REASON_COOKIE = 17,
    // ANY: no cookie with the configured name.
    DOORS_REASON_NO_COOKIE = 18,
    // ANY: there are cookies with the configured name, but none opens and lies in a CIDR.
    DOORS_REASON_COOKIE_UNUSABLE = 19,
};

DOORS_ENUM(doors_path_code, uint32_t) {
    // No token in the path: a page, or the app's own files.
    DOORS_PATH_PAGE = 0,
    // `/~/{token}/s/...`: a stream or a report.
    DOORS_PATH_SYNC = 1,
    // `/~/{token}/h/...`: a hook.
    DOORS_PATH_HOOK = 2,
    // `/~/{token}/u/...`: back and forward.
    DOORS_PATH_HISTORY = 3,
    // `/~/{token}/r/...`: a script or a style sheet, the same on every pod.
    DOORS_PATH_RESOURCE = 4,
    // Any other path with a token.
    DOORS_PATH_OTHER = 5,
};

DOORS_ENUM(doors_field_code, uint32_t) {
    // One to eight AES keys in standard base64 with padding, separated by ASCII white space.
    DOORS_FIELD_SECRET = 1,
    // The name of a cookie (RFC 6265).
    DOORS_FIELD_COOKIE_NAME = 2,
    // One CIDR such as 10.0.0.0/24 or 2001:db8::/64.
    DOORS_FIELD_CIDR = 3,
    // A DNS name or a literal IP address that can be dialled and is not link-local, without port, scheme and brackets.
    DOORS_FIELD_HOST = 4,
    // A port in decimal, 1 to 65535.
    DOORS_FIELD_PORT = 5,
};

DOORS_ENUM(doors_outcome_code, uint32_t) {
    // The dial succeeded.
    DOORS_OUTCOME_CONNECTED = 1,
    // The pod's own host refused the connection (ECONNREFUSED).
    DOORS_OUTCOME_REFUSED = 2,
    // No route, host or network unreachable, or no answer in time (EHOSTUNREACH, ENETUNREACH, ETIMEDOUT ...).
    DOORS_OUTCOME_UNREACHABLE = 3,
    // The dial failed for a reason on this machine (EMFILE, EADDRNOTAVAIL, EACCES ...); never held against the pod.
    DOORS_OUTCOME_OWN_FAULT = 4,
    // The client gave up; counts as nothing.
    DOORS_OUTCOME_CANCELLED = 5,
    // The pod answered a request, perhaps over a connection that was open already.
    DOORS_OUTCOME_ANSWERED = 6,
    // The connection was made, and ended before a byte of an answer; perhaps the request was sent.
    DOORS_OUTCOME_DROPPED = 7,
};

DOORS_ENUM(doors_verdict_code, uint32_t) {
    // Nothing is held against the pod.
    DOORS_VERDICT_NONE = 0,
    // Its last dials failed; it may be a blip.
    DOORS_VERDICT_UNREACHABLE = 1,
    // It is dead, and its pages with it.
    DOORS_VERDICT_GONE = 2,
};

DOORS_ENUM(doors_idle_code, uint32_t) {
    // No request for as long as was asked.
    DOORS_IDLE_YES = 1,
    // Requests are in flight, or the last one is not long enough ago.
    DOORS_IDLE_BUSY = 2,
    // None is in flight, but the caller has not watched for as long as was asked.
    DOORS_IDLE_JUST_STARTED = 3,
};

DOORS_ENUM(doors_step_code, uint32_t) {
    // Dial the pod, or use an open connection to it: `upstream`, `pod`, `probe`.
    DOORS_STEP_DIAL = 1,
    // Hold the request, and call doors_request_resume() at `until`, or when a report says DOORS_REPORT_WAKE.
    DOORS_STEP_WAIT = 2,
    // Answer the request with `Cache-Control: no-store`: `status`, `retry_after`, `cause`, `page`.
    DOORS_STEP_ANSWER = 3,
    // Nothing more: what became of the attempt is the answer (502, or nothing for a client that has gone).
    DOORS_STEP_DONE = 4,
    // Choose one of doors_request_choices() and tell it with doors_request_chose(), or call doors_request_chose_none(). Only with
    // DOORS_OPTION_USER_CHOOSES.
    DOORS_STEP_CHOOSE = 5,
};

DOORS_ENUM(doors_cause_code, uint32_t) {
    // The token is not canonical base64url.
    DOORS_CAUSE_TOKEN_MALFORMED = 1,
    // No key opens the token.
    DOORS_CAUSE_TOKEN_REFUSED = 2,
    // The token's address is in no CIDR.
    DOORS_CAUSE_NO_CIDR = 3,
    // The pod is gone.
    DOORS_CAUSE_POD_GONE = 4,
    // The pod could not be reached; it may be a blip.
    DOORS_CAUSE_POD_UNREACHABLE = 5,
    // The connection to the pod ended before a byte of an answer.
    DOORS_CAUSE_POD_DROPPED = 6,
    // No pod could be reached, or none is known onto which the page could reload.
    DOORS_CAUSE_NO_POD = 7,
    // No fresh pod is known.
    DOORS_CAUSE_NO_FRESH_POD = 8,
    // The dial failed for a reason on this machine.
    DOORS_CAUSE_OWN_FAULT = 9,
    // The page's pod works, and is evicted.
    DOORS_CAUSE_EVICTED = 10,
    // The page's pod works, and has drained for longer than `drain_max`.
    DOORS_CAUSE_DRAIN_MAX = 11,
};

DOORS_ENUM(doors_report_code, uint32_t) {
    // Flag of a report: resume all requests that wait, of all sources.
    DOORS_REPORT_WAKE = 1,
    // Flag of a report: call doors_state_due() now.
    DOORS_REPORT_LOOKUPS_DUE = 2,
    // Flag of a report: dial `background_pod` in the background, close the connection at once, and report the dial with
    // doors_source_dialled().
    DOORS_REPORT_BACKGROUND = 4,
    // Flag of a report: what is held against `changed_pod` changed; the time to log it.
    DOORS_REPORT_CHANGED = 8,
    // Flag of a report: `dropped_host` gave up `dropped_addr`, which refused a connection, since DNS does not name it; the time
    // to log it.
    DOORS_REPORT_DROPPED = 16,
    // Flag of a report: the host of `outside_upstream` resolves to `outside_addr`, outside of the upstream's networks; the time
    // to warn, once a minute.
    DOORS_REPORT_OUTSIDE = 32,
    // Flag of a report: a token was refused; the time to log it, never with the token.
    DOORS_REPORT_REFUSED_TOKEN = 64,
    // Flag of a report: many tokens came and none has ever opened; the time to log it, once a minute.
    DOORS_REPORT_NOTHING_OPENS = 128,
    // Flag of a report: `draining_pod` says that it drains, or no longer says so; the time to log it.
    DOORS_REPORT_DRAINING = 256,
};

DOORS_ENUM(doors_mark_code, uint32_t) {
    // Mark of an answer: it carries `Doors-Draining: ?1`. The pod drains from now on, whatever DNS says.
    DOORS_MARK_DRAINING = 1,
    // Mark of an answer: it is a 503 with `Doors-Draining: ?1`, and nothing of it was sent to the client. If the request loads a page
    // it can be taken back. Says DOORS_MARK_DRAINING as well.
    DOORS_MARK_REFUSED = 2,
};

DOORS_ENUM(doors_method_code, uint32_t) {
    // GET.
    DOORS_METHOD_GET = 1,
    // HEAD.
    DOORS_METHOD_HEAD = 2,
    // Any other.
    DOORS_METHOD_OTHER = 3,
};

DOORS_ENUM(doors_option_code, uint32_t) {
    // Option: the user has a policy of his own. Steps say DOORS_STEP_CHOOSE for requests that several pods may take.
    DOORS_OPTION_USER_CHOOSES = 1,
    // Option: the user said how to retry. A request that has failed everywhere starts over instead of ending, until
    // doors_request_give_up().
    DOORS_OPTION_USER_RETRIES = 2,
};

DOORS_ENUM(doors_evict_code, uint32_t) {
    // Of an eviction: pages that were not used for longest are told to reload first.
    DOORS_EVICT_IDLE_FIRST = 1,
};

DOORS_ENUM(doors_event_code, uint32_t) {
    // DNS names the pod, and did not before. Not told of the first answer for a host.
    DOORS_EVENT_APPEARED = 1,
    // It says that it drains.
    DOORS_EVENT_MARKED = 2,
    // DNS does not name it any more.
    DOORS_EVENT_LEFT = 3,
    // An operator has evicted pods.
    DOORS_EVENT_EVICTED = 4,
    // An operator has taken an eviction back.
    DOORS_EVENT_UNDONE = 5,
    // It drains, and its last receiver stream has ended. Told again, the event takes the place of the one before.
    DOORS_EVENT_LAST_PAGE = 6,
    // It has drained, and its process has ended.
    DOORS_EVENT_ENDED = 7,
    // It is gone, and did not drain.
    DOORS_EVENT_FAILED = 8,
    // It could not be reached, or was gone, and works again.
    DOORS_EVENT_ALIVE = 9,
};

DOORS_ENUM(doors_missing_code, uint32_t) {
    // Of a lookup: IPv4 addresses may be missing.
    DOORS_MISSING_IPV4 = 1,
    // Of a lookup: IPv6 addresses may be missing.
    DOORS_MISSING_IPV6 = 2,
};

DOORS_ENUM(doors_lookup_code, uint32_t) {
    // The name does not exist, or has no address that a pod can have. All name servers that know the name agree.
    DOORS_LOOKUP_NOT_FOUND = 1,
    // No name server answered in time.
    DOORS_LOOKUP_TIMEOUT = 2,
    // A name server answered with an error, such as SERVFAIL or REFUSED.
    DOORS_LOOKUP_SERVER_FAILURE = 3,
    // Anything else, such as a name server that cannot be reached.
    DOORS_LOOKUP_FAILED = 4,
};

DOORS_ENUM(doors_host_code, uint32_t) {
    // Nothing has changed.
    DOORS_HOST_UNCHANGED = 0,
    // The first answer with addresses.
    DOORS_HOST_RESOLVED = 1,
    // Other addresses than before.
    DOORS_HOST_CHANGED = 2,
    // The first failed lookup, and the first of each other DOORS_LOOKUP_* until the host recovers.
    DOORS_HOST_FAILING = 3,
    // The first answer with addresses after failures that were reported.
    DOORS_HOST_RECOVERED = 4,
    // An address that refused a connection was given up, since DNS has it no longer.
    DOORS_HOST_DROPPED = 5,
    // From now on answers are taken for parts of the truth: several addresses were missing and came back. One that is missing
    // stays in force for up to 30 s.
    DOORS_HOST_PARTIAL = 6,
    // Answers are whole again.
    DOORS_HOST_WHOLE = 7,
};

#if !defined(__cplusplus) && defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(enum doors_host_code) == 4, "compile without -fshort-enums");
#endif

// A list of CIDRs. From doors_cidrs_new() to doors_cidrs_free().
typedef struct doors_cidrs doors_cidrs;

// Makes and reads tokens. From doors_cipher_new() to doors_cipher_free().
typedef struct doors_cipher doors_cipher;

// Decides where requests go. From doors_router_new() to doors_router_free().
typedef struct doors_router doors_router;

// One configuration in use: a router and its options, with what a doors_state knows. From doors_source_new() to
// doors_source_free(). It keeps the state alive, and does not change.
typedef struct doors_source doors_source;

// What a process knows about hosts and pods. One is enough for a process; it outlives configurations. From
// doors_state_new() to doors_state_free(), after which the sources made with it still work.
//
// It changes: its calls take locks for well under a microsecond, unless they say more; calls about different pods mostly do
// not wait for each other. A time that is earlier than that of another call counts as the later one wherever both meet.
// `random` is any number, another one for each call.
typedef struct doors_state doors_state;

// Why something could not be built, or what is wrong with a value.
typedef struct doors_error {
    // DOORS_STATUS_*, the same number as the function returned.
    int32_t status;
    // From 0: the key (secrets), the CIDR (doors_cidrs_new) or the upstream (doors_router_new) to blame, else
    // DOORS_NONE.
    uint32_t index;
    // One line of UTF-8, NUL-terminated: the field, the value where it is short and no secret, the rule. Longer
    // messages end in "...".
    char message[512];
} doors_error;

// An IP address.
typedef struct doors_addr {
    // In network byte order, the first `len` bytes; the rest is zero.
    uint8_t bytes[16];
    // 4, 16, or 0 for no address. IPv4-mapped IPv6 addresses are always given as IPv4.
    uint32_t len;
} doors_addr;

// Where one request goes, and why.
typedef struct doors_decision {
    // DOORS_DECISION_*.
    enum doors_decision_code kind;
    // DOORS_REASON_*.
    enum doors_reason_code reason;
    // Index of the upstream in the configuration, from 0; DOORS_NONE for ANY and for GONE.
    uint32_t upstream;
    // Index of the key that opened the token or the cookie, from 0; DOORS_NONE where none did.
    uint32_t key;
    // The upstream's port; 0 for ANY and for GONE.
    uint16_t port;
    // DOORS_PATH_*: what the request is for.
    uint16_t path;
    // The token's address (POD, GONE with DOORS_REASON_NO_CIDR) or the cookie's (UPSTREAM with DOORS_REASON_COOKIE);
    // otherwise its `len` is 0.
    struct doors_addr addr;
    // Zero.
    uint32_t reserved[4];
} doors_decision;

// The bounds of a process. doors_limits_init() fills in good values.
typedef struct doors_limits {
    // How many pods are remembered, at least 1. 10,000.
    uint32_t max_pods;
    // How many requests may wait for a pod at once. 4,096.
    uint32_t max_waiting;
    // How many lookups may run at once, at least 1. 64.
    uint32_t max_lookups;
    // How many more may run, if so many have been running for over a second. 256.
    uint32_t max_slow_lookups;
    // How many lookups a second may begin for hosts whose addresses are known, at least 1. 100.
    uint32_t refreshes_per_second;
    // Zero.
    uint32_t reserved[3];
} doors_limits;

// The options of one configuration. Durations are nanoseconds. doors_options_init() fills in good values.
typedef struct doors_options {
    // For how long a pod must have been out of reach until it is gone. 10 s.
    int64_t gone_after;
    // For how long a pod may drain until its pages are told 410, those that were not used for longest first; 0 for ever.
    // `gone_rate` paces them. 0.
    int64_t drain_max;
    // How often a page opens a receiver stream: the app's `SolitaireRollTime`. 15 s.
    int64_t roll_time;
    // For how long a page load waits for a pod, and the receiver stream of a page that has nothing to reload onto; 0 for not
    // at all. It counts from the beginning of the request. 10 s.
    int64_t page_wait;
    // The time from one lookup of a host to the next, while requests use it. 1 s; less than 10 ms is 10 ms.
    int64_t refresh;
    // The age at which addresses are not used without waiting for new ones, if there were no lookups. 300 s.
    int64_t stale_max;
    // For how long a request waits for first lookups while no address is known at all. Any other wait for DNS is 500 ms at
    // most. 3 s.
    int64_t first_lookup;
    // The caller's number for the way in which names are looked up: which name servers, which IP versions. Hosts with the
    // same name and number are one host. 0.
    uint64_t resolver;
    // How many receiver streams of an upstream may be told 410 in one second; 0 for all. 100.
    uint32_t gone_rate;
    // What of DOORS_OPTION_* applies, added up. 0.
    uint32_t flags;
    // Zero.
    uint64_t reserved[2];
} doors_options;

// Where a pod is dialled.
typedef struct doors_pod {
    // Its address; `len` 4 or 16.
    struct doors_addr addr;
    // Its port.
    uint16_t port;
    // Zero.
    uint16_t reserved;
} doors_pod;

// What is known about one pod, at one moment. Times are those of the caller's clock, in nanoseconds.
typedef struct doors_known_pod {
    // Where it is dialled.
    struct doors_pod pod;
    // The number of its upstream, see doors_source_upstream(). Where several use it, it stays the same until that one has
    // not used it for a minute.
    uint64_t upstream;
    // When it was first used: a request for it began or ended, or a dial ended.
    int64_t first_seen;
    // When it was last used.
    int64_t last_seen;
    // Since when something is held against it; 0 while `verdict` is DOORS_VERDICT_NONE.
    int64_t unreachable_since;
    // With `marked`: since when its answers say that it drains; else 0.
    int64_t marked_since;
    // Since when it gets no new pages: it says that it drains, DNS does not name it, or it is evicted; 0 while it gets some.
    int64_t draining_since;
    // Since when it has nothing left to do: it is gone, or it drains and had no request for 4/3 of `roll_time` of its upstream. A time to
    // come, later than now, while that is not over yet; 0 while it does not drain, or has requests in flight.
    int64_t drained_since;
    // Since when it is evicted; 0 while it is not.
    int64_t evicted_since;
    // How many dials its host has refused.
    uint64_t refused;
    // Requests that were sent to it and have not ended.
    uint32_t in_flight;
    // Those of them that are receiver streams: about one for each open page.
    uint32_t streams;
    // DOORS_VERDICT_*: what is held against it.
    enum doors_verdict_code verdict;
    // 1 while an upstream that used it in the last minute of its use has it in DNS, else 0.
    uint32_t fresh;
    // 1 while its answers say that it drains, else 0.
    uint32_t marked;
    // Zero.
    uint32_t reserved[3];
} doors_known_pod;

// Whether the pods at one address may be stopped, as far as their requests tell.
typedef struct doors_idle {
    // DOORS_IDLE_*.
    enum doors_idle_code answer;
    // Requests that entered and have not left.
    uint32_t in_flight;
    // Those of them that are receiver streams.
    uint32_t streams;
    // 1 if a pod at the address was used, else 0. Once pods were forgotten, an address in many is taken for one of them.
    uint32_t used;
    // With `used`: when a pod at the address was last used, by the caller's clock; else 0.
    int64_t last_seen;
    // Nanoseconds until the answer can be DOORS_IDLE_YES at the earliest, if nothing more comes. 0 when it is, and when
    // nobody can know: while requests are in flight.
    int64_t wait;
} doors_idle;

// Pods that are evicted: they get no new pages while there are other pods, and their pages are told to reload. Its target is a
// network, an upstream, or the pods of an upstream in a network.
typedef struct doors_eviction {
    // The network, without bits of the host; `len` 0 for all addresses of `upstream`.
    struct doors_addr addr;
    // How many bits its prefix has: 32 or 128 for one address, 0 with `len` 0.
    uint32_t bits;
    // The number of the upstream, see doors_source_upstream(); 0 for any.
    uint64_t upstream;
    // How many pages of an upstream are told to reload in one second; 0 for `gone_rate` of the source.
    uint32_t rate;
    // DOORS_EVICT_IDLE_FIRST, or 0.
    uint32_t flags;
    // Since when. Written only.
    int64_t since;
    // How many pages were told to reload. Written only.
    uint64_t told;
    // Zero.
    uint64_t reserved[2];
} doors_eviction;

// Something that has happened to a pod, or to those of an eviction.
typedef struct doors_event {
    // Counts the events, from 1.
    uint64_t number;
    // When, by the caller's clock.
    int64_t at;
    // The number of the upstream; 0 for any, with DOORS_EVENT_EVICTED and DOORS_EVENT_UNDONE.
    uint64_t upstream;
    // The pod. With DOORS_EVENT_EVICTED and DOORS_EVENT_UNDONE the network, with port 0; `len` 0 for all addresses of the
    // upstream.
    struct doors_pod pod;
    // With a network: how many bits its prefix has, else 0.
    uint32_t bits;
    // DOORS_EVENT_*.
    enum doors_event_code kind;
    // How many receiver streams it had then.
    uint32_t pages;
    // Zero.
    uint32_t reserved;
} doors_event;

// A lookup to begin now.
typedef struct doors_lookup {
    // What to report the end for. No other host of the same state ever has this number.
    uint64_t host;
    // The number for the way to look it up, as in the options of the sources that use it.
    uint64_t resolver;
    // Characters in the name.
    uint32_t name_len;
    // The name in lower case, perhaps with a final dot, NUL-terminated.
    char name[256];
    // Zero.
    uint32_t reserved;
} doors_lookup;

// What the end of a lookup has changed, and what to do now.
typedef struct doors_host_report {
    // DOORS_HOST_*: one for each change that an operator would call one, never one for each lookup.
    enum doors_host_code change;
    // DOORS_REPORT_WAKE and _LOOKUPS_DUE, added up.
    uint32_t flags;
} doors_host_report;

// What is known about a host. Durations are nanoseconds.
typedef struct doors_host_state {
    // The number for the way to look it up; 0 for an address.
    uint64_t resolver;
    // Counts the changes of the addresses; 0 before the first.
    uint64_t generation;
    // Since the last answer with addresses; DOORS_NEVER before the first, and for an address.
    int64_t age;
    // Since the first of the failures in a row; 0 while `failure` is 0.
    int64_t failing_for;
    // The time between two lookups: the smallest that its users ask for; 0 without users.
    int64_t refresh;
    // DOORS_LOOKUP_*: why the last lookup failed; 0 if it did not or none has ended.
    enum doors_lookup_code failure;
    // How many sources use it.
    uint32_t users;
    // 1 while lookups go on.
    uint32_t active;
    // 1 while answers are taken for parts of the truth.
    uint32_t partial;
    // Zero.
    uint32_t reserved;
    // Characters in the name.
    uint32_t name_len;
    // The name in lower case, or an address, NUL-terminated.
    char name[256];
} doors_host_state;

// What was learned besides. Any of it may be there with any step and any report. A member without its flag is 0.
typedef struct doors_report {
    // DOORS_REPORT_*, added up: what to do, and which of the other members count.
    enum doors_report_code flags;
    // With DOORS_REPORT_REFUSED_TOKEN: how many more tokens were refused for the same reason since the last time.
    uint32_t suppressed;
    // With DOORS_REPORT_DROPPED: the number of the host.
    uint64_t dropped_host;
    // With DOORS_REPORT_DROPPED: the address that it gave up.
    struct doors_addr dropped_addr;
    // With DOORS_REPORT_CHANGED: the upstream that told, by its index in the configuration.
    uint32_t changed_upstream;
    // With DOORS_REPORT_CHANGED: the pod.
    struct doors_pod changed_pod;
    // DOORS_VERDICT_*: with DOORS_REPORT_CHANGED, what is held against the pod now.
    enum doors_verdict_code changed_verdict;
    // With DOORS_REPORT_DRAINING: the upstream that told, by its index in the configuration.
    uint32_t draining_upstream;
    // With DOORS_REPORT_DRAINING: the pod.
    struct doors_pod draining_pod;
    // With DOORS_REPORT_DRAINING: 1 if the pod says that it drains, 0 if it no longer says so.
    uint32_t draining;
    // With DOORS_REPORT_BACKGROUND: the upstream of the pod, by its index in the configuration.
    uint32_t background_upstream;
    // With DOORS_REPORT_BACKGROUND: the pod to dial.
    struct doors_pod background_pod;
    // With DOORS_REPORT_OUTSIDE: the upstream, by its index in the configuration.
    uint32_t outside_upstream;
    // With DOORS_REPORT_OUTSIDE: the address.
    struct doors_addr outside_addr;
    // Zero.
    uint32_t reserved[2];
} doors_report;

// One request, in the caller's memory: plain data that owns nothing, so there is nothing to free. One thread at a time uses
// it. doors_request_begin() fills it; until then and after doors_request_ended() its first 8 bytes must be 0, or no
// function but doors_request_begin() may be called with it.
typedef struct doors_request {
    // The library's own.
    uint64_t opaque[40];
} doors_request;

// What to do next for a request. Members that its kind does not name are 0.
typedef struct doors_step {
    // DOORS_STEP_*.
    enum doors_step_code kind;
    // DIAL: the upstream of the pod, by its index in the configuration.
    uint32_t upstream;
    // DIAL: the pod to dial, or to use an open connection to.
    struct doors_pod pod;
    // DIAL: 1 if this request finds out whether the pod is back.
    uint32_t probe;
    // ANSWER: the HTTP status, 410 or 503. Always with `Cache-Control: no-store`.
    uint32_t status;
    // ANSWER: seconds for `Retry-After`; 0 with 410, which has none.
    uint32_t retry_after;
    // DOORS_CAUSE_*: for ANSWER, why.
    enum doors_cause_code cause;
    // ANSWER: 1 if it is a page load: a browser may be shown a text that loads the page again after `retry_after`.
    uint32_t page;
    // DIAL: 1 if the pod drains and there is no other: send `Doors-Last-Choice: ?1` with the request, so that it is served.
    uint32_t last_choice;
    // WAIT: when to call doors_request_resume() at the latest.
    int64_t until;
    // What was learned besides.
    struct doors_report report;
} doors_step;

// A pod to choose from.
typedef struct doors_place {
    // The upstream, by its index in the configuration.
    uint32_t upstream;
    // How good the pod is for the request; lower is better.
    uint32_t tier;
    // The pod.
    struct doors_pod pod;
} doors_place;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// A few words of English for DOORS_STATUS_*. Static text, never NULL; "unknown" for any other number.
const char *doors_status_str(int32_t number);

// One word for DOORS_DECISION_*, fit for a metric's label. Static text, never NULL; "unknown" for any other number.
const char *doors_decision_str(uint32_t number);

// A few words for DOORS_REASON_*. Static text, never NULL; "unknown" for any other number.
const char *doors_reason_str(uint32_t number);

// One word for DOORS_PATH_*, fit for a metric's label. Static text, never NULL; "unknown" for any other number.
const char *doors_path_str(uint32_t number);

// One word for DOORS_STEP_*, fit for a metric's label. Static text, never NULL; "unknown" for any other number.
const char *doors_step_str(uint32_t number);

// A short name for DOORS_CAUSE_*, fit for a metric's label. Static text, never NULL; "unknown" for any other number.
const char *doors_cause_str(uint32_t number);

// A short name for DOORS_EVENT_*, fit for JSON. Static text, never NULL; "unknown" for any other number.
const char *doors_event_str(uint32_t number);

// A few words for DOORS_LOOKUP_*. Static text, never NULL; "unknown" for any other number.
const char *doors_lookup_str(uint32_t number);

// A few words for DOORS_HOST_*. Static text, never NULL; "unknown" for any other number.
const char *doors_host_str(uint32_t number);

// A word or two for DOORS_OUTCOME_*. Static text, never NULL; "unknown" for any other number.
const char *doors_outcome_str(uint32_t number);

// One word for DOORS_VERDICT_*, fit for a metric's label. Static text, never NULL; "unknown" for any other number.
const char *doors_verdict_str(uint32_t number);

// A word or two for DOORS_IDLE_*. Static text, never NULL; "unknown" for any other number.
const char *doors_idle_str(uint32_t number);

// The version of the linked library, such as "0.2.0". Static text, never NULL.
const char *doors_version(void);

// The interface that the linked library speaks. A program compares it with DOORS_ABI, against which it was compiled.
uint32_t doors_abi(void);

// Makes a cipher from a secret: one to eight AES keys (16, 24 or 32 bytes each) in standard base64 with padding,
// separated by ASCII white space. The first key encrypts, all decrypt. `*out` gets the cipher.
//
// Returns DOORS_STATUS_OK, _SECRET (`err->index` is the key), _TOO_LARGE or _NULL_POINTER. No message holds any part
// of a key. The caller may wipe `secrets` afterwards; doors_cipher_free() wipes the keys in the cipher.
int32_t doors_cipher_new(const char *secrets, size_t len, struct doors_cipher **out, struct doors_error *err);

// Makes a token for an address. An IPv4-mapped IPv6 address gives a token for IPv4. `token` gets DOORS_TOKEN_IPV4 or
// DOORS_TOKEN_IPV6 characters and a NUL, and `*token_len` their number without the NUL. Two tokens for one address differ:
// each holds 12 random bytes from the operating system.
//
// Make at most 2^32 tokens with one key, over all processes that have it (NIST SP 800-38D, section 8.3): one for each
// process and address, not one for each request.
//
// Returns DOORS_STATUS_OK, _ADDRESS, _BUFFER (`cap` leaves no room for token and NUL; DOORS_TOKEN_SIZE always does),
// _RANDOM or _NULL_POINTER.
int32_t doors_cipher_encode(const struct doors_cipher *cipher,
                            const struct doors_addr *addr,
                            char *token,
                            size_t cap,
                            size_t *token_len);

// Reads a token. `*addr` gets the address, IPv4 for an IPv4-mapped one; `*key` gets the index of the key that opened it,
// from 0.
//
// Returns DOORS_STATUS_OK, _TOKEN_FORMAT, _TOKEN_REFUSED, _TOO_LARGE or _NULL_POINTER. The alphabet is checked
// first, then the length, then the trailing bits, then the keys.
int32_t doors_cipher_decode(const struct doors_cipher *cipher,
                            const char *token,
                            size_t len,
                            struct doors_addr *addr,
                            uint32_t *key);

// `*count` gets the number of keys, 1 to 8.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_cipher_keys(const struct doors_cipher *cipher, uint32_t *count);

// Tells the id of one key, counted from 0: `id` gets 8 characters and a NUL (DOORS_KEY_ID_SIZE), the first
// hexadecimal digits (lower case) of the SHA-256 of `doors-key-id` followed by the key's bytes. It is not a secret: log
// it, to compare the keys of a proxy with those of its apps.
//
// Returns DOORS_STATUS_OK, _NO_MATCH (no such key) or _NULL_POINTER.
int32_t doors_cipher_key_id(const struct doors_cipher *cipher, uint32_t index, char *id);

// Frees a cipher and wipes its keys. NULL is fine.
void doors_cipher_free(struct doors_cipher *cipher);

// Makes a list from CIDRs of both families, separated by ASCII white space. `::ffff:a.b.c.d/n` with n of 96 and more is
// IPv4 with the prefix length n - 96. `*out` gets the list.
//
// Returns DOORS_STATUS_OK, _CIDR (`err->index` is the CIDR: no valid CIDR, a bare address, host bits that are set, the
// same one twice; an empty list has no index), _TOO_LARGE or _NULL_POINTER.
int32_t doors_cidrs_new(const char *cidrs, size_t len, struct doors_cidrs **out, struct doors_error *err);

// Finds the CIDR with the longest prefix that holds an address. `*index` gets its place in the list, from 0. IPv4-mapped
// addresses are IPv4; unspecified, multicast and broadcast addresses are in no CIDR.
//
// Returns DOORS_STATUS_OK, _NO_MATCH, _ADDRESS or _NULL_POINTER.
int32_t doors_cidrs_lookup(const struct doors_cidrs *cidrs,
                           const struct doors_addr *addr,
                           uint32_t *index);

// Frees a list. NULL is fine.
void doors_cidrs_free(struct doors_cidrs *cidrs);

// Makes a router from JSON (UTF-8, at most 64 MiB), such as
// `{"secret": "<keys>", "upstreams": [{"cidr": "10.0.0.0/24", "host": "svc.example", "port": 8080}]}`.
//
// `secret` is as in doors_cipher_new(). An upstream has `cidr` (a string) or `cidrs` (an array of strings), `host` (as
// DOORS_FIELD_HOST) and `port` (a number). `cookie_name` is required with more than one upstream. `source` is allowed
// and ignored; any other member, and a member given twice, is an error. `*out` gets the router. The caller may wipe
// `json` afterwards; escape no character of the secret in it, since what unescapes them is not wiped.
//
// Returns DOORS_STATUS_OK, _SECRET, _CIDR, _CONFIG, _TOO_LARGE or _NULL_POINTER. The message begins with the
// member, such as `upstreams[1].cidr`, and holds no part of the secret. `err->index` is the upstream, or for _SECRET
// the key.
int32_t doors_router_new(const char *json, size_t len, struct doors_router **out, struct doors_error *err);

// Decides one request. `path` is its path as sent (escaped) or its whole target: a query is passed over, and so are
// scheme and authority of a target in absolute form (RFC 9112, section 3.2.2). `cookies` is its Cookie header, several
// fields joined with "; ". Any bytes are fine. `*out` gets the decision; DOORS_DECISION_GONE is a success too.
// Allocates nothing and takes no lock.
//
// Returns DOORS_STATUS_OK, _TOO_LARGE or _NULL_POINTER.
int32_t doors_router_decide(const struct doors_router *router,
                            const char *path,
                            size_t path_len,
                            const char *cookies,
                            size_t cookies_len,
                            struct doors_decision *out);

// Finds the upstream in one of whose CIDRs an address lies; the longest prefix wins. `*upstream` gets its index, from 0.
//
// Returns DOORS_STATUS_OK, _NO_MATCH, _ADDRESS or _NULL_POINTER.
int32_t doors_router_lookup(const struct doors_router *router,
                            const struct doors_addr *addr,
                            uint32_t *upstream);

// `*count` gets the number of upstreams, at least 1.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_router_upstreams(const struct doors_router *router, uint32_t *count);

// Tells about one upstream: `host` gets its host, of several the first, and a NUL, at most DOORS_HOST_SIZE characters; `*port` gets
// its port.
//
// Returns DOORS_STATUS_OK, _NO_MATCH (no such upstream) or _NULL_POINTER.
int32_t doors_router_upstream(const struct doors_router *router,
                              uint32_t index,
                              char *host,
                              uint16_t *port);

// `*count` gets the number of keys, 1 to 8.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_router_keys(const struct doors_router *router, uint32_t *count);

// Tells the id of one key, as doors_cipher_key_id(). `index` is that of doors_decision.
//
// Returns DOORS_STATUS_OK, _NO_MATCH (no such key) or _NULL_POINTER.
int32_t doors_router_key_id(const struct doors_router *router, uint32_t index, char *id);

// Tells about one warning: something that is allowed but probably a mistake, such as a CIDR that covers every
// address. `n` counts from 0. `*out` gets the member and the reason as the message, the status that an error of this
// member has, and the index of the upstream.
//
// Returns DOORS_STATUS_OK, _NO_MATCH (past the last warning) or _NULL_POINTER.
int32_t doors_router_warning(const struct doors_router *router, uint32_t n, struct doors_error *out);

// Frees a router and wipes its keys. NULL is fine.
void doors_router_free(struct doors_router *router);

// Checks one value by the rules of doors_router_new(), for programs that read a configuration word by word. `field` is
// DOORS_FIELD_*. The message does not begin with the name of the field.
//
// Returns DOORS_STATUS_OK, _SECRET (`err->index` is the key), _CIDR, _CONFIG, _TOO_LARGE, _RANGE (no such field) or
// _NULL_POINTER.
int32_t doors_check(uint32_t field, const char *value, size_t len, struct doors_error *err);

// Fills in the good values that stand beside the members. `*out` gets them.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_limits_init(struct doors_limits *out);

// Fills in the good values that stand beside the members. `*out` gets them.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_options_init(struct doors_options *out);

// Makes one that knows nothing. `limits` may be NULL for the values of doors_limits_init(). `*out` gets it.
//
// Returns DOORS_STATUS_OK, _RANGE (a bound of 0) or _NULL_POINTER.
int32_t doors_state_new(const struct doors_limits *limits, struct doors_state **out);

// Changes how many pods are remembered. Those that are too many are forgotten, a few at a time: no other call waits for
// all of them. Forgotten are pods with which nothing is wrong, those without requests in flight first, and then those against
// which something is held; of several the one not used for longest.
//
// Returns DOORS_STATUS_OK, _RANGE (`max_pods` is 0) or _NULL_POINTER.
int32_t doors_state_limit(struct doors_state *state,
                          uint32_t max_pods);

// Tells about pods, by address (IPv4 first) and port, from the first one after `after` on, or from the first if that is
// NULL. `list` gets at most `cap` of them, `*count` how many it got; fewer than `cap` are all that follow. `*known` gets how
// many are known in all. Each is what it was at one moment, all together are not. The time it takes grows with the number
// of known pods; no other call waits for all of it.
//
// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
int32_t doors_state_pods(const struct doors_state *state,
                         const struct doors_pod *after,
                         struct doors_known_pod *list,
                         size_t cap,
                         size_t *count,
                         size_t *known);

// Tells what is held against a pod: `*verdict` gets DOORS_VERDICT_*. It does not count as a use of the pod.
//
// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
int32_t doors_state_verdict(const struct doors_state *state, const struct doors_pod *pod, uint32_t *verdict);

// Tells whether the pods at an address, on all ports together, had no request for `idle` nanoseconds, so that they may be
// stopped. `started` is when the caller began to report requests. An address that is not known had none. A pod that the
// table had to forget is not called idle too early. For that, once pods were forgotten, an address in many is taken for
// one of them: with 20,000 forgotten pods in use, one in fifty.
//
// `*out` gets DOORS_IDLE_YES: none is in flight, and none was for `idle`; _JUST_STARTED: none is in flight, but
// `now - started` is less than `idle`; or _BUSY. No request does not mean no page: a browser disconnects a hidden page, and
// comes back to it. Only the app knows its pages.
//
// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
int32_t doors_state_idle(const struct doors_state *state,
                         const struct doors_addr *addr,
                         int64_t idle,
                         int64_t started,
                         int64_t now,
                         struct doors_idle *out);

// Frees it. NULL is fine.
void doors_state_free(struct doors_state *state);

// Evicts pods from now on, also those that come later, until doors_state_undo(). They get no new pages while there are other pods.
// A page of theirs is told 410 by the answer to its next receiver stream, never faster than the rate, and only while a pod is known that
// takes the page: no open stream is ended, and nothing else of the page is touched. With DOORS_EVICT_IDLE_FIRST pages that were
// not used for longest go first, from one `roll_time` after the beginning on. With the target of another eviction it changes the rate and
// the flags of that one. There may be 256. The time it takes grows with the number of known pods; no other call waits for all of
// it.
//
// Returns DOORS_STATUS_OK, _ADDRESS (neither a network nor an upstream), _CIDR (bits of the host are set, or too many bits), _RANGE,
// _TOO_MANY (there are 256 others) or _NULL_POINTER.
int32_t doors_state_evict(struct doors_state *state,
                          const struct doors_eviction *eviction,
                          int64_t now);

// Takes the eviction with this target back; rate and flags do not matter. Its pods get new pages again, and no page of theirs is told any more. The
// time it takes is that of doors_state_evict().
//
// Returns DOORS_STATUS_OK, _ADDRESS, _CIDR, _RANGE (all as doors_state_evict()), _NO_MATCH (no eviction has this target) or
// _NULL_POINTER.
int32_t doors_state_undo(struct doors_state *state,
                         const struct doors_eviction *eviction,
                         int64_t now);

// Tells all evictions, the oldest first: `list` gets at most `cap` of them (NULL with 0 for none), `*count` how many there are, at
// most 256.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_state_evictions(const struct doors_state *state,
                              struct doors_eviction *list,
                              size_t cap,
                              size_t *count);

// Tells what has happened to pods: of the last 256 events those after the one with the number `after` (0 for all), the oldest first.
// `list` gets at most `cap` of them (NULL with 0 for none), `*count` how many there are.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_state_events(const struct doors_state *state,
                           uint64_t after,
                           struct doors_event *list,
                           size_t cap,
                           size_t *count);

// Says which hosts are to be looked up now: `list` gets at most `cap` lookups (at least 1), `*count` how many. Begin each,
// and report its end, whatever it is: one that is not reported counts as DOORS_LOOKUP_TIMEOUT after 60 s. `*next` gets when
// to call again, unless a report says so before (DOORS_REPORT_LOOKUPS_DUE); DOORS_NEVER for not before. With more lookups than
// `cap` that is now. A call more than needed does nothing. Call it from one place: a loop that this number drives.
//
// Returns DOORS_STATUS_OK, _RANGE (a `cap` of 0 too) or _NULL_POINTER.
int32_t doors_state_due(struct doors_state *state,
                        int64_t now,
                        uint64_t random,
                        struct doors_lookup *list,
                        size_t cap,
                        size_t *count,
                        int64_t *next);

// A lookup has ended with these addresses, in any order; those that no pod can have are left out, and what is left may be
// nothing. `missing` is DOORS_MISSING_IPV4 and _IPV6, added up: the IP versions about which nothing was learned, or only a
// part; `failure` is why (DOORS_LOOKUP_*), or 0 if they are only late. Nothing left, and something missing, is a failed lookup.
// A lookup that was not begun changes nothing. `*out` gets what has changed.
//
// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE, _TOO_LARGE or _NULL_POINTER.
int32_t doors_state_resolved(struct doors_state *state,
                             uint64_t host,
                             const struct doors_addr *list,
                             size_t count,
                             uint32_t missing,
                             uint32_t failure,
                             int64_t now,
                             uint64_t random,
                             struct doors_host_report *out);

// Addresses came after the lookup they belong to was reported. If one of them is new, the next lookup is due at once, which
// will see it. `*out` gets what to do.
//
// Returns DOORS_STATUS_OK, _ADDRESS, _TOO_LARGE or _NULL_POINTER.
int32_t doors_state_resolved_late(struct doors_state *state,
                                  uint64_t host,
                                  const struct doors_addr *list,
                                  size_t count,
                                  int64_t now,
                                  struct doors_host_report *out);

// A lookup has ended without addresses. `failure` is DOORS_LOOKUP_*. `*out` gets what has changed.
//
// Returns DOORS_STATUS_OK, _RANGE or _NULL_POINTER.
int32_t doors_state_lookup_failed(struct doors_state *state,
                                  uint64_t host,
                                  uint32_t failure,
                                  int64_t now,
                                  uint64_t random,
                                  struct doors_host_report *out);

// Tells what is known about a host: `*out` gets it; for several hosts of one upstream, whose name is all their names, cut at its room,
// it is what is known about all together: all addresses, the oldest answer, and the failure that has lasted for longest. `list` at most `cap` of its addresses (NULL with 0 for none), and
// `*count` how many it has.
//
// Returns DOORS_STATUS_OK, _NO_MATCH (no such host, or it was forgotten) or _NULL_POINTER.
int32_t doors_state_host(const struct doors_state *state,
                         uint64_t host,
                         int64_t now,
                         struct doors_host_state *out,
                         struct doors_addr *list,
                         size_t cap,
                         size_t *count);

// Begins to use a configuration: `json` is that of doors_router_new(), `options` may be NULL for the values of
// doors_options_init(). Nothing is looked up before a request needs it. `*out` gets the source. Call doors_state_due()
// afterwards.
//
// Returns DOORS_STATUS_OK, _SECRET, _CIDR, _CONFIG, _TOO_LARGE, _RANGE (an option) or _NULL_POINTER; see doors_router_new().
int32_t doors_source_new(struct doors_state *state,
                         const char *json,
                         size_t len,
                         const struct doors_options *options,
                         struct doors_source **out,
                         struct doors_error *err);

// The router of a source, for all functions of doors_router but doors_router_free(): it belongs to the source and lives as
// long. NULL for NULL.
const struct doors_router *doors_source_router(const struct doors_source *source);

// Tells what became of a dial, as soon as it is known: from any thread, also after its request has ended, and of dials in
// the background (DOORS_REPORT_BACKGROUND). It counts for the pod and touches no request. `upstream` and `pod` are those of
// the step or the report. `outcome` is DOORS_OUTCOME_CONNECTED, _REFUSED, _UNREACHABLE, _OWN_FAULT or _CANCELLED; the others
// are no dials and change nothing. `*out` gets what was learned.
//
// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
int32_t doors_source_dialled(struct doors_source *source,
                             uint32_t upstream,
                             const struct doors_pod *pod,
                             uint32_t outcome,
                             int64_t now,
                             uint64_t random,
                             struct doors_report *out);

// Keeps the lookups of one upstream's host going, as a request that may go there does: for whoever shows the upstream's
// pods. `*out` gets what was learned. An index that the configuration does not have changes nothing.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_source_use(struct doors_source *source, uint32_t upstream, int64_t now, struct doors_report *out);

// Names the records of one upstream, by its index in the configuration: `*host` gets the number of its host, as in
// doors_lookup, or one for all its hosts together, and `*number` that of the upstream, as in doors_known_pod. Upstreams with the same host, port and
// resolver share both, also those of other sources.
//
// Returns DOORS_STATUS_OK, _NO_MATCH (no such upstream) or _NULL_POINTER.
int32_t doors_source_upstream(const struct doors_source *source,
                              uint32_t upstream,
                              uint64_t *host,
                              uint64_t *number);

// Tells the fresh pods of an upstream: `list` gets at most `cap` of them (NULL with 0 for none), first those inside the
// upstream's networks, `*inside` how many of all are inside, `*count` how many there are.
//
// Returns DOORS_STATUS_OK, _NO_MATCH (no such upstream) or _NULL_POINTER.
int32_t doors_source_fresh(const struct doors_source *source,
                           uint32_t upstream,
                           struct doors_pod *list,
                           size_t cap,
                           size_t *inside,
                           size_t *count);

// Frees it. NULL is fine.
void doors_source_free(struct doors_source *source);

// A request begins. `method` is DOORS_METHOD_*; `has_body` is 1 if it has a body, or may have one since its length is
// not known to be 0, else 0. `path` and `cookies` are as in doors_router_decide(). `*request` is overwritten, `*step` gets what
// to do. Allocates nothing in the usual case.
//
// For each request: obey the step; report each dial with doors_source_dialled() and each attempt that has ended without an
// answer with doors_request_next(), which gives the next step; or both with doors_request_failed(). Say with
// doors_request_answered() that the pod has begun to answer, and in every case with doors_request_ended() that the request is
// over. A call about a request that another source began, or none, or that has ended, says DOORS_STEP_DONE and
// changes nothing.
//
// Returns DOORS_STATUS_OK, _RANGE, _TOO_LARGE or _NULL_POINTER.
int32_t doors_request_begin(struct doors_source *source,
                            uint32_t method,
                            uint32_t has_body,
                            const char *path,
                            size_t path_len,
                            const char *cookies,
                            size_t cookies_len,
                            int64_t now,
                            uint64_t random,
                            struct doors_request *request,
                            struct doors_step *step);

// The attempt that the last step asked for has ended without an answer, and its dial was told by doors_source_dialled().
// `outcome` is DOORS_OUTCOME_REFUSED, _UNREACHABLE or _OWN_FAULT when no connection was made; _DROPPED when the connection
// ended before a byte of an answer, which this call counts for the pod; _CANCELLED, and any other, when the client has gone
// or the answer has begun. `*step` gets what to do next.
//
// Returns DOORS_STATUS_OK, _RANGE or _NULL_POINTER.
int32_t doors_request_next(struct doors_source *source,
                           struct doors_request *request,
                           uint32_t outcome,
                           int64_t now,
                           uint64_t random,
                           struct doors_step *step);

// doors_source_dialled() and doors_request_next() in one, for callers whose dials belong to one request each.
//
// Returns DOORS_STATUS_OK, _RANGE or _NULL_POINTER.
int32_t doors_request_failed(struct doors_source *source,
                             struct doors_request *request,
                             uint32_t outcome,
                             int64_t now,
                             uint64_t random,
                             struct doors_step *step);

// A request that waits goes on: call it at the `until` of its step, or when a report says DOORS_REPORT_WAKE. A call more
// than needed repeats the last step. With DOORS_OPTION_USER_RETRIES a request that was answered tries again, if it may.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_request_resume(struct doors_source *source,
                             struct doors_request *request,
                             int64_t now,
                             uint64_t random,
                             struct doors_step *step);

// After DOORS_STEP_CHOOSE: tells the pods that may take the request, only the best ones. `list` gets at most `cap` of them
// (NULL with 0 for none), in the order of the configuration and of their addresses, `*count` how many there are, which may be
// none: then call doors_request_chose_none(). `*report` gets what was learned.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_request_choices(struct doors_source *source,
                              struct doors_request *request,
                              int64_t now,
                              struct doors_place *list,
                              size_t cap,
                              size_t *count,
                              struct doors_report *report);

// The user's policy has chosen this pod of this upstream. `*step` gets that it is to be dialled.
//
// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
int32_t doors_request_chose(struct doors_source *source,
                            struct doors_request *request,
                            uint32_t upstream,
                            const struct doors_pod *pod,
                            int64_t now,
                            struct doors_step *step);

// The user's policy has chosen none. `*step` offers those that are less good, or is as if none could be reached.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_request_chose_none(struct doors_source *source,
                                 struct doors_request *request,
                                 int64_t now,
                                 uint64_t random,
                                 struct doors_step *step);

// With DOORS_OPTION_USER_RETRIES: the user's retries are over. `outcome` is that of the last attempt, or 0 if it was told to
// doors_request_next(). `*step` gets DOORS_STEP_ANSWER, _WAIT or _DONE.
//
// Returns DOORS_STATUS_OK, _RANGE or _NULL_POINTER.
int32_t doors_request_give_up(struct doors_source *source,
                              struct doors_request *request,
                              uint32_t outcome,
                              int64_t now,
                              uint64_t random,
                              struct doors_step *step);

// The pod has begun to answer. `marks` is DOORS_MARK_*, added up, or 0: what the answer says about the pod. Usually takes no
// lock. `*step` gets DOORS_STEP_DONE: pass the answer on. Any other step, which only DOORS_MARK_REFUSED leads to: drop the answer,
// of which the client sees nothing, and obey.
//
// Returns DOORS_STATUS_OK, _RANGE or _NULL_POINTER.
int32_t doors_request_answered(struct doors_source *source,
                               struct doors_request *request,
                               uint32_t marks,
                               int64_t now,
                               uint64_t random,
                               struct doors_step *step);

// The request has ended, however. Call it once after each doors_request_begin(): until then the request counts as in
// flight at its pod, or as waiting. A second call does nothing.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_request_ended(struct doors_source *source, struct doors_request *request, int64_t now);

// What the token or the cookie of a request means: `*out` gets what doors_router_decide() says.
//
// Returns DOORS_STATUS_OK, _NO_MATCH (this source did not begin it, or it has ended) or _NULL_POINTER.
int32_t doors_request_decision(const struct doors_source *source,
                               const struct doors_request *request,
                               struct doors_decision *out);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* DOORS_CADDY_H */
