package ledger

// In:  the phases of a run, and faults that are not one pod's alone.
// Out: the rows, and the first of all complaints in words.

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
)

// maxNotes is how many complaints are kept in words.
const maxNotes = 40

// Ledger adds up what browsers met. Its methods may be called from any goroutine.
type Ledger struct {
	began   time.Time
	current atomic.Pointer[Row]

	// Reloads that a page was told to do while the key was wrong, by the kind of request.
	KeylessReloads sync.Map // Kind -> *atomic.Int64

	mu     sync.Mutex
	rows   []*Row
	notes  []string
	wrongs []span // when the key was wrong
	closes []span // when Caddy closed a server
	empty  []span // when no upstream had a pod
	cuts   []cut  // when a replica of the proxy was unreachable, or reached no pod
	harmed []*fleet.Life
}

type cut struct {
	span
	proxy netip.Addr
}

type span struct{ begin, end time.Time }

// New begins with a first phase.
func New(name string) *Ledger {
	l := &Ledger{began: time.Now()}
	l.Phase(name)
	return l
}

// Phase begins a phase; what is judged from now on counts for it.
func (l *Ledger) Phase(name string) *Row {
	row := &Row{Name: name}
	l.mu.Lock()
	l.rows = append(l.rows, row)
	l.mu.Unlock()
	l.current.Store(row)
	return row
}

func (l *Ledger) row() *Row { return l.current.Load() }

// Complain counts something that is no request's fault as a failure.
func (l *Ledger) Complain(format string, values ...any) {
	l.row().Failed.Add(1)
	l.write(fmt.Sprintf(format, values...))
}

// note keeps a complaint in words.
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

// Notes are the first complaints.
func (l *Ledger) Notes() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.notes...)
}

// Harm notes a pod that is about to be harmed: page loads may have been on their way to it.
func (l *Ledger) Harm(pod *fleet.Life) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.harmed = append(l.harmed, pod)
}

// harmedDuring tells whether a harmed pod may have delayed a page load that took this time. A dead one delays none when DNS does
// not name it any more.
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

// inFlight tells whether a page load may have been on its way to a pod when that was killed, or to one that stood still.
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

// WrongKey notes that Caddy has a wrong key from now on; the returned function, that this is over.
func (l *Ledger) WrongKey() (over func()) { return l.during(&l.wrongs) }

// NoPod notes that every pod is dead from now on; the returned function, that the visitors have found new ones.
func (l *Ledger) NoPod() (over func()) { return l.during(&l.empty) }

// Closing notes that Caddy reloads or ends from now on; the returned function, that this is over.
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

// Cut notes that one replica of the proxy is unreachable, or reaches no pod, from now on; the returned function, that this is over.
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

// cut tells whether a request went to a replica that was cut off then. An invalid address stands for any replica.
func (l *Ledger) cut(proxy netip.Addr, begin, end time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.cuts, func(one cut) bool {
		return (one.proxy == proxy || !proxy.IsValid()) && one.touches(begin, end)
	})
}

// keyless tells whether the key was wrong at some moment of a span of time.
func (l *Ledger) keyless(begin, end time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return touches(l.wrongs, begin, end)
}

// newKey tells whether Caddy has got a wrong key a moment ago. With another key it knows nothing of any pod at first, so that
// nobody is told to reload.
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

// podless tells whether all pods were dead at some moment of a span of time.
func (l *Ledger) podless(begin, end time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return touches(l.empty, begin, end)
}

// closing tells whether Caddy closed a server at some moment of a span of time.
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

// Reloads is how many pages were told to reload for want of the key, by requests of these kinds.
func (l *Ledger) Reloads(kinds ...Kind) int64 {
	var sum int64
	for _, kind := range kinds {
		if count, found := l.KeylessReloads.Load(kind); found {
			sum += count.(*atomic.Int64).Load()
		}
	}
	return sum
}

// Stranded is how many visitors are lost on an error page.
func (l *Ledger) Stranded() int64 { return l.total().Stranded.Load() }

// Faultless tells whether all that must be 0 is 0 in every phase.
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
