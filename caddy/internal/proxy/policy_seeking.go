// In: the library's question whether a pod can be reached.
// Out: dials in the background, whose ends are reported like those of any dial.

package proxy

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doors-dev/doors-caddy/go"
)

const (
	// seekPause is how long one dial is waited for before the next pod is dialled as well: one that swallows packets must not hide those that
	// are well.
	seekPause = 250 * time.Millisecond
	// maxSeekers bounds the dials of a source that go on in the background.
	maxSeekers = 32
)

// seeking is what a source dials in the background.
type seeking struct {
	dial      dialFunc
	round     atomic.Bool // one is under way
	viaProxy  func() bool // pods cannot be dialled directly, so nothing can be learned
	mutex     sync.Mutex
	addresses map[netip.AddrPort]bool
}

// begin notes a dial of an address. It is false if one goes on already, or too many of others.
func (s *seeking) begin(address netip.AddrPort) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.addresses[address] || len(s.addresses) >= maxSeekers {
		return false
	}
	if s.addresses == nil {
		s.addresses = make(map[netip.AddrPort]bool)
	}
	s.addresses[address] = true
	return true
}

func (s *seeking) end(address netip.AddrPort) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.addresses, address)
}

// findPod dials, if the answer asks for it, the pods that a page load would be sent to, in that order, until one connects.
func (s *Source) findPod(answer doors.Answer, asking *request) {
	if !answer.FindPod || s.seeking.dial == nil || !s.seeking.round.CompareAndSwap(false, true) {
		return
	}
	decision := doors.Decision{Kind: doors.Server, Upstream: asking.decision.Upstream, Path: doors.PathPage}
	if decision.Upstream < 0 {
		decision.Kind = doors.Any
	}
	go func() {
		defer s.seeking.round.Store(false)
		if s.seeking.viaProxy() {
			return
		}
		seeker := &request{source: s, decision: decision, background: true}
		for range maxDials {
			pods := seeker.untried(s.candidates(context.Background(), seeker))
			if len(pods) == 0 {
				return
			}
			next := pods[rand.IntN(len(pods))]
			seeker.failedToReach(next.address, doors.Answer{}) // not a second time
			pause := time.NewTimer(seekPause)
			select {
			case connected := <-s.dialInBackground(next):
				if connected {
					pause.Stop()
					return
				}
			case <-pause.C:
			}
			pause.Stop()
		}
	}()
}

// findWitness dials, if the answer asks for it, another fresh pod of the upstream: does the network work?
func (s *Source) findWitness(answer doors.Answer, missing pod) {
	if !answer.FindWitness || s.seeking.dial == nil {
		return
	}
	go func() {
		if s.seeking.viaProxy() {
			return
		}
		pods, _ := missing.upstream.known()
		for _, i := range rand.Perm(len(pods)) {
			if pods[i].address != missing.address {
				s.dialInBackground(pods[i])
				return
			}
		}
	}()
}

// dialInBackground dials a pod with the transport's own dialer, and sends whether a connection could be made.
func (s *Source) dialInBackground(at pod) <-chan bool {
	connected := make(chan bool, 1)
	if !s.seeking.begin(at.address) {
		connected <- false
		return connected
	}
	go func() {
		defer s.seeking.end(at.address)
		// Path page, because what is found out on behalf of others asks for nothing.
		serving := &request{source: s, decision: doors.Decision{Kind: doors.Server, Path: doors.PathPage}, background: true, chosen: at}
		ctx := context.WithValue(context.Background(), requestKey{}, serving)
		connection, err := s.seeking.dial(ctx, "tcp", at.address.String())
		if err == nil {
			connection.Close()
		}
		connected <- err == nil
	}()
	return connected
}
