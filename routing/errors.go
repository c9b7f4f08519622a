package routing

// #include "doors_caddy.h"
import "C"

// Status is a kind of error of the library. It is itself an error: errors.Is
// finds it in every error of this package except one about the library's
// interface.
type Status int32

// The statuses. The numbers are those of DOORS_STATUS_* in doors_caddy.h and
// never change.
const (
	StatusNullPointer  Status = C.DOORS_STATUS_NULL_POINTER  // a bug in this package
	StatusPanic        Status = C.DOORS_STATUS_PANIC         // a bug in the library
	StatusBuffer       Status = C.DOORS_STATUS_BUFFER        // a bug in this package
	StatusAddress      Status = C.DOORS_STATUS_ADDRESS       // the zero netip.Addr
	StatusNoMatch      Status = C.DOORS_STATUS_NO_MATCH      // no such entry
	StatusRandom       Status = C.DOORS_STATUS_RANDOM        // the system has no random bytes
	StatusRange        Status = C.DOORS_STATUS_RANGE         // a negative time or duration, a limit of 0, or an unknown number
	StatusTooMany      Status = C.DOORS_STATUS_TOO_MANY      // the limit is reached
	StatusSecret       Status = C.DOORS_STATUS_SECRET        // invalid secret
	StatusCIDR         Status = C.DOORS_STATUS_CIDR          // invalid CIDR
	StatusConfig       Status = C.DOORS_STATUS_CONFIG        // another part of the configuration is invalid
	StatusTooLarge     Status = C.DOORS_STATUS_TOO_LARGE     // more than 64 MiB
	StatusTokenFormat  Status = C.DOORS_STATUS_TOKEN_FORMAT  // not base64url without padding
	StatusTokenRefused Status = C.DOORS_STATUS_TOKEN_REFUSED // no key opens the token
)

// Error returns the library's description of the status.
func (s Status) Error() string { return C.GoString(C.doors_status_str(C.int32_t(s))) }

// Error is the error for an invalid value.
type Error struct {
	// Status is the kind of error.
	Status Status
	// Index is the index of the invalid key, CIDR or upstream, or -1.
	Index int
	// Message names the field, the value unless it is secret, and the rule.
	Message string
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Is reports whether target is the status of the error.
func (e *Error) Is(target error) bool {
	status, ok := target.(Status)
	return ok && status == e.Status
}

// errorOf returns the error of a call that fills a doors_error.
func errorOf(status C.int32_t, err *C.doors_error) error {
	if status == C.DOORS_STATUS_OK {
		return nil
	}
	return &Error{Status(status), indexOf(err.index), messageOf(err)}
}

// statusOf returns the error of any other call. It does not allocate.
func statusOf(status C.int32_t) error {
	if status == C.DOORS_STATUS_OK {
		return nil
	}
	return Status(status)
}

func messageOf(err *C.doors_error) string { return C.GoString(&err.message[0]) }
