// doors_caddy: routing decisions for Doors apps, as a C library.
//
// Copyright the doors-caddy authors. Licence: Apache-2.0.
// Generated from the Rust source by `cargo run -p xtask -- header`. Do not edit.
//
// There are five kinds of handles:
//   doors_cipher   creates and decrypts tokens, the encrypted addresses in the paths and cookies of Doors pages
//   doors_cidrs    finds the CIDR with the longest prefix that contains an address
//   doors_router   decides from a path and a Cookie header which pod or upstream gets a request
//   doors_state    tracks the hosts and pods of a process, from the results of lookups and dials
//   doors_source   runs requests under one configuration: says, step by step, what to do for each doors_request
//
// These rules apply to every function:
//
// Handles     Handles are opaque. Any number of threads may use one at the same time. All except doors_state are
//             immutable. Free each handle once, from any thread, after the last call on it has returned. _free(NULL)
//             is allowed.
// const       A handle parameter is const if the call changes nothing that another call could observe.
// Status      The type is int32_t, and 0 means success. The description of each function lists all values that it
//             returns, except DOORS_STATUS_PANIC. There is no thread-local error state.
// Numbers     Numbers are never reused, and new ones may be added: a `switch` needs a default. Struct members have
//             enum types, so that debuggers show names. Parameters are uint32_t; an unknown number in one gives
//             DOORS_STATUS_RANGE.
// Inputs      An input is a pointer and a length in bytes, without a NUL at the end. NULL with length 0 is the empty
//             string. Inputs are read only during the call and may overlap each other. Members named `reserved` must
//             be 0; otherwise the call fails with DOORS_STATUS_RANGE.
// Time        Times are nanoseconds of one monotonic clock of the caller, which may start anywhere: 0 and negative
//             numbers are valid times. Durations are nanoseconds and not negative.
// Outputs     Outputs may be uninitialised, and must not overlap inputs or each other. They are written only on
//             success; a doors_error is written only on failure. A doors_error pointer may be NULL; all other outputs
//             are required. Texts end with a NUL.
// Panics      A panic inside the library is a bug in it. It becomes DOORS_STATUS_PANIC; a _free leaks, the _str
//             functions and doors_version() return "unknown", and doors_abi() returns 0. Rust prints the location to
//             standard error; the message never contains input. The process is aborted if memory runs out.
// Stack       A call needs less than 16 KiB of stack, or less than 64 KiB if it creates a handle or checks a value.
// fork        A child process may use its parent's handles, except doors_state and doors_source: a call on one of
//             these never returns if another thread of the parent was using it during the fork. Create new ones in
//             the child.
// Besides     Functions never print, log, call back, start threads, read a clock, or keep state outside their handle.
//             Messages never contain secrets.

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

// The version of this interface. Incremented when something that programs may rely on changes, but not for
// additions. Compare it with doors_abi(), which returns the version of the linked library.
#define DOORS_ABI 1

// The length of a token for an IPv4 address.
#define DOORS_TOKEN_IPV4 43

// The length of a token for an IPv6 address.
#define DOORS_TOKEN_IPV6 59

// A buffer size that is enough for every token and its NUL.
#define DOORS_TOKEN_SIZE 60

// The buffer size for the ID of a key, which has 8 characters, and its NUL.
#define DOORS_KEY_ID_SIZE 9

// A buffer size that is enough for every host and its NUL.
#define DOORS_HOST_SIZE 256

// No time: the time is unknown, or nothing is planned.
#define DOORS_NEVER INT64_MAX

// No index: unknown or not applicable.
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
    // The library panicked. This is a bug in the library. Handles can still be used and freed.
    DOORS_STATUS_PANIC = 2,
    // The output buffer is too small.
    DOORS_STATUS_BUFFER = 3,
    // An address must be 4 or 16 bytes long.
    DOORS_STATUS_ADDRESS = 4,
    // Nothing matches, or the index is out of bounds.
    DOORS_STATUS_NO_MATCH = 5,
    // The operating system supplied no random bytes.
    DOORS_STATUS_RANDOM = 6,
    // A number is out of range: a limit of 0, a negative duration, an unknown enum value, or a non-zero
    // `reserved` member.
    DOORS_STATUS_RANGE = 7,
    // The maximum number has been reached.
    DOORS_STATUS_TOO_MANY = 8,
    // The secret is invalid.
    DOORS_STATUS_SECRET = 10,
    // A CIDR is invalid.
    DOORS_STATUS_CIDR = 11,
    // Another part of the configuration is invalid.
    DOORS_STATUS_CONFIG = 12,
    // The input is larger than 64 MiB, or its length is impossible for an object in memory.
    DOORS_STATUS_TOO_LARGE = 13,
    // The token contains a character outside base64url (RFC 4648, section 5), padding, white space or non-zero
    // trailing bits.
    DOORS_STATUS_TOKEN_FORMAT = 20,
    // The token has an impossible length, or no key decrypts it.
    DOORS_STATUS_TOKEN_REFUSED = 21,
};

DOORS_ENUM(doors_decision_code, uint32_t) {
    // To one particular pod: `addr` and `port`. Only DOORS_PATH_RESOURCE of a dead pod may go elsewhere.
    DOORS_DECISION_POD = 1,
    // Nowhere. Answer 410 with `Cache-Control: no-store`, so that the page reloads.
    DOORS_DECISION_GONE = 2,
    // To a fresh pod of `upstream`: one to which its host resolves now. Prefer `addr` if it is among them.
    DOORS_DECISION_UPSTREAM = 3,
    // To a fresh pod of any upstream.
    DOORS_DECISION_ANY = 4,
};

DOORS_ENUM(doors_reason_code, uint32_t) {
    // POD: there is no further reason.
    DOORS_REASON_NONE = 0,
    // GONE: the token is not canonical base64url.
    DOORS_REASON_MALFORMED = 1,
    // GONE: the token has an impossible length, or no key decrypts it.
    DOORS_REASON_REFUSED = 2,
    // GONE: no CIDR contains the token's address.
    DOORS_REASON_NO_CIDR = 4,
    // UPSTREAM: the configuration has only one, and the request has no usable cookie.
    DOORS_REASON_ONLY_UPSTREAM = 16,
    // UPSTREAM: the address in the cookie belongs to this upstream.
    DOORS_REASON_COOKIE = 17,
    // ANY: the request has no cookie with the configured name.
    DOORS_REASON_NO_COOKIE = 18,
    // ANY: the request has cookies with the configured name, but none is usable. They cannot be decrypted, or no
    // CIDR contains their addresses.
    DOORS_REASON_COOKIE_UNUSABLE = 19,
};

DOORS_ENUM(doors_path_code, uint32_t) {
    // A path without a token: a page or one of the app's own files.
    DOORS_PATH_PAGE = 0,
    // `/~/{token}/s/...`: a stream or a report.
    DOORS_PATH_SYNC = 1,
    // `/~/{token}/h/...`: a hook.
    DOORS_PATH_HOOK = 2,
    // `/~/{token}/u/...`: back and forward navigation.
    DOORS_PATH_HISTORY = 3,
    // `/~/{token}/r/...`: a script or a style sheet. Every pod has the same.
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
    // A DNS name, or an IP address that can be dialled and is not link-local, without port, scheme and brackets.
    DOORS_FIELD_HOST = 4,
    // A port in decimal, 1 to 65535.
    DOORS_FIELD_PORT = 5,
};

DOORS_ENUM(doors_outcome_code, uint32_t) {
    // The dial succeeded.
    DOORS_OUTCOME_CONNECTED = 1,
    // The pod's address refused the connection (ECONNREFUSED): nothing listens on the port.
    DOORS_OUTCOME_REFUSED = 2,
    // There was no route, the host or network was unreachable, or nothing answered in time (EHOSTUNREACH,
    // ENETUNREACH, ETIMEDOUT ...).
    DOORS_OUTCOME_UNREACHABLE = 3,
    // The dial failed because of a problem on this machine (EMFILE, EADDRNOTAVAIL, EACCES ...). Never a fault of
    // the pod.
    DOORS_OUTCOME_OWN_FAULT = 4,
    // The client gave up. Ignored.
    DOORS_OUTCOME_CANCELLED = 5,
    // The pod responded to a request, perhaps over a reused connection.
    DOORS_OUTCOME_ANSWERED = 6,
    // The connection ended before the first byte of a response. The request may have been sent.
    DOORS_OUTCOME_DROPPED = 7,
};

DOORS_ENUM(doors_verdict_code, uint32_t) {
    // No fault.
    DOORS_VERDICT_NONE = 0,
    // The last dials of the pod failed. It may be back soon.
    DOORS_VERDICT_UNREACHABLE = 1,
    // The pod is dead, and its pages are lost.
    DOORS_VERDICT_GONE = 2,
};

DOORS_ENUM(doors_idle_code, uint32_t) {
    // The pods had no request for the given time.
    DOORS_IDLE_YES = 1,
    // Requests are in flight, or the last one was too recent.
    DOORS_IDLE_BUSY = 2,
    // No request is in flight, but the caller has not been reporting for the given time.
    DOORS_IDLE_JUST_STARTED = 3,
};

DOORS_ENUM(doors_step_code, uint32_t) {
    // Dial the pod, or use an open connection to it: `upstream`, `pod`, `probe`.
    DOORS_STEP_DIAL = 1,
    // Hold the request, and call doors_request_resume() at `until` or when a report has DOORS_REPORT_WAKE.
    DOORS_STEP_WAIT = 2,
    // Answer the request with `Cache-Control: no-store`: `status`, `retry_after`, `cause`, `page`.
    DOORS_STEP_ANSWER = 3,
    // The request needs no further step. Forward the response, or answer 502 after a failed dial. If the client
    // is gone, do nothing.
    DOORS_STEP_DONE = 4,
    // Choose one of doors_request_choices() and report it to doors_request_chose(), or call
    // doors_request_chose_none(). Only with DOORS_OPTION_USER_CHOOSES.
    DOORS_STEP_CHOOSE = 5,
};

DOORS_ENUM(doors_cause_code, uint32_t) {
    // The token is not canonical base64url.
    DOORS_CAUSE_TOKEN_MALFORMED = 1,
    // No key decrypts the token.
    DOORS_CAUSE_TOKEN_REFUSED = 2,
    // No CIDR contains the token's address.
    DOORS_CAUSE_NO_CIDR = 3,
    // The pod is gone.
    DOORS_CAUSE_POD_GONE = 4,
    // The pod could not be reached, perhaps only briefly.
    DOORS_CAUSE_POD_UNREACHABLE = 5,
    // The connection to the pod ended before the first byte of a response.
    DOORS_CAUSE_POD_DROPPED = 6,
    // No pod could be reached, or no known pod would take the page after a reload.
    DOORS_CAUSE_NO_POD = 7,
    // No fresh pod is known.
    DOORS_CAUSE_NO_FRESH_POD = 8,
    // The dial failed because of a problem on this machine.
    DOORS_CAUSE_OWN_FAULT = 9,
    // The page's pod works but is evicted.
    DOORS_CAUSE_EVICTED = 10,
    // The page's pod works but has drained for longer than `drain_max`.
    DOORS_CAUSE_DRAIN_MAX = 11,
};

DOORS_ENUM(doors_report_code, uint32_t) {
    // Report flag: resume all waiting requests of all sources.
    DOORS_REPORT_WAKE = 1,
    // Report flag: call doors_state_due() now.
    DOORS_REPORT_LOOKUPS_DUE = 2,
    // Report flag: dial `background_pod` in the background, close the connection at once, and report the outcome
    // to doors_source_dialled().
    DOORS_REPORT_BACKGROUND = 4,
    // Report flag: the verdict on `changed_pod` changed; log it.
    DOORS_REPORT_CHANGED = 8,
    // Report flag: `dropped_host` dropped `dropped_addr`, which refused a connection and is no longer in DNS;
    // log it.
    DOORS_REPORT_DROPPED = 16,
    // Report flag: the host of `outside_upstream` resolves to `outside_addr`, which is outside the upstream's
    // networks; log a warning. Set at most once a minute.
    DOORS_REPORT_OUTSIDE = 32,
    // Report flag: a token was refused; log it, but never the token.
    DOORS_REPORT_REFUSED_TOKEN = 64,
    // Report flag: many tokens arrived and none could be decrypted; log it. Set at most once a minute.
    DOORS_REPORT_NOTHING_OPENS = 128,
    // Report flag: `draining_pod` began or stopped signalling that it is draining; log it.
    DOORS_REPORT_DRAINING = 256,
};

DOORS_ENUM(doors_mark_code, uint32_t) {
    // Response mark: the response has `Doors-Draining: ?1`. The pod is draining from now on, regardless of DNS.
    DOORS_MARK_DRAINING = 1,
    // Response mark: the response is a 503 with `Doors-Draining: ?1`, and no part of it was sent to the client.
    // A page load can then go to another pod. Implies DOORS_MARK_DRAINING.
    DOORS_MARK_REFUSED = 2,
};

DOORS_ENUM(doors_method_code, uint32_t) {
    // GET.
    DOORS_METHOD_GET = 1,
    // HEAD.
    DOORS_METHOD_HEAD = 2,
    // Any other method.
    DOORS_METHOD_OTHER = 3,
};

DOORS_ENUM(doors_option_code, uint32_t) {
    // Option: the user has configured a load-balancing policy. Steps return DOORS_STEP_CHOOSE when several pods
    // can serve a request.
    DOORS_OPTION_USER_CHOOSES = 1,
    // Option: the user has configured retries. A request that failed on every pod starts over until
    // doors_request_give_up().
    DOORS_OPTION_USER_RETRIES = 2,
};

DOORS_ENUM(doors_evict_code, uint32_t) {
    // Eviction flag: the least recently used pages are told to reload first.
    DOORS_EVICT_IDLE_FIRST = 1,
};

DOORS_ENUM(doors_event_code, uint32_t) {
    // DNS lists the pod and did not before. Not reported for a host's first answer.
    DOORS_EVENT_APPEARED = 1,
    // The pod signals that it is draining.
    DOORS_EVENT_MARKED = 2,
    // DNS no longer lists the pod.
    DOORS_EVENT_LEFT = 3,
    // An operator has evicted pods.
    DOORS_EVENT_EVICTED = 4,
    // An operator has cancelled an eviction.
    DOORS_EVENT_UNDONE = 5,
    // The last receiver stream of a draining pod has ended. If that happens again, the new event replaces the
    // old one.
    DOORS_EVENT_LAST_PAGE = 6,
    // The process of a draining pod has ended.
    DOORS_EVENT_ENDED = 7,
    // The pod is gone and was not draining.
    DOORS_EVENT_FAILED = 8,
    // The pod works again after being unreachable or gone.
    DOORS_EVENT_ALIVE = 9,
};

DOORS_ENUM(doors_missing_code, uint32_t) {
    // Lookup flag: IPv4 addresses may be missing.
    DOORS_MISSING_IPV4 = 1,
    // Lookup flag: IPv6 addresses may be missing.
    DOORS_MISSING_IPV6 = 2,
};

DOORS_ENUM(doors_lookup_code, uint32_t) {
    // The name does not exist, or has no address that a pod can have. All name servers that know the name agree.
    DOORS_LOOKUP_NOT_FOUND = 1,
    // No name server answered in time.
    DOORS_LOOKUP_TIMEOUT = 2,
    // A name server answered with an error, such as SERVFAIL or REFUSED.
    DOORS_LOOKUP_SERVER_FAILURE = 3,
    // Any other failure, such as an unreachable name server.
    DOORS_LOOKUP_FAILED = 4,
};

DOORS_ENUM(doors_host_code, uint32_t) {
    // Nothing has changed.
    DOORS_HOST_UNCHANGED = 0,
    // The first answer with addresses.
    DOORS_HOST_RESOLVED = 1,
    // The addresses have changed.
    DOORS_HOST_CHANGED = 2,
    // The first failed lookup, and the first one with each other DOORS_LOOKUP_* until the host recovers.
    DOORS_HOST_FAILING = 3,
    // The first answer with addresses after reported failures.
    DOORS_HOST_RECOVERED = 4,
    // An address was dropped because it refused a connection and is no longer in DNS.
    DOORS_HOST_DROPPED = 5,
    // From now on answers count as partial: several addresses were missing and came back. A missing address is
    // kept for up to 30 s.
    DOORS_HOST_PARTIAL = 6,
    // Answers count as complete again.
    DOORS_HOST_WHOLE = 7,
};

#if !defined(__cplusplus) && defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(enum doors_host_code) == 4, "compile without -fshort-enums");
#endif

// A list of CIDRs. Created by doors_cidrs_new(), freed by doors_cidrs_free().
typedef struct doors_cidrs doors_cidrs;

// Creates and decrypts tokens. Created by doors_cipher_new(), freed by doors_cipher_free().
typedef struct doors_cipher doors_cipher;

// Decides where requests go. Created by doors_router_new(), freed by doors_router_free().
typedef struct doors_router doors_router;

// One configuration in use: a router, its options, and access to a doors_state. Created by
// doors_source_new(), freed by doors_source_free(). Immutable. Keeps the state alive, even after
// doors_state_free().
typedef struct doors_source doors_source;

// What a process knows about hosts and pods. A process needs only one state, and it outlives configurations.
// Created by doors_state_new(), freed by doors_state_free(). Its sources keep working after that.
//
// It is mutable. Its calls take locks for well under a microsecond, unless stated otherwise, and calls about
// different pods rarely wait for each other. If calls arrive with times out of order, an earlier time counts
// as the later one wherever the calls touch the same data. `random` is any number, different for each call.
typedef struct doors_state doors_state;

// Why a handle could not be created, or what is wrong with a value.
typedef struct doors_error {
    // The DOORS_STATUS_* that the function returned.
    int32_t status;
    // The zero-based index of the invalid key (secrets), CIDR (doors_cidrs_new) or upstream
    // (doors_router_new), or DOORS_NONE.
    uint32_t index;
    // One line of UTF-8, NUL-terminated: the field, the value (only if short and not secret) and the rule.
    // Longer messages are truncated and end in "...".
    char message[512];
} doors_error;

// An IP address.
typedef struct doors_addr {
    // The first `len` bytes in network byte order; the rest is zero.
    uint8_t bytes[16];
    // 4, 16, or 0 for no address. IPv4-mapped IPv6 addresses are always returned as IPv4.
    uint32_t len;
} doors_addr;

// Where a request goes, and why.
typedef struct doors_decision {
    // DOORS_DECISION_*.
    enum doors_decision_code kind;
    // DOORS_REASON_*.
    enum doors_reason_code reason;
    // The zero-based index of the upstream in the configuration; DOORS_NONE for ANY and GONE.
    uint32_t upstream;
    // The zero-based index of the key that decrypted the token or cookie; DOORS_NONE if none did.
    uint32_t key;
    // The upstream's port; 0 for ANY and GONE.
    uint16_t port;
    // DOORS_PATH_*: the kind of the request.
    uint16_t path;
    // The token's address (POD, and GONE with DOORS_REASON_NO_CIDR) or the cookie's (UPSTREAM with
    // DOORS_REASON_COOKIE); otherwise its `len` is 0.
    struct doors_addr addr;
    // Always 0.
    uint32_t reserved[4];
} doors_decision;

// The limits of a process. doors_limits_init() sets the defaults.
typedef struct doors_limits {
    // The maximum number of remembered pods, at least 1. Default: 10,000.
    uint32_t max_pods;
    // The maximum number of requests that wait for a pod. Default: 4,096.
    uint32_t max_waiting;
    // The maximum number of concurrent lookups, at least 1. Default: 64.
    uint32_t max_lookups;
    // The maximum number of lookups that have been running for over a second and no longer count towards
    // `max_lookups`. Default: 256.
    uint32_t max_slow_lookups;
    // The maximum number of lookups started per second for hosts with known addresses, at least 1. Default:
    // 100.
    uint32_t refreshes_per_second;
    // Must be 0.
    uint32_t reserved[3];
} doors_limits;

// The options of one configuration. Durations are in nanoseconds. doors_options_init() sets the defaults.
typedef struct doors_options {
    // How long a pod must be unreachable before it is gone. Default: 10 s.
    int64_t gone_after;
    // How long a pod may drain before its pages get 410, least recently used first and at most at
    // `gone_rate`; 0 for no limit. Default: 0.
    int64_t drain_max;
    // How often a page opens a receiver stream. Must equal the app's `SolitaireRollTime`. Default: 15 s.
    int64_t roll_time;
    // How long a page load waits for a pod, counted from the start of the request. Also applies to the
    // receiver stream of a page while no known pod would take the page. 0 disables waiting. Default: 10 s.
    int64_t page_wait;
    // The interval between lookups of a host that requests use. Default: 1 s, minimum: 10 ms.
    int64_t refresh;
    // The maximum age of addresses after lookups have stopped. A request first waits for a lookup if they
    // are older. Default: 300 s.
    int64_t stale_max;
    // How long a request waits for a first lookup while no address is known. All other waits for DNS last at
    // most 500 ms. Default: 3 s.
    int64_t first_lookup;
    // Identifies a resolver: a combination of name servers and IP versions, numbered by the caller. Hosts
    // with the same name and resolver share their lookups. Default: 0.
    uint64_t resolver;
    // The maximum number of receiver streams per upstream and second that get 410; 0 for no limit. Default:
    // 100.
    uint32_t gone_rate;
    // Any of DOORS_OPTION_*, combined with `|`. Default: 0.
    uint32_t flags;
    // Must be 0.
    uint64_t reserved[2];
} doors_options;

// The address and port of a pod.
typedef struct doors_pod {
    // The address, with `len` 4 or 16.
    struct doors_addr addr;
    // The port.
    uint16_t port;
    // Must be 0.
    uint16_t reserved;
} doors_pod;

// A snapshot of one pod. Times are in nanoseconds of the caller's clock.
typedef struct doors_known_pod {
    // The address and port.
    struct doors_pod pod;
    // The ID of the upstream under which the pod is listed, see doors_source_upstream(). If several
    // upstreams use the pod, it stays under this one until this one has not used it for a minute.
    uint64_t upstream;
    // When the pod was first used: a request began or ended, or a dial ended.
    int64_t first_seen;
    // When the pod was last used.
    int64_t last_seen;
    // When the verdict became other than DOORS_VERDICT_NONE; 0 while it is DOORS_VERDICT_NONE.
    int64_t unreachable_since;
    // If `marked` is 1: when the pod's responses began to signal that it is draining; otherwise 0.
    int64_t marked_since;
    // When the pod stopped getting new pages: it signals that it is draining, DNS does not list it, or it is
    // evicted. 0 while it gets new pages.
    int64_t draining_since;
    // When the pod ran out of work: it is gone, or it is draining and had no request for 4/3 of its
    // upstream's `roll_time`. Lies in the future until that time has passed. 0 while the pod is not draining
    // or has requests in flight.
    int64_t drained_since;
    // When the pod was evicted; 0 while it is not.
    int64_t evicted_since;
    // The number of refused dials.
    uint64_t refused;
    // The number of requests in flight at the pod.
    uint32_t in_flight;
    // How many of the requests in flight are receiver streams: about one per open page.
    uint32_t streams;
    // DOORS_VERDICT_*.
    enum doors_verdict_code verdict;
    // 1 while DNS lists the pod for an upstream that used it in the minute before `last_seen`, otherwise 0.
    uint32_t fresh;
    // 1 while the pod's responses signal that it is draining, otherwise 0.
    uint32_t marked;
    // Always 0.
    uint32_t reserved[3];
} doors_known_pod;

// Whether the pods at one address can be stopped, judging by their requests.
typedef struct doors_idle {
    // DOORS_IDLE_*.
    enum doors_idle_code answer;
    // The number of requests in flight.
    uint32_t in_flight;
    // How many of the requests in flight are receiver streams.
    uint32_t streams;
    // 1 if a pod at the address was used, otherwise 0. Once pods have been forgotten, an address may be
    // mistaken for that of a forgotten pod.
    uint32_t used;
    // If `used` is 1: when a pod at the address was last used, by the caller's clock; otherwise 0.
    int64_t last_seen;
    // The minimum number of nanoseconds until the answer can be DOORS_IDLE_YES. 0 if it already is, and
    // while requests are in flight, since their end is unknown.
    int64_t wait;
} doors_idle;

// An eviction of pods: they get no new pages while there are other pods, and their pages are told to reload.
// The target is a network, an upstream, or the pods of an upstream in a network.
typedef struct doors_eviction {
    // The network address, without host bits. `len` 0 for all addresses of `upstream`.
    struct doors_addr addr;
    // The prefix length: 32 or 128 for one address, 0 if `len` of `addr` is 0.
    uint32_t bits;
    // The ID of the upstream, see doors_source_upstream(); 0 for any.
    uint64_t upstream;
    // How many pages per upstream and second are told to reload; 0 for `gone_rate` of the source.
    uint32_t rate;
    // DOORS_EVICT_IDLE_FIRST, or 0.
    uint32_t flags;
    // When the eviction began. Output only.
    int64_t since;
    // How many pages have been told to reload. Output only.
    uint64_t told;
    // Must be 0.
    uint64_t reserved[2];
} doors_eviction;

// A change of a pod, or of the pods of an eviction.
typedef struct doors_event {
    // A sequence number, starting at 1.
    uint64_t number;
    // When it happened, by the caller's clock.
    int64_t at;
    // The ID of the upstream; 0 for any, with DOORS_EVENT_EVICTED and DOORS_EVENT_UNDONE.
    uint64_t upstream;
    // The pod. For DOORS_EVENT_EVICTED and DOORS_EVENT_UNDONE: the network, with port 0; `len` 0 for all
    // addresses of the upstream.
    struct doors_pod pod;
    // The prefix length of a network, otherwise 0.
    uint32_t bits;
    // DOORS_EVENT_*.
    enum doors_event_code kind;
    // The number of receiver streams at that time.
    uint32_t pages;
    // Always 0.
    uint32_t reserved;
} doors_event;

// A lookup to start now.
typedef struct doors_lookup {
    // The host to pass to the report. Unique within a state.
    uint64_t host;
    // The resolver to use: `resolver` in the options of the sources that use the host.
    uint64_t resolver;
    // The length of the name in bytes.
    uint32_t name_len;
    // The name in lower case, NUL-terminated. May have a final dot.
    char name[256];
    // Always 0.
    uint32_t reserved;
} doors_lookup;

// What the end of a lookup has changed, and what to do now.
typedef struct doors_host_report {
    // DOORS_HOST_*: the change to report to an operator. Unchanged results are not reported.
    enum doors_host_code change;
    // DOORS_REPORT_WAKE and DOORS_REPORT_LOOKUPS_DUE, combined with `|`.
    uint32_t flags;
} doors_host_report;

// What is known about a host. Durations are in nanoseconds.
typedef struct doors_host_state {
    // The resolver, as in doors_options; 0 for an address.
    uint64_t resolver;
    // The number of changes of the addresses; 0 before the first.
    uint64_t generation;
    // The time since the last answer with addresses; DOORS_NEVER before the first, and for an address.
    int64_t age;
    // The time since the first failure of the current series; 0 while `failure` is 0.
    int64_t failing_for;
    // The interval between lookups: the smallest of its users; 0 without users.
    int64_t refresh;
    // DOORS_LOOKUP_*: why the last lookup failed; 0 if it succeeded or none has ended.
    enum doors_lookup_code failure;
    // The number of sources that use the host.
    uint32_t users;
    // 1 while lookups continue.
    uint32_t active;
    // 1 while answers count as partial, see DOORS_HOST_PARTIAL.
    uint32_t partial;
    // Always 0.
    uint32_t reserved;
    // The length of the name in bytes.
    uint32_t name_len;
    // The name in lower case, or an address, NUL-terminated.
    char name[256];
} doors_host_state;

// What was learned during a call. Any flag may be set with any step or report. Members without their flag
// are 0.
typedef struct doors_report {
    // DOORS_REPORT_*, combined with `|`: what to do, and which of the other members are set.
    enum doors_report_code flags;
    // With DOORS_REPORT_REFUSED_TOKEN: how many more tokens were refused for the same reason since the last
    // report.
    uint32_t suppressed;
    // With DOORS_REPORT_DROPPED: the ID of the host.
    uint64_t dropped_host;
    // With DOORS_REPORT_DROPPED: the address that it dropped.
    struct doors_addr dropped_addr;
    // With DOORS_REPORT_CHANGED: the index of the upstream that reported it.
    uint32_t changed_upstream;
    // With DOORS_REPORT_CHANGED: the pod.
    struct doors_pod changed_pod;
    // DOORS_VERDICT_*: with DOORS_REPORT_CHANGED, the new verdict.
    enum doors_verdict_code changed_verdict;
    // With DOORS_REPORT_DRAINING: the index of the upstream that reported it.
    uint32_t draining_upstream;
    // With DOORS_REPORT_DRAINING: the pod.
    struct doors_pod draining_pod;
    // With DOORS_REPORT_DRAINING: 1 if the pod signals that it is draining, 0 if it no longer does.
    uint32_t draining;
    // With DOORS_REPORT_BACKGROUND: the index of the pod's upstream.
    uint32_t background_upstream;
    // With DOORS_REPORT_BACKGROUND: the pod to dial.
    struct doors_pod background_pod;
    // With DOORS_REPORT_OUTSIDE: the index of the upstream.
    uint32_t outside_upstream;
    // With DOORS_REPORT_OUTSIDE: the address.
    struct doors_addr outside_addr;
    // Always 0.
    uint32_t reserved[2];
} doors_report;

// One request, in the caller's memory. Plain data that owns nothing, so there is nothing to free. For use by
// one thread at a time. Filled by doors_request_begin(). Before that, and after doors_request_ended(), its
// first 8 bytes must be 0 if it is passed to any function other than doors_request_begin().
typedef struct doors_request {
    // Private to the library.
    uint64_t opaque[40];
} doors_request;

// What to do next for a request. Members that do not apply to its kind are 0.
typedef struct doors_step {
    // DOORS_STEP_*.
    enum doors_step_code kind;
    // DIAL: the index of the pod's upstream in the configuration.
    uint32_t upstream;
    // DIAL: the pod to dial, unless a connection to it is open.
    struct doors_pod pod;
    // DIAL: 1 if this request tests whether the pod is back. At most one does so per second and pod.
    uint32_t probe;
    // ANSWER: the HTTP status, 410 or 503. Always with `Cache-Control: no-store`.
    uint32_t status;
    // ANSWER: the value of `Retry-After` in seconds. 0 with 410: send no such header.
    uint32_t retry_after;
    // DOORS_CAUSE_*: the reason for ANSWER.
    enum doors_cause_code cause;
    // ANSWER: 1 for a page load. The answer may then contain a page that reloads itself after `retry_after`.
    uint32_t page;
    // DIAL: 1 if the pod is draining and no other pod is available. Send `Doors-Last-Choice: ?1` with the
    // request, so that the pod serves it.
    uint32_t last_choice;
    // WAIT: the latest time to call doors_request_resume(), in nanoseconds of the caller's clock.
    int64_t until;
    // What was learned during the call.
    struct doors_report report;
} doors_step;

// A pod that a policy may choose.
typedef struct doors_place {
    // The index of the upstream in the configuration.
    uint32_t upstream;
    // How well the pod suits the request; lower is better.
    uint32_t tier;
    // The pod.
    struct doors_pod pod;
} doors_place;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// A short English text for DOORS_STATUS_*. Static, never NULL; "unknown" for any other number.
const char *doors_status_str(int32_t number);

// An identifier for DOORS_DECISION_*, usable as a metric label. Static, never NULL; "unknown" for any other
// number.
const char *doors_decision_str(uint32_t number);

// An identifier for DOORS_REASON_*, usable as a metric label. Static, never NULL; "unknown" for any other
// number.
const char *doors_reason_str(uint32_t number);

// An identifier for DOORS_PATH_*, usable as a metric label. Static, never NULL; "unknown" for any other
// number.
const char *doors_path_str(uint32_t number);

// An identifier for DOORS_STEP_*, usable as a metric label. Static, never NULL; "unknown" for any other
// number.
const char *doors_step_str(uint32_t number);

// An identifier for DOORS_CAUSE_*, usable as a metric label. Static, never NULL; "unknown" for any other
// number.
const char *doors_cause_str(uint32_t number);

// An identifier for DOORS_EVENT_*, usable in JSON. Static, never NULL; "unknown" for any other number.
const char *doors_event_str(uint32_t number);

// An identifier for DOORS_LOOKUP_*, usable as a metric label. Static, never NULL; "unknown" for any other
// number.
const char *doors_lookup_str(uint32_t number);

// An identifier for DOORS_HOST_*, usable as a metric label. Static, never NULL; "unknown" for any other
// number.
const char *doors_host_str(uint32_t number);

// An identifier for DOORS_OUTCOME_*, usable as a metric label. Static, never NULL; "unknown" for any other
// number.
const char *doors_outcome_str(uint32_t number);

// An identifier for DOORS_VERDICT_*, usable as a metric label. Static, never NULL; "unknown" for any other
// number.
const char *doors_verdict_str(uint32_t number);

// An identifier for DOORS_IDLE_*, usable as a metric label. Static, never NULL; "unknown" for any other
// number.
const char *doors_idle_str(uint32_t number);

// The version of the linked library, such as "0.2.0". Static, never NULL.
const char *doors_version(void);

// The interface version of the linked library. Compare it with DOORS_ABI, the version that the program was
// compiled for.
uint32_t doors_abi(void);

// Creates a cipher from a secret: one to eight AES keys (16, 24 or 32 bytes each) in standard base64 with
// padding, separated by ASCII white space. The first key encrypts; all keys decrypt. Sets `*out` to the
// cipher.
//
// Returns DOORS_STATUS_OK, _SECRET (`err->index` is the key), _TOO_LARGE or _NULL_POINTER. Messages never
// contain any part of a key. The caller may wipe `secrets` afterwards; doors_cipher_free() wipes the keys in
// the cipher.
int32_t doors_cipher_new(const char *secrets, size_t len, struct doors_cipher **out, struct doors_error *err);

// Creates a token for an address. An IPv4-mapped IPv6 address gives a token for IPv4. Writes
// DOORS_TOKEN_IPV4 or DOORS_TOKEN_IPV6 characters and a NUL to `token`, and sets `*token_len` to their
// number without the NUL. Two tokens for one address differ: each contains 12 random bytes from the
// operating system.
//
// Create at most 2^32 tokens with one key, over all processes that use it (NIST SP 800-38D, section 8.3):
// one per process and address, not one per request.
//
// Returns DOORS_STATUS_OK, _ADDRESS, _BUFFER (`cap` is too small for token and NUL; DOORS_TOKEN_SIZE is
// always enough), _RANDOM or _NULL_POINTER.
int32_t doors_cipher_encode(const struct doors_cipher *cipher,
                            const struct doors_addr *addr,
                            char *token,
                            size_t cap,
                            size_t *token_len);

// Decrypts a token. Sets `*addr` to the address, as IPv4 if it is IPv4-mapped, and `*key` to the zero-based
// index of the key that decrypted it.
//
// Returns DOORS_STATUS_OK, _TOKEN_FORMAT, _TOKEN_REFUSED, _TOO_LARGE or _NULL_POINTER. The alphabet is
// checked first, then the length, the trailing bits and the keys.
int32_t doors_cipher_decode(const struct doors_cipher *cipher,
                            const char *token,
                            size_t len,
                            struct doors_addr *addr,
                            uint32_t *key);

// Sets `*count` to the number of keys, 1 to 8.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_cipher_keys(const struct doors_cipher *cipher, uint32_t *count);

// Gets the ID of the key with a zero-based index. Writes 8 characters and a NUL (DOORS_KEY_ID_SIZE) to `id`:
// the first hexadecimal digits, in lower case, of the SHA-256 of `doors-key-id` followed by the key's bytes.
// An ID is not a secret. Log it to compare the keys of a proxy with those of its apps.
//
// Returns DOORS_STATUS_OK, _NO_MATCH (no such key) or _NULL_POINTER.
int32_t doors_cipher_key_id(const struct doors_cipher *cipher, uint32_t index, char *id);

// Frees a cipher and wipes its keys. NULL is allowed.
void doors_cipher_free(struct doors_cipher *cipher);

// Creates a list from CIDRs of both families, separated by ASCII white space. `::ffff:a.b.c.d/n` with n of
// 96 or more is IPv4 with the prefix length n - 96. Sets `*out` to the list.
//
// Returns DOORS_STATUS_OK, _CIDR (`err->index` is the CIDR: it is malformed, a bare address or a duplicate,
// or has host bits set; an empty list has no index), _TOO_LARGE or _NULL_POINTER.
int32_t doors_cidrs_new(const char *cidrs, size_t len, struct doors_cidrs **out, struct doors_error *err);

// Finds the CIDR with the longest prefix that contains an address. Sets `*index` to its zero-based position
// in the list. IPv4-mapped addresses count as IPv4. Unspecified, multicast and broadcast addresses are in no
// CIDR.
//
// Returns DOORS_STATUS_OK, _NO_MATCH, _ADDRESS or _NULL_POINTER.
int32_t doors_cidrs_lookup(const struct doors_cidrs *cidrs, const struct doors_addr *addr, uint32_t *index);

// Frees a list. NULL is allowed.
void doors_cidrs_free(struct doors_cidrs *cidrs);

// Creates a router from JSON (UTF-8, at most 64 MiB), such as `{"secret": "<keys>", "upstreams": [{"cidr":
// "10.0.0.0/24", "host": "svc.example", "port": 8080}]}`.
//
// `secret` is as for doors_cipher_new(). An upstream has `cidr` (a string) or `cidrs` (an array of strings),
// `host` (as for DOORS_FIELD_HOST) or `hosts` (an array of strings), and `port` (a number). `cookie_name` is
// required with more than one upstream. `source` is allowed and ignored. Any other member is an error, and
// so is a duplicate. Sets `*out` to the router. The caller may wipe `json` afterwards. Do not escape
// characters of the secret in it, because the unescaped copy is not wiped.
//
// Returns DOORS_STATUS_OK, _SECRET, _CIDR, _CONFIG, _TOO_LARGE or _NULL_POINTER. The message starts with the
// member, such as `upstreams[1].cidr`, and contains no part of the secret. `err->index` is the upstream or,
// for _SECRET, the key.
int32_t doors_router_new(const char *json, size_t len, struct doors_router **out, struct doors_error *err);

// Decides where a request goes. `path` is its escaped path or its whole target: a query is ignored, and so
// are the scheme and authority of a target in absolute form (RFC 9112, section 3.2.2). `cookies` is its
// Cookie header, with several fields joined by "; ". Any bytes are accepted. Sets `*out` to the decision;
// DOORS_DECISION_GONE is a success too. Allocates nothing and takes no lock.
//
// Returns DOORS_STATUS_OK, _TOO_LARGE or _NULL_POINTER.
int32_t doors_router_decide(const struct doors_router *router,
                            const char *path,
                            size_t path_len,
                            const char *cookies,
                            size_t cookies_len,
                            struct doors_decision *out);

// Finds the upstream whose CIDR contains an address; the longest prefix wins. Sets `*upstream` to its
// zero-based index.
//
// Returns DOORS_STATUS_OK, _NO_MATCH, _ADDRESS or _NULL_POINTER.
int32_t doors_router_lookup(const struct doors_router *router, const struct doors_addr *addr, uint32_t *upstream);

// Sets `*count` to the number of upstreams, at least 1.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_router_upstreams(const struct doors_router *router, uint32_t *count);

// Gets one upstream. Writes its host (the first, if there are several) and a NUL to `host`, at most
// DOORS_HOST_SIZE characters, and sets `*port` to its port.
//
// Returns DOORS_STATUS_OK, _NO_MATCH (no such upstream) or _NULL_POINTER.
int32_t doors_router_upstream(const struct doors_router *router, uint32_t index, char *host, uint16_t *port);

// Sets `*count` to the number of keys, 1 to 8.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_router_keys(const struct doors_router *router, uint32_t *count);

// Gets the ID of one key, like doors_cipher_key_id(). `index` is `key` of doors_decision.
//
// Returns DOORS_STATUS_OK, _NO_MATCH (no such key) or _NULL_POINTER.
int32_t doors_router_key_id(const struct doors_router *router, uint32_t index, char *id);

// Gets a warning about a setting that is valid but probably a mistake, such as a CIDR that covers every
// address. `n` is its zero-based number. Sets `*out` to the warning: the message names the member and the
// reason, the index is the upstream, and the status is that of an error in this member.
//
// Returns DOORS_STATUS_OK, _NO_MATCH (past the last warning) or _NULL_POINTER.
int32_t doors_router_warning(const struct doors_router *router, uint32_t n, struct doors_error *out);

// Frees a router and wipes its keys. NULL is allowed.
void doors_router_free(struct doors_router *router);

// Checks one value by the rules of doors_router_new(), for programs that parse a configuration word by word.
// `field` is DOORS_FIELD_*. The message does not start with the name of the field.
//
// Returns DOORS_STATUS_OK, _SECRET (`err->index` is the key), _CIDR, _CONFIG, _TOO_LARGE, _RANGE (unknown
// field) or _NULL_POINTER.
int32_t doors_check(uint32_t field, const char *value, size_t len, struct doors_error *err);

// Sets all members of `*out` to their defaults.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_limits_init(struct doors_limits *out);

// Sets all members of `*out` to their defaults.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_options_init(struct doors_options *out);

// Creates an empty state. `limits` may be NULL for the values of doors_limits_init(). Sets `*out` to the
// state.
//
// Returns DOORS_STATUS_OK, _RANGE (a limit of 0) or _NULL_POINTER.
int32_t doors_state_new(const struct doors_limits *limits, struct doors_state **out);

// Changes the maximum number of remembered pods. Excess pods are forgotten a few at a time, so that other
// calls wait only briefly. Pods without a fault are forgotten first, those without requests in flight before
// others, and the least recently used first; then pods with a fault.
//
// Returns DOORS_STATUS_OK, _RANGE (`max_pods` is 0) or _NULL_POINTER.
int32_t doors_state_limit(struct doors_state *state, uint32_t max_pods);

// Lists known pods, ordered by address (IPv4 first) and port. Starts after the pod `after`, or with the
// first pod if `after` is NULL. Writes at most `cap` pods to `list`, and sets `*count` to the number
// written. A count below `cap` means that no more follow. Sets `*known` to the total number of known pods.
// Each entry is consistent; the list as a whole is not a snapshot. The duration of the call grows with the
// number of known pods, but it delays other calls only briefly.
//
// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
int32_t doors_state_pods(const struct doors_state *state,
                         const struct doors_pod *after,
                         struct doors_known_pod *list,
                         size_t cap,
                         size_t *count,
                         size_t *known);

// Sets `*verdict` to the DOORS_VERDICT_* of a pod. Does not count as a use of the pod.
//
// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
int32_t doors_state_verdict(const struct doors_state *state, const struct doors_pod *pod, uint32_t *verdict);

// Checks whether the pods at an address, on all ports together, had no request for `idle` nanoseconds, so
// that they can be stopped. `started` is when the caller began to report requests. An unknown address counts
// as idle. A forgotten pod is never reported as idle too early. But once pods have been forgotten, an
// unknown address may be mistaken for that of a forgotten pod: one in fifty with 20,000 forgotten pods in
// use.
//
// Sets `*out` to DOORS_IDLE_YES if no request is in flight and none was for `idle`; to _JUST_STARTED if none
// is in flight but `now - started` is less than `idle`; otherwise to _BUSY. An idle pod can still have
// pages: a browser disconnects a hidden page and may come back to it. Only the app knows its pages.
//
// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
int32_t doors_state_idle(const struct doors_state *state,
                         const struct doors_addr *addr,
                         int64_t idle,
                         int64_t started,
                         int64_t now,
                         struct doors_idle *out);

// Frees a state. NULL is allowed.
void doors_state_free(struct doors_state *state);

// Evicts pods, including pods that appear later, until doors_state_undo(). They get no new pages while there
// are other pods. Their pages get 410 in answer to their next receiver stream, never faster than the rate,
// and only while a known pod would take the page. Open streams are not ended, and other requests of a page
// are not affected. With DOORS_EVICT_IDLE_FIRST, the least recently used pages go first, starting one
// `roll_time` after the call. If an eviction with the same target exists, its rate and flags are changed.
// There can be 256 evictions. The duration of the call grows with the number of known pods, but it delays
// other calls only briefly.
//
// Returns DOORS_STATUS_OK, _ADDRESS (neither a network nor an upstream), _CIDR (host bits are set, or the
// prefix is too long), _RANGE, _TOO_MANY (there are 256 others) or _NULL_POINTER.
int32_t doors_state_evict(struct doors_state *state, const struct doors_eviction *eviction, int64_t now);

// Cancels the eviction with this target; rate and flags are ignored. Its pods get new pages again, and their
// pages are no longer told to reload. The call takes as long as doors_state_evict().
//
// Returns DOORS_STATUS_OK, _ADDRESS, _CIDR, _RANGE (all as for doors_state_evict()), _NO_MATCH (no eviction
// has this target) or _NULL_POINTER.
int32_t doors_state_undo(struct doors_state *state, const struct doors_eviction *eviction, int64_t now);

// Lists all evictions, oldest first. Writes at most `cap` of them to `list` (may be NULL if `cap` is 0), and
// sets `*count` to their total number, at most 256.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_state_evictions(const struct doors_state *state, struct doors_eviction *list, size_t cap, size_t *count);

// Lists the events of pods after the one with the number `after` (0 for all), oldest first. Only the last
// 256 events are kept. Writes at most `cap` of them to `list` (may be NULL if `cap` is 0), and sets `*count`
// to their total number.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_state_events(const struct doors_state *state,
                           uint64_t after,
                           struct doors_event *list,
                           size_t cap,
                           size_t *count);

// Lists the hosts to look up now. Writes at most `cap` lookups (at least 1) to `list`, and sets `*count` to
// their number. Start each of them and always report its end: without a report, it counts as
// DOORS_LOOKUP_TIMEOUT after 60 s. Sets `*next` to the time of the next call: `now` if more than `cap`
// lookups are due, or DOORS_NEVER if nothing is planned. Call at once after a report with
// DOORS_REPORT_LOOKUPS_DUE. Extra calls do nothing. Call this function from a single loop that waits for
// `*next`.
//
// Returns DOORS_STATUS_OK, _RANGE (including a `cap` of 0) or _NULL_POINTER.
int32_t doors_state_due(struct doors_state *state,
                        int64_t now,
                        uint64_t random,
                        struct doors_lookup *list,
                        size_t cap,
                        size_t *count,
                        int64_t *next);

// Reports the addresses found by a lookup, in any order. Addresses that no pod can have are ignored.
// `missing` combines DOORS_MISSING_IPV4 and DOORS_MISSING_IPV6: the IP versions with a missing or partial
// answer. `failure` is the reason (DOORS_LOOKUP_*), or 0 if the answer is only late. If no address remains
// and something is missing, the lookup counts as failed. Ignores a lookup that was not started. Sets `*out`
// to the changes.
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

// Reports addresses that arrived after the end of their lookup was reported. If one of them is new, the next
// lookup is due at once. Sets `*out` to what to do.
//
// Returns DOORS_STATUS_OK, _ADDRESS, _TOO_LARGE or _NULL_POINTER.
int32_t doors_state_resolved_late(struct doors_state *state,
                                  uint64_t host,
                                  const struct doors_addr *list,
                                  size_t count,
                                  int64_t now,
                                  struct doors_host_report *out);

// Reports a lookup that found no addresses. `failure` is DOORS_LOOKUP_*. Sets `*out` to the changes.
//
// Returns DOORS_STATUS_OK, _RANGE or _NULL_POINTER.
int32_t doors_state_lookup_failed(struct doors_state *state,
                                  uint64_t host,
                                  uint32_t failure,
                                  int64_t now,
                                  uint64_t random,
                                  struct doors_host_report *out);

// Gets what is known about a host, in `*out`. Several hosts of one upstream count as one host: its name
// lists all their names, truncated to fit, and the other members combine all addresses, the oldest answer
// and the longest failure. Writes at most `cap` of its addresses to `list` (may be NULL if `cap` is 0), and
// sets `*count` to their total number.
//
// Returns DOORS_STATUS_OK, _NO_MATCH (no such host, or it was forgotten) or _NULL_POINTER.
int32_t doors_state_host(const struct doors_state *state,
                         uint64_t host,
                         int64_t now,
                         struct doors_host_state *out,
                         struct doors_addr *list,
                         size_t cap,
                         size_t *count);

// Starts using a configuration. `json` is as for doors_router_new(). `options` may be NULL for the values of
// doors_options_init(). Looks up no host until a request needs it. Sets `*out` to the source. Call
// doors_state_due() afterwards.
//
// Returns DOORS_STATUS_OK, _SECRET, _CIDR, _CONFIG, _TOO_LARGE, _RANGE (an option) or _NULL_POINTER; see
// doors_router_new().
int32_t doors_source_new(struct doors_state *state,
                         const char *json,
                         size_t len,
                         const struct doors_options *options,
                         struct doors_source **out,
                         struct doors_error *err);

// The router of a source, for all doors_router functions except doors_router_free(). The source owns it: it
// is valid until doors_source_free(). Returns NULL for NULL.
const struct doors_router *doors_source_router(const struct doors_source *source);

// Reports the outcome of a dial. Call it as soon as the outcome is known, from any thread. Report background
// dials (DOORS_REPORT_BACKGROUND) too, and dials of requests that have ended. Updates the pod, not a
// request. `upstream` and `pod` are those of the step or the report. `outcome` is DOORS_OUTCOME_CONNECTED,
// _REFUSED, _UNREACHABLE, _OWN_FAULT or _CANCELLED; the others are not dial outcomes and change nothing.
// Sets `*out` to what was learned.
//
// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
int32_t doors_source_dialled(struct doors_source *source,
                             uint32_t upstream,
                             const struct doors_pod *pod,
                             uint32_t outcome,
                             int64_t now,
                             uint64_t random,
                             struct doors_report *out);

// Starts the lookups of one upstream's host or keeps them going, as a request does. Use it to show the
// upstream's pods. Sets `*out` to what was learned. Ignores an index outside the configuration.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_source_use(struct doors_source *source, uint32_t upstream, int64_t now, struct doors_report *out);

// Gets the IDs of one upstream, by its index in the configuration. Sets `*host` to the ID of its host as in
// doors_lookup, or to one ID for all its hosts together, and `*number` to the ID of the upstream as in
// doors_known_pod. Upstreams with the same host, port and resolver share both, even across sources.
//
// Returns DOORS_STATUS_OK, _NO_MATCH (no such upstream) or _NULL_POINTER.
int32_t doors_source_upstream(const struct doors_source *source, uint32_t upstream, uint64_t *host, uint64_t *number);

// Lists the fresh pods of an upstream, first those inside its networks. Writes at most `cap` of them to
// `list` (may be NULL if `cap` is 0), and sets `*inside` to the number of pods inside and `*count` to the
// total number.
//
// Returns DOORS_STATUS_OK, _NO_MATCH (no such upstream) or _NULL_POINTER.
int32_t doors_source_fresh(const struct doors_source *source,
                           uint32_t upstream,
                           struct doors_pod *list,
                           size_t cap,
                           size_t *inside,
                           size_t *count);

// Frees a source. NULL is allowed.
void doors_source_free(struct doors_source *source);

// Begins a request. `method` is DOORS_METHOD_*. `has_body` is 1 if the request may have a body, and 0 only
// if the length is known to be 0. `path` and `cookies` are as for doors_router_decide(). Overwrites
// `*request` and sets `*step` to what to do. Usually allocates nothing.
//
// For each request, follow the step. Report each dial to doors_source_dialled(). Report each attempt that
// ends without a response to doors_request_next(), which returns the next step; doors_request_failed()
// combines both. Call doors_request_answered() when the pod begins to respond, and always
// doors_request_ended() when the request is over. A call with a request that has ended or was not begun by
// this source gives DOORS_STEP_DONE and changes nothing.
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

// Ends the current attempt, which got no response. Its dial must have been reported to
// doors_source_dialled(). `outcome` is DOORS_OUTCOME_REFUSED, _UNREACHABLE or _OWN_FAULT if no connection
// was made. It is _DROPPED if the connection ended before the first byte of a response; this call also
// records that for the pod. Any other outcome, such as _CANCELLED, means that the client is gone or that the
// response has begun. Sets `*step` to what to do next.
//
// Returns DOORS_STATUS_OK, _RANGE or _NULL_POINTER.
int32_t doors_request_next(struct doors_source *source,
                           struct doors_request *request,
                           uint32_t outcome,
                           int64_t now,
                           uint64_t random,
                           struct doors_step *step);

// Combines doors_source_dialled() and doors_request_next(), for callers whose dials each serve a single
// request.
//
// Returns DOORS_STATUS_OK, _RANGE or _NULL_POINTER.
int32_t doors_request_failed(struct doors_source *source,
                             struct doors_request *request,
                             uint32_t outcome,
                             int64_t now,
                             uint64_t random,
                             struct doors_step *step);

// Resumes a waiting request. Call it at the time `until` of its step, or when a report has
// DOORS_REPORT_WAKE. Extra calls repeat the last step. With DOORS_OPTION_USER_RETRIES, a request that was
// answered is tried again if it may be.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_request_resume(struct doors_source *source,
                             struct doors_request *request,
                             int64_t now,
                             uint64_t random,
                             struct doors_step *step);

// Lists the pods that may serve the request, after DOORS_STEP_CHOOSE. Writes at most `cap` pods of the best
// tier to `list` (may be NULL if `cap` is 0), ordered by upstream and address, and sets `*count` to their
// total number. If it is 0, call doors_request_chose_none(). Sets `*report` to what was learned.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_request_choices(struct doors_source *source,
                              struct doors_request *request,
                              int64_t now,
                              struct doors_place *list,
                              size_t cap,
                              size_t *count,
                              struct doors_report *report);

// Reports the pod chosen by the user's policy. Sets `*step` to dial it.
//
// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
int32_t doors_request_chose(struct doors_source *source,
                            struct doors_request *request,
                            uint32_t upstream,
                            const struct doors_pod *pod,
                            int64_t now,
                            struct doors_step *step);

// Reports that the user's policy chose no pod. The next step, in `*step`, offers the next tier, or is the
// same as if no pod had been reachable.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_request_chose_none(struct doors_source *source,
                                 struct doors_request *request,
                                 int64_t now,
                                 uint64_t random,
                                 struct doors_step *step);

// Ends the retries of a source with DOORS_OPTION_USER_RETRIES. `outcome` is the outcome of the last attempt,
// or 0 if doors_request_next() has already reported it. Sets `*step` to DOORS_STEP_ANSWER, _WAIT or _DONE.
//
// Returns DOORS_STATUS_OK, _RANGE or _NULL_POINTER.
int32_t doors_request_give_up(struct doors_source *source,
                              struct doors_request *request,
                              uint32_t outcome,
                              int64_t now,
                              uint64_t random,
                              struct doors_step *step);

// Reports that the pod has begun to respond. `marks` combines DOORS_MARK_* or is 0: what the response says
// about the pod. Usually takes no lock. If `*step` becomes DOORS_STEP_DONE, forward the response. Any other
// step occurs only with DOORS_MARK_REFUSED: discard the whole response and follow the step.
//
// Returns DOORS_STATUS_OK, _RANGE or _NULL_POINTER.
int32_t doors_request_answered(struct doors_source *source,
                               struct doors_request *request,
                               uint32_t marks,
                               int64_t now,
                               uint64_t random,
                               struct doors_step *step);

// Ends a request. Call it once after each doors_request_begin(), whatever the result: until then the request
// counts as in flight at its pod, or as waiting. A second call does nothing.
//
// Returns DOORS_STATUS_OK or _NULL_POINTER.
int32_t doors_request_ended(struct doors_source *source, struct doors_request *request, int64_t now);

// Gets the meaning of a request's token or cookie. Sets `*out` to the decision of doors_router_decide().
//
// Returns DOORS_STATUS_OK, _NO_MATCH (this source did not begin it, or it has ended) or _NULL_POINTER.
int32_t doors_request_decision(const struct doors_source *source,
                               const struct doors_request *request,
                               struct doors_decision *out);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* DOORS_CADDY_H */
