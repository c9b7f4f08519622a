package fleet

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// FaultKind is a kind of harm done to a pod on purpose.
type FaultKind int

// The faults.
const (
	Killed    FaultKind = iota + 1 // SIGKILL
	Stopped                        // SIGSTOP: accepts connections and never answers
	Swallowed                      // its address swallows packets
)

// Fault is a fault during some time.
type Fault struct {
	Kind  FaultKind
	Begin time.Time
	Sure  time.Time // when it has certainly taken effect: a killed process is gone
	End   time.Time // zero while it lasts
}

// resetDelay is how long the end of a killed process may take to reach all open connections of
// proxies. A lost packet is sent again after 200 ms.
const resetDelay = 500 * time.Millisecond

// InFlight reports whether a request that began at this time may have been under way when the fault
// began.
func (f Fault) InFlight(begin time.Time) bool { return begin.Before(f.Sure.Add(resetDelay)) }

// Age returns how long the fault had lasted at some time.
func (f Fault) Age(now time.Time) time.Duration { return now.Sub(f.Begin) }

// settled returns when the fault can no longer have effects. Lost packets are sent again at
// doubling intervals (RFC 6298 section 5.5), so recovery takes up to as long as the fault.
func (f Fault) settled() time.Time { return f.End.Add(f.End.Sub(f.Begin) + 2*time.Second) }

// Life is the history of a pod. It is safe for concurrent use.
type Life struct {
	Name     string // unique, such as "upstream 1, pod 3"
	Upstream int    // from 0
	Address  netip.Addr

	// Pages is how many pages browsers have open on this pod.
	Pages atomic.Int64

	mu       sync.Mutex
	named    []span // when DNS answers have the pod
	draining time.Time
	refuses  time.Time
	faults   []Fault
	evicted  []span
	evicting time.Time // since when it is certainly evicted; zero if not
}

// span is a time span. It is open if end is zero.
type span struct{ begin, end time.Time }

// Listed records from when on DNS answers have the pod. Changes must be recorded in the order of
// their times.
func (l *Life) Listed(from time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last := len(l.named) - 1; last < 0 || !l.named[last].end.IsZero() {
		l.named = append(l.named, span{begin: from})
	}
}

// Delisted records from when on DNS answers do not have the pod.
func (l *Life) Delisted(from time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last := len(l.named) - 1; last >= 0 && l.named[last].end.IsZero() {
		l.named[last].end = from
	}
}

// Draining records that the pod was asked to drain.
func (l *Life) Draining() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.draining = time.Now()
}

// Refuses records that the pod now refuses pages, unless it is the last choice.
func (l *Life) Refuses() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuses = time.Now()
}

// BeginEviction records that the pod is about to be evicted.
func (l *Life) BeginEviction() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.evicted = append(l.evicted, span{begin: time.Now()})
}

// SureOfEviction records that the eviction has taken effect.
func (l *Life) SureOfEviction() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.evicting = time.Now()
}

// EndEviction records that the eviction is about to end.
func (l *Life) EndEviction() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.evicting = time.Time{}
	l.evicted[len(l.evicted)-1].end = time.Now()
}

// EvictedDuring reports whether an eviction may have affected a request during this time.
func (l *Life) EvictedDuring(begin, end time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.evictedDuring(begin, end)
}

func (l *Life) evictedDuring(begin, end time.Time) bool {
	return slices.ContainsFunc(l.evicted, func(one span) bool {
		return !end.Before(one.begin) && (one.end.IsZero() || begin.Before(one.end.Add(Propagation)))
	})
}

// BeginFault records a fault that begins now.
func (l *Life) BeginFault(kind FaultKind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.faults = append(l.faults, Fault{Kind: kind, Begin: now, Sure: now.Add(time.Hour)})
}

// SureOfFault records that the last fault has taken effect.
func (l *Life) SureOfFault() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults[len(l.faults)-1].Sure = time.Now()
}

// EndFault records that the last fault is over.
func (l *Life) EndFault() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults[len(l.faults)-1].End = time.Now()
}

// Known reports whether the pod has been in DNS long enough for all proxies to know it.
func (l *Life) Known() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	return l.throughout(now.Add(-Propagation), now)
}

// throughout reports whether the pod was in DNS for all this time.
func (l *Life) throughout(begin, end time.Time) bool {
	return slices.ContainsFunc(l.named, func(one span) bool {
		return !one.begin.After(begin) && (one.end.IsZero() || one.end.After(end))
	})
}

// IsDraining reports whether the pod was asked to drain.
func (l *Life) IsDraining() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.draining.IsZero()
}

// DrainedBefore reports whether the pod was asked to drain before a time.
func (l *Life) DrainedBefore(limit time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.draining.IsZero() && l.draining.Before(limit)
}

// Propagation is how long after a change in DNS a new page may still follow the old answer.
const Propagation = 2 * time.Second

// Stale reports whether a page load that began at this time, and has just ended, should have gone
// to another pod, because this one refused pages, was evicted, or had left DNS.
func (l *Life) Stale(begin time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, since := range []time.Time{l.refuses, l.evicting} {
		if !since.IsZero() && begin.After(since) {
			return true
		}
	}
	return !slices.ContainsFunc(l.named, func(one span) bool {
		return one.end.IsZero() || !begin.After(one.end.Add(Propagation))
	})
}

// Avoided is how long after a fault the proxy may avoid an address: 10 s from the last dial that
// failed. Such a dial may have begun during the fault, and gets no answer for 3 s.
const Avoided = 13 * time.Second

// Settled reports whether the pod took pages for all this time and every proxy knew it: it was in
// DNS and was not harmed.
func (l *Life) Settled(begin, end time.Time) bool {
	if _, found := l.FaultDuring(begin.Add(-Avoided), end); found {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.draining.IsZero() && !l.evictedDuring(begin, end) && l.throughout(begin.Add(-Propagation), end)
}

// FaultDuring returns the last fault that may have effects in a time span. A fault that ends the
// pod is always the last.
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

// WasKilled reports whether the pod was killed.
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
