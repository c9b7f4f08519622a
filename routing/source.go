package routing

/*
#cgo noescape doors_source_dialled
#cgo nocallback doors_source_dialled
#cgo noescape doors_source_use
#cgo nocallback doors_source_use
#include "doors_caddy.h"
*/
import "C"

import (
	"math"
	"net/netip"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"
)

// Source is a configuration in use: a [Router] and its options, bound to a
// [State]. It is immutable. When it is no longer used, its use of hosts ends.
// The package comment describes concurrency and memory.
type Source struct {
	handle *C.doors_source
	_      unshared
}

var liveSources atomic.Int64

// LiveSources returns the number of sources that are not freed yet, for tests
// and metrics. A source is freed when the garbage collector finds it unused.
func LiveSources() int { return int(liveSources.Load()) }

// Options are the options of one configuration.
type Options struct {
	// GoneAfter is how long a pod must be unreachable before it counts as gone.
	GoneAfter time.Duration
	// DrainMax is how long a pod may drain before its pages get 410, the
	// longest idle first, at the pace of GoneRate. 0 means no limit.
	DrainMax time.Duration
	// RollTime is how often a page opens a receiver stream: the app's
	// SolitaireRollTime.
	RollTime time.Duration
	// PageWait is how long a page load waits for a pod. A receiver stream waits
	// as long while no pod could take its page. 0 disables both waits.
	PageWait time.Duration
	// Refresh is the time between two lookups of a host that requests use, at
	// least 10 ms.
	Refresh time.Duration
	// StaleMax is the age from which addresses are used only after waiting for
	// new ones, if they have not been looked up again.
	StaleMax time.Duration
	// FirstLookup is how long a request waits for first lookups while no
	// address is known. All other waits for DNS end after 500 ms.
	FirstLookup time.Duration
	// Resolver is a number that the caller gives to a set of name servers and
	// IP versions. Hosts with the same name and Resolver are the same host.
	Resolver uint64
	// GoneRate is how many receiver streams of an upstream may get 410 per
	// second. 0 means no limit.
	GoneRate uint32
	// UserChooses is set if the user has a selection policy: the step is then
	// [StepChoose] for requests that several pods can take.
	UserChooses bool
	// UserRetries is set if the user has configured retries: a request that has
	// failed everywhere then starts over instead of ending, until
	// [Source.GiveUp].
	UserRetries bool
}

// DefaultOptions returns the defaults: GoneAfter 10 s, DrainMax 0, RollTime 15
// s, PageWait 10 s, Refresh 1 s, StaleMax 300 s, FirstLookup 3 s, GoneRate 100.
func DefaultOptions() Options {
	var c C.doors_options
	C.doors_options_init(&c)
	return Options{
		GoneAfter:   time.Duration(c.gone_after),
		DrainMax:    time.Duration(c.drain_max),
		RollTime:    time.Duration(c.roll_time),
		PageWait:    time.Duration(c.page_wait),
		Refresh:     time.Duration(c.refresh),
		StaleMax:    time.Duration(c.stale_max),
		FirstLookup: time.Duration(c.first_lookup),
		Resolver:    uint64(c.resolver),
		GoneRate:    uint32(c.gone_rate),
	}
}

// NewSource begins to use a configuration, with the JSON of [NewRouter].
// Nothing is looked up before a request needs it. Call [State.Due] afterwards.
// The error is an [*Error] as from [NewRouter], or has [StatusRange] for a
// negative duration.
func NewSource(state *State, json []byte, options Options) (*Source, error) {
	if abiProblem != nil {
		return nil, abiProblem
	}
	c := C.doors_options{
		gone_after:   C.int64_t(options.GoneAfter),
		drain_max:    C.int64_t(options.DrainMax),
		roll_time:    C.int64_t(options.RollTime),
		page_wait:    C.int64_t(options.PageWait),
		refresh:      C.int64_t(options.Refresh),
		stale_max:    C.int64_t(options.StaleMax),
		first_lookup: C.int64_t(options.FirstLookup),
		resolver:     C.uint64_t(options.Resolver),
		gone_rate:    C.uint32_t(options.GoneRate),
	}
	if options.UserChooses {
		c.flags |= C.DOORS_OPTION_USER_CHOOSES
	}
	if options.UserRetries {
		c.flags |= C.DOORS_OPTION_USER_RETRIES
	}
	var handle *C.doors_source
	var problem C.doors_error
	text, length := flat(unsafe.String(unsafe.SliceData(json), len(json)))
	status := C.doors_source_new(state.handle, text, length, &c, &handle, &problem)
	runtime.KeepAlive(state)
	if err := errorOf(status, &problem); err != nil {
		return nil, err
	}
	source := &Source{handle: handle}
	liveSources.Add(1)
	runtime.AddCleanup(source, freeSource, handle)
	return source, nil
}

func freeSource(handle *C.doors_source) {
	C.doors_source_free(handle)
	liveSources.Add(-1)
}

// Router returns the router of the source, which keeps the source alive.
func (s *Source) Router() *Router {
	router := &Router{handle: (*C.doors_router)(unsafe.Pointer(C.doors_source_router(s.handle))), source: s}
	runtime.KeepAlive(s)
	return router
}

// Dialled reports the outcome of a dial as soon as it is known. It may be
// called from any goroutine, also after the request has ended, and for dials in
// the background. The outcome counts for the pod and affects no request.
// upstream and pod are those of the step or report. [OutcomeAnswered] and
// [OutcomeDropped] are not outcomes of dials and have no effect. The error is
// [StatusAddress] for an invalid pod or [StatusRange] for an unknown outcome.
func (s *Source) Dialled(upstream int, pod netip.AddrPort, outcome Outcome, now time.Duration, random uint64) (*Report, error) {
	cPod := podOf(pod)
	var out C.doors_report
	status := C.doors_source_dialled(s.handle, C.uint32_t(upstream), &cPod, C.uint32_t(outcome), C.int64_t(now), C.uint64_t(random), &out)
	runtime.KeepAlive(s)
	return reportOf(&out, status)
}

// Use keeps the lookups of an upstream's hosts going, as a request would. It is
// for callers that show the upstream's pods. An index out of range has no
// effect.
func (s *Source) Use(upstream int, now time.Duration) (*Report, error) {
	var out C.doors_report
	status := C.doors_source_use(s.handle, C.uint32_t(upstream), C.int64_t(now), &out)
	runtime.KeepAlive(s)
	return reportOf(&out, status)
}

// Upstream returns the numbers of the upstream at the index: that of its host,
// as in [Lookup], and its own, as in [KnownPod]. Upstreams with the same host,
// port and resolver share both numbers, across sources. ok is false for an
// index out of range.
func (s *Source) Upstream(index int) (host, number uint64, ok bool) {
	if index < 0 || index > math.MaxInt32 {
		return 0, 0, false
	}
	var cHost, cNumber C.uint64_t
	status := C.doors_source_upstream(s.handle, C.uint32_t(index), &cHost, &cNumber)
	runtime.KeepAlive(s)
	return uint64(cHost), uint64(cNumber), status == C.DOORS_STATUS_OK
}

// Fresh returns the fresh pods of the upstream at the index: those inside its
// networks and those outside.
func (s *Source) Fresh(index int) (inside, outside []netip.AddrPort) {
	if index < 0 || index > math.MaxInt32 {
		return nil, nil
	}
	defer runtime.KeepAlive(s)
	list := make([]C.doors_pod, 8)
	for {
		var count, within C.size_t
		status := C.doors_source_fresh(s.handle, C.uint32_t(index), &list[0], C.size_t(len(list)), &within, &count)
		if status != C.DOORS_STATUS_OK {
			return nil, nil
		}
		if int(count) > len(list) {
			list = make([]C.doors_pod, count)
			continue
		}
		pods := make([]netip.AddrPort, count)
		for i := range pods {
			pods[i] = addrPortOf(&list[i])
		}
		return pods[:within:within], pods[within:]
	}
}
