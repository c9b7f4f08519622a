package ledger

import (
	"sync/atomic"
	"time"
)

// Row has the numbers of one phase. Those that must be 0 come first.
type Row struct {
	Name string

	Lost       atomic.Int64 // pages that ended or lost state although their pod was not harmed
	Stranded   atomic.Int64 // visitors whose page load ended on an error page, where no script runs
	Failed     atomic.Int64 // failed requests without an excuse
	WrongPod   atomic.Int64 // answers from a wrong pod
	Stale      atomic.Int64 // pages from a pod that was draining, evicted, or out of DNS for 2 s, although another pod took pages
	LongestGap atomic.Int64 // longest time without a stream of a page whose pod was not harmed, in nanoseconds

	Sessions     atomic.Int64 // opened pages, each with its own state on its pod
	Requests     atomic.Int64
	Repeated     atomic.Int64 // requests repeated because their connection was closed before they were read
	Dropped      atomic.Int64 // HTTP/1.1 requests that Caddy read and dropped because it was closing the connection
	InFlight     atomic.Int64 // failed requests that were under way when their pod was harmed
	HeldBack     atomic.Int64 // 503 with Retry-After: unreachable pods, paced reloads
	LastChoice   atomic.Int64 // pages from such a pod because no other one took them
	Evicted      atomic.Int64 // pages told to reload because their pod was evicted
	Harmed       atomic.Int64 // pages that ended with their pod, or because of the wrong key
	HarmedGap    atomic.Int64 // longest time from the end of such a page until its browser had another, in nanoseconds
	SlowestPage  atomic.Int64 // longest page load, in nanoseconds
	SlowestFault atomic.Int64 // longest page load that a harmed pod may have delayed
}

// Faultless reports whether all numbers that must be 0 are 0.
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

// raise stores the duration if it is longer.
func raise(kept *atomic.Int64, seen time.Duration) {
	for {
		before := kept.Load()
		if int64(seen) <= before || kept.CompareAndSwap(before, int64(seen)) {
			return
		}
	}
}
