// In: each answer and each refused dial, with the time.
// Out: whether answers are parts of the truth, and what is fresh then. Pure: no clock, no lock.

package hosts

import (
	"net/netip"
	"slices"
	"time"
)

const (
	// lookBack and lookBackAnswers limit what is looked at. An address that was away for longer has left, and has not come back but is new.
	lookBack        = 30 * time.Second
	lookBackAnswers = 10
	// enoughReturns is how many different addresses must have come back. One may be a pod whose readiness flaps.
	enoughReturns = 2
)

// parts finds out whether a name server names only some of the addresses, and others each time. Then an address that is missing from an
// answer says nothing, while otherwise it has left. The sign is that several addresses come back soon after they were missing. Times are
// durations since an arbitrary origin.
type parts struct {
	answers  int
	last     []netip.Addr  // the last answer, sorted
	at       time.Duration // when it came
	missing  []sighting    // addresses that the last answer lacks: when they were named last
	returned []sighting    // addresses that were missing: when they came back
}

// sighting is an address in an answer.
type sighting struct {
	address netip.Addr
	at      time.Duration
	answer  int
}

// answer takes the next answer and what was fresh before it, both sorted. It returns what is fresh now: the answer, or, if answers are
// parts, what one of the last lookBackAnswers named too. What was fresh stays so for lookBack.
func (p *parts) answer(now time.Duration, answer, before []netip.Addr) (fresh []netip.Addr, partial bool) {
	for _, address := range missing(p.last, answer) {
		p.missing = append(p.missing, sighting{address, p.at, p.answers})
	}
	p.answers++
	p.last, p.at = answer, now
	p.missing = slices.DeleteFunc(p.missing, func(s sighting) bool {
		back := contains(answer, s.address)
		if back && p.recent(s) {
			p.returned = append(without(p.returned, s.address), sighting{s.address, now, p.answers})
		}
		return back || now-s.at > lookBack
	})
	p.returned = slices.DeleteFunc(p.returned, func(s sighting) bool { return !p.recent(s) })
	if len(p.returned) < enoughReturns {
		return answer, false
	}
	fresh = slices.Clone(answer)
	for _, s := range p.missing {
		if p.recent(s) || contains(before, s.address) {
			fresh = append(fresh, s.address)
		}
	}
	slices.SortFunc(fresh, netip.Addr.Compare)
	return fresh, true
}

// recent says whether a sighting is in one of the last answers.
func (p *parts) recent(s sighting) bool {
	return p.at-s.at <= lookBack && p.answers-s.answer < lookBackAnswers
}

// forget takes an address that refused a dial. It returns whether the last answer lacks it.
func (p *parts) forget(address netip.Addr) (lacked bool) {
	known := len(p.missing)
	p.missing = without(p.missing, address)
	return len(p.missing) < known
}

func without(list []sighting, address netip.Addr) []sighting {
	return slices.DeleteFunc(list, func(s sighting) bool { return s.address == address })
}

func contains(sorted []netip.Addr, address netip.Addr) bool {
	_, found := slices.BinarySearchFunc(sorted, address, netip.Addr.Compare)
	return found
}
