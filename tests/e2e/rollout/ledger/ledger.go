package ledger

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
)

// maxNotes is how many complaints are kept as text.
const maxNotes = 40

// Ledger adds up what happens to browsers. It is safe for concurrent use.
type Ledger struct {
	began   time.Time
	current atomic.Pointer[Row]

	// KeylessReloads counts the reloads while the key was wrong, by kind of request.
	KeylessReloads sync.Map // Kind -> *atomic.Int64

	mu     sync.Mutex
	rows   []*Row
	notes  []string
	wrongs []span // when the key was wrong
	closes []span // when Caddy closed a server
	empty  []span // when no upstream had a pod
	cuts   []cut  // when a replica of the proxy was unreachable, or could not reach any pod
	harmed []*fleet.Life
}

type cut struct {
	span
	proxy netip.Addr
}

type span struct{ begin, end time.Time }

// New returns a ledger with a first phase.
func New(name string) *Ledger {
	l := &Ledger{began: time.Now()}
	l.Phase(name)
	return l
}

// Phase begins a phase. Later verdicts count for it.
func (l *Ledger) Phase(name string) *Row {
	row := &Row{Name: name}
	l.mu.Lock()
	l.rows = append(l.rows, row)
	l.mu.Unlock()
	l.current.Store(row)
	return row
}

func (l *Ledger) row() *Row { return l.current.Load() }

// Complain counts a failure that is not about a request.
func (l *Ledger) Complain(format string, values ...any) {
	l.row().Failed.Add(1)
	l.write(fmt.Sprintf(format, values...))
}

// note keeps a complaint as text.
func (l *Ledger) note(what string, o Outcome) {
	l.write(fmt.Sprintf("%s: %v", what, o))
}

func (l *Ledger) write(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.notes) < maxNotes {
		l.notes = append(l.notes, fmt.Sprintf("%6.2f s, %s: %s", time.Since(l.began).Seconds(), l.row().Name, text))
	}
}

// Notes returns the first complaints.
func (l *Ledger) Notes() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.notes...)
}

// Harm records a pod that is about to be harmed: page loads may be on their way to it.
func (l *Ledger) Harm(pod *fleet.Life) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.harmed = append(l.harmed, pod)
}

// harmedDuring reports whether a harmed pod may have delayed a page load during this time. A dead
// pod that has left DNS delays none.
func (l *Ledger) harmedDuring(begin, end time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, pod := range l.harmed {
		if fault, found := pod.FaultDuring(begin, end); found && (fault.Kind != fleet.Killed || !pod.Stale(begin)) {
			return true
		}
	}
	return false
}

// inFlight reports whether a page load may have been on its way to a pod when that was killed, or
// to a stopped pod.
func (l *Ledger) inFlight(begin, end time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, pod := range l.harmed {
		if fault, found := pod.FaultDuring(begin, end); found && (fault.Kind == fleet.Stopped || fault.InFlight(begin)) {
			return true
		}
	}
	return false
}

// WrongKey records that Caddy has a wrong key from now on, until over is called.
func (l *Ledger) WrongKey() (over func()) { return l.during(&l.wrongs) }

// NoPod records that every pod is dead from now on. Call over when the visitors have found new
// ones.
func (l *Ledger) NoPod() (over func()) { return l.during(&l.empty) }

// Closing records that Caddy reloads or ends from now on, until over is called.
func (l *Ledger) Closing() (over func()) { return l.during(&l.closes) }

func (l *Ledger) during(spans *[]span) (over func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	index := len(*spans)
	*spans = append(*spans, span{begin: time.Now()})
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		(*spans)[index].end = time.Now()
	}
}

// Cut records that a replica of the proxy is unreachable, or cannot reach any pod, from now on
// until over is called.
func (l *Ledger) Cut(proxy netip.Addr) (over func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	index := len(l.cuts)
	l.cuts = append(l.cuts, cut{span{begin: time.Now()}, proxy})
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.cuts[index].end = time.Now()
	}
}

// cut reports whether a request went to a replica that was cut off at the time. An invalid address
// stands for any replica.
func (l *Ledger) cut(proxy netip.Addr, begin, end time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.cuts, func(one cut) bool {
		return (one.proxy == proxy || !proxy.IsValid()) && one.touches(begin, end)
	})
}

// keyless reports whether the key was wrong at some moment of a time span.
func (l *Ledger) keyless(begin, end time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return touches(l.wrongs, begin, end)
}

// newKey reports whether Caddy has just got a wrong key. With another key it has no pods at first, so
// no page is told to reload.
func (l *Ledger) newKey(begin time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.wrongs {
		if !begin.After(one.begin.Add(time.Second)) && (one.end.IsZero() || begin.Before(one.end)) {
			return true
		}
	}
	return false
}

// podless reports whether all pods were dead at some moment of a time span.
func (l *Ledger) podless(begin, end time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return touches(l.empty, begin, end)
}

// closing reports whether Caddy closed a server at some moment of a time span.
func (l *Ledger) closing(begin, end time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return touches(l.closes, begin, end)
}

func touches(spans []span, begin, end time.Time) bool {
	return slices.ContainsFunc(spans, func(one span) bool { return one.touches(begin, end) })
}

func (s span) touches(begin, end time.Time) bool {
	return !end.Before(s.begin) && (s.end.IsZero() || !begin.After(s.end))
}

func (l *Ledger) reloads(kind Kind) {
	count, _ := l.KeylessReloads.LoadOrStore(kind, new(atomic.Int64))
	count.(*atomic.Int64).Add(1)
}

// Reloads returns how many pages were told to reload because of the wrong key, by requests of these
// kinds.
func (l *Ledger) Reloads(kinds ...Kind) int64 {
	var sum int64
	for _, kind := range kinds {
		if count, found := l.KeylessReloads.Load(kind); found {
			sum += count.(*atomic.Int64).Load()
		}
	}
	return sum
}

// Stranded returns how many visitors are stranded on an error page.
func (l *Ledger) Stranded() int64 { return l.total().Stranded.Load() }

// Faultless reports whether all numbers that must be 0 are 0 in every phase.
func (l *Ledger) Faultless() bool { return l.total().Faultless() }

func (l *Ledger) total() *Row {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := &Row{Name: "all"}
	for _, row := range l.rows {
		sum.add(row)
	}
	return sum
}
