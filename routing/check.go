package routing

// #include "doors_caddy.h"
import "C"

// Field is a member of the configuration that [Check] can check by itself.
type Field uint32

// The fields. The numbers are those of DOORS_FIELD_* in doors_caddy.h.
const (
	FieldSecret     Field = C.DOORS_FIELD_SECRET
	FieldCookieName Field = C.DOORS_FIELD_COOKIE_NAME
	FieldCIDR       Field = C.DOORS_FIELD_CIDR
	FieldHost       Field = C.DOORS_FIELD_HOST
	FieldPort       Field = C.DOORS_FIELD_PORT // as decimal text
)

// Check checks one value by the rules of [NewRouter], so that a parser can
// report an error where the value is. The error is an [*Error]. It has
// [StatusRange] for an unknown field.
func Check(field Field, value string) error {
	if abiProblem != nil {
		return abiProblem
	}
	var problem C.doors_error
	text, length := flat(value)
	return errorOf(C.doors_check(C.uint32_t(field), text, length, &problem), &problem)
}
