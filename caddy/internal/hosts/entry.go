// In: joins, requests, timers and lookup outcomes of one shared name, from any goroutine.
// Out: the snapshot that requests read, the next timer or lookup, and the events to report.

package hosts

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
)

// Values of entry.activity: the one word that requests read, and write at most once per refresh.
const (
	asleep uint32 = iota // no lookup is planned: a request must take the lock and start one
	unused               // no request since the last timer
	used                 // at least one
)

// entry is one name shared by its users. Between two lookups it costs a timer and no goroutine.
type entry struct {
	set       *Set
	key       key
	name      string
	resolvers []string
	literal   bool           // an IP address: never looked up
	lookup    dns.LookupFunc // nil before the first lookup, which makes it: most of many names are never looked up

	snapshot atomic.Pointer[Snapshot] // nil: nothing known
	activity atomic.Uint32
	// checked is the time (as Set.now) of the last outcome of any kind, or, while no lookups go on, of the last
	// answer. Waiting for DNS makes no sense while lookups go on and fail: each would only fail again.
	checked atomic.Int64

	mu       sync.Mutex
	schedule schedule
	record   record
	timer    *time.Timer
	sequence uint64             // of the timer; one that fires with an older number is void
	done     chan struct{}      // closed when the pending lookup has ended; nil when none is pending
	cancel   context.CancelFunc // of the running lookup
}

func newEntry(set *Set, k key, name string, o Options) *entry {
	return &entry{set: set, key: k, name: name, resolvers: o.Resolvers}
}

// constant is the entry of an IP address: always known, always fresh, never looked up.
func constant(set *Set, name string, address netip.Addr) *entry {
	e := &entry{set: set, name: name, literal: true}
	e.record = record{addresses: []netip.Addr{address}, generation: 1}
	e.publish()
	e.activity.Store(used)
	e.checked.Store(math.MaxInt64)
	return e
}

func (e *entry) join(refresh time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.schedule.users == 0 {
		e.stopTimer() // the one that would forget the name
	}
	if delay, moved := e.schedule.join(e.set.now(), refresh); moved {
		e.startTimer(delay, e.tick)
	}
}

// leave ends one user's hold. After the last one nothing runs but a lookup that requests wait for, or one that is being cancelled.
func (e *entry) leave(refresh time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.schedule.leave(refresh) {
		return
	}
	e.startTimer(keepUnused, e.forget)
	e.sleep()
	e.abandon()
}

// abandon ends a lookup that nobody wants. The lock is held.
func (e *entry) abandon() {
	switch {
	case e.schedule.wanted():
	case e.cancel != nil:
		e.cancel()
	default:
		e.release()
	}
}

// use notes a request and returns what is known. A request that waits gets the channel to wait on, nil when no lookup is pending or
// the answer is new enough; with a channel it must call waited.
func (e *entry) use(staleMax time.Duration, waits bool) (s *Snapshot, done <-chan struct{}, failure *Error) {
	e.mu.Lock()
	now := e.set.now()
	s, failure = e.snapshot.Load(), e.record.failure
	old := s == nil || e.stale(now, staleMax)
	begin := e.schedule.use(now, waits && old)
	if begin {
		e.done = make(chan struct{})
	}
	if e.schedule.users > 0 {
		e.activity.Store(used)
	}
	if waits && old && e.schedule.pending() {
		e.schedule.wait()
		done = e.done
	}
	e.mu.Unlock()
	if begin {
		class := routine
		if old {
			class = urgent
		}
		e.set.queue.push(e, class)
	}
	return s, done, failure
}

// waited ends the wait of a request and returns what is known now.
func (e *entry) waited() (*Snapshot, *Error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.schedule.waited()
	e.abandon()
	return e.snapshot.Load(), e.record.failure
}

// stale says whether the last outcome is too old to go without asking again.
func (e *entry) stale(now, staleMax time.Duration) bool {
	return now-time.Duration(e.checked.Load()) > staleMax
}

// tick runs when the next lookup is due.
func (e *entry) tick(sequence uint64) {
	e.mu.Lock()
	if sequence != e.sequence {
		e.mu.Unlock()
		return
	}
	now := e.set.now()
	lookUp := e.schedule.tick(now, e.activity.Swap(unused) == used)
	// A request may have come in between; it saw no reason to start a lookup.
	if !lookUp && !e.activity.CompareAndSwap(unused, asleep) {
		lookUp = e.schedule.tick(now, true)
	}
	if lookUp {
		e.done = make(chan struct{})
	} else {
		e.sleep()
	}
	e.mu.Unlock()
	if lookUp {
		e.set.queue.push(e, routine)
	}
}

// run makes one lookup, unless it is no longer wanted.
func (e *entry) run() {
	ctx, cancel := context.WithTimeout(context.Background(), dns.LookupTimeout)
	defer cancel()
	e.mu.Lock()
	wanted := e.schedule.begin()
	if wanted {
		e.cancel = cancel
	}
	e.mu.Unlock()
	if !wanted {
		return
	}
	if e.lookup == nil { // one lookup at a time
		e.lookup = e.set.newLookup(dns.Options{Resolvers: e.resolvers, DialTimeout: e.key.dialTimeout, FallbackDelay: e.key.fallbackDelay})
	}
	addresses, err := e.lookup(ctx, e.key.network, e.name)
	if ctx.Err() == context.Canceled {
		e.cancelled()
		return
	}
	addresses = dns.Canonical(addresses)
	incomplete := new(dns.Incomplete)
	var failure *Error
	switch {
	case errors.As(err, &incomplete):
		err = incomplete.Err
	case err == nil && len(addresses) == 0:
		failure = &Error{Host: e.name, Kind: dns.NotFound}
	}
	if err != nil {
		failure = &Error{Host: e.name, Kind: dns.KindOf(err), Err: err}
	}
	e.outcome(addresses, incomplete.Missing, failure)
	if incomplete.Late != nil {
		go func() {
			<-incomplete.Late
			e.hasten(incomplete.LateAddresses())
		}()
	}
}

// outcome takes the result of a lookup: addresses, or a failure, or addresses of which some are missing because of a failure.
func (e *entry) outcome(addresses []netip.Addr, missing dns.Versions, failure *Error) {
	e.mu.Lock()
	e.cancel = nil
	now := e.set.now()
	delay, again := e.schedule.end(now, rand.Float64())
	var events []Event
	note := func(event Event, report bool) {
		if report {
			events = append(events, event)
		}
	}
	if len(addresses) > 0 {
		event, report, withheld := e.record.answer(now, addresses, missing)
		note(event, report)
		if !withheld {
			failure = nil // nobody misses what it is about
		}
	}
	if failure != nil {
		note(e.record.fail(now, failure))
	}
	if again {
		e.startTimer(delay, e.tick)
		e.checked.Store(int64(now))
	} else {
		e.sleep()
	}
	e.publish()
	e.release()
	e.mu.Unlock()
	if e.set.onLookup != nil {
		e.set.onLookup(failure)
	}
	for _, event := range events {
		e.report(event)
	}
}

// hasten begins the next lookup at once if addresses have come late that are not in force. It sees them.
func (e *entry) hasten(late []netip.Addr) {
	e.mu.Lock()
	isNew := func(a netip.Addr) bool { return !contains(e.record.addresses, a) }
	begin := slices.ContainsFunc(late, isNew) && e.schedule.hasten()
	if begin {
		e.stopTimer()
		e.done = make(chan struct{})
	}
	e.mu.Unlock()
	if begin {
		e.set.queue.push(e, routine)
	}
}

// cancelled ends a lookup that was cut short when nobody wanted it. Somebody may want it by now.
func (e *entry) cancelled() {
	e.mu.Lock()
	e.cancel = nil
	lookUp := e.schedule.cancelled()
	if !lookUp {
		e.release()
	}
	e.mu.Unlock()
	if lookUp {
		e.set.queue.push(e, urgent)
	}
}

func (e *entry) drop(address netip.Addr) bool {
	e.mu.Lock()
	event, dropped := e.record.drop(address.Unmap())
	e.publish()
	e.mu.Unlock()
	if dropped {
		e.report(event)
	}
	return dropped
}

// publish gives requests the addresses of the record. The lock is held.
func (e *entry) publish() {
	now := e.snapshot.Load()
	switch {
	case len(e.record.addresses) == 0:
		e.snapshot.Store(nil)
	case now == nil || now.generation != e.record.generation:
		e.snapshot.Store(&Snapshot{addresses: e.record.addresses, generation: e.record.generation})
		e.set.news.Announce()
	}
}

// sleep notes that no lookup is planned, so that only the age of the answer counts. The lock is held.
func (e *entry) sleep() {
	e.activity.Store(asleep)
	e.checked.Store(int64(e.record.answered))
}

// release lets the waiting requests go on. The lock is held.
func (e *entry) release() {
	if e.done != nil {
		close(e.done)
		e.done = nil
	}
}

// startTimer replaces the timer. The lock is held.
func (e *entry) startTimer(delay time.Duration, fire func(sequence uint64)) {
	e.stopTimer()
	sequence := e.sequence
	e.timer = time.AfterFunc(delay, func() { fire(sequence) })
}

func (e *entry) stopTimer() {
	e.sequence++
	if e.timer != nil {
		e.timer.Stop()
		e.timer = nil
	}
}

func (e *entry) report(event Event) {
	if e.set.onChange != nil {
		event.Host, event.Resolvers = e.name, e.resolvers
		e.set.onChange(event)
	}
}

func (e *entry) state() State {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.set.now()
	s := State{
		Host:       e.name,
		Resolvers:  e.resolvers,
		Addresses:  e.record.addresses,
		Generation: e.record.generation,
		Error:      e.record.failure,
		Users:      e.schedule.users,
		Refresh:    e.schedule.refresh,
		Active:     e.schedule.users > 0 && e.schedule.phase != idle,
	}
	if e.record.resolved {
		s.Age = now - e.record.answered
	}
	if e.record.failure != nil {
		s.FailingFor = now - e.record.failed
	}
	return s
}
