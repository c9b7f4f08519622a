//! The numbers of the C API. They are never changed or reused: C programs compile them in.

/// Number of this interface. It grows when something that a program may rely on changes; additions alone do not.
/// Compare it with doors_abi(), which tells what the linked library speaks.
pub const DOORS_ABI: u32 = 1;

/// Characters in a token for an IPv4 address.
pub const DOORS_TOKEN_IPV4: u32 = 43;
/// Characters in a token for an IPv6 address.
pub const DOORS_TOKEN_IPV6: u32 = 59;
/// Room that is enough for every token and its NUL.
pub const DOORS_TOKEN_SIZE: u32 = 60;

/// Room for the id of a key and its NUL: always 8 characters.
pub const DOORS_KEY_ID_SIZE: u32 = 9;

/// Room that is enough for every host and its NUL.
pub const DOORS_HOST_SIZE: u32 = 256;

/// No time: not known, or not before something else happens.
pub const DOORS_NEVER: i64 = i64::MAX;

/// No index: not known, or not applicable.
pub const DOORS_NONE: u32 = u32::MAX;

/// Success.
pub const DOORS_STATUS_OK: i32 = 0;
/// A required pointer was NULL.
pub const DOORS_STATUS_NULL_POINTER: i32 = 1;
/// The library panicked inside: a bug in it. Handles can still be used and freed.
pub const DOORS_STATUS_PANIC: i32 = 2;
/// The output buffer is too small.
pub const DOORS_STATUS_BUFFER: i32 = 3;
/// An address must be 4 or 16 bytes long.
pub const DOORS_STATUS_ADDRESS: i32 = 4;
/// Nothing matches, or the index is past the last one.
pub const DOORS_STATUS_NO_MATCH: i32 = 5;
/// The operating system gave no random bytes.
pub const DOORS_STATUS_RANDOM: i32 = 6;
/// A number is outside its range: a bound of 0, a negative duration, a number that its enum does not have, a member
/// `reserved` that is not 0.
pub const DOORS_STATUS_RANGE: i32 = 7;
/// There are as many as there may be.
pub const DOORS_STATUS_TOO_MANY: i32 = 8;
/// The secret breaks a rule.
pub const DOORS_STATUS_SECRET: i32 = 10;
/// A CIDR breaks a rule.
pub const DOORS_STATUS_CIDR: i32 = 11;
/// Another part of the configuration breaks a rule.
pub const DOORS_STATUS_CONFIG: i32 = 12;
/// What is built has more than 64 MiB, or an input has a length that no object can have.
pub const DOORS_STATUS_TOO_LARGE: i32 = 13;
/// The token holds a character outside base64url (RFC 4648, section 5), padding, white space or non-zero trailing bits.
pub const DOORS_STATUS_TOKEN_FORMAT: i32 = 20;
/// The token has a length that no token has, or no key opens it.
pub const DOORS_STATUS_TOKEN_REFUSED: i32 = 21;

/// To one pod only: `addr` and `port`. Never anywhere else, except path DOORS_PATH_RESOURCE of a dead pod.
pub const DOORS_DECISION_POD: u32 = 1;
/// Nowhere. Answer 410 with `Cache-Control: no-store`: the page that sent it reloads.
pub const DOORS_DECISION_GONE: u32 = 2;
/// To a fresh pod (one that the host of `upstream` resolves to now); `addr` first if it is among them.
pub const DOORS_DECISION_UPSTREAM: u32 = 3;
/// To a fresh pod of any upstream.
pub const DOORS_DECISION_ANY: u32 = 4;

/// POD: nothing to explain.
pub const DOORS_REASON_NONE: u32 = 0;
/// GONE: the token is no canonical base64url.
pub const DOORS_REASON_MALFORMED: u32 = 1;
/// GONE: the token has a length that no token has, or no key opens it.
pub const DOORS_REASON_REFUSED: u32 = 2;
/// GONE: the address in the token lies in no CIDR.
pub const DOORS_REASON_NO_CIDR: u32 = 4;
/// UPSTREAM: there is only this one, and no usable cookie.
pub const DOORS_REASON_ONLY_UPSTREAM: u32 = 16;
/// UPSTREAM: a cookie says so.
pub const DOORS_REASON_COOKIE: u32 = 17;
/// ANY: no cookie with the configured name.
pub const DOORS_REASON_NO_COOKIE: u32 = 18;
/// ANY: there are cookies with the configured name, but none opens and lies in a CIDR.
pub const DOORS_REASON_COOKIE_UNUSABLE: u32 = 19;

/// No token in the path: a page, or the app's own files.
pub const DOORS_PATH_PAGE: u32 = 0;
/// `/~/{token}/s/...`: a stream or a report.
pub const DOORS_PATH_SYNC: u32 = 1;
/// `/~/{token}/h/...`: a hook.
pub const DOORS_PATH_HOOK: u32 = 2;
/// `/~/{token}/u/...`: back and forward.
pub const DOORS_PATH_HISTORY: u32 = 3;
/// `/~/{token}/r/...`: a script or a style sheet, the same on every pod.
pub const DOORS_PATH_RESOURCE: u32 = 4;
/// Any other path with a token.
pub const DOORS_PATH_OTHER: u32 = 5;

/// One to eight AES keys in standard base64 with padding, separated by ASCII white space.
pub const DOORS_FIELD_SECRET: u32 = 1;
/// The name of a cookie (RFC 6265).
pub const DOORS_FIELD_COOKIE_NAME: u32 = 2;
/// One CIDR such as 10.0.0.0/24 or 2001:db8::/64.
pub const DOORS_FIELD_CIDR: u32 = 3;
/// A DNS name or a literal IP address that can be dialled and is not link-local, without port, scheme and brackets.
pub const DOORS_FIELD_HOST: u32 = 4;
/// A port in decimal, 1 to 65535.
pub const DOORS_FIELD_PORT: u32 = 5;

/// The dial succeeded.
pub const DOORS_OUTCOME_CONNECTED: u32 = 1;
/// The pod's own host refused the connection (ECONNREFUSED).
pub const DOORS_OUTCOME_REFUSED: u32 = 2;
/// No route, host or network unreachable, or no answer in time (EHOSTUNREACH, ENETUNREACH, ETIMEDOUT ...).
pub const DOORS_OUTCOME_UNREACHABLE: u32 = 3;
/// The dial failed for a reason on this machine (EMFILE, EADDRNOTAVAIL, EACCES ...); never held against the pod.
pub const DOORS_OUTCOME_OWN_FAULT: u32 = 4;
/// The client gave up; counts as nothing.
pub const DOORS_OUTCOME_CANCELLED: u32 = 5;
/// The pod answered a request, perhaps over a connection that was open already.
pub const DOORS_OUTCOME_ANSWERED: u32 = 6;
/// The connection was made, and ended before a byte of an answer; perhaps the request was sent.
pub const DOORS_OUTCOME_DROPPED: u32 = 7;

/// Nothing is held against the pod.
pub const DOORS_VERDICT_NONE: u32 = 0;
/// Its last dials failed; it may be a blip.
pub const DOORS_VERDICT_UNREACHABLE: u32 = 1;
/// It is dead, and its pages with it.
pub const DOORS_VERDICT_GONE: u32 = 2;

/// No request for as long as was asked.
pub const DOORS_IDLE_YES: u32 = 1;
/// Requests are in flight, or the last one is not long enough ago.
pub const DOORS_IDLE_BUSY: u32 = 2;
/// None is in flight, but the caller has not watched for as long as was asked.
pub const DOORS_IDLE_JUST_STARTED: u32 = 3;

/// Dial the pod, or use an open connection to it: `upstream`, `pod`, `probe`.
pub const DOORS_STEP_DIAL: u32 = 1;
/// Hold the request, and call doors_request_resume() at `until`, or when a report says DOORS_REPORT_WAKE.
pub const DOORS_STEP_WAIT: u32 = 2;
/// Answer the request with `Cache-Control: no-store`: `status`, `retry_after`, `cause`, `page`.
pub const DOORS_STEP_ANSWER: u32 = 3;
/// Nothing more: what became of the attempt is the answer (502, or nothing for a client that has gone).
pub const DOORS_STEP_DONE: u32 = 4;
/// Choose one of doors_request_choices() and tell it with doors_request_chose(), or call doors_request_chose_none(). Only with
/// DOORS_OPTION_USER_CHOOSES.
pub const DOORS_STEP_CHOOSE: u32 = 5;

/// The token is not canonical base64url.
pub const DOORS_CAUSE_TOKEN_MALFORMED: u32 = 1;
/// No key opens the token.
pub const DOORS_CAUSE_TOKEN_REFUSED: u32 = 2;
/// The token's address is in no CIDR.
pub const DOORS_CAUSE_NO_CIDR: u32 = 3;
/// The pod is gone.
pub const DOORS_CAUSE_POD_GONE: u32 = 4;
/// The pod could not be reached; it may be a blip.
pub const DOORS_CAUSE_POD_UNREACHABLE: u32 = 5;
/// The connection to the pod ended before a byte of an answer.
pub const DOORS_CAUSE_POD_DROPPED: u32 = 6;
/// No pod could be reached, or none is known onto which the page could reload.
pub const DOORS_CAUSE_NO_POD: u32 = 7;
/// No fresh pod is known.
pub const DOORS_CAUSE_NO_FRESH_POD: u32 = 8;
/// The dial failed for a reason on this machine.
pub const DOORS_CAUSE_OWN_FAULT: u32 = 9;
/// The page's pod works, and is evicted.
pub const DOORS_CAUSE_EVICTED: u32 = 10;
/// The page's pod works, and has drained for longer than `drain_max`.
pub const DOORS_CAUSE_DRAIN_MAX: u32 = 11;

/// Flag of a report: resume all requests that wait, of all sources.
pub const DOORS_REPORT_WAKE: u32 = 1;
/// Flag of a report: call doors_state_due() now.
pub const DOORS_REPORT_LOOKUPS_DUE: u32 = 2;
/// Flag of a report: dial `background_pod` in the background, close the connection at once, and report the dial with
/// doors_source_dialled().
pub const DOORS_REPORT_BACKGROUND: u32 = 4;
/// Flag of a report: what is held against `changed_pod` changed; the time to log it.
pub const DOORS_REPORT_CHANGED: u32 = 8;
/// Flag of a report: `dropped_host` gave up `dropped_addr`, which refused a connection, since DNS does not name it; the time
/// to log it.
pub const DOORS_REPORT_DROPPED: u32 = 16;
/// Flag of a report: the host of `outside_upstream` resolves to `outside_addr`, outside of the upstream's networks; the time
/// to warn, once a minute.
pub const DOORS_REPORT_OUTSIDE: u32 = 32;
/// Flag of a report: a token was refused; the time to log it, never with the token.
pub const DOORS_REPORT_REFUSED_TOKEN: u32 = 64;
/// Flag of a report: many tokens came and none has ever opened; the time to log it, once a minute.
pub const DOORS_REPORT_NOTHING_OPENS: u32 = 128;
/// Flag of a report: `draining_pod` says that it drains, or no longer says so; the time to log it.
pub const DOORS_REPORT_DRAINING: u32 = 256;

/// Mark of an answer: it carries `Doors-Draining: ?1`. The pod drains from now on, whatever DNS says.
pub const DOORS_MARK_DRAINING: u32 = 1;
/// Mark of an answer: it is a 503 with `Doors-Draining: ?1`, and nothing of it was sent to the client. If the request loads a page
/// it can be taken back. Says DOORS_MARK_DRAINING as well.
pub const DOORS_MARK_REFUSED: u32 = 2;

/// GET.
pub const DOORS_METHOD_GET: u32 = 1;
/// HEAD.
pub const DOORS_METHOD_HEAD: u32 = 2;
/// Any other.
pub const DOORS_METHOD_OTHER: u32 = 3;

/// Option: the user has a policy of his own. Steps say DOORS_STEP_CHOOSE for requests that several pods may take.
pub const DOORS_OPTION_USER_CHOOSES: u32 = 1;
/// Option: the user said how to retry. A request that has failed everywhere starts over instead of ending, until
/// doors_request_give_up().
pub const DOORS_OPTION_USER_RETRIES: u32 = 2;

/// Of an eviction: pages that were not used for longest are told to reload first.
pub const DOORS_EVICT_IDLE_FIRST: u32 = 1;

/// DNS names the pod, and did not before. Not told of the first answer for a host.
pub const DOORS_EVENT_APPEARED: u32 = 1;
/// It says that it drains.
pub const DOORS_EVENT_MARKED: u32 = 2;
/// DNS does not name it any more.
pub const DOORS_EVENT_LEFT: u32 = 3;
/// An operator has evicted pods.
pub const DOORS_EVENT_EVICTED: u32 = 4;
/// An operator has taken an eviction back.
pub const DOORS_EVENT_UNDONE: u32 = 5;
/// It drains, and its last receiver stream has ended. Told again, the event takes the place of the one before.
pub const DOORS_EVENT_LAST_PAGE: u32 = 6;
/// It has drained, and its process has ended.
pub const DOORS_EVENT_ENDED: u32 = 7;
/// It is gone, and did not drain.
pub const DOORS_EVENT_FAILED: u32 = 8;
/// It could not be reached, or was gone, and works again.
pub const DOORS_EVENT_ALIVE: u32 = 9;

/// Of a lookup: IPv4 addresses may be missing.
pub const DOORS_MISSING_IPV4: u32 = 1;
/// Of a lookup: IPv6 addresses may be missing.
pub const DOORS_MISSING_IPV6: u32 = 2;

/// The name does not exist, or has no address that a pod can have. All name servers that know the name agree.
pub const DOORS_LOOKUP_NOT_FOUND: u32 = 1;
/// No name server answered in time.
pub const DOORS_LOOKUP_TIMEOUT: u32 = 2;
/// A name server answered with an error, such as SERVFAIL or REFUSED.
pub const DOORS_LOOKUP_SERVER_FAILURE: u32 = 3;
/// Anything else, such as a name server that cannot be reached.
pub const DOORS_LOOKUP_FAILED: u32 = 4;

/// Nothing has changed.
pub const DOORS_HOST_UNCHANGED: u32 = 0;
/// The first answer with addresses.
pub const DOORS_HOST_RESOLVED: u32 = 1;
/// Other addresses than before.
pub const DOORS_HOST_CHANGED: u32 = 2;
/// The first failed lookup, and the first of each other DOORS_LOOKUP_* until the host recovers.
pub const DOORS_HOST_FAILING: u32 = 3;
/// The first answer with addresses after failures that were reported.
pub const DOORS_HOST_RECOVERED: u32 = 4;
/// An address that refused a connection was given up, since DNS has it no longer.
pub const DOORS_HOST_DROPPED: u32 = 5;
/// From now on answers are taken for parts of the truth: several addresses were missing and came back. One that is missing
/// stays in force for up to 30 s.
pub const DOORS_HOST_PARTIAL: u32 = 6;
/// Answers are whole again.
pub const DOORS_HOST_WHOLE: u32 = 7;
