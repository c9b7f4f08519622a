"""The numbers of libdoors_caddy. Generated from include/doors_caddy.h by `make header`. Do not edit."""

from enum import IntEnum, IntFlag

from ._native.library import words as _words

ABI = 1
"""Number of this interface. It grows when something that a program may rely on changes; additions alone do not. Compare it with doors_abi(), which tells what the linked library speaks."""

TOKEN_IPV4 = 43
"""Characters in a token for an IPv4 address."""

TOKEN_IPV6 = 59
"""Characters in a token for an IPv6 address."""

TOKEN_SIZE = 60
"""Room that is enough for every token and its NUL."""

KEY_ID_SIZE = 9
"""Room for the id of a key and its NUL: always 8 characters."""

HOST_SIZE = 256
"""Room that is enough for every host and its NUL."""


class Status(IntEnum):
    """Why a call failed."""

    OK = 0
    """Success."""

    NULL_POINTER = 1
    """A required pointer was NULL."""

    PANIC = 2
    """The library panicked inside: a bug in it. Handles can still be used and freed."""

    BUFFER = 3
    """The output buffer is too small."""

    ADDRESS = 4
    """An address must be 4 or 16 bytes long."""

    NO_MATCH = 5
    """Nothing matches, or the index is past the last one."""

    RANDOM = 6
    """The operating system gave no random bytes."""

    RANGE = 7
    """A number is outside its range: a bound of 0, a negative duration, a number that its enum does not have, a member `reserved` that is not 0."""

    TOO_MANY = 8
    """There are as many as there may be."""

    SECRET = 10
    """The secret breaks a rule."""

    CIDR = 11
    """A CIDR breaks a rule."""

    CONFIG = 12
    """Another part of the configuration breaks a rule."""

    TOO_LARGE = 13
    """What is built has more than 64 MiB, or an input has a length that no object can have."""

    TOKEN_FORMAT = 20
    """The token holds a character outside base64url (RFC 4648, section 5), padding, white space or non-zero trailing bits."""

    TOKEN_REFUSED = 21
    """The token has a length that no token has, or no key opens it."""

    @property
    def words(self) -> str:
        """A few words of English for Status."""
        return _words("doors_status_str", self)


class DecisionKind(IntEnum):
    """Where a request goes, by its token or its cookie alone."""

    POD = 1
    """To one pod only: `addr` and `port`. Never anywhere else, except path PathKind.RESOURCE of a dead pod."""

    GONE = 2
    """Nowhere. Answer 410 with `Cache-Control: no-store`: the page that sent it reloads."""

    UPSTREAM = 3
    """To a fresh pod (one that the host of `upstream` resolves to now); `addr` first if it is among them."""

    ANY = 4
    """To a fresh pod of any upstream."""

    @property
    def words(self) -> str:
        """One word for DecisionKind, fit for a metric's label."""
        return _words("doors_decision_str", self)


class Reason(IntEnum):
    """Why a decision is as it is."""

    NONE = 0
    """POD: nothing to explain."""

    MALFORMED = 1
    """GONE: the token is no canonical base64url."""

    REFUSED = 2
    """GONE: the token has a length that no token has, or no key opens it."""

    NO_CIDR = 4
    """GONE: the address in the token lies in no CIDR."""

    ONLY_UPSTREAM = 16
    """UPSTREAM: there is only this one, and no usable cookie."""

    COOKIE = 17
    """UPSTREAM: a cookie says so."""

    NO_COOKIE = 18
    """ANY: no cookie with the configured name."""

    COOKIE_UNUSABLE = 19
    """ANY: there are cookies with the configured name, but none opens and lies in a CIDR."""

    @property
    def words(self) -> str:
        """A few words for Reason."""
        return _words("doors_reason_str", self)


class PathKind(IntEnum):
    """What a request is for, by its path."""

    PAGE = 0
    """No token in the path: a page, or the app's own files."""

    SYNC = 1
    """`/~/{token}/s/...`: a stream or a report."""

    HOOK = 2
    """`/~/{token}/h/...`: a hook."""

    HISTORY = 3
    """`/~/{token}/u/...`: back and forward."""

    RESOURCE = 4
    """`/~/{token}/r/...`: a script or a style sheet, the same on every pod."""

    OTHER = 5
    """Any other path with a token."""

    @property
    def words(self) -> str:
        """One word for PathKind, fit for a metric's label."""
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
    """A DNS name or a literal IP address that can be dialled and is not link-local, without port, scheme and brackets."""

    PORT = 5
    """A port in decimal, 1 to 65535."""


class Outcome(IntEnum):
    """What became of a dial or of an attempt."""

    CONNECTED = 1
    """The dial succeeded."""

    REFUSED = 2
    """The pod's own host refused the connection (ECONNREFUSED)."""

    UNREACHABLE = 3
    """No route, host or network unreachable, or no answer in time (EHOSTUNREACH, ENETUNREACH, ETIMEDOUT ...)."""

    OWN_FAULT = 4
    """The dial failed for a reason on this machine (EMFILE, EADDRNOTAVAIL, EACCES ...); never held against the pod."""

    CANCELLED = 5
    """The client gave up; counts as nothing."""

    ANSWERED = 6
    """The pod answered a request, perhaps over a connection that was open already."""

    DROPPED = 7
    """The connection was made, and ended before a byte of an answer; perhaps the request was sent."""

    @property
    def words(self) -> str:
        """A word or two for Outcome."""
        return _words("doors_outcome_str", self)


class Verdict(IntEnum):
    """What is held against a pod."""

    NONE = 0
    """Nothing is held against the pod."""

    UNREACHABLE = 1
    """Its last dials failed; it may be a blip."""

    GONE = 2
    """It is dead, and its pages with it."""

    @property
    def words(self) -> str:
        """One word for Verdict, fit for a metric's label."""
        return _words("doors_verdict_str", self)


class IdleAnswer(IntEnum):
    """Whether the pods at an address may be stopped."""

    YES = 1
    """No request for as long as was asked."""

    BUSY = 2
    """Requests are in flight, or the last one is not long enough ago."""

    JUST_STARTED = 3
    """None is in flight, but the caller has not watched for as long as was asked."""

    @property
    def words(self) -> str:
        """A word or two for IdleAnswer."""
        return _words("doors_idle_str", self)


class StepKind(IntEnum):
    """What to do next for a request."""

    DIAL = 1
    """Dial the pod, or use an open connection to it: `upstream`, `pod`, `probe`."""

    WAIT = 2
    """Hold the request, and call Request.resume() at `until`, or when a report says ReportFlag.WAKE."""

    ANSWER = 3
    """Answer the request with `Cache-Control: no-store`: `status`, `retry_after`, `cause`, `page`."""

    DONE = 4
    """Nothing more: what became of the attempt is the answer (502, or nothing for a client that has gone)."""

    CHOOSE = 5
    """Choose one of Request.choices() and tell it with Request.chose(), or call Request.chose_none(). Only with OptionFlag.USER_CHOOSES."""

    @property
    def words(self) -> str:
        """One word for StepKind, fit for a metric's label."""
        return _words("doors_step_str", self)


class Cause(IntEnum):
    """Why a request is answered without a pod."""

    TOKEN_MALFORMED = 1
    """The token is not canonical base64url."""

    TOKEN_REFUSED = 2
    """No key opens the token."""

    NO_CIDR = 3
    """The token's address is in no CIDR."""

    POD_GONE = 4
    """The pod is gone."""

    POD_UNREACHABLE = 5
    """The pod could not be reached; it may be a blip."""

    POD_DROPPED = 6
    """The connection to the pod ended before a byte of an answer."""

    NO_POD = 7
    """No pod could be reached, or none is known onto which the page could reload."""

    NO_FRESH_POD = 8
    """No fresh pod is known."""

    OWN_FAULT = 9
    """The dial failed for a reason on this machine."""

    EVICTED = 10
    """The page's pod works, and is evicted."""

    DRAIN_MAX = 11
    """The page's pod works, and has drained for longer than `drain_max`."""

    @property
    def words(self) -> str:
        """A short name for Cause, fit for a metric's label."""
        return _words("doors_cause_str", self)


class ReportFlag(IntFlag):
    """What to do after a call, and what it has learned."""

    WAKE = 1
    """Flag of a report: resume all requests that wait, of all sources."""

    LOOKUPS_DUE = 2
    """Flag of a report: call State.due() now."""

    BACKGROUND = 4
    """Flag of a report: dial `background_pod` in the background, close the connection at once, and report the dial with Source.dialled()."""

    CHANGED = 8
    """Flag of a report: what is held against `changed_pod` changed; the time to log it."""

    DROPPED = 16
    """Flag of a report: `dropped_host` gave up `dropped_addr`, which refused a connection, since DNS does not name it; the time to log it."""

    OUTSIDE = 32
    """Flag of a report: the host of `outside_upstream` resolves to `outside_addr`, outside of the upstream's networks; the time to warn, once a minute."""

    REFUSED_TOKEN = 64
    """Flag of a report: a token was refused; the time to log it, never with the token."""

    NOTHING_OPENS = 128
    """Flag of a report: many tokens came and none has ever opened; the time to log it, once a minute."""

    DRAINING = 256
    """Flag of a report: `draining_pod` says that it drains, or no longer says so; the time to log it."""


class Mark(IntFlag):
    """What an answer says about its pod."""

    DRAINING = 1
    """Mark of an answer: it carries `Doors-Draining: ?1`. The pod drains from now on, whatever DNS says."""

    REFUSED = 2
    """Mark of an answer: it is a 503 with `Doors-Draining: ?1`, and nothing of it was sent to the client. If the request loads a page it can be taken back. Says Mark.DRAINING as well."""


class Method(IntEnum):
    """The HTTP method of a request."""

    GET = 1
    """GET."""

    HEAD = 2
    """HEAD."""

    OTHER = 3
    """Any other."""


class OptionFlag(IntFlag):
    """How a source treats requests."""

    USER_CHOOSES = 1
    """Option: the user has a policy of his own. Steps say StepKind.CHOOSE for requests that several pods may take."""

    USER_RETRIES = 2
    """Option: the user said how to retry. A request that has failed everywhere starts over instead of ending, until Request.give_up()."""


class EvictFlag(IntFlag):
    """How an eviction treats pages."""

    IDLE_FIRST = 1
    """Of an eviction: pages that were not used for longest are told to reload first."""


class EventKind(IntEnum):
    """What has happened to a pod."""

    APPEARED = 1
    """DNS names the pod, and did not before. Not told of the first answer for a host."""

    MARKED = 2
    """It says that it drains."""

    LEFT = 3
    """DNS does not name it any more."""

    EVICTED = 4
    """An operator has evicted pods."""

    UNDONE = 5
    """An operator has taken an eviction back."""

    LAST_PAGE = 6
    """It drains, and its last receiver stream has ended. Told again, the event takes the place of the one before."""

    ENDED = 7
    """It has drained, and its process has ended."""

    FAILED = 8
    """It is gone, and did not drain."""

    ALIVE = 9
    """It could not be reached, or was gone, and works again."""

    @property
    def words(self) -> str:
        """A short name for EventKind, fit for JSON."""
        return _words("doors_event_str", self)


class Missing(IntFlag):
    """What a lookup has not learned."""

    IPV4 = 1
    """Of a lookup: IPv4 addresses may be missing."""

    IPV6 = 2
    """Of a lookup: IPv6 addresses may be missing."""


class LookupFailure(IntEnum):
    """Why a lookup failed."""

    NOT_FOUND = 1
    """The name does not exist, or has no address that a pod can have. All name servers that know the name agree."""

    TIMEOUT = 2
    """No name server answered in time."""

    SERVER_FAILURE = 3
    """A name server answered with an error, such as SERVFAIL or REFUSED."""

    FAILED = 4
    """Anything else, such as a name server that cannot be reached."""

    @property
    def words(self) -> str:
        """A few words for LookupFailure."""
        return _words("doors_lookup_str", self)


class HostChange(IntEnum):
    """What the end of a lookup has changed."""

    UNCHANGED = 0
    """Nothing has changed."""

    RESOLVED = 1
    """The first answer with addresses."""

    CHANGED = 2
    """Other addresses than before."""

    FAILING = 3
    """The first failed lookup, and the first of each other LookupFailure until the host recovers."""

    RECOVERED = 4
    """The first answer with addresses after failures that were reported."""

    DROPPED = 5
    """An address that refused a connection was given up, since DNS has it no longer."""

    PARTIAL = 6
    """From now on answers are taken for parts of the truth: several addresses were missing and came back. One that is missing stays in force for up to 30 s."""

    WHOLE = 7
    """Answers are whole again."""

    @property
    def words(self) -> str:
        """A few words for HostChange."""
        return _words("doors_host_str", self)
