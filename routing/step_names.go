package routing

// #include "doors_caddy.h"
import "C"

// StepKind is a kind of step.
type StepKind uint32

// The kinds of steps. The numbers are those of DOORS_STEP_* in doors_caddy.h.
const (
	StepDial   StepKind = C.DOORS_STEP_DIAL   // dial the pod, or use an open connection
	StepWait   StepKind = C.DOORS_STEP_WAIT   // hold the request, then resume it
	StepAnswer StepKind = C.DOORS_STEP_ANSWER // answer it, with Cache-Control: no-store
	StepDone   StepKind = C.DOORS_STEP_DONE   // nothing: the result of the attempt is the answer
	StepChoose StepKind = C.DOORS_STEP_CHOOSE // choose a pod from Choices
)

// Cause is why the proxy itself answers a request.
type Cause uint32

// The causes. The numbers are those of DOORS_CAUSE_* in doors_caddy.h.
const (
	CauseTokenMalformed Cause = C.DOORS_CAUSE_TOKEN_MALFORMED // not canonical base64url
	CauseTokenRefused   Cause = C.DOORS_CAUSE_TOKEN_REFUSED   // no key opens the token
	CauseNoCIDR         Cause = C.DOORS_CAUSE_NO_CIDR         // no CIDR contains the token's address
	CausePodGone        Cause = C.DOORS_CAUSE_POD_GONE        // the pod is gone
	CausePodUnreachable Cause = C.DOORS_CAUSE_POD_UNREACHABLE // the pod is unreachable
	CausePodDropped     Cause = C.DOORS_CAUSE_POD_DROPPED     // the connection ended before the first byte of an answer
	CauseNoPod          Cause = C.DOORS_CAUSE_NO_POD          // no pod can be reached, or could take the page
	CauseNoFreshPod     Cause = C.DOORS_CAUSE_NO_FRESH_POD    // no fresh pod is known
	CauseOwnFault       Cause = C.DOORS_CAUSE_OWN_FAULT       // the dial failed for a reason on this machine
	CauseEvicted        Cause = C.DOORS_CAUSE_EVICTED         // the page's pod works but is evicted
	CauseDrainMax       Cause = C.DOORS_CAUSE_DRAIN_MAX       // the page's pod works but has drained for longer than DrainMax
)

// Method is a request method, as far as it matters.
type Method uint32

// The methods. The numbers are those of DOORS_METHOD_* in doors_caddy.h.
const (
	MethodGet   Method = C.DOORS_METHOD_GET
	MethodHead  Method = C.DOORS_METHOD_HEAD
	MethodOther Method = C.DOORS_METHOD_OTHER
)

// MethodOf returns the Method with the given name, as in net/http.
func MethodOf(name string) Method {
	switch name {
	case "", "GET":
		return MethodGet
	case "HEAD":
		return MethodHead
	default:
		return MethodOther
	}
}

// LookupFailure is why a lookup returned no addresses.
type LookupFailure uint32

// The failures. The numbers are those of DOORS_LOOKUP_* in doors_caddy.h.
const (
	LookupNotFound      LookupFailure = C.DOORS_LOOKUP_NOT_FOUND      // no such name, or no address
	LookupTimeout       LookupFailure = C.DOORS_LOOKUP_TIMEOUT        // no name server answered in time
	LookupServerFailure LookupFailure = C.DOORS_LOOKUP_SERVER_FAILURE // an error such as SERVFAIL
	LookupFailed        LookupFailure = C.DOORS_LOOKUP_FAILED         // anything else
)

// HostChange is a change of a host.
type HostChange uint32

// The changes. The numbers are those of DOORS_HOST_* in doors_caddy.h.
const (
	HostUnchanged HostChange = C.DOORS_HOST_UNCHANGED // none
	HostResolved  HostChange = C.DOORS_HOST_RESOLVED  // the first answer with addresses
	HostChanged   HostChange = C.DOORS_HOST_CHANGED   // different addresses
	HostFailing   HostChange = C.DOORS_HOST_FAILING   // the first failure, or the first of its kind
	HostRecovered HostChange = C.DOORS_HOST_RECOVERED // addresses again
	HostDropped   HostChange = C.DOORS_HOST_DROPPED   // an address was dropped
	HostPartial   HostChange = C.DOORS_HOST_PARTIAL   // answers are now taken to be incomplete
	HostWhole     HostChange = C.DOORS_HOST_WHOLE     // answers are complete again
)

// Outcome is the outcome of a dial or an attempt.
type Outcome uint32

// The outcomes. The numbers are those of DOORS_OUTCOME_* in doors_caddy.h.
const (
	OutcomeConnected   Outcome = C.DOORS_OUTCOME_CONNECTED   // the dial succeeded
	OutcomeRefused     Outcome = C.DOORS_OUTCOME_REFUSED     // refused by the pod's own host
	OutcomeUnreachable Outcome = C.DOORS_OUTCOME_UNREACHABLE // no route, or no answer in time
	OutcomeOwnFault    Outcome = C.DOORS_OUTCOME_OWN_FAULT   // a fault of this machine; does not count against the pod
	OutcomeCancelled   Outcome = C.DOORS_OUTCOME_CANCELLED   // the client gave up; does not count
	OutcomeAnswered    Outcome = C.DOORS_OUTCOME_ANSWERED    // an answer, perhaps over an open connection
	OutcomeDropped     Outcome = C.DOORS_OUTCOME_DROPPED     // connected, but ended before the first byte of an answer
)

// Verdict says whether a pod can be reached.
type Verdict uint32

// The verdicts. The numbers are those of DOORS_VERDICT_* in doors_caddy.h.
const (
	VerdictNone        Verdict = C.DOORS_VERDICT_NONE        // it can
	VerdictUnreachable Verdict = C.DOORS_VERDICT_UNREACHABLE // the last dials failed; may be temporary
	VerdictGone        Verdict = C.DOORS_VERDICT_GONE        // it is dead, and so are its pages
)

// IdleAnswer says whether a pod is idle.
type IdleAnswer uint32

// The answers. The numbers are those of DOORS_IDLE_* in doors_caddy.h.
const (
	IdleYes         IdleAnswer = C.DOORS_IDLE_YES          // no request for the given time
	IdleBusy        IdleAnswer = C.DOORS_IDLE_BUSY         // requests in flight, or the last one too recent
	IdleJustStarted IdleAnswer = C.DOORS_IDLE_JUST_STARTED // no request in flight, but not watched for the given time
)

var (
	stepNames    = namesOf(StepChoose, StepKind.name)
	causeNames   = namesOf(CauseDrainMax, Cause.name)
	lookupNames  = namesOf(LookupFailed, LookupFailure.name)
	hostNames    = namesOf(HostWhole, HostChange.name)
	outcomeNames = namesOf(OutcomeDropped, Outcome.name)
	verdictNames = namesOf(VerdictGone, Verdict.name)
	idleNames    = namesOf(IdleJustStarted, IdleAnswer.name)
)

func (k StepKind) name() string      { return C.GoString(C.doors_step_str(C.uint32_t(k))) }
func (c Cause) name() string         { return C.GoString(C.doors_cause_str(C.uint32_t(c))) }
func (f LookupFailure) name() string { return C.GoString(C.doors_lookup_str(C.uint32_t(f))) }
func (h HostChange) name() string    { return C.GoString(C.doors_host_str(C.uint32_t(h))) }
func (o Outcome) name() string       { return C.GoString(C.doors_outcome_str(C.uint32_t(o))) }
func (i IdleAnswer) name() string    { return C.GoString(C.doors_idle_str(C.uint32_t(i))) }
func (v Verdict) name() string       { return C.GoString(C.doors_verdict_str(C.uint32_t(v))) }

// String returns the library's name of the kind, or "unknown".
func (k StepKind) String() string { return nameIn(stepNames, k, StepKind.name) }

// String returns the library's name of the cause, fit for a metric label, or
// "unknown".
func (c Cause) String() string { return nameIn(causeNames, c, Cause.name) }

// String returns the library's name of the failure, or "unknown".
func (f LookupFailure) String() string { return nameIn(lookupNames, f, LookupFailure.name) }

// String returns the library's name of the change, or "unknown".
func (h HostChange) String() string { return nameIn(hostNames, h, HostChange.name) }

// String returns the library's name of the outcome, or "unknown".
func (o Outcome) String() string { return nameIn(outcomeNames, o, Outcome.name) }

// String returns the library's name of the verdict, or "unknown".
func (v Verdict) String() string { return nameIn(verdictNames, v, Verdict.name) }

// String returns the library's name of the answer, or "unknown".
func (i IdleAnswer) String() string { return nameIn(idleNames, i, IdleAnswer.name) }
