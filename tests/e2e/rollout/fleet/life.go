package fleet

// In:  what happens to a pod, each with its time.
// Out: whether that explains what a request or a page met at some time.

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// FaultKind is something that was done to a pod on purpose.
type FaultKind int

// The faults.
const (
	Killed    FaultKind = iota + 1 // SIGKILL
	Stopped                        // SIGSTOP: it accepts connections and never answers
	Swallowed                      // its address swallows packets
)

// Fault is one of them, for some time.
type Fault struct {
	Kind  FaultKind
	Begin time.Time
	Sure  time.Time // from here on it has taken effect for certain: a killed process is gone
	End   time.Time // zero: not over
}

// resetDelay is how long the news of a killed process may take to every proxy's open connections.
const resetDelay = 100 * time.Millisecond

// InFlight tells whether a request that began at this time may have been under way when the fault began.
func (f Fault) InFlight(begin time.Time) bool { return begin.Before(f.Sure.Add(resetDelay)) }

// Age is how long the fault had lasted at some time.
func (f Fault) Age(now time.Time) time.Duration { return now.Sub(f.Begin) }

// settled is when nothing may remind of a fault any more. What was lost meanwhile is sent again after pauses that
// double (RFC 6298 section 5.5), so recovery takes up to as long as the fault.
func (f Fault) settled() time.Time { return f.End.Add(f.End.Sub(f.Begin) + 2*time.Second) }

// Life is what has happened to one pod. Its methods may be called from any goroutine.
type Life struct {
	Name     string // unique: "upstream 1, pod 3"
	Upstream int    // from 0
	Address  netip.Addr

	// Pages counts the pages that browsers have open on this pod.
	Pages atomic.Int64

	mu       sync.Mutex
	named    []span // when DNS answers name the pod
	draining time.Time
	refuses  time.Time
	faults   []Fault
	evicted  []span
	evicting time.Time // since when for certain; zero for not
}

// span is a time from begin on, until end unless that is zero.
type span struct{ begin, end time.Time }

// Listed notes from when on DNS answers name the pod. Changes are noted in the order of their times.
func (l *Life) Listed(from time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last := len(l.named) - 1; last < 0 || !l.named[last].end.IsZero() {
		l.named = append(l.named, span{begin: from})
	}
}

// Delisted notes from when on DNS answers do not name the pod.
func (l *Life) Delisted(from time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last := len(l.named) - 1; last >= 0 && l.named[last].end.IsZero() {
		l.named[last].end = from
	}
}

// Draining notes that the pod was asked to drain.
func (l *Life) Draining() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.draining = time.Now()
}

// Refuses notes that the pod refuses pages from now on, unless it is the last choice.
func (l *Life) Refuses() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuses = time.Now()
}

// BeginEviction notes that the pod is about to be evicted.
func (l *Life) BeginEviction() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.evicted = append(l.evicted, span{begin: time.Now()})
}

// SureOfEviction notes that it has taken effect.
func (l *Life) SureOfEviction() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.evicting = time.Now()
}

// EndEviction notes that the eviction is about to be undone.
func (l *Life) EndEviction() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.evicting = time.Time{}
	l.evicted[len(l.evicted)-1].end = time.Now()
}

// EvictedDuring tells whether an eviction may have answered a request that took this time.
func (l *Life) EvictedDuring(begin, end time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.evictedDuring(begin, end)
}

func (l *Life) evictedDuring(begin, end time.Time) bool {
	return slices.ContainsFunc(l.evicted, func(one span) bool {
		return !end.Before(one.begin) && (one.end.IsZero() || begin.Before(one.end.Add(propagation)))
	})
}

// BeginFault notes a fault that begins now.
func (l *Life) BeginFault(kind FaultKind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.faults = append(l.faults, Fault{Kind: kind, Begin: now, Sure: now.Add(time.Hour)})
}

// SureOfFault notes that the last fault has taken effect.
func (l *Life) SureOfFault() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults[len(l.faults)-1].Sure = time.Now()
}

// EndFault notes that the last fault is over.
func (l *Life) EndFault() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults[len(l.faults)-1].End = time.Now()
}

// Known tells whether DNS has named the pod for so long that everybody knows.
func (l *Life) Known() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	return l.throughout(now.Add(-propagation), now)
}

// throughout tells whether DNS named the pod all the while.
func (l *Life) throughout(begin, end time.Time) bool {
	return slices.ContainsFunc(l.named, func(one span) bool {
		return !one.begin.After(begin) && (one.end.IsZero() || one.end.After(end))
	})
}

// IsDraining tells whether the pod was asked to drain.
func (l *Life) IsDraining() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.draining.IsZero()
}

// DrainedBefore tells whether the pod was asked to drain before a time.
func (l *Life) DrainedBefore(limit time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.draining.IsZero() && l.draining.Before(limit)
}

// propagation is how long after a change of DNS a new page may still go by the old answer.
const propagation = 2 * time.Second

// Stale tells whether a page load that began at this time, and has just ended, should have gone to another pod: this one refused
// pages, was evicted, or was no longer in DNS.
func (l *Life) Stale(begin time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, since := range []time.Time{l.refuses, l.evicting} {
		if !since.IsZero() && begin.After(since) {
			return true
		}
	}
	return !slices.ContainsFunc(l.named, func(one span) bool {
		return one.end.IsZero() || !begin.After(one.end.Add(propagation))
	})
}

// Avoided is how long the proxy avoids an address that failed.
const Avoided = 10 * time.Second

// Settled tells whether the pod took pages for all this time, and every proxy knew: DNS named it, and nothing was done to it.
func (l *Life) Settled(begin, end time.Time) bool {
	if _, found := l.FaultDuring(begin.Add(-Avoided), end); found {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.draining.IsZero() && !l.evictedDuring(begin, end) && l.throughout(begin.Add(-propagation), end)
}

// FaultDuring returns the last fault that may be felt in a span of time: what ends a pod comes last.
func (l *Life) FaultDuring(begin, end time.Time) (Fault, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, fault := range slices.Backward(l.faults) {
		if end.Before(fault.Begin) || !fault.End.IsZero() && begin.After(fault.settled()) {
			continue
		}
		return fault, true
	}
	return Fault{}, false
}

// WasKilled tells whether the pod was killed.
func (l *Life) WasKilled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, fault := range l.faults {
		if fault.Kind == Killed {
			return true
		}
	}
	return false
}
