//! The constants of the C API. They are never changed or reused, because C programs compile them in.

/// The version of this interface. Incremented when something that programs may rely on changes, but not for
/// additions. Compare it with doors_abi(), which returns the version of the linked library.
pub const DOORS_ABI: u32 = 1;

/// The length of a token for an IPv4 address.
pub const DOORS_TOKEN_IPV4: u32 = 43;
/// The length of a token for an IPv6 address.
pub const DOORS_TOKEN_IPV6: u32 = 59;
/// A buffer size that is enough for every token and its NUL.
pub const DOORS_TOKEN_SIZE: u32 = 60;

/// The buffer size for the ID of a key, which has 8 characters, and its NUL.
pub const DOORS_KEY_ID_SIZE: u32 = 9;

/// A buffer size that is enough for every host and its NUL.
pub const DOORS_HOST_SIZE: u32 = 256;

/// No time: the time is unknown, or nothing is planned.
pub const DOORS_NEVER: i64 = i64::MAX;

/// No index: unknown or not applicable.
pub const DOORS_NONE: u32 = u32::MAX;

/// Success.
pub const DOORS_STATUS_OK: i32 = 0;
/// A required pointer was NULL.
pub const DOORS_STATUS_NULL_POINTER: i32 = 1;
/// The library panicked. This is a bug in the library. Handles can still be used and freed.
pub const DOORS_STATUS_PANIC: i32 = 2;
/// The output buffer is too small.
pub const DOORS_STATUS_BUFFER: i32 = 3;
/// An address must be 4 or 16 bytes long.
pub const DOORS_STATUS_ADDRESS: i32 = 4;
/// Nothing matches, or the index is out of bounds.
pub const DOORS_STATUS_NO_MATCH: i32 = 5;
/// The operating system supplied no random bytes.
pub const DOORS_STATUS_RANDOM: i32 = 6;
/// A number is out of range: a limit of 0, a negative duration, an unknown enum value, or a non-zero
/// `reserved` member.
pub const DOORS_STATUS_RANGE: i32 = 7;
/// The maximum number has been reached.
pub const DOORS_STATUS_TOO_MANY: i32 = 8;
/// The secret is invalid.
pub const DOORS_STATUS_SECRET: i32 = 10;
/// A CIDR is invalid.
pub const DOORS_STATUS_CIDR: i32 = 11;
/// Another part of the configuration is invalid.
pub const DOORS_STATUS_CONFIG: i32 = 12;
/// The input is larger than 64 MiB, or its length is impossible for an object in memory.
pub const DOORS_STATUS_TOO_LARGE: i32 = 13;
/// The token contains a character outside base64url (RFC 4648, section 5), padding, white space or non-zero
/// trailing bits.
pub const DOORS_STATUS_TOKEN_FORMAT: i32 = 20;
/// The token has an impossible length, or no key decrypts it.
pub const DOORS_STATUS_TOKEN_REFUSED: i32 = 21;

/// To one particular pod: `addr` and `port`. Only DOORS_PATH_RESOURCE of a dead pod may go elsewhere.
pub const DOORS_DECISION_POD: u32 = 1;
/// Nowhere. Answer 410 with `Cache-Control: no-store`, so that the page reloads.
pub const DOORS_DECISION_GONE: u32 = 2;
/// To a fresh pod of `upstream`: one to which its host resolves now. Prefer `addr` if it is among them.
pub const DOORS_DECISION_UPSTREAM: u32 = 3;
/// To a fresh pod of any upstream.
pub const DOORS_DECISION_ANY: u32 = 4;

/// POD: there is no further reason.
pub const DOORS_REASON_NONE: u32 = 0;
/// GONE: the token is not canonical base64url.
pub const DOORS_REASON_MALFORMED: u32 = 1;
/// GONE: the token has an impossible length, or no key decrypts it.
pub const DOORS_REASON_REFUSED: u32 = 2;
/// GONE: no CIDR contains the token's address.
pub const DOORS_REASON_NO_CIDR: u32 = 4;
/// UPSTREAM: the configuration has only one, and the request has no usable cookie.
pub const DOORS_REASON_ONLY_UPSTREAM: u32 = 16;
/// UPSTREAM: the address in the cookie belongs to this upstream.
pub const DOORS_REASON_COOKIE: u32 = 17;
/// ANY: the request has no cookie with the configured name.
pub const DOORS_REASON_NO_COOKIE: u32 = 18;
/// ANY: the request has cookies with the configured name, but none is usable. They cannot be decrypted, or no
/// CIDR contains their addresses.
pub const DOORS_REASON_COOKIE_UNUSABLE: u32 = 19;

/// A path without a token: a page or one of the app's own files.
pub const DOORS_PATH_PAGE: u32 = 0;
/// `/~/{token}/s/...`: a stream or a report.
pub const DOORS_PATH_SYNC: u32 = 1;
/// `/~/{token}/h/...`: a hook.
pub const DOORS_PATH_HOOK: u32 = 2;
/// `/~/{token}/u/...`: back and forward navigation.
pub const DOORS_PATH_HISTORY: u32 = 3;
/// `/~/{token}/r/...`: a script or a style sheet. Every pod has the same.
pub const DOORS_PATH_RESOURCE: u32 = 4;
/// Any other path with a token.
pub const DOORS_PATH_OTHER: u32 = 5;

/// One to eight AES keys in standard base64 with padding, separated by ASCII white space.
pub const DOORS_FIELD_SECRET: u32 = 1;
/// The name of a cookie (RFC 6265).
pub const DOORS_FIELD_COOKIE_NAME: u32 = 2;
/// One CIDR such as 10.0.0.0/24 or 2001:db8::/64.
pub const DOORS_FIELD_CIDR: u32 = 3;
/// A DNS name, or an IP address that can be dialled and is not link-local, without port, scheme and brackets.
pub const DOORS_FIELD_HOST: u32 = 4;
/// A port in decimal, 1 to 65535.
pub const DOORS_FIELD_PORT: u32 = 5;

/// The dial succeeded.
pub const DOORS_OUTCOME_CONNECTED: u32 = 1;
/// The pod's address refused the connection (ECONNREFUSED): nothing listens on the port.
pub const DOORS_OUTCOME_REFUSED: u32 = 2;
/// There was no route, the host or network was unreachable, or nothing answered in time (EHOSTUNREACH,
/// ENETUNREACH, ETIMEDOUT ...).
pub const DOORS_OUTCOME_UNREACHABLE: u32 = 3;
/// The dial failed because of a problem on this machine (EMFILE, EADDRNOTAVAIL, EACCES ...). Never a fault of
/// the pod.
pub const DOORS_OUTCOME_OWN_FAULT: u32 = 4;
/// The client gave up. Ignored.
pub const DOORS_OUTCOME_CANCELLED: u32 = 5;
/// The pod responded to a request, perhaps over a reused connection.
pub const DOORS_OUTCOME_ANSWERED: u32 = 6;
/// The connection ended before the first byte of a response. The request may have been sent.
pub const DOORS_OUTCOME_DROPPED: u32 = 7;

/// No fault.
pub const DOORS_VERDICT_NONE: u32 = 0;
/// The last dials of the pod failed. It may be back soon.
pub const DOORS_VERDICT_UNREACHABLE: u32 = 1;
/// The pod is dead, and its pages are lost.
pub const DOORS_VERDICT_GONE: u32 = 2;

/// The pods had no request for the given time.
pub const DOORS_IDLE_YES: u32 = 1;
/// Requests are in flight, or the last one was too recent.
pub const DOORS_IDLE_BUSY: u32 = 2;
/// No request is in flight, but the caller has not been reporting for the given time.
pub const DOORS_IDLE_JUST_STARTED: u32 = 3;

/// Dial the pod, or use an open connection to it: `upstream`, `pod`, `probe`.
pub const DOORS_STEP_DIAL: u32 = 1;
/// Hold the request, and call doors_request_resume() at `until` or when a report has DOORS_REPORT_WAKE.
pub const DOORS_STEP_WAIT: u32 = 2;
/// Answer the request with `Cache-Control: no-store`: `status`, `retry_after`, `cause`, `page`.
pub const DOORS_STEP_ANSWER: u32 = 3;
/// The request needs no further step. Forward the response, or answer 502 after a failed dial. If the client
/// is gone, do nothing.
pub const DOORS_STEP_DONE: u32 = 4;
/// Choose one of doors_request_choices() and report it to doors_request_chose(), or call
/// doors_request_chose_none(). Only with DOORS_OPTION_USER_CHOOSES.
pub const DOORS_STEP_CHOOSE: u32 = 5;

/// The token is not canonical base64url.
pub const DOORS_CAUSE_TOKEN_MALFORMED: u32 = 1;
/// No key decrypts the token.
pub const DOORS_CAUSE_TOKEN_REFUSED: u32 = 2;
/// No CIDR contains the token's address.
pub const DOORS_CAUSE_NO_CIDR: u32 = 3;
/// The pod is gone.
pub const DOORS_CAUSE_POD_GONE: u32 = 4;
/// The pod could not be reached, perhaps only briefly.
pub const DOORS_CAUSE_POD_UNREACHABLE: u32 = 5;
/// The connection to the pod ended before the first byte of a response.
pub const DOORS_CAUSE_POD_DROPPED: u32 = 6;
/// No pod could be reached, or no known pod would take the page after a reload.
pub const DOORS_CAUSE_NO_POD: u32 = 7;
/// No fresh pod is known.
pub const DOORS_CAUSE_NO_FRESH_POD: u32 = 8;
/// The dial failed because of a problem on this machine.
pub const DOORS_CAUSE_OWN_FAULT: u32 = 9;
/// The page's pod works but is evicted.
pub const DOORS_CAUSE_EVICTED: u32 = 10;
/// The page's pod works but has drained for longer than `drain_max`.
pub const DOORS_CAUSE_DRAIN_MAX: u32 = 11;

/// Report flag: resume all waiting requests of all sources.
pub const DOORS_REPORT_WAKE: u32 = 1;
/// Report flag: call doors_state_due() now.
pub const DOORS_REPORT_LOOKUPS_DUE: u32 = 2;
/// Report flag: dial `background_pod` in the background, close the connection at once, and report the outcome
/// to doors_source_dialled().
pub const DOORS_REPORT_BACKGROUND: u32 = 4;
/// Report flag: the verdict on `changed_pod` changed; log it.
pub const DOORS_REPORT_CHANGED: u32 = 8;
/// Report flag: `dropped_host` dropped `dropped_addr`, which refused a connection and is no longer in DNS;
/// log it.
pub const DOORS_REPORT_DROPPED: u32 = 16;
/// Report flag: the host of `outside_upstream` resolves to `outside_addr`, which is outside the upstream's
/// networks; log a warning. Set at most once a minute.
pub const DOORS_REPORT_OUTSIDE: u32 = 32;
/// Report flag: a token was refused; log it, but never the token.
pub const DOORS_REPORT_REFUSED_TOKEN: u32 = 64;
/// Report flag: many tokens arrived and none could be decrypted; log it. Set at most once a minute.
pub const DOORS_REPORT_NOTHING_OPENS: u32 = 128;
/// Report flag: `draining_pod` began or stopped signalling that it is draining; log it.
pub const DOORS_REPORT_DRAINING: u32 = 256;

/// Response mark: the response has `Doors-Draining: ?1`. The pod is draining from now on, regardless of DNS.
pub const DOORS_MARK_DRAINING: u32 = 1;
/// Response mark: the response is a 503 with `Doors-Draining: ?1`, and no part of it was sent to the client.
/// A page load can then go to another pod. Implies DOORS_MARK_DRAINING.
pub const DOORS_MARK_REFUSED: u32 = 2;

/// GET.
pub const DOORS_METHOD_GET: u32 = 1;
/// HEAD.
pub const DOORS_METHOD_HEAD: u32 = 2;
/// Any other method.
pub const DOORS_METHOD_OTHER: u32 = 3;

/// Option: the user has configured a load-balancing policy. Steps return DOORS_STEP_CHOOSE when several pods
/// can serve a request.
pub const DOORS_OPTION_USER_CHOOSES: u32 = 1;
/// Option: the user has configured retries. A request that failed on every pod starts over until
/// doors_request_give_up().
pub const DOORS_OPTION_USER_RETRIES: u32 = 2;

/// Eviction flag: the least recently used pages are told to reload first.
pub const DOORS_EVICT_IDLE_FIRST: u32 = 1;

/// DNS lists the pod and did not before. Not reported for a host's first answer.
pub const DOORS_EVENT_APPEARED: u32 = 1;
/// The pod signals that it is draining.
pub const DOORS_EVENT_MARKED: u32 = 2;
/// DNS no longer lists the pod.
pub const DOORS_EVENT_LEFT: u32 = 3;
/// An operator has evicted pods.
pub const DOORS_EVENT_EVICTED: u32 = 4;
/// An operator has cancelled an eviction.
pub const DOORS_EVENT_UNDONE: u32 = 5;
/// The last receiver stream of a draining pod has ended. If that happens again, the new event replaces the
/// old one.
pub const DOORS_EVENT_LAST_PAGE: u32 = 6;
/// The process of a draining pod has ended.
pub const DOORS_EVENT_ENDED: u32 = 7;
/// The pod is gone and was not draining.
pub const DOORS_EVENT_FAILED: u32 = 8;
/// The pod works again after being unreachable or gone.
pub const DOORS_EVENT_ALIVE: u32 = 9;

/// Lookup flag: IPv4 addresses may be missing.
pub const DOORS_MISSING_IPV4: u32 = 1;
/// Lookup flag: IPv6 addresses may be missing.
pub const DOORS_MISSING_IPV6: u32 = 2;

/// The name does not exist, or has no address that a pod can have. All name servers that know the name agree.
pub const DOORS_LOOKUP_NOT_FOUND: u32 = 1;
/// No name server answered in time.
pub const DOORS_LOOKUP_TIMEOUT: u32 = 2;
/// A name server answered with an error, such as SERVFAIL or REFUSED.
pub const DOORS_LOOKUP_SERVER_FAILURE: u32 = 3;
/// Any other failure, such as an unreachable name server.
pub const DOORS_LOOKUP_FAILED: u32 = 4;

/// Nothing has changed.
pub const DOORS_HOST_UNCHANGED: u32 = 0;
/// The first answer with addresses.
pub const DOORS_HOST_RESOLVED: u32 = 1;
/// The addresses have changed.
pub const DOORS_HOST_CHANGED: u32 = 2;
/// The first failed lookup, and the first one with each other DOORS_LOOKUP_* until the host recovers.
pub const DOORS_HOST_FAILING: u32 = 3;
/// The first answer with addresses after reported failures.
pub const DOORS_HOST_RECOVERED: u32 = 4;
/// An address was dropped because it refused a connection and is no longer in DNS.
pub const DOORS_HOST_DROPPED: u32 = 5;
/// From now on answers count as partial: several addresses were missing and came back. A missing address is
/// kept for up to 30 s.
pub const DOORS_HOST_PARTIAL: u32 = 6;
/// Answers count as complete again.
pub const DOORS_HOST_WHOLE: u32 = 7;
