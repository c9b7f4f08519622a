package routing

// #include "doors_caddy.h"
import "C"

import (
	"math"
	"net/netip"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// Router decides where requests go. The package comment describes concurrency
// and memory.
type Router struct {
	handle *C.doors_router
	source *Source // owner of the handle, or nil
	_      unshared
}

// liveRouters counts the routers in the library's memory.
var liveRouters atomic.Int64

// LiveRouters returns the number of routers that are not freed yet, for tests
// and metrics. A router is freed when the garbage collector finds it unused.
func LiveRouters() int { return int(liveRouters.Load()) }

// NewRouter returns a router for a configuration in JSON:
//
//	{"secret": "...", "cookie_name": "...", "upstreams": [{"cidr": "10.0.0.0/24", "host": "...", "port": 8080}]}
//
// The list "cidrs" can be used in place of "cidr", and "hosts" in place of
// "host". The error is an [*Error] that names the field, with [StatusSecret],
// [StatusCIDR], [StatusConfig] or [StatusTooLarge]. NewRouter does not keep the
// JSON.
func NewRouter(json []byte) (*Router, error) {
	if abiProblem != nil {
		return nil, abiProblem
	}
	var handle *C.doors_router
	var problem C.doors_error
	text, length := flat(unsafe.String(unsafe.SliceData(json), len(json)))
	if err := errorOf(C.doors_router_new(text, length, &handle, &problem), &problem); err != nil {
		return nil, err
	}
	router := &Router{handle: handle}
	liveRouters.Add(1)
	runtime.AddCleanup(router, freeRouter, handle)
	return router, nil
}

func freeRouter(handle *C.doors_router) {
	C.doors_router_free(handle)
	liveRouters.Add(-1)
}

// Decide decides about one request. path is the escaped path as the pod gets it
// ([net/url.URL.EscapedPath]), or the whole request target, of which only the
// path counts. cookies is the value of the Cookie header; several are joined
// with "; ". No input is an error: a token that no key opens is a decision of
// kind [Gone]. The only error is a fault in the library ([StatusPanic]).
func (r *Router) Decide(path, cookies string) (Decision, error) {
	pathBytes, pathLength := flat(path)
	cookieBytes, cookieLength := flat(cookies)
	var out C.doors_decision
	status := C.doors_router_decide(r.handle, pathBytes, pathLength, cookieBytes, cookieLength, &out)
	runtime.KeepAlive(r)
	if status != C.DOORS_STATUS_OK {
		return Decision{Upstream: none, Key: none}, Status(status)
	}
	return decisionOf(&out), nil
}

// Lookup returns the index of the upstream with the longest CIDR that contains
// the address. ok is false for unspecified, multicast and broadcast addresses
// and for the zero Addr. The zone is ignored.
func (r *Router) Lookup(addr netip.Addr) (index int, ok bool) {
	address := flatAddr(addr)
	var found C.uint32_t
	status := C.doors_router_lookup(r.handle, &address, &found)
	runtime.KeepAlive(r)
	if status != C.DOORS_STATUS_OK {
		return none, false
	}
	return int(found), true
}

// Upstreams returns the number of upstreams, at least 1.
func (r *Router) Upstreams() int {
	var count C.uint32_t
	C.doors_router_upstreams(r.handle, &count)
	runtime.KeepAlive(r)
	return int(count)
}

// Upstream returns the host and port of the upstream at the index, or "" and 0
// if there is none.
func (r *Router) Upstream(index int) (host string, port uint16) {
	if index < 0 || index > math.MaxInt32 {
		return "", 0
	}
	var text [C.DOORS_HOST_SIZE]C.char
	var number C.uint16_t
	status := C.doors_router_upstream(r.handle, C.uint32_t(index), &text[0], &number)
	runtime.KeepAlive(r)
	if status != C.DOORS_STATUS_OK {
		return "", 0
	}
	return C.GoString(&text[0]), uint16(number)
}

// Warnings describes what is valid but probably a mistake, one line each.
func (r *Router) Warnings() (warnings []string) {
	for n := C.uint32_t(0); ; n++ {
		var warning C.doors_error
		if C.doors_router_warning(r.handle, n, &warning) != C.DOORS_STATUS_OK {
			runtime.KeepAlive(r)
			return warnings
		}
		warnings = append(warnings, messageOf(&warning))
	}
}
