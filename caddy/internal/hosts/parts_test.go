package hosts

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
)

func numbered(numbers ...int) []netip.Addr {
	var list []netip.Addr
	for _, n := range numbers {
		list = append(list, netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}))
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return list
}

// answerEach gives the answers to a record, one a second, and returns what is fresh after each.
func answerEach(r *record, from time.Duration, answers ...[]netip.Addr) (fresh [][]netip.Addr, events []Event) {
	for i, answer := range answers {
		event, report, _ := r.answer(from+time.Duration(i)*second, answer, dns.Versions{})
		fresh = append(fresh, r.addresses)
		if report {
			events = append(events, event)
		}
	}
	return fresh, events
}

// Over a truthful name server an address leaves with the answer that lacks it, whatever happens to the others.
func TestRolloutOverATruthfulNameServer(t *testing.T) {
	for name, answers := range map[string][][]netip.Addr{
		"one by one":     {numbered(1, 2, 3), numbered(2, 3, 4), numbered(3, 4, 5), numbered(4, 5, 6)},
		"all at once":    {numbered(1, 2, 3), numbered(1, 2, 3, 4, 5, 6), numbered(4, 5, 6)},
		"back and forth": {numbered(1), numbered(2), numbered(1), numbered(3), numbered(4)},
		"one flaps": {numbered(1, 2, 3), numbered(2, 3), numbered(1, 2, 3), numbered(2, 3), numbered(1, 2, 3), numbered(2, 3), numbered(1, 2, 3),
			numbered(1, 3), numbered(3, 4)},
		"two flap, far apart": append(append([][]netip.Addr{numbered(1, 2), numbered(1), numbered(1, 2)}, slices.Repeat([][]netip.Addr{numbered(1, 2)}, 8)...),
			numbered(2), numbered(1, 2), numbered(1, 3)),
	} {
		var r record
		fresh, events := answerEach(&r, 0, answers...)
		for i := range answers {
			if !slices.Equal(fresh[i], answers[i]) {
				t.Errorf("%s: %v after answer %d, which was %v", name, fresh[i], i, answers[i])
			}
		}
		for _, event := range events {
			if event.Kind == Partial {
				t.Errorf("%s: %v", name, event)
			}
		}
	}
}

// With 8 of 20 addresses in each answer all are fresh after a few seconds, and stay so; there is a log line for what changes.
func TestPartialAnswers(t *testing.T) {
	var all []int
	for n := range 20 {
		all = append(all, n+1)
	}
	random := rand.New(rand.NewPCG(8, 20))
	part := func(of []int) []netip.Addr {
		chosen := make([]int, 0, 8)
		for _, i := range random.Perm(len(of))[:8] {
			chosen = append(chosen, of[i])
		}
		return numbered(chosen...)
	}
	var r record
	now, lines := time.Duration(0), 0
	step := func(answer []netip.Addr) {
		if _, report, _ := r.answer(now, answer, dns.Versions{}); report {
			lines++
		}
		now += second
	}
	for range 30 {
		step(part(all))
	}
	if !slices.Equal(r.addresses, numbered(all...)) || !r.partial {
		t.Fatalf("fresh after 30 s: %v", r.addresses)
	}
	generation := r.generation
	lines = 0
	for range 3600 {
		step(part(all))
	}
	if r.generation != generation || lines != 0 {
		t.Errorf("in an hour of the same addresses %d changes and %d lines", r.generation-generation, lines)
	}
	// One that leaves is fresh for a while, unless it refuses; what DNS names is not given up.
	left := all[3:]
	step(part(left))
	for _, gone := range numbered(all[:2]...) {
		r.drop(gone)
	}
	if _, dropped := r.drop(r.parts.last[0]); dropped {
		t.Error("dropped an address that the last answer named")
	}
	if !slices.Equal(missing(numbered(all...), r.addresses), numbered(1, 2)) {
		t.Errorf("fresh: %v", r.addresses)
	}
	for range 31 {
		step(part(left))
	}
	if !slices.Equal(r.addresses, numbered(left...)) {
		t.Errorf("fresh 31 s after three have left: %v", r.addresses)
	}
	// Once answers are whole again, so is what they say.
	lines = 0
	for range lookBackAnswers + 1 {
		step(numbered(left...))
	}
	step(numbered(left[1:]...))
	if r.partial || !slices.Equal(r.addresses, numbered(left[1:]...)) || lines != 2 {
		t.Errorf("partial %v, fresh %v, %d lines", r.partial, r.addresses, lines)
	}
}

// history is all that happened; what follows from it is worked out anew each time, address by address.
type history []happened

type happened struct {
	at      time.Duration
	answer  []netip.Addr
	refused netip.Addr // instead of an answer
}

// fresh replays the history.
func (h history) fresh() (fresh []netip.Addr, partial bool) {
	type fate struct {
		named, back     int // numbers of answers, 0: none
		namedAt, backAt time.Duration
	}
	fates := map[netip.Addr]*fate{}
	number := 0
	for _, event := range h {
		if event.answer == nil {
			if f := fates[event.refused]; f != nil && f.named < number && contains(fresh, event.refused) {
				f.named = 0
				fresh = slices.DeleteFunc(slices.Clone(fresh), func(a netip.Addr) bool { return a == event.refused })
			}
			continue
		}
		number++
		soon := func(answer int, at time.Duration) bool {
			return answer > 0 && number-answer < 10 && event.at-at <= 30*second
		}
		for _, address := range event.answer {
			f := fates[address]
			if f == nil {
				f = &fate{}
				fates[address] = f
			}
			if f.named < number-1 && soon(f.named, f.namedAt) {
				f.back, f.backAt = number, event.at
			}
			f.named, f.namedAt = number, event.at
		}
		back := 0
		for _, f := range fates {
			if soon(f.back, f.backAt) {
				back++
			}
		}
		before := fresh
		partial, fresh = back >= 2, nil
		for address, f := range fates {
			kept := f.named > 0 && event.at-f.namedAt <= 30*second && (soon(f.named, f.namedAt) || contains(before, address))
			if f.named == number || partial && kept {
				fresh = append(fresh, address)
			}
		}
		slices.SortFunc(fresh, netip.Addr.Compare)
	}
	return fresh, partial
}

// Random name servers of all kinds, random times and refusals: the record says at each moment what follows from its whole history.
func TestPartsAgainstTheWholeHistory(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 3))
		pods, share := 1+random.IntN(12), random.Float64()
		pace := time.Duration(1+random.IntN(5)) * second
		var r record
		var h history
		now := time.Duration(0)
		for range 200 {
			now += time.Duration(random.Int64N(int64(pace)))
			if random.IntN(40) == 0 {
				share = random.Float64()
			}
			if address := numbered(1 + random.IntN(pods))[0]; random.IntN(4) == 0 {
				h = append(h, happened{at: now, refused: address})
				r.drop(address)
			} else {
				var answer []int
				for n := range pods {
					if random.Float64() <= share {
						answer = append(answer, n+1)
					}
				}
				if len(answer) == 0 {
					continue
				}
				h = append(h, happened{at: now, answer: numbered(answer...)})
				r.answer(now, numbered(answer...), dns.Versions{})
			}
			want, isPartial := h.fresh()
			if !slices.Equal(r.addresses, want) || len(h) > 0 && h[len(h)-1].answer != nil && isPartial != (len(r.parts.returned) >= enoughReturns) {
				t.Fatalf("seed %d, event %d: fresh %v, want %v (partial: %v)", seed, len(h), r.addresses, want, isPartial)
			}
		}
	}
}
