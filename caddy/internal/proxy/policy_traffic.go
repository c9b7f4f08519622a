// In: the pod that a request is sent to, and the request's end.
// Out: the number of requests and streams that each pod serves now.

package proxy

import (
	"io"
	"net/http"

	"github.com/doors-dev/doors-caddy/go"
)

// enter counts the request at the pod that was chosen, and no longer at the one before.
func (s *Source) enter(serving *request, chosen pod) {
	s.leave(serving)
	if !chosen.address.IsValid() { // it stands for none
		return
	}
	now := s.process.Now()
	if serving.began == 0 {
		serving.began = now
	}
	if err := s.process.pods.Entered(chosen.upstream.group, chosen.address, serving.stream, now); err != nil {
		s.logFault(err)
		return
	}
	serving.at = chosen.address
}

// leave counts the request no more. Calling it again does nothing.
func (s *Source) leave(serving *request) {
	if !serving.at.IsValid() {
		return
	}
	if err := s.process.pods.Left(serving.at, serving.stream, s.process.Now()); err != nil {
		s.logFault(err)
	}
	serving.at = noPod
}

// isStream tells whether a request is a page's receiver stream, of which each open page has one.
func isStream(r *http.Request, decision doors.Decision) bool {
	return decision.Kind == doors.Pod && decision.Path == doors.PathSync && r.Method == http.MethodGet
}

// leavingBody is the body of an answer whose end is the end of the request.
type leavingBody struct {
	io.ReadCloser
	leave func()
}

// Close closes the body; the proxy loop does so once, whatever becomes of the client.
func (b leavingBody) Close() error {
	b.leave()
	return b.ReadCloser.Close()
}
