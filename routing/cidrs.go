package routing

// #include "doors_caddy.h"
import "C"

import (
	"net/netip"
	"runtime"
	"sync/atomic"
)

// CIDRs finds the CIDR that contains an address. The package comment describes
// concurrency and memory.
type CIDRs struct {
	handle *C.doors_cidrs
	_      unshared
}

var liveCIDRs atomic.Int64

// NewCIDRs returns a table of CIDRs, which are separated by white space in the
// argument. The error is an [*Error] with [StatusCIDR] and the index of the
// CIDR.
func NewCIDRs(cidrs string) (*CIDRs, error) {
	if abiProblem != nil {
		return nil, abiProblem
	}
	var handle *C.doors_cidrs
	var problem C.doors_error
	text, length := flat(cidrs)
	if err := errorOf(C.doors_cidrs_new(text, length, &handle, &problem), &problem); err != nil {
		return nil, err
	}
	table := &CIDRs{handle: handle}
	liveCIDRs.Add(1)
	runtime.AddCleanup(table, freeCIDRs, handle)
	return table, nil
}

func freeCIDRs(handle *C.doors_cidrs) {
	C.doors_cidrs_free(handle)
	liveCIDRs.Add(-1)
}

// Lookup returns the index of the longest prefix that contains the address. ok
// is false for unspecified, multicast and broadcast addresses and for the zero
// Addr. The zone is ignored.
func (c *CIDRs) Lookup(addr netip.Addr) (index int, ok bool) {
	address := flatAddr(addr)
	var found C.uint32_t
	status := C.doors_cidrs_lookup(c.handle, &address, &found)
	runtime.KeepAlive(c)
	if status != C.DOORS_STATUS_OK {
		return none, false
	}
	return int(found), true
}
