// In: names whose lookup is due.
// Out: their lookups, run by as many goroutines as there is work for, at most a fixed number.

package hosts

import "sync"

// maxLookups is how many lookups run at once in one set.
const maxLookups = 64

// queue runs due lookups first come, first served, in two classes that take turns, so that a request which
// waits for a first answer does not stand behind thousands of refreshes, nor the other way round.
type queue struct {
	mu      sync.Mutex
	classes [2][]*entry // urgent, routine
	turn    int         // class to serve next
	workers int
}

const (
	urgent = iota
	routine
)

func (q *queue) push(e *entry, class int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.classes[class] = append(q.classes[class], e)
	if q.workers < maxLookups {
		q.workers++
		go q.work()
	}
}

// work ends as soon as nothing is due: no goroutine waits for lookups of the future.
func (q *queue) work() {
	for e := q.pop(); e != nil; e = q.pop() {
		e.run()
	}
}

// pop returns nil when nothing is due, and the caller must end.
func (q *queue) pop() *entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	class := q.turn
	if len(q.classes[class]) == 0 {
		class = 1 - class
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
