package routing

// The functions marked noescape keep no pointer, and those marked nocallback
// never call Go. Together this saves the allocation of each argument and most
// of the cost of a call.

/*
#cgo pkg-config: doors_caddy
#cgo noescape doors_router_decide
#cgo nocallback doors_router_decide
#cgo noescape doors_router_lookup
#cgo nocallback doors_router_lookup
#cgo noescape doors_cidrs_lookup
#cgo nocallback doors_cidrs_lookup
#cgo noescape doors_cipher_encode
#cgo nocallback doors_cipher_encode
#cgo noescape doors_cipher_decode
#cgo nocallback doors_cipher_decode
#include "doors_caddy.h"
*/
import "C"

import (
	"net/netip"
	"unsafe"
)

// none is the index that stands for DOORS_NONE.
const none = -1

// unshared keeps a struct out of the blocks in which Go puts several small
// values without pointers. (Pointers to C do not count.) In such a block, the
// cleanup of one value waits until its neighbours are unused too.
type unshared = *byte

// flat returns the bytes of s as C arguments, without a copy. C must neither
// keep nor change them.
func flat(s string) (*C.char, C.size_t) {
	return (*C.char)(unsafe.Pointer(unsafe.StringData(s))), C.size_t(len(s))
}

// flatAddr drops the zone. The zero Addr has 0 bytes, which the library
// rejects.
func flatAddr(addr netip.Addr) (out C.doors_addr) {
	bytes := (*[16]byte)(unsafe.Pointer(&out.bytes))
	switch {
	case addr.Is4():
		four := addr.As4()
		copy(bytes[:], four[:])
		out.len = 4
	case addr.Is6():
		*bytes = addr.As16()
		out.len = 16
	}
	return out
}

func addressOf(addr *C.doors_addr) netip.Addr {
	bytes := (*[16]byte)(unsafe.Pointer(&addr.bytes))
	switch addr.len {
	case 4:
		return netip.AddrFrom4([4]byte(bytes[:4]))
	case 16:
		return netip.AddrFrom16(*bytes)
	}
	return netip.Addr{}
}

func podOf(pod netip.AddrPort) (out C.doors_pod) {
	out.addr = flatAddr(pod.Addr())
	out.port = C.uint16_t(pod.Port())
	return out
}

func flagOf(set bool) C.uint32_t {
	if set {
		return 1
	}
	return 0
}

func indexOf(index C.uint32_t) int {
	if index == C.DOORS_NONE {
		return none
	}
	return int(index)
}
