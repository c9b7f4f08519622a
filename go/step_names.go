package doors

// In:  the numbers of a doors_step and of reports about hosts.
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
)

// Method is the method of a request, as far as it matters.
type Method uint32

// The methods. The numbers are those of DOORS_METHOD_* in doors_caddy.h.
const (
	MethodGet   Method = C.DOORS_METHOD_GET
	MethodHead  Method = C.DOORS_METHOD_HEAD
	MethodOther Method = C.DOORS_METHOD_OTHER
)

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

var (
	stepNames   = namesOf(StepChoose, StepKind.name)
	causeNames  = namesOf(CauseOwnFault, Cause.name)
	lookupNames = namesOf(LookupFailed, LookupFailure.name)
	hostNames   = namesOf(HostWhole, HostChange.name)
)

func (k StepKind) name() string      { return C.GoString(C.doors_step_str(C.uint32_t(k))) }
func (c Cause) name() string         { return C.GoString(C.doors_cause_str(C.uint32_t(c))) }
func (f LookupFailure) name() string { return C.GoString(C.doors_lookup_str(C.uint32_t(f))) }
func (h HostChange) name() string    { return C.GoString(C.doors_host_str(C.uint32_t(h))) }

// String is the library's name of the kind, "unknown" for another number.
func (k StepKind) String() string { return nameIn(stepNames, k, StepKind.name) }

// String is the library's name of the cause, fit for a metric's label; "unknown"
// for another number.
func (c Cause) String() string { return nameIn(causeNames, c, Cause.name) }

// String is the library's name of the failure, "unknown" for another number.
func (f LookupFailure) String() string { return nameIn(lookupNames, f, LookupFailure.name) }

// String is the library's name of the change, "unknown" for another number.
func (h HostChange) String() string { return nameIn(hostNames, h, HostChange.name) }
