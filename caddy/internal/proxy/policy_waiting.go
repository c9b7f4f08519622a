// In: a request that no pod can take now, or whose page has nothing to reload onto.
// Out: when to try again, or that it has waited long enough.

package proxy

import (
	"context"
	"net/http"
	"time"

	"github.com/doors-dev/doors-caddy/go"
)

// pauseBetweenTries is the least time between two tries of one request, as that of Caddy's own load balancing.
const pauseBetweenTries = 250 * time.Millisecond

// waitForPod holds a request until a pod is known that would take a page, and tells whether to try again. Otherwise the answer is what the
// request gets, unless its client has given up.
func (s *Source) waitForPod(ctx context.Context, serving *request) (answer doors.Answer, again bool) {
	s.leave(serving) // no pod is busy with it
	failed := s.process.Now()
	if serving.began == 0 {
		serving.began = failed
	}
	others := s.process.waiting.Add(1) - 1
	defer s.process.waiting.Add(-1)
	for {
		news := s.connected.Next()
		now := s.process.Now()
		answer, err := s.process.pods.Wait(s.group, serving.began, uint32(others), now)
		if err != nil {
			s.logFault(err)
			return tryAgainLater, false
		}
		s.findPod(answer, serving)
		pause := answer.Until - now
		switch answer.Action {
		case doors.ActionDial:
			pause, news = failed+pauseBetweenTries-now, nil
		case doors.ActionWait:
		default:
			return answer, false
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-news:
		case <-ctx.Done():
			timer.Stop()
			return answer, false
		}
		timer.Stop()
		if answer.Action == doors.ActionDial {
			return answer, true
		}
	}
}

// mayWait tells whether a request is a page load, which may be sent again: it has no token and no body.
func (q *request) mayWait(r *http.Request) bool {
	withToken := q.decision.Kind == doors.Pod || q.decision.Kind == doors.Gone
	return !withToken && reads(r) && r.ContentLength == 0
}

// reads tells whether a request only asks for something.
func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// isReceiver tells whether a request is a page's receiver stream, whichever pod it belongs to. Its client does not mind silence, but backs off
// up to 12 s when attempts fail at once, and would then be late.
func (q *request) isReceiver(r *http.Request) bool {
	return q.decision.Path == doors.PathSync && r.Method == http.MethodGet
}
