package routing

// In:  the numbers of a doors_step, of dials, of pods and of reports about hosts.
// Out: typed constants and their names.

// #include "doors_caddy.h"
import "C"

// StepKind is what to do next for a request.
type StepKind uint32

// The kinds of steps. The numbers are those of DOORS_STEP_* in doors_caddy.h.
const (
	StepDial   StepKind = C.DOORS_STEP_DIAL   // dial the pod, or use an open connection
	StepWait   StepKind = C.DOORS_STEP_WAIT   // hold the request, and resume it
	StepAnswer StepKind = C.DOORS_STEP_ANSWER // answer it with Cache-Control: no-store
	StepDone   StepKind = C.DOORS_STEP_DONE   // nothing: what became of the attempt is the answer
	StepChoose StepKind = C.DOORS_STEP_CHOOSE // choose one of the choices
)

// Cause is why a request is answered here and not by a pod.
type Cause uint32

// The causes. The numbers are those of DOORS_CAUSE_* in doors_caddy.h.
const (
	CauseTokenMalformed Cause = C.DOORS_CAUSE_TOKEN_MALFORMED // not canonical base64url
	CauseTokenRefused   Cause = C.DOORS_CAUSE_TOKEN_REFUSED   // no key opens the token
	CauseNoCIDR         Cause = C.DOORS_CAUSE_NO_CIDR         // the token's address is in no CIDR
	CausePodGone        Cause = C.DOORS_CAUSE_POD_GONE        // the pod is gone
	CausePodUnreachable Cause = C.DOORS_CAUSE_POD_UNREACHABLE // the pod could not be reached
	CausePodDropped     Cause = C.DOORS_CAUSE_POD_DROPPED     // the connection ended before a byte of an answer
	CauseNoPod          Cause = C.DOORS_CAUSE_NO_POD          // no pod could be reached, or reloaded onto
	CauseNoFreshPod     Cause = C.DOORS_CAUSE_NO_FRESH_POD    // no fresh pod is known
	CauseOwnFault       Cause = C.DOORS_CAUSE_OWN_FAULT       // the dial failed for a reason on this machine
	CauseEvicted        Cause = C.DOORS_CAUSE_EVICTED         // the page's pod works, and is evicted
	CauseDrainMax       Cause = C.DOORS_CAUSE_DRAIN_MAX       // it works, and has drained for longer than DrainMax
)

// Method is the method of a request, as far as it matters.
type Method uint32

// The methods. The numbers are those of DOORS_METHOD_* in doors_caddy.h.
const (
	MethodGet   Method = C.DOORS_METHOD_GET
	MethodHead  Method = C.DOORS_METHOD_HEAD
	MethodOther Method = C.DOORS_METHOD_OTHER
)

// MethodOf returns the Method of a request whose method has this name, as in
// net/http.
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

// LookupFailure is why a lookup brought no addresses.
type LookupFailure uint32

// The failures. The numbers are those of DOORS_LOOKUP_* in doors_caddy.h.
const (
	LookupNotFound      LookupFailure = C.DOORS_LOOKUP_NOT_FOUND      // no such name, or no address
	LookupTimeout       LookupFailure = C.DOORS_LOOKUP_TIMEOUT        // no name server answered in time
	LookupServerFailure LookupFailure = C.DOORS_LOOKUP_SERVER_FAILURE // an error such as SERVFAIL
	LookupFailed        LookupFailure = C.DOORS_LOOKUP_FAILED         // anything else
)

// HostChange is what has changed about a host.
type HostChange uint32

// The changes. The numbers are those of DOORS_HOST_* in doors_caddy.h.
const (
	HostUnchanged HostChange = C.DOORS_HOST_UNCHANGED // nothing
	HostResolved  HostChange = C.DOORS_HOST_RESOLVED  // the first answer with addresses
	HostChanged   HostChange = C.DOORS_HOST_CHANGED   // other addresses than before
	HostFailing   HostChange = C.DOORS_HOST_FAILING   // the first failure, and the first of each kind
	HostRecovered HostChange = C.DOORS_HOST_RECOVERED // addresses again
	HostDropped   HostChange = C.DOORS_HOST_DROPPED   // an address was given up
	HostPartial   HostChange = C.DOORS_HOST_PARTIAL   // answers are taken for parts of the truth
	HostWhole     HostChange = C.DOORS_HOST_WHOLE     // answers are whole again
)

// Outcome is how a dial ended.
type Outcome uint32

// The outcomes. The numbers are those of DOORS_OUTCOME_* in doors_caddy.h.
const (
	OutcomeConnected   Outcome = C.DOORS_OUTCOME_CONNECTED   // the dial succeeded
	OutcomeRefused     Outcome = C.DOORS_OUTCOME_REFUSED     // refused by the pod's own host
	OutcomeUnreachable Outcome = C.DOORS_OUTCOME_UNREACHABLE // no route, unreachable, no answer in time
	OutcomeOwnFault    Outcome = C.DOORS_OUTCOME_OWN_FAULT   // a fault of this machine, not held against the pod
	OutcomeCancelled   Outcome = C.DOORS_OUTCOME_CANCELLED   // the client gave up; counts as nothing
	OutcomeAnswered    Outcome = C.DOORS_OUTCOME_ANSWERED    // an answer, perhaps over an open connection
	OutcomeDropped     Outcome = C.DOORS_OUTCOME_DROPPED     // connected, then ended before a byte of an answer
)

// Verdict is what is held against a pod.
type Verdict uint32

// The verdicts. The numbers are those of DOORS_VERDICT_* in doors_caddy.h.
const (
	VerdictNone        Verdict = C.DOORS_VERDICT_NONE        // nothing
	VerdictUnreachable Verdict = C.DOORS_VERDICT_UNREACHABLE // its last dials failed; it may be a blip
	VerdictGone        Verdict = C.DOORS_VERDICT_GONE        // it is dead, and its pages with it
)

// IdleAnswer is whether a pod is idle.
type IdleAnswer uint32

// The answers. The numbers are those of DOORS_IDLE_* in doors_caddy.h.
const (
	IdleYes         IdleAnswer = C.DOORS_IDLE_YES          // no request for as long as was asked
	IdleBusy        IdleAnswer = C.DOORS_IDLE_BUSY         // requests in flight, or the last not long enough ago
	IdleJustStarted IdleAnswer = C.DOORS_IDLE_JUST_STARTED // none in flight, but not watched for long enough
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

// String is the library's name of the kind, "unknown" for another number.
func (k StepKind) String() string { return nameIn(stepNames, k, StepKind.name) }

// String is the library's name of the cause, fit for a metric's label; "unknown"
// for another number.
func (c Cause) String() string { return nameIn(causeNames, c, Cause.name) }

// String is the library's name of the failure, "unknown" for another number.
func (f LookupFailure) String() string { return nameIn(lookupNames, f, LookupFailure.name) }

// String is the library's name of the change, "unknown" for another number.
func (h HostChange) String() string { return nameIn(hostNames, h, HostChange.name) }

// String is the library's name of the outcome, "unknown" for another number.
func (o Outcome) String() string { return nameIn(outcomeNames, o, Outcome.name) }

// String is the library's name of the verdict, "unknown" for another number.
func (v Verdict) String() string { return nameIn(verdictNames, v, Verdict.name) }

// String is the library's name of the answer, "unknown" for another number.
func (i IdleAnswer) String() string { return nameIn(idleNames, i, IdleAnswer.name) }
