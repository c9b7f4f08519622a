package hosts

import (
	"math/rand/v2"
	"testing"
	"time"
)

const second = time.Second

func TestScheduleCycle(t *testing.T) {
	var s schedule
	if s.use(0, false) {
		t.Fatal("a lookup without a user")
	}
	s.join(0, second)
	if s.pending() {
		t.Fatal("joining planned a lookup")
	}
	if !s.use(0, false) || s.use(0, false) {
		t.Fatal("the first request, and only that, must queue a lookup")
	}
	if !s.begin() || s.begin() {
		t.Fatal("a queued lookup begins once")
	}
	delay, again := s.end(100*time.Millisecond, 0.5)
	if want := 900 * time.Millisecond; !again || delay != want {
		t.Fatalf("next lookup in %v, %v; want %v", delay, again, want)
	}
	now := time.Duration(0)
	for range 9 {
		now += second
		if !s.tick(now, false) || !s.begin() {
			t.Fatalf("no lookup at %v", now)
		}
		s.end(now, 0)
	}
	if s.tick(10*second, false) || s.phase != idle {
		t.Fatal("lookups go on 10 intervals after the last request")
	}
	if !s.use(60*second, false) {
		t.Fatal("a request must start lookups again")
	}
}

func TestScheduleSmallestRefreshCounts(t *testing.T) {
	var s schedule
	s.join(0, 60*second)
	s.use(0, false)
	s.begin()
	s.end(0, 0)
	if delay, moved := s.join(10*second, second); !moved || delay != second {
		t.Fatalf("planned lookup moved to %v, %v", delay, moved)
	}
	if _, moved := s.join(10*second, 30*second); moved || s.refresh != second {
		t.Fatal("a user with a longer refresh moved the lookup")
	}
	if s.leave(second); s.refresh != 30*second {
		t.Fatalf("refresh is %v after the fastest user left", s.refresh)
	}
	s.leave(30 * second)
	if !s.leave(60*second) || s.phase != idle {
		t.Fatal("not idle after the last user")
	}
}

func TestScheduleCancelledLookup(t *testing.T) {
	var s schedule
	s.join(0, second)
	s.use(0, false)
	s.begin()
	s.leave(second)
	if s.cancelled() || s.phase != idle {
		t.Fatal("a cancelled lookup without users must end in idle")
	}
	s.join(0, second)
	s.use(0, false)
	s.begin()
	s.leave(second)
	s.join(0, second)
	if !s.cancelled() || !s.begin() {
		t.Fatal("the next user's request waits for a lookup that was cancelled")
	}
}

// A lookup belongs to those who wait for it too: it begins and ends for them when the last user has left.
func TestScheduleLookupThatSomebodyWaitsFor(t *testing.T) {
	var s schedule
	s.join(0, second)
	s.use(0, true)
	s.wait()
	if s.leave(second); !s.begin() || !s.wanted() {
		t.Fatal("a queued lookup ended with the last user although a request waits for it")
	}
	s.waited()
	if s.wanted() {
		t.Fatal("nobody waits any more")
	}
	if _, again := s.end(0, 0); again || s.phase != idle {
		t.Fatal("lookups go on without a user")
	}
	if s.use(0, false) || !s.use(0, true) {
		t.Fatal("without a user a request must wait to have a lookup")
	}
	s.wait()
	if s.waited(); s.begin() || s.phase != idle {
		t.Fatal("a queued lookup that nobody wants began")
	}
}

// A world with random requests, lookup times, failures and users, driven through virtual time.
func TestScheduleInvariants(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 42))
		refreshes := []time.Duration{50 * time.Millisecond, second, 7 * second}
		var s schedule
		var users []time.Duration
		var lookupEnds, lastUse time.Duration
		var used bool
		for now := time.Duration(0); now < 120*second; now += 10 * time.Millisecond {
			switch random.IntN(400) {
			case 0:
				r := refreshes[random.IntN(len(refreshes))]
				users = append(users, r)
				s.join(now, r)
			case 1:
				if len(users) > 0 {
					i := random.IntN(len(users))
					s.leave(users[i])
					users = append(users[:i], users[i+1:]...)
				}
			}
			// Ten busy seconds, twenty quiet ones.
			if now/(10*second)%3 == 0 && random.IntN(5) == 0 {
				lastUse = now
				if s.phase == idle {
					s.use(now, false)
				} else {
					used = true
				}
			}
			switch s.phase {
			case queued:
				if s.begin() {
					lookupEnds = now + time.Duration(random.IntN(2000))*time.Millisecond
				}
			case running:
				if now < lookupEnds {
					break
				}
				delay, again := s.end(now, random.Float64())
				if again != (len(users) > 0) {
					t.Fatalf("seed %d: %d users, again %v", seed, len(users), again)
				}
				if again && (delay > s.refresh || delay < s.refresh*79/100) {
					t.Fatalf("seed %d: delay %v with refresh %v", seed, delay, s.refresh)
				}
			case waiting:
				if now >= s.due {
					idles := !s.tick(now, used)
					used = false
					if quiet := now - lastUse; idles && quiet < idleAfter*s.refresh {
						t.Fatalf("seed %d: idle %v after a request, refresh %v", seed, quiet, s.refresh)
					}
				} else if s.due-now > s.refresh {
					t.Fatalf("seed %d: next lookup in %v with refresh %v", seed, s.due-now, s.refresh)
				}
			}
			smallest := time.Duration(0)
			for _, r := range users {
				if smallest == 0 || r < smallest {
					smallest = r
				}
			}
			if s.users != len(users) || len(users) > 0 && s.refresh != smallest {
				t.Fatalf("seed %d: refresh %v of %d users, want %v of %d", seed, s.refresh, s.users, smallest, len(users))
			}
			if len(users) == 0 && s.phase != idle && s.phase != running {
				t.Fatalf("seed %d: phase %d without users", seed, s.phase)
			}
			// A use is seen by a timer up to one lookup and one interval late.
			if s.phase == waiting && len(users) > 0 && now-lastUse > 12*7*second {
				t.Fatalf("seed %d: lookups %v after the last request", seed, now-lastUse)
			}
		}
	}
}
