package doors

// In:  the numbers of a doors_answer and of a doors_idle.
// Out: typed constants and their names.

// #include "doors_caddy.h"
import "C"

// Action is what to do with a request.
type Action uint32

// The actions. The numbers are those of DOORS_ACTION_* in doors_caddy.h.
const (
	ActionNone        Action = C.DOORS_ACTION_NONE        // nothing more
	ActionDial        Action = C.DOORS_ACTION_DIAL        // dial the pod, or use an open connection
	ActionProbe       Action = C.DOORS_ACTION_PROBE       // the same, to find out whether it is back
	ActionGone        Action = C.DOORS_ACTION_GONE        // answer 410 with Cache-Control: no-store
	ActionUnavailable Action = C.DOORS_ACTION_UNAVAILABLE // answer 503 with Retry-After
	ActionWait        Action = C.DOORS_ACTION_WAIT        // hold the request, ask again
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
	actionNames  = namesOf(ActionWait, Action.name)
	outcomeNames = namesOf(OutcomeDropped, Outcome.name)
	idleNames    = namesOf(IdleJustStarted, IdleAnswer.name)
	verdictNames = namesOf(VerdictGone, Verdict.name)
)

func (a Action) name() string     { return C.GoString(C.doors_action_str(C.uint32_t(a))) }
func (o Outcome) name() string    { return C.GoString(C.doors_outcome_str(C.uint32_t(o))) }
func (i IdleAnswer) name() string { return C.GoString(C.doors_idle_str(C.uint32_t(i))) }
func (v Verdict) name() string    { return C.GoString(C.doors_verdict_str(C.uint32_t(v))) }

// String is the library's name of the action, "unknown" for another number.
func (a Action) String() string { return nameIn(actionNames, a, Action.name) }

// String is the library's name of the outcome, "unknown" for another number.
func (o Outcome) String() string { return nameIn(outcomeNames, o, Outcome.name) }

// String is the library's name of the verdict, "unknown" for another number.
func (v Verdict) String() string { return nameIn(verdictNames, v, Verdict.name) }

// String is the library's name of the answer, "unknown" for another number.
func (i IdleAnswer) String() string { return nameIn(idleNames, i, IdleAnswer.name) }
