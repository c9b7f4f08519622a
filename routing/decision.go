package routing

// #include "doors_caddy.h"
import "C"

import "net/netip"

// Decision says where a request goes.
type Decision struct {
	// Kind is the kind of destination: one pod, none, one upstream, or any
	// upstream.
	Kind Kind
	// Reason says why.
	Reason Reason
	// Upstream is the index of the upstream in the configuration for [Pod] and
	// [Upstream], else -1.
	Upstream int
	// Key is the index of the key that opened the token or cookie, or -1.
	Key int
	// Port is the port of the upstream, or 0.
	Port uint16
	// Path is the kind of path.
	Path Path
	// Addr is the address in the token ([Pod], and [Gone] with [ReasonNoCIDR])
	// or in the cookie ([Upstream] with [ReasonCookie]), else the zero Addr. It
	// is never IPv4-mapped.
	Addr netip.Addr
}

// Kind is the kind of destination of a request.
type Kind uint32

// The kinds. The numbers are those of DOORS_DECISION_* in doors_caddy.h.
const (
	Pod      Kind = C.DOORS_DECISION_POD      // this pod only
	Gone     Kind = C.DOORS_DECISION_GONE     // 410 without a dial
	Upstream Kind = C.DOORS_DECISION_UPSTREAM // the fresh pods of one upstream
	Any      Kind = C.DOORS_DECISION_ANY      // the fresh pods of all upstreams
)

// Reason says why a request goes to its destination.
type Reason uint32

// The reasons. The numbers are those of DOORS_REASON_* in doors_caddy.h.
const (
	ReasonNone           Reason = C.DOORS_REASON_NONE
	ReasonMalformed      Reason = C.DOORS_REASON_MALFORMED       // Gone: not base64url without padding
	ReasonRefused        Reason = C.DOORS_REASON_REFUSED         // Gone: no key opens the token
	ReasonNoCIDR         Reason = C.DOORS_REASON_NO_CIDR         // Gone: no CIDR contains the address
	ReasonOnlyUpstream   Reason = C.DOORS_REASON_ONLY_UPSTREAM   // Upstream: there is only one
	ReasonCookie         Reason = C.DOORS_REASON_COOKIE          // Upstream: chosen by a cookie
	ReasonNoCookie       Reason = C.DOORS_REASON_NO_COOKIE       // Any: no cookie of that name
	ReasonCookieUnusable Reason = C.DOORS_REASON_COOKIE_UNUSABLE // Any: no valid cookie of that name
)

// Path is the kind of path of a request.
type Path uint16

// The kinds of path. The numbers are those of DOORS_PATH_* in doors_caddy.h.
const (
	PathPage     Path = C.DOORS_PATH_PAGE     // anything outside /~/{token}
	PathSync     Path = C.DOORS_PATH_SYNC     // /~/{token}/s/
	PathHook     Path = C.DOORS_PATH_HOOK     // /~/{token}/h/
	PathHistory  Path = C.DOORS_PATH_HISTORY  // /~/{token}/u/
	PathResource Path = C.DOORS_PATH_RESOURCE // /~/{token}/r/
	PathOther    Path = C.DOORS_PATH_OTHER    // anything else under /~/{token}
)

// The names are read from the library only once: they label metrics for each
// request.
var (
	kindNames   = namesOf(Any, Kind.name)
	reasonNames = namesOf(ReasonCookieUnusable, Reason.name)
	pathNames   = namesOf(PathOther, Path.name)
)

func (k Kind) name() string   { return C.GoString(C.doors_decision_str(C.uint32_t(k))) }
func (r Reason) name() string { return C.GoString(C.doors_reason_str(C.uint32_t(r))) }
func (p Path) name() string   { return C.GoString(C.doors_path_str(C.uint32_t(p))) }

// String returns the library's name of the kind, or "unknown".
func (k Kind) String() string { return nameIn(kindNames, k, Kind.name) }

// String returns the library's name of the reason, or "unknown".
func (r Reason) String() string { return nameIn(reasonNames, r, Reason.name) }

// String returns the library's name of the kind of path, or "unknown".
func (p Path) String() string { return nameIn(pathNames, p, Path.name) }

// namesOf returns the names of the numbers from 0 to last.
func namesOf[T ~uint16 | ~uint32](last T, name func(T) string) []string {
	names := make([]string, last+1)
	for number := range names {
		names[number] = name(T(number))
	}
	return names
}

func nameIn[T ~uint16 | ~uint32](names []string, number T, name func(T) string) string {
	if uint64(number) < uint64(len(names)) {
		return names[number]
	}
	return name(number)
}

func decisionOf(d *C.doors_decision) Decision {
	return Decision{
		Kind:     Kind(d.kind),
		Reason:   Reason(d.reason),
		Upstream: indexOf(d.upstream),
		Key:      indexOf(d.key),
		Port:     uint16(d.port),
		Path:     Path(d.path),
		Addr:     addressOf(&d.addr),
	}
}
