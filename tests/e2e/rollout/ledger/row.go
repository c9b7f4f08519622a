package ledger

// In:  judgements.
// Out: the numbers of one phase.

import (
	"sync/atomic"
	"time"
)

// Row is one phase of a run. What must be 0 comes first.
type Row struct {
	Name string

	Lost       atomic.Int64 // pages that ended or forgot although their pod was well
	Stranded   atomic.Int64 // visitors whose page load ended on an error page, where no script runs
	Failed     atomic.Int64 // requests that failed without an excuse
	WrongPod   atomic.Int64 // answers from another pod than the one they had to come from
	Stale      atomic.Int64 // pages from a pod that drained, was evicted, or was out of DNS for 2 s, although another one took pages
	LongestGap atomic.Int64 // nanoseconds that a page of a pod that is well was without a stream

	Sessions     atomic.Int64 // pages opened, each with state of its own on its pod
	Requests     atomic.Int64
	Repeated     atomic.Int64 // requests sent again because their connection was closed before they were read
	Dropped      atomic.Int64 // requests over HTTP/1.1 that Caddy read and dropped because it was closing the connection
	InFlight     atomic.Int64 // failed requests that were under way when their pod was harmed
	HeldBack     atomic.Int64 // 503 with Retry-After: unreachable pods, paced reloads
	LastChoice   atomic.Int64 // pages from such a pod because no other one took them
	Evicted      atomic.Int64 // pages that were told to reload because their pod was evicted
	Harmed       atomic.Int64 // pages that ended with their pod, or for want of the key
	HarmedGap    atomic.Int64 // nanoseconds from the end of such a page until its browser had another
	SlowestPage  atomic.Int64 // nanoseconds that the slowest page load took
	SlowestFault atomic.Int64 // the same among those that a harmed pod may have delayed
}

// Faultless tells whether all that must be 0 is 0.
func (r *Row) Faultless() bool {
	return r.Lost.Load() == 0 && r.Stranded.Load() == 0 && r.Failed.Load() == 0 && r.WrongPod.Load() == 0 && r.Stale.Load() == 0 &&
		r.LongestGap.Load() == 0
}

// add adds another row to this one.
func (r *Row) add(other *Row) {
	for _, pair := range [][2]*atomic.Int64{
		{&r.Lost, &other.Lost}, {&r.Stranded, &other.Stranded}, {&r.Failed, &other.Failed}, {&r.WrongPod, &other.WrongPod}, {&r.Stale, &other.Stale},
		{&r.Sessions, &other.Sessions}, {&r.Requests, &other.Requests}, {&r.InFlight, &other.InFlight},
		{&r.Repeated, &other.Repeated}, {&r.Dropped, &other.Dropped}, {&r.HeldBack, &other.HeldBack}, {&r.Harmed, &other.Harmed},
		{&r.LastChoice, &other.LastChoice}, {&r.Evicted, &other.Evicted},
	} {
		pair[0].Add(pair[1].Load())
	}
	for _, pair := range [][2]*atomic.Int64{
		{&r.LongestGap, &other.LongestGap}, {&r.HarmedGap, &other.HarmedGap},
		{&r.SlowestPage, &other.SlowestPage}, {&r.SlowestFault, &other.SlowestFault},
	} {
		raise(pair[0], time.Duration(pair[1].Load()))
	}
}

// raise keeps the larger one.
func raise(kept *atomic.Int64, seen time.Duration) {
	for {
		before := kept.Load()
		if int64(seen) <= before || kept.CompareAndSwap(before, int64(seen)) {
			return
		}
	}
}
