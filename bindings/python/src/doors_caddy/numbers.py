"""The numbers of libdoors_caddy. Generated from include/doors_caddy.h by `make header`. Do not edit."""

from enum import IntEnum, IntFlag

from ._native.library import words as _words

ABI = 1
"""The version of this interface. Incremented when something that programs may rely on changes, but not for additions. Compare it with doors_abi(), which returns the version of the linked library."""

TOKEN_IPV4 = 43
"""The length of a token for an IPv4 address."""

TOKEN_IPV6 = 59
"""The length of a token for an IPv6 address."""

TOKEN_SIZE = 60
"""A buffer size that is enough for every token and its NUL."""

KEY_ID_SIZE = 9
"""The buffer size for the ID of a key, which has 8 characters, and its NUL."""

HOST_SIZE = 256
"""A buffer size that is enough for every host and its NUL."""


class Status(IntEnum):
    """Why a call failed."""

    OK = 0
    """Success."""

    NULL_POINTER = 1
    """A required pointer was NULL."""

    PANIC = 2
    """The library panicked. This is a bug in the library. Handles can still be used and freed."""

    BUFFER = 3
    """The output buffer is too small."""

    ADDRESS = 4
    """An address must be 4 or 16 bytes long."""

    NO_MATCH = 5
    """Nothing matches, or the index is out of bounds."""

    RANDOM = 6
    """The operating system supplied no random bytes."""

    RANGE = 7
    """A number is out of range: a limit of 0, a negative duration, an unknown enum value, or a non-zero `reserved` member."""

    TOO_MANY = 8
    """The maximum number has been reached."""

    SECRET = 10
    """The secret is invalid."""

    CIDR = 11
    """A CIDR is invalid."""

    CONFIG = 12
    """Another part of the configuration is invalid."""

    TOO_LARGE = 13
    """The input is larger than 64 MiB, or its length is impossible for an object in memory."""

    TOKEN_FORMAT = 20
    """The token contains a character outside base64url (RFC 4648, section 5), padding, white space or non-zero trailing bits."""

    TOKEN_REFUSED = 21
    """The token has an impossible length, or no key decrypts it."""

    @property
    def words(self) -> str:
        """A short English text for Status."""
        return _words("doors_status_str", self)


class DecisionKind(IntEnum):
    """Where a request goes, judging only by its token or cookie."""

    POD = 1
    """To one particular pod: `addr` and `port`. Only PathKind.RESOURCE of a dead pod may go elsewhere."""

    GONE = 2
    """Nowhere. Answer 410 with `Cache-Control: no-store`, so that the page reloads."""

    UPSTREAM = 3
    """To a fresh pod of `upstream`: one to which its host resolves now. Prefer `addr` if it is among them."""

    ANY = 4
    """To a fresh pod of any upstream."""

    @property
    def words(self) -> str:
        """An identifier for DecisionKind, usable as a metric label."""
        return _words("doors_decision_str", self)


class Reason(IntEnum):
    """The reason for a decision."""

    NONE = 0
    """POD: there is no further reason."""

    MALFORMED = 1
    """GONE: the token is not canonical base64url."""

    REFUSED = 2
    """GONE: the token has an impossible length, or no key decrypts it."""

    NO_CIDR = 4
    """GONE: no CIDR contains the token's address."""

    ONLY_UPSTREAM = 16
    """UPSTREAM: the configuration has only one, and the request has no usable cookie."""

    COOKIE = 17
    """UPSTREAM: the address in the cookie belongs to this upstream."""

    NO_COOKIE = 18
    """ANY: the request has no cookie with the configured name."""

    COOKIE_UNUSABLE = 19
    """ANY: the request has cookies with the configured name, but none is usable. They cannot be decrypted, or no CIDR contains their addresses."""

    @property
    def words(self) -> str:
        """An identifier for Reason, usable as a metric label."""
        return _words("doors_reason_str", self)


class PathKind(IntEnum):
    """The kind of a request, by its path."""

    PAGE = 0
    """A path without a token: a page or one of the app's own files."""

    SYNC = 1
    """`/~/{token}/s/...`: a stream or a report."""

    HOOK = 2
    """`/~/{token}/h/...`: a hook."""

    HISTORY = 3
    """`/~/{token}/u/...`: back and forward navigation."""

    RESOURCE = 4
    """`/~/{token}/r/...`: a script or a style sheet. Every pod has the same."""

    OTHER = 5
    """Any other path with a token."""

    @property
    def words(self) -> str:
        """An identifier for PathKind, usable as a metric label."""
        return _words("doors_path_str", self)


class Field(IntEnum):
    """A value of a configuration."""

    SECRET = 1
    """One to eight AES keys in standard base64 with padding, separated by ASCII white space."""

    COOKIE_NAME = 2
    """The name of a cookie (RFC 6265)."""

    CIDR = 3
    """One CIDR such as 10.0.0.0/24 or 2001:db8::/64."""

    HOST = 4
    """A DNS name, or an IP address that can be dialled and is not link-local, without port, scheme and brackets."""

    PORT = 5
    """A port in decimal, 1 to 65535."""


class Outcome(IntEnum):
    """The outcome of a dial or of an attempt."""

    CONNECTED = 1
    """The dial succeeded."""

    REFUSED = 2
    """The pod's address refused the connection (ECONNREFUSED): nothing listens on the port."""

    UNREACHABLE = 3
    """There was no route, the host or network was unreachable, or nothing answered in time (EHOSTUNREACH, ENETUNREACH, ETIMEDOUT ...)."""

    OWN_FAULT = 4
    """The dial failed because of a problem on this machine (EMFILE, EADDRNOTAVAIL, EACCES ...). Never a fault of the pod."""

    CANCELLED = 5
    """The client gave up. Ignored."""

    ANSWERED = 6
    """The pod responded to a request, perhaps over a reused connection."""

    DROPPED = 7
    """The connection ended before the first byte of a response. The request may have been sent."""

    @property
    def words(self) -> str:
        """An identifier for Outcome, usable as a metric label."""
        return _words("doors_outcome_str", self)


class Verdict(IntEnum):
    """The verdict on a pod."""

    NONE = 0
    """No fault."""

    UNREACHABLE = 1
    """The last dials of the pod failed. It may be back soon."""

    GONE = 2
    """The pod is dead, and its pages are lost."""

    @property
    def words(self) -> str:
        """An identifier for Verdict, usable as a metric label."""
        return _words("doors_verdict_str", self)


class IdleAnswer(IntEnum):
    """Whether the pods at an address can be stopped."""

    YES = 1
    """The pods had no request for the given time."""

    BUSY = 2
    """Requests are in flight, or the last one was too recent."""

    JUST_STARTED = 3
    """No request is in flight, but the caller has not been reporting for the given time."""

    @property
    def words(self) -> str:
        """An identifier for IdleAnswer, usable as a metric label."""
        return _words("doors_idle_str", self)


class StepKind(IntEnum):
    """What to do next for a request."""

    DIAL = 1
    """Dial the pod, or use an open connection to it: `upstream`, `pod`, `probe`."""

    WAIT = 2
    """Hold the request, and call Request.resume() at `until` or when a report has ReportFlag.WAKE."""

    ANSWER = 3
    """Answer the request with `Cache-Control: no-store`: `status`, `retry_after`, `cause`, `page`."""

    DONE = 4
    """The request needs no further step. Forward the response, or answer 502 after a failed dial. If the client is gone, do nothing."""

    CHOOSE = 5
    """Choose one of Request.choices() and report it to Request.chose(), or call Request.chose_none(). Only with OptionFlag.USER_CHOOSES."""

    @property
    def words(self) -> str:
        """An identifier for StepKind, usable as a metric label."""
        return _words("doors_step_str", self)


class Cause(IntEnum):
    """Why a request is answered without a pod."""

    TOKEN_MALFORMED = 1
    """The token is not canonical base64url."""

    TOKEN_REFUSED = 2
    """No key decrypts the token."""

    NO_CIDR = 3
    """No CIDR contains the token's address."""

    POD_GONE = 4
    """The pod is gone."""

    POD_UNREACHABLE = 5
    """The pod could not be reached, perhaps only briefly."""

    POD_DROPPED = 6
    """The connection to the pod ended before the first byte of a response."""

    NO_POD = 7
    """No pod could be reached, or no known pod would take the page after a reload."""

    NO_FRESH_POD = 8
    """No fresh pod is known."""

    OWN_FAULT = 9
    """The dial failed because of a problem on this machine."""

    EVICTED = 10
    """The page's pod works but is evicted."""

    DRAIN_MAX = 11
    """The page's pod works but has drained for longer than `drain_max`."""

    @property
    def words(self) -> str:
        """An identifier for Cause, usable as a metric label."""
        return _words("doors_cause_str", self)


class ReportFlag(IntFlag):
    """What to do after a call, and what was learned."""

    WAKE = 1
    """Report flag: resume all waiting requests of all sources."""

    LOOKUPS_DUE = 2
    """Report flag: call State.due() now."""

    BACKGROUND = 4
    """Report flag: dial `background_pod` in the background, close the connection at once, and report the outcome to Source.dialled()."""

    CHANGED = 8
    """Report flag: the verdict on `changed_pod` changed; log it."""

    DROPPED = 16
    """Report flag: `dropped_host` dropped `dropped_addr`, which refused a connection and is no longer in DNS; log it."""

    OUTSIDE = 32
    """Report flag: the host of `outside_upstream` resolves to `outside_addr`, which is outside the upstream's networks; log a warning. Set at most once a minute."""

    REFUSED_TOKEN = 64
    """Report flag: a token was refused; log it, but never the token."""

    NOTHING_OPENS = 128
    """Report flag: many tokens arrived and none could be decrypted; log it. Set at most once a minute."""

    DRAINING = 256
    """Report flag: `draining_pod` began or stopped signalling that it is draining; log it."""


class Mark(IntFlag):
    """What a response signals about its pod."""

    DRAINING = 1
    """Response mark: the response has `Doors-Draining: ?1`. The pod is draining from now on, regardless of DNS."""

    REFUSED = 2
    """Response mark: the response is a 503 with `Doors-Draining: ?1`, and no part of it was sent to the client. A page load can then go to another pod. Implies Mark.DRAINING."""


class Method(IntEnum):
    """The HTTP method of a request."""

    GET = 1
    """GET."""

    HEAD = 2
    """HEAD."""

    OTHER = 3
    """Any other method."""


class OptionFlag(IntFlag):
    """Options of a source."""

    USER_CHOOSES = 1
    """Option: the user has configured a load-balancing policy. Steps return StepKind.CHOOSE when several pods can serve a request."""

    USER_RETRIES = 2
    """Option: the user has configured retries. A request that failed on every pod starts over until Request.give_up()."""


class EvictFlag(IntFlag):
    """Options of an eviction."""

    IDLE_FIRST = 1
    """Eviction flag: the least recently used pages are told to reload first."""


class EventKind(IntEnum):
    """A change of a pod."""

    APPEARED = 1
    """DNS lists the pod and did not before. Not reported for a host's first answer."""

    MARKED = 2
    """The pod signals that it is draining."""

    LEFT = 3
    """DNS no longer lists the pod."""

    EVICTED = 4
    """An operator has evicted pods."""

    UNDONE = 5
    """An operator has cancelled an eviction."""

    LAST_PAGE = 6
    """The last receiver stream of a draining pod has ended. If that happens again, the new event replaces the old one."""

    ENDED = 7
    """The process of a draining pod has ended."""

    FAILED = 8
    """The pod is gone and was not draining."""

    ALIVE = 9
    """The pod works again after being unreachable or gone."""

    @property
    def words(self) -> str:
        """An identifier for EventKind, usable in JSON."""
        return _words("doors_event_str", self)


class Missing(IntFlag):
    """The IP versions with a missing or partial answer."""

    IPV4 = 1
    """Lookup flag: IPv4 addresses may be missing."""

    IPV6 = 2
    """Lookup flag: IPv6 addresses may be missing."""


class LookupFailure(IntEnum):
    """Why a lookup failed."""

    NOT_FOUND = 1
    """The name does not exist, or has no address that a pod can have. All name servers that know the name agree."""

    TIMEOUT = 2
    """No name server answered in time."""

    SERVER_FAILURE = 3
    """A name server answered with an error, such as SERVFAIL or REFUSED."""

    FAILED = 4
    """Any other failure, such as an unreachable name server."""

    @property
    def words(self) -> str:
        """An identifier for LookupFailure, usable as a metric label."""
        return _words("doors_lookup_str", self)


class HostChange(IntEnum):
    """What the end of a lookup has changed."""

    UNCHANGED = 0
    """Nothing has changed."""

    RESOLVED = 1
    """The first answer with addresses."""

    CHANGED = 2
    """The addresses have changed."""

    FAILING = 3
    """The first failed lookup, and the first one with each other LookupFailure until the host recovers."""

    RECOVERED = 4
    """The first answer with addresses after reported failures."""

    DROPPED = 5
    """An address was dropped because it refused a connection and is no longer in DNS."""

    PARTIAL = 6
    """From now on answers count as partial: several addresses were missing and came back. A missing address is kept for up to 30 s."""

    WHOLE = 7
    """Answers count as complete again."""

    @property
    def words(self) -> str:
        """An identifier for HostChange, usable as a metric label."""
        return _words("doors_host_str", self)
