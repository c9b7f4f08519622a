// In: names whose lookup is due.
// Out: their lookups, run by as many goroutines as there is work for, at most a fixed number, and refreshes at a bounded rate.

package hosts

import (
	"runtime"
	"sync"
	"time"
)

const (
	// maxLookups is how many lookups run at once in one set. One that takes longer than slowAfter makes room for another, so that names of
	// a silent name server do not hold up the others; so many more may run at once.
	maxLookups = 64
	slowAfter  = time.Second
	maxSlow    = 256
	// refreshesPerCore is how many refreshes begin in a second for each core, with a burst of one second. With more names in use
	// than that each is refreshed less often: a refresh costs 0.3 ms beside requests, and these need the cores more.
	refreshesPerCore = 50
	// maxRefreshes bounds them on large machines, for the sake of name servers.
	maxRefreshes = 500
)

// refreshRate is how many refreshes may begin in a second.
func refreshRate() int { return min(refreshesPerCore*runtime.GOMAXPROCS(0), maxRefreshes) }

// queue runs due lookups first come, first served, in two classes that take turns, so that a request which
// waits for a first answer does not stand behind thousands of refreshes, nor the other way round.
type queue struct {
	mu      sync.Mutex
	classes [2][]*entry // urgent, routine
	turn    int         // class to serve next
	workers int
	slow    int // lookups that have made room

	spent time.Time // when all refreshes so far are paid for, at their rate
	timer bool      // one is set that goes on with the refreshes
}

const (
	urgent = iota
	routine
)

func (q *queue) push(e *entry, class int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.classes[class] = append(q.classes[class], e)
	q.employ()
}

// employ starts a worker if there may be one more. The lock is held.
func (q *queue) employ() {
	if q.workers < maxLookups {
		q.workers++
		go q.work()
	}
}

// work ends as soon as nothing is due: no goroutine waits for lookups of the future.
func (q *queue) work() {
	for e := q.pop(); e != nil; e = q.pop() {
		if !q.run(e) {
			return
		}
	}
}

// run runs a lookup. It returns false when that has made room for another one, and the caller must end.
func (q *queue) run(e *entry) (goOn bool) {
	var madeRoom, ended bool
	timer := time.AfterFunc(slowAfter, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if !ended && q.slow < maxSlow {
			madeRoom = true
			q.slow++
			q.workers--
			q.employ()
		}
	})
	defer timer.Stop()
	e.run()
	q.mu.Lock()
	defer q.mu.Unlock()
	ended = true
	if madeRoom {
		q.slow--
	}
	return !madeRoom
}

// pop returns nil when nothing is due, or nothing that may begin now, and the caller must end.
func (q *queue) pop() *entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	class := q.turn
	if len(q.classes[class]) == 0 {
		class = 1 - class
	}
	if class == routine && len(q.classes[routine]) > 0 {
		if early := q.pay(time.Now()); early > 0 {
			q.later(early)
			class = urgent
		}
	}
	due := q.classes[class]
	if len(due) == 0 {
		q.workers--
		return nil
	}
	q.turn = 1 - class
	e := due[0]
	due[0] = nil
	if q.classes[class] = due[1:]; len(due) == 1 {
		q.classes[class] = nil // lets go of the array
	}
	return e
}

// pay takes a refresh from a bucket that holds one second's worth of them, or returns how much too early it is. The lock is held.
func (q *queue) pay(now time.Time) (early time.Duration) {
	spent := q.spent
	if spent.Before(now) {
		spent = now
	}
	spent = spent.Add(time.Second / time.Duration(refreshRate()))
	if early = spent.Sub(now) - time.Second; early > 0 {
		return early
	}
	q.spent = spent
	return 0
}

// later goes on with the refreshes when the next one may begin. The lock is held.
func (q *queue) later(delay time.Duration) {
	if q.timer {
		return
	}
	q.timer = true
	time.AfterFunc(delay, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.timer = false
		if len(q.classes[routine]) > 0 {
			q.employ()
		}
	})
}
