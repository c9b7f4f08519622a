// In: all upstreams, where any may serve a request and nobody set a policy.
// Out: a pod of the upstream whose turn it is.

package proxy

import (
	"math/rand/v2"
	"sync/atomic"
)

const (
	// seats is how many upstreams take turns at the same time. Requests go from seat to seat, so that only with more of them in
	// flight a pod needs a second connection.
	seats = 64
	// stay is how many requests an upstream gets for each of its pods before its seat goes to the next one.
	stay = 16
	// maxDraws bounds how many upstreams one request looks at.
	maxDraws = 16
)

// turns lets upstreams take turns. Some of them have a seat, and requests go from seat to seat; an upstream that has had as many
// requests as its pods are worth makes room for the next. So every pod gets the same share, and requests meet connections, and
// memory, that were in use a moment ago: with a thousand upstreams a fresh draw among all of them costs a fifth of the throughput.
type turns struct {
	step  uint64               // from one upstream to the next, coprime to their number; neighbours in the configuration are apart
	taken atomic.Uint64        // upstreams that have had a seat
	drawn atomic.Uint64        // seats so far
	seats [seats]atomic.Uint64 // the index of an upstream, and in the lower half how many requests are left to it
}

func newTurns(upstreams int) *turns {
	n := uint64(upstreams)
	t := &turns{step: 1 + rand.Uint64N(n)}
	for divisor(t.step, n) != 1 {
		t.step++
	}
	t.taken.Store(rand.Uint64N(n))
	for i := range t.seats { // those who are first stay for different times, so that not all seats change hands at once
		t.seats[i].Store(t.another(upstreams)<<32 | uint64(1+i*stay/seats))
	}
	return t
}

// another returns the index of the upstream that is next to have a seat.
func (t *turns) another(upstreams int) uint64 { return t.taken.Add(1) * t.step % uint64(upstreams) }

// divisor is the greatest that both numbers have.
func divisor(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// next returns the pods of the upstream that is drawn.
func (t *turns) next(upstreams []*upstream) (pods []pod, followed bool) {
	seat := &t.seats[t.drawn.Add(1)%seats]
	for {
		now := seat.Load()
		if left := uint32(now); left > 0 {
			if seat.CompareAndSwap(now, now-1) {
				return upstreams[now>>32].known()
			}
			continue
		}
		index := t.another(len(upstreams))
		pods, followed = upstreams[index].known()
		if len(pods) == 0 || seat.CompareAndSwap(now, index<<32|uint64(len(pods)*stay-1)) {
			return pods, followed
		}
	}
}

// lookAround has some upstreams looked up, without waiting for them.
func (s *Source) lookAround() {
	for range maxDraws {
		s.turns.next(s.upstreams)
	}
}

// draw returns a fresh pod of the upstream whose turn it is. Upstreams that nobody used for a while are left out where others can be had, since
// their pods may be others by now; having been drawn, they are looked up again. So are pods that could not be reached.
func (s *Source) draw(serving *request) (drawn pod, ok bool) {
	for range maxDraws {
		pods, followed := s.turns.next(s.upstreams)
		if len(pods) == 0 {
			continue
		}
		if pods, _ = insideOf(pods); len(pods) == 0 {
			continue
		}
		place := rand.IntN(len(pods))
		if well, _ := s.split(serving.untried(pods[place : place+1])); len(well) == 0 {
			continue
		}
		drawn, ok = pods[place], true
		if followed {
			break
		}
	}
	return drawn, ok
}
