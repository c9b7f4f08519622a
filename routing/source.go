package routing

// In:  one configuration with its options; then what became of dials.
// Out: a Source, whose requests are in request.go.

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

// Source is one configuration in use: a [Router] and its options, with what a
// [State] knows. It does not change. When nobody uses it any more, its use of
// hosts ends. For threads and memory see the package.
type Source struct {
	handle *C.doors_source
	_      unshared
}

var liveSources atomic.Int64

// LiveSources returns how many sources are not freed yet. It is meant for tests
// and metrics: a source lives until the garbage collector has found it unused.
func LiveSources() int { return int(liveSources.Load()) }

// Options are those of one configuration.
type Options struct {
	// GoneAfter is for how long a pod must have been out of reach until it is gone.
	GoneAfter time.Duration
	// DrainMax is for how long a pod may drain until its pages are told 410, those
	// that were not used for longest first; 0 for ever. GoneRate paces them.
	DrainMax time.Duration
	// RollTime is how often a page opens a receiver stream: the app's
	// SolitaireRollTime.
	RollTime time.Duration
	// PageWait is for how long a page load waits for a pod, and the receiver stream
	// of a page that has nothing to reload onto; 0 for not at all.
	PageWait time.Duration
	// Refresh is the time from one lookup of a host to the next, while requests use
	// it; 10 ms at least.
	Refresh time.Duration
	// StaleMax is the age at which addresses are not used without waiting for new
	// ones, if there were no lookups.
	StaleMax time.Duration
	// FirstLookup is for how long a request waits for first lookups while no address
	// is known at all. Any other wait for DNS is 500 ms at most.
	FirstLookup time.Duration
	// Resolver is the caller's number for the way in which names are looked up: which
	// name servers, which IP versions. Hosts with the same name and number are one
	// host.
	Resolver uint64
	// GoneRate is how many receiver streams of an upstream may be told 410 in one
	// second; 0 for all.
	GoneRate uint32
	// UserChooses says that the user has a policy of his own: steps are [StepChoose]
	// for requests that several pods may take.
	UserChooses bool
	// UserRetries says that the user said how to retry: a request that has failed
	// everywhere starts over instead of ending, until [Source.GiveUp].
	UserRetries bool
}

// DefaultOptions returns good values: 10 s, 0, 15 s, 10 s, 1 s, 300 s, 3 s, and 100.
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

// NewSource begins to use a configuration; json is that of [NewRouter]. Nothing
// is looked up before a request needs it. Call [State.Due] afterwards. The error
// is an [*Error] as of [NewRouter], or of [StatusRange] for a negative duration.
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

// Dialled reports what became of a dial, as soon as it is known: from any
// goroutine, also after its request has ended, and of dials in the background. It
// counts for the pod and touches no request. Upstream and pod are those of the
// step or the report. [OutcomeAnswered] and [OutcomeDropped] are not dials; they
// change nothing. The error is [StatusAddress] or [StatusRange] for a pod or
// outcome that is none.
func (s *Source) Dialled(upstream int, pod netip.AddrPort, outcome Outcome, now time.Duration, random uint64) (*Report, error) {
	cPod := podOf(pod)
	var out C.doors_report
	status := C.doors_source_dialled(s.handle, C.uint32_t(upstream), &cPod, C.uint32_t(outcome), C.int64_t(now), C.uint64_t(random), &out)
	runtime.KeepAlive(s)
	return reportOf(&out, status)
}

// Use keeps the lookups of one upstream's host going, as a request that may go
// there does: for whoever shows the upstream's pods. An index that the
// configuration does not have changes nothing.
func (s *Source) Use(upstream int, now time.Duration) (*Report, error) {
	var out C.doors_report
	status := C.doors_source_use(s.handle, C.uint32_t(upstream), C.int64_t(now), &out)
	runtime.KeepAlive(s)
	return reportOf(&out, status)
}

// Upstream returns the numbers of one upstream, by its index in the
// configuration: that of its host, as in [Lookup], and its own, as in
// [KnownPod]. Upstreams with the same host, port and resolver share both, also
// those of other sources. ok is false for an index that the configuration does
// not have.
func (s *Source) Upstream(index int) (host, number uint64, ok bool) {
	if index < 0 || index > math.MaxInt32 {
		return 0, 0, false
	}
	var cHost, cNumber C.uint64_t
	status := C.doors_source_upstream(s.handle, C.uint32_t(index), &cHost, &cNumber)
	runtime.KeepAlive(s)
	return uint64(cHost), uint64(cNumber), status == C.DOORS_STATUS_OK
}

// Fresh returns the fresh pods of an upstream, by its index in the
// configuration: those inside the upstream's networks, and those outside.
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
