//go:build !cgo

package routing

// Without cgo there is no library to call. The compiler prints this name, which
// says what to do.
var _ = doors_caddy_needs_cgo__build_with_CGO_ENABLED_1_and_a_C_compiler
