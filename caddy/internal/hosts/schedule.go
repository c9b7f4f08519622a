// In: users that come and go, requests, timers and ended lookups, each with the time.
// Out: whether and when to look up. Pure: no clock, no lock, no randomness of its own.

package hosts

import (
	"slices"
	"time"
)

const (
	// idleAfter is how many refresh intervals without a request end the lookups of a name.
	idleAfter = 10
	// jitter is the largest part of a refresh interval that is left out at random, so that names which
	// started together do not stay together. It only shortens: refresh is an upper bound.
	jitter = 0.2
)

// phase is where a name is in its cycle: idle -> queued -> running -> waiting -> queued -> ...
type phase uint8

const (
	idle    phase = iota // nothing is planned
	waiting              // the next lookup is due at schedule.due
	queued               // a lookup is due and waits for its turn
	running              // a lookup is under way
)

// schedule decides for one name. Times are durations since an arbitrary origin.
type schedule struct {
	phase     phase
	users     int
	waiters   int // requests that wait for a lookup: it goes on for them when the last user has left
	intervals []interval
	refresh   time.Duration // the smallest of these
	lastUsed  time.Duration
	due       time.Duration
}

// interval counts the users who asked for one refresh interval. There is rarely more than one.
type interval struct {
	refresh time.Duration
	users   int
}

// join adds a user. When that moves a planned lookup forward it returns true and the new delay.
func (s *schedule) join(now, refresh time.Duration) (delay time.Duration, moved bool) {
	s.users++
	at := s.intervalOf(refresh)
	if at < 0 {
		at = len(s.intervals)
		s.intervals = append(s.intervals, interval{refresh: refresh})
	}
	s.intervals[at].users++
	s.setRefresh()
	if s.phase != waiting || s.due-now <= s.refresh {
		return 0, false
	}
	s.due = now + s.refresh
	return s.refresh, true
}

// leave removes a user who joined with this refresh. It returns true when that was the last one. Nothing is planned from then on, but a
// lookup that is pending goes on for those who wait for it.
func (s *schedule) leave(refresh time.Duration) (last bool) {
	s.users--
	at := s.intervalOf(refresh)
	if s.intervals[at].users--; s.intervals[at].users == 0 {
		s.intervals = slices.Delete(s.intervals, at, at+1)
	}
	if s.users > 0 {
		s.setRefresh()
		return false
	}
	if s.phase == waiting {
		s.phase = idle
	}
	s.abandon()
	return true
}

// wait notes that a request waits for the pending lookup, and waited that it does so no longer.
func (s *schedule) wait() { s.waiters++ }

func (s *schedule) waited() {
	s.waiters--
	s.abandon()
}

// abandon gives up a queued lookup that nobody wants.
func (s *schedule) abandon() {
	if s.phase == queued && !s.wanted() {
		s.phase = idle
	}
}

// wanted says whether somebody wants the pending lookup.
func (s *schedule) wanted() bool { return s.users > 0 || s.waiters > 0 }

func (s *schedule) intervalOf(refresh time.Duration) int {
	return slices.IndexFunc(s.intervals, func(i interval) bool { return i.refresh == refresh })
}

func (s *schedule) setRefresh() {
	s.refresh = 0
	for _, i := range s.intervals {
		if s.refresh == 0 || i.refresh < s.refresh {
			s.refresh = i.refresh
		}
	}
}

// use notes a request; waits says whether it will wait for the answer. It returns true when a lookup must be queued for it. Without a user
// there is one only for a request that waits.
func (s *schedule) use(now time.Duration, waits bool) (lookUp bool) {
	s.lastUsed = now
	if s.phase != idle || s.users == 0 && !waits {
		return false
	}
	s.phase = queued
	return true
}

// tick is the timer set for due; used says whether a request came since the last tick. It returns true when
// a lookup must be queued; otherwise the name has become idle.
func (s *schedule) tick(now time.Duration, used bool) (lookUp bool) {
	if used {
		s.lastUsed = now
	}
	if s.users == 0 || (now-s.lastUsed)/idleAfter >= s.refresh {
		s.phase = idle
		return false
	}
	s.phase = queued
	return true
}

// hasten returns true when the planned lookup is to be queued now.
func (s *schedule) hasten() (lookUp bool) {
	if s.phase != waiting {
		return false
	}
	s.phase = queued
	return true
}

// begin starts a queued lookup. It returns false when the lookup is no longer wanted.
func (s *schedule) begin() bool {
	if s.phase != queued || !s.wanted() {
		return false
	}
	s.phase = running
	return true
}

// end notes that the lookup has ended, in whatever way. It returns true and the delay until the next one,
// or false when no user is left. random is in [0, 1).
func (s *schedule) end(now time.Duration, random float64) (delay time.Duration, again bool) {
	if s.users == 0 {
		s.phase = idle
		return 0, false
	}
	delay = s.refresh - time.Duration(random*jitter*float64(s.refresh))
	s.phase, s.due = waiting, now+delay
	return delay, true
}

// cancelled notes that the lookup was cut short because nobody wanted it. It returns true when somebody does
// again, so that the lookup must be queued anew.
func (s *schedule) cancelled() (lookUp bool) {
	if !s.wanted() {
		s.phase = idle
		return false
	}
	s.phase = queued
	return true
}

// pending says whether a lookup will end without a further event.
func (s *schedule) pending() bool { return s.phase == queued || s.phase == running }
